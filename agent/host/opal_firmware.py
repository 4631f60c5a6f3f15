"""What TCG Opal and Enterprise drives say of their locks, and the PSID revert through sedutil-cli.

The PSID is a password of 32 characters that is printed on the drive's label and readable nowhere else.
"""

import re
from collections.abc import Callable

from agent.errors import IdentityChanged, MediaVanished, Refused, ToolFailed, ToolMissing
from agent.host.firmware import FirmwareCommand
from agent.host.firmware_tool import run_tool
from agent.host.identity import geometry_of, read_device, sysfs_pages
from agent.host.nvme_topology import find_place
from agent.host.opal_discovery import OpalDiscovery, ask_opal
from agent.host.sysfs import Roots, block_folder, block_name, node_of, read_text
from agent.host.unused import refuse_if_used
from agent.model.drive import Identity
from agent.model.firmware import (
    CommandState,
    DeviceStatus,
    FirmwareReading,
    FoundObstacle,
    Obstacle,
    TechniqueOffer,
    ToolRun,
)
from agent.model.psid import Psid
from agent.model.sanitization import Technique

_SYSTEM = Roots()
_TIMEOUT_SECONDS = 600.0
_OFFER = TechniqueOffer(
    Technique.OPAL_PSID_REVERT,
    remarks=(
        "needs the PSID that is printed on the drive's label",
        "the drive's word alone proves nothing: reverted drives with readable data are known",
    ),
)
_ALL_BUT_REVERT = tuple(t for t in Technique if t is not Technique.OPAL_PSID_REVERT)
_REFUSED_BY_BLOCK_SID = (Technique.NVME_FORMAT_USER_DATA_ERASE, Technique.NVME_FORMAT_CRYPTO_ERASE)
_NO_STATUS = DeviceStatus(CommandState.UNKNOWN, ("no status of a revert",))
_SUCCESS = "revertTper completed successfully"
_REFUSED = re.compile(r"NOT_AUTHORIZED|AUTHORITY_LOCKED_OUT|Invalid or unsupported disk")


def read_opal(node: str, roots: Roots = _SYSTEM) -> FirmwareReading:
    """Read a node's locks; a drive that gives no answer offers nothing and is no obstacle to others, nothing is raised."""
    note = _libata_note(node, roots)
    try:
        found = ask_opal(node)
        siblings = _siblings(node, roots)
    except (ToolMissing, ToolFailed, MediaVanished) as error:
        return FirmwareReading((), (), _NO_STATUS, (), (f"TCG: {error.message}", *note))
    if found is None:
        return FirmwareReading((), (), _NO_STATUS, (), ("TCG: none found", *note))
    offers = (_OFFER,) if found.subsystem and found.media_encryption else ()
    others = tuple(node_of(name) for name in siblings) if offers else ()
    return FirmwareReading(offers, _obstacles(found), _NO_STATUS, others, (*found.words, *note))


def joined(reading: FirmwareReading, opal: FirmwareReading) -> FirmwareReading:
    """One reading of a drive's own commands and of its locks; the status is that of the former."""
    return FirmwareReading(
        offers=(*reading.offers, *opal.offers),
        obstacles=(*reading.obstacles, *opal.obstacles),
        status=reading.status,
        also_hit=tuple(dict.fromkeys((*reading.also_hit, *opal.also_hit))),
        raw=(*reading.raw, *opal.raw),
        unreached=reading.unreached,
    )


def psid_revert(
    node: str, psid: str, roots: Roots = _SYSTEM, release: Callable[[], None] = lambda: None
) -> FirmwareCommand:
    """The revert with the PSID as typed (blanks and hyphens are left out); raises Refused, ToolMissing, ToolFailed."""
    plain = Psid(psid).reveal()
    found = ask_opal(node)
    if found is None or not found.subsystem or not found.media_encryption:
        raise Refused(f"{node} does not offer {Technique.OPAL_PSID_REVERT.value}.", "List the drives again.")
    return OpalPsidRevert(node, plain, roots, release)


class OpalPsidRevert:
    """Back to the state of manufacture by the authority of the label: locks and keys are new, what was written stays as noise."""

    in_background = False
    secret_note = ""
    offer = _OFFER

    def __init__(self, node: str, psid: str, roots: Roots, release: Callable[[], None]) -> None:
        self._node = node
        self._psid = psid
        self._roots = roots
        self._release = release
        self._identity = self._read_identity()
        self._tool: ToolRun | None = None

    def status(self) -> DeviceStatus:
        """Completed only where sedutil said so and the drive now says that nothing is locked; raises ToolMissing, ToolFailed, IdentityChanged.

        Even that is a claim (wipers.md 0.6): only markers that changed support it.
        """
        self._check()
        found = ask_opal(self._node)
        if found is None:
            raise ToolFailed(("sedutil-cli", "--query", self._node), 0, "no TCG subsystem any more")
        if self._tool is None:
            return DeviceStatus(CommandState.UNKNOWN, found.words)
        words = (*found.words, f"exit {self._tool.code}")
        if self._tool.code == 0 and _SUCCESS in self._tool.output and _is_reverted(found):
            return DeviceStatus(CommandState.DONE, words)
        refused = self._tool.code not in {0, None} and _REFUSED.search(self._tool.output)
        return DeviceStatus(CommandState.FAILED if refused else CommandState.UNKNOWN, words)

    def prepare(self) -> tuple[ToolRun, ...]:
        """Ask who uses it: sedutil opens the node without an exclusive claim; raises IdentityChanged, MediaVanished, MediaBusy."""
        self._check()
        refuse_if_used(self._roots, (block_name(self._node), *_siblings(self._node, self._roots)))
        return ()

    def start(self) -> ToolRun:
        """Revert; raises ToolMissing, IdentityChanged, then nothing was started."""
        self._check()
        # sedutil takes the PSID as an argument only: while it runs, every process of this machine can read it in /proc. It
        # opens this one drive, whose data are gone then; the record, the journal and the log never see it.
        argv = ("sedutil-cli", "--yesIreallywanttoERASEALLmydatausingthePSID", self._psid, self._node)
        self._tool = run_tool(argv, _TIMEOUT_SECONDS, secret=self._psid, shown="PSID")
        return self._tool

    def settle(self) -> tuple[ToolRun, ...]:
        """Nothing was done that has to be taken back."""
        return ()

    def close(self) -> None:
        """Release what keeps others from the node, and forget the PSID; safe to call twice."""
        self._psid = ""
        self._release()

    def _read_identity(self) -> Identity:
        folder = block_folder(self._roots, block_name(self._node))
        return read_device(folder, geometry_of(folder), sysfs_pages(folder)).identity

    def _check(self) -> None:
        if not self._read_identity().same_medium(self._identity):
            raise IdentityChanged(f"{self._node} leads to another drive now.", "List the drives again.")


def _is_reverted(found: OpalDiscovery) -> bool:
    # Locking is always enabled in the Enterprise class, a reverted drive's included (sedutil#469).
    return not found.locked and (found.subsystem == "Enterprise" or not found.locking_enabled)


def _obstacles(found: OpalDiscovery) -> tuple[FoundObstacle, ...]:
    obstacles = []
    if found.locked:
        detail = "a PSID revert, or its owner's password, opens it"
        obstacles.append(FoundObstacle(Obstacle.OPAL_LOCKED, detail, _ALL_BUT_REVERT))
    if found.sid_blocked:
        detail = "formats fail with Invalid Opcode (nvme-cli#84); standby or the firmware's own switch lifts it"
        obstacles.append(FoundObstacle(Obstacle.BLOCK_SID, detail, _REFUSED_BY_BLOCK_SID))
    return tuple(obstacles)


def _siblings(node: str, roots: Roots) -> tuple[str, ...]:
    """Kernel names of the other namespaces that a revert of this drive reaches too; raises MediaVanished."""
    return tuple(name for name, _ in find_place(roots, node).others) if node.startswith("/dev/nvme") else ()


def _libata_note(node: str, roots: Roots) -> tuple[str, ...]:
    """libata refuses TCG commands unless the kernel was told to allow them (libata.allow_tpm=1)."""
    if node.startswith("/dev/nvme"):
        return ()
    allowed = read_text(roots.sys / "module/libata/parameters/allow_tpm")
    return (f"libata.allow_tpm {allowed}",) if allowed else ()
