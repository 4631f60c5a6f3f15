"""Questions to an NVMe node by nvme-cli, answered in raw bytes; none of them changes anything.

`--raw-binary` of id-ctrl, id-ns, sanitize-log and admin-passthru is the same in 2.3 (Debian 12) and 2.13 (Debian 13).
"""

from agent.errors import ToolFailed
from agent.host.nvme_structures import (
    IDENTIFY_BYTES,
    SANITIZE_LOG_BYTES,
    NvmeController,
    NvmeNamespace,
    SanitizeLog,
    decode_controller,
    decode_namespace,
    decode_namespace_list,
    decode_sanitize_log,
)
from agent.host.run import run

_TIMEOUT_SECONDS = 30.0
_IDENTIFY = 0x06
_SECURITY_RECEIVE = 0x82
_ACTIVE_LIST = 0x02
_ALLOCATED_LIST = 0x10
_LEVEL_0_DISCOVERY = 0x01000100
DISCOVERY_BYTES = 2048


def ask_controller(node: str) -> NvmeController:
    """Identify Controller through this very node; raises ToolMissing, ToolFailed (also for an answer that names no drive)."""
    argv = ("nvme", "id-ctrl", node, "--raw-binary")
    controller = decode_controller(_ask(argv, IDENTIFY_BYTES))
    if not controller.model or not controller.serial:
        raise ToolFailed(argv, 0, "the answer names neither model nor serial number")
    return controller


def ask_namespace(node: str, nsid: int) -> NvmeNamespace:
    """Identify Namespace through this very node; raises ToolMissing, ToolFailed (also for a namespace without size)."""
    argv = ("nvme", "id-ns", node, f"--namespace-id={nsid}", "--raw-binary")
    namespace = decode_namespace(_ask(argv, IDENTIFY_BYTES))
    if not namespace.size or not namespace.block_bytes:
        raise ToolFailed(argv, 0, f"namespace {nsid} has no size")
    return namespace


def ask_sanitize_log(node: str) -> SanitizeLog:
    """Sanitize Status; raises ToolMissing, ToolFailed."""
    return decode_sanitize_log(_ask(("nvme", "sanitize-log", node, "--raw-binary"), SANITIZE_LOG_BYTES))


def ask_namespace_ids(node: str, *, unattached: bool) -> tuple[int, ...]:
    """Identifiers of the active namespaces, or of all that exist (Namespace Management); raises ToolMissing, ToolFailed.

    By admin-passthru, because list-ns has no raw form.
    """
    list_kind = _ALLOCATED_LIST if unattached else _ACTIVE_LIST
    argv = _passthru(node, _IDENTIFY, f"--cdw10=0x{list_kind:x}", length=IDENTIFY_BYTES)
    found = decode_namespace_list(_ask(argv, IDENTIFY_BYTES))
    if not found:
        raise ToolFailed(argv, 0, "the list of namespaces is empty")
    return found


def ask_discovery(node: str) -> bytes:
    """TCG Level 0 Discovery (Security Receive, protocol 01h, ComID 0001h) in 2048 bytes; raises ToolMissing, ToolFailed.

    By admin-passthru, because security-recv prints a sentence before the raw bytes.
    """
    words = (f"--cdw10=0x{_LEVEL_0_DISCOVERY:08x}", f"--cdw11={DISCOVERY_BYTES}")
    argv = _passthru(node, _SECURITY_RECEIVE, *words, length=DISCOVERY_BYTES)
    return _ask(argv, DISCOVERY_BYTES)


def _passthru(node: str, opcode: int, *words: str, length: int) -> tuple[str, ...]:
    start = ("nvme", "admin-passthru", node, f"--opcode=0x{opcode:02x}", "--namespace-id=0")
    return (*start, *words, f"--data-len={length}", "--read", "--raw-binary")


def _ask(argv: tuple[str, ...], length: int) -> bytes:
    data = run(argv, timeout=_TIMEOUT_SECONDS).stdout
    if len(data) != length:
        raise ToolFailed(argv, 0, f"{len(data)} bytes instead of {length}")
    return data
