"""TCG Level 0 Discovery: whether a drive has an Opal or Enterprise subsystem, and whether it is locked.

NVMe drives answer in raw bytes (TCG Storage Architecture Core 2.01, 3.3.6; feature descriptors: Opal SSC 2.01 3.1.1, Block
SID Authentication 1.00). Others are asked through sedutil-cli --query; its 1.20 (Debian 13) does not name Block SID.
"""

import re
from dataclasses import dataclass

from agent.errors import ToolFailed
from agent.host.nvme_ask import ask_controller, ask_discovery
from agent.host.run import run

_TIMEOUT_SECONDS = 30.0
_HEADER_BYTES = 48
_LOCKING = 0x0002
_BLOCK_SID = 0x0402
# Subsystem classes whose revert destroys the key of all data; Pyrite (0302h, 0303h) has none and may erase nothing.
_KEY_CLASSES = {0x0100: "Enterprise", 0x0200: "Opal 1", 0x0203: "Opal 2"}


@dataclass(frozen=True)
class OpalDiscovery:
    """What the drive said; `sid_blocked` is None where that was not told."""

    subsystem: str
    locking_enabled: bool
    locked: bool
    media_encryption: bool
    sid_blocked: bool | None

    @property
    def words(self) -> tuple[str, ...]:
        """The fields that it is judged by, for the record."""
        blocked = {True: "Y", False: "N", None: "not told"}[self.sid_blocked]
        return (
            f"TCG {self.subsystem or 'without key'}",
            f"Locked {'Y' if self.locked else 'N'}",
            f"LockingEnabled {'Y' if self.locking_enabled else 'N'}",
            f"MediaEncryption {'Y' if self.media_encryption else 'N'}",
            f"SID blocked {blocked}",
        )


def decode_discovery(data: bytes) -> OpalDiscovery | None:
    """Level 0 Discovery from its raw bytes, big-endian; None where there is no Locking feature."""
    features = _features(data)
    locking = features.get(_LOCKING, b"")
    if not locking:
        return None
    block_sid = features.get(_BLOCK_SID, b"")
    return OpalDiscovery(
        subsystem=next((name for code, name in _KEY_CLASSES.items() if code in features), ""),
        locking_enabled=bool(locking[0] & 1 << 1),
        locked=bool(locking[0] & 1 << 2),
        media_encryption=bool(locking[0] & 1 << 3),
        sid_blocked=bool(block_sid[0] & 1 << 1) if block_sid else None,
    )


def _features(data: bytes) -> dict[int, bytes]:
    """Bodies by feature code: each descriptor is code, version, length, and that many bytes."""
    end = min(4 + int.from_bytes(data[:4], "big"), len(data))
    found, at = {}, _HEADER_BYTES
    while at + 4 <= end:
        following = at + 4 + data[at + 3]
        found[int.from_bytes(data[at : at + 2], "big")] = data[at + 4 : min(following, end)]
        at = following
    return found


_LOCKING_LINE = re.compile(
    r"^ *Locked = ([YN]), LockingEnabled = ([YN]), .*\bMediaEncrypt = ([YN])\s*$", re.MULTILINE
)
_FEATURE_LINE = re.compile(r"^[A-Za-z].* function \(0x([0-9a-fA-F]{4})\)\s*$", re.MULTILINE)
_UNSUPPORTED = "Invalid or unsupported disk"
_BLOCK_SID_LINE = re.compile(r"\bBlockSIDState = ([YN])\b")


def decode_query(text: str) -> OpalDiscovery | None:
    """What sedutil-cli --query printed; None where there is no Locking line of the known form."""
    locking = _LOCKING_LINE.search(text)
    if locking is None:
        return None
    codes = {int(match[1], 16) for match in _FEATURE_LINE.finditer(text)}
    blocked = _BLOCK_SID_LINE.search(text)
    return OpalDiscovery(
        subsystem=next((name for code, name in _KEY_CLASSES.items() if code in codes), ""),
        locking_enabled=locking[2] == "Y",
        locked=locking[1] == "Y",
        media_encryption=locking[3] == "Y",
        sid_blocked=None if blocked is None else blocked[1] == "Y",
    )


def ask_opal(node: str) -> OpalDiscovery | None:
    """Ask the drive behind a node; None where it says that it has no such subsystem. Raises ToolMissing, ToolFailed.

    sedutil-cli --isValidSED is not asked: it ends with 0 for anything.
    """
    if node.startswith("/dev/nvme"):
        return decode_discovery(ask_discovery(node)) if ask_controller(node).supports_security else None
    argv = ("sedutil-cli", "--query", node)
    done = run(argv, timeout=_TIMEOUT_SECONDS, allowed=range(256))
    found = decode_query(done.stdout.decode("utf-8", "replace"))
    complaint = done.stderr.decode("utf-8", "replace")
    if found is None and _UNSUPPORTED not in complaint:
        raise ToolFailed(argv, done.code, complaint)
    return found
