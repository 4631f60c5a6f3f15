"""Which family a drive belongs to for its own erase, and the guard around a command: the node is held, free, and still the drive's.

Tools that open a device exclusively can't run under our own exclusive descriptor: a lock keeps udev and other programs of
ours away instead, and identity and holders are asked again through the very node that the tool is given (DESIGN section 3).
"""

import os
from collections.abc import Callable
from dataclasses import replace

from agent.errors import IdentityChanged, Refused
from agent.host.ata_firmware import ata_command, read_ata
from agent.host.firmware import FirmwareCommand
from agent.host.firmware_quirks import firmware_quirks
from agent.host.media import again_while_busy
from agent.host.mmc_firmware import mmc_command, read_mmc
from agent.host.node_lock import lock_node
from agent.host.nvme_firmware import nvme_command, read_nvme
from agent.host.opal_firmware import joined, psid_revert, read_opal
from agent.host.scsi_firmware import read_scsi, scsi_command
from agent.host.sysfs import Roots
from agent.model.drive import Bus, Drive, Identity, MediaType
from agent.model.firmware import DeviceStatus, FirmwareReading, TechniqueOffer, ToolRun
from agent.model.psid import Psid
from agent.model.sanitization import Technique

_ATA = frozenset({Bus.SATA, Bus.PATA, Bus.USB})
_SCSI = frozenset({Bus.SAS, Bus.SCSI})
_MAY_BE_OPAL = frozenset({Bus.SATA, Bus.NVME})
_REVERT = Technique.OPAL_PSID_REVERT


def read_own_erase(drive: Drive, roots: Roots, *, may_write: bool = True) -> FirmwareReading | None:
    """What this drive can do by itself, judged by its own words now; None for kinds that have no erase of their own.

    Without `may_write` nothing is run that opens the node for writing. Raises ToolMissing, ToolFailed.
    """
    reading = _read(drive, roots)
    if reading is None:
        return None
    # sedutil-cli opens a SATA drive for writing even to ask it.
    asked = may_write or drive.bus is not Bus.SATA
    return _with_quirks(drive, _with_locks(drive, reading, roots) if asked else reading)


def own_erase_command(
    drive: Drive,
    technique: Technique,
    roots: Roots,
    check: "Callable[[], Identity]",
    psid: Psid | None = None,
) -> "GuardedCommand":
    """One technique of this drive; `check` raises where somebody uses the node and gives its identity at this moment.

    `psid` is what a person read from this drive's label, for the revert alone. Raises Refused, MediaVanished, IdentityChanged, ToolMissing, ToolFailed.
    """
    denied = [o for o in firmware_quirks().obstacles(drive.identity.model) if technique in o.forbids]
    if denied:
        raise Refused(f"{drive.node} is not asked for {technique.value}: {denied[0].detail}.")
    command = _revert(drive, psid, roots) if technique is _REVERT else _command(drive, technique, roots)
    return GuardedCommand(drive, command, check)


def _revert(drive: Drive, psid: Psid | None, roots: Roots) -> FirmwareCommand:
    if psid is None:
        raise Refused(f"Nobody has given the PSID of {drive.node}.", "Type it from the drive's label.")
    if drive.bus not in _MAY_BE_OPAL:
        raise Refused(f"{drive.node} is not asked for {_REVERT.value}: it is attached by {drive.bus.value}.")
    # The node of another namespace is another drive to whoever confirms.
    if others := read_opal(drive.node, roots).also_hit:
        raise Refused(f"{_REVERT.value} of {drive.node} would erase {', '.join(others)} too.")
    return psid_revert(drive.node, psid.reveal(), roots)


def _read(drive: Drive, roots: Roots) -> FirmwareReading | None:
    if drive.bus in _ATA:
        return read_ata(drive.node, drive.bus)
    if drive.bus in _SCSI:
        return read_scsi(drive.node, drive.bus, drive.identity.model, roots)
    if drive.bus is Bus.NVME:
        return read_nvme(drive.node, roots)
    if drive.bus is Bus.MMC and drive.media_type is MediaType.EMBEDDED_FLASH:
        return read_mmc(drive.node, roots)
    return None


def _command(drive: Drive, technique: Technique, roots: Roots) -> FirmwareCommand:
    if drive.bus in _ATA:
        return ata_command(drive.node, drive.bus, technique)
    if drive.bus in _SCSI:
        return scsi_command(drive.node, drive.bus, drive.identity.model, technique, roots)
    if drive.bus is Bus.NVME:
        return nvme_command(drive.node, technique, roots)
    if drive.bus is Bus.MMC and drive.media_type is MediaType.EMBEDDED_FLASH:
        return mmc_command(drive.node, technique, roots)
    raise Refused(f"{drive.node} has no erase of its own that this program knows.")


def _with_locks(drive: Drive, reading: FirmwareReading, roots: Roots) -> FirmwareReading:
    """The drive's TCG locks; a revert that would reach other nodes' data too is not offered."""
    if drive.bus not in _MAY_BE_OPAL:
        return reading
    opal = read_opal(drive.node, roots)
    return joined(reading, replace(opal, offers=() if opal.also_hit else opal.offers, also_hit=()))


def _with_quirks(drive: Drive, reading: FirmwareReading) -> FirmwareReading:
    quirks, model = firmware_quirks(), drive.identity.model
    offers = tuple(replace(o, purge_source=quirks.purge_source(model, o.technique)) for o in reading.offers)
    denied = tuple(o for o in quirks.obstacles(model) if o not in reading.obstacles)
    return replace(reading, offers=offers, obstacles=(*reading.obstacles, *denied))


class GuardedCommand:
    """A command that touches the drive only while the node is locked, unused, and leads to the drive that was planned."""

    def __init__(self, drive: Drive, command: FirmwareCommand, check: Callable[[], Identity]) -> None:
        self._drive = drive
        self._command = command
        self._check = check
        self._lock = -1

    @property
    def offer(self) -> TechniqueOffer:
        """The technique, with what the drive says of it."""
        return self._command.offer

    @property
    def secret_note(self) -> str:
        """What must be in the journal before `prepare`."""
        return self._command.secret_note

    @property
    def in_background(self) -> bool:
        """Whether the drive goes on after `start` has returned."""
        return self._command.in_background

    def status(self) -> DeviceStatus:
        """The drive's own status; raises ToolMissing, ToolFailed."""
        return self._command.status()

    def prepare(self) -> tuple[ToolRun, ...]:
        """Lock the node, ask who uses it and what it is, then prepare; raises MediaBusy, MediaVanished, IdentityChanged, ToolFailed."""
        self._lock = again_while_busy(lambda: lock_node(self._drive.node))
        if not self._check().same_medium(self._drive.identity):
            raise IdentityChanged(f"The medium at {self._drive.node} is not the one that was planned.")
        return self._command.prepare()

    def start(self) -> ToolRun:
        """Run the tool to its end; raises ToolMissing."""
        return self._command.start()

    def settle(self) -> tuple[ToolRun, ...]:
        """Take back what `prepare` did, then let go of the node; raises ToolFailed."""
        if self._lock < 0:
            return ()
        try:
            return self._command.settle()
        finally:
            self._release()

    def close(self) -> None:
        """Let go of the node; safe to call twice."""
        self._release()
        self._command.close()

    def _release(self) -> None:
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1
