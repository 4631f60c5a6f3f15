"""Kinds of content on a disk, read by `blkid -p` without mounting; labels and UUIDs are never kept."""

import re

from agent.errors import ToolFailed, ToolMissing
from agent.host.run import run

# blkid(8): 2 = nothing recognised, 8 = ambivalent result.
_ALLOWED = frozenset({0, 2, 8})
_TIMEOUT_SECONDS = 20.0
_KIND = re.compile(r"[A-Za-z0-9_+.-]{1,32}")
_KEYS = frozenset({"TYPE", "PTTYPE"})


def read_signatures(nodes: tuple[str, ...]) -> tuple[str, ...]:
    """Kinds found on these nodes (ntfs, BitLocker, crypto_LUKS, gpt, ...), sorted; () where blkid is absent or fails."""
    kinds: set[str] = set()
    for node in nodes:
        try:
            done = run(("blkid", "-p", "-o", "export", node), timeout=_TIMEOUT_SECONDS, allowed=_ALLOWED)
        except ToolMissing:
            break
        except ToolFailed as error:
            if error.code is None:
                # Out of time: what the disk does not deliver here, it delivers nowhere.
                break
            continue
        kinds |= parse_kinds(done.stdout)
    return tuple(sorted(kinds))


def parse_kinds(output: bytes) -> set[str]:
    """The values of TYPE and PTTYPE in blkid's export format, and nothing else of it."""
    pairs = (line.partition("=") for line in output.decode("ascii", "replace").splitlines())
    return {value for key, _, value in pairs if key in _KEYS and _KIND.fullmatch(value)}
