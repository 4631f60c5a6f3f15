"""Give a drive back the sectors that HPA, AMA or DCO hide, so that an erase reaches them.

Order (trust.md A5.11): the HPA first, because DCO RESTORE is refused while one is set; then the DCO; then what shows as HPA once the
DCO is gone. Some drives accept one lasting change between two losses of power. Whether anything was reached is told by a
second reading, against what the kernel says by then, never by a program's end.
"""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from agent.errors import AgentError, ToolFailed
from agent.host.ata_device import read_identify
from agent.host.firmware_tool import run_tool
from agent.host.hidden_areas import NOT_EXAMINED, native_sectors, read_hidden_areas
from agent.host.identity import geometry_of
from agent.host.node_lock import NodeGuard
from agent.host.scsi import AtaIdentify, parse_identify
from agent.host.sysfs import Roots, block_folder, block_name, entry_names
from agent.model.drive import Bus, HiddenAreas, HiddenAreaState
from agent.model.firmware import ToolRun

_TOOL_SECONDS = 60.0
_KNOWN = "--yes-i-know-what-i-am-doing"
_RESCAN_SECONDS = 10.0
_POLL_SECONDS = 0.25

POWER_CYCLE = "Sectors stay hidden: take the drive's power away, then try again."


@dataclass(frozen=True)
class Restoration:
    """What is hidden now, the programs that were run, and the same in words ('' where nothing had to be done)."""

    areas: HiddenAreas
    tools: tuple[ToolRun, ...] = ()
    words: str = ""


def restore_hidden_areas(
    node: str, roots: Roots | None = None, patience: float = _RESCAN_SECONDS, guard: NodeGuard | None = None
) -> Restoration:
    """Remove HPA, AMA and DCO from the drive at a node, for good; raises ToolMissing, ToolFailed (no IDENTIFY data).

    `patience` is how many seconds the kernel gets to see the new size. `guard` holds the node around each change. Whatever is
    raised, is raised only where nothing was changed yet.
    """
    work = _Restorer(node, roots or Roots(), patience, guard)
    before = work.areas()
    if before.state is not HiddenAreaState.PRESENT:
        return Restoration(before)
    try:
        work.lift_limit()
        if work.ata.dco_supported and work.areas().state is HiddenAreaState.PRESENT:
            work.restore_configuration()
            work.lift_limit()
    except AgentError:
        # After a change of its size a drive may be found anew under another name; whoever asked looks for it there. Whatever
        # it was that failed: raised, it would say that nothing was done.
        if not work.tools:
            raise
    after = work.areas()
    reached = after.state is HiddenAreaState.NONE_FOUND and after.native_sectors == before.native_sectors
    words = f"{(before.native_sectors or 0) - (before.accessible_sectors or 0)} hidden sectors were given back."
    return Restoration(after, tuple(work.tools), words if reached else POWER_CYCLE)


class _Restorer:
    """One drive; asks the kernel and the drive anew each time, and keeps the programs it ran."""

    def __init__(self, node: str, roots: Roots, patience: float, guard: NodeGuard | None) -> None:
        self._node = node
        self._roots = roots
        self._patience = patience
        self._guard = guard
        self.tools: list[ToolRun] = []
        found = parse_identify(read_identify(node))
        if found is None:
            raise ToolFailed(("SG_IO", "IDENTIFY DEVICE", node), 0, "data without a right checksum")
        self.ata: AtaIdentify = found

    def areas(self) -> HiddenAreas:
        """What is hidden at this moment."""
        sectors = self._sectors()
        return read_hidden_areas(self._node, Bus.SATA, self.ata, sectors) if sectors else NOT_EXAMINED

    def lift_limit(self) -> None:
        """Make all native sectors accessible, for good (hdparm's `p`); nothing where they are, or where hdparm is not believed."""
        if not (self.ata.hpa_supported or self.ata.ama_supported):
            return
        sectors = self._sectors()
        native = native_sectors(self._node, sectors)
        if native is not None and native > sectors:
            self._run("-N", f"p{native}")
            self._see(native)

    def restore_configuration(self) -> None:
        """DEVICE CONFIGURATION RESTORE: the size as the factory left it."""
        self._run("--dco-restore")
        self._see(None)

    def _run(self, *options: str) -> None:
        if self._guard is not None:
            self._guard.hold()
        self.tools.append(run_tool(("hdparm", _KNOWN, *options, self._node), _TOOL_SECONDS))

    @property
    def _folder(self) -> Path:
        return block_folder(self._roots, block_name(self._node))

    def _sectors(self) -> int:
        geometry = geometry_of(self._folder)
        return geometry.capacity_bytes // geometry.logical_sector_bytes

    def _see(self, expected: int | None) -> None:
        """Have the kernel read the size again.

        libata answers READ CAPACITY from what it learnt when it found the drive, so that `rescan` alone changes nothing
        there; a scan of the host makes it look at its port again, as after plugging.
        """
        before = self._sectors()

        def changed() -> bool:
            # Without a size it has gone for a moment: libata takes a drive of another native size for a new one.
            now = self._sectors()
            return now == expected if expected else now not in {0, before}

        _tell(self._folder / "device/rescan", "1")
        if self._until(changed, self._patience / 4):
            return
        if self._guard is not None:
            self._guard.let_go()
        for scan in self._host_scans():
            _tell(scan, "- - -")
        self._until(changed, self._patience)

    def _host_scans(self) -> tuple[Path, ...]:
        parts = self._folder.parts
        base = self._roots.sys / "class/scsi_host"
        return tuple(base / name / "scan" for name in entry_names(base) if name in parts)

    def _until(self, done: Callable[[], bool], seconds: float) -> bool:
        until = time.monotonic() + seconds
        while not done():
            if time.monotonic() >= until:
                return False
            time.sleep(_POLL_SECONDS)
        return True


def _tell(attribute: Path, word: str) -> None:
    """Write to a kernel attribute that is there; a refusal shows in the size that does not change."""
    try:
        # For writing only: the kernel lets nobody open these for reading too.
        descriptor = os.open(attribute, os.O_WRONLY | os.O_CLOEXEC)
    except OSError:
        return
    try:
        with suppress(OSError):
            os.write(descriptor, word.encode())
    finally:
        os.close(descriptor)
