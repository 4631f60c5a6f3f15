"""Which family a drive belongs to for its own erase, and the guard around a command: the node is held, free, and still the drive's.

Tools that open a device exclusively can't run under our own exclusive descriptor: a lock keeps udev and other programs of
ours away instead, and identity and holders are asked again through the very node that the tool is given (DESIGN section 3).
"""

import fcntl
import os
from collections.abc import Callable
from dataclasses import replace

from agent.errors import IdentityChanged, MediaBusy, MediaVanished, Refused
from agent.host.ata_firmware import ata_command, read_ata
from agent.host.firmware import FirmwareCommand
from agent.host.firmware_quirks import firmware_quirks
from agent.host.scsi_firmware import read_scsi, scsi_command
from agent.model.drive import Bus, Drive, Identity
from agent.model.firmware import DeviceStatus, FirmwareReading, TechniqueOffer, ToolRun
from agent.model.sanitization import Technique

_ATA = frozenset({Bus.SATA, Bus.PATA, Bus.USB})
_SCSI = frozenset({Bus.SAS, Bus.SCSI})


def read_own_erase(drive: Drive) -> FirmwareReading | None:
    """What this drive can do by itself, judged by its own words now; None for kinds that have no erase of their own.

    Raises ToolMissing, ToolFailed.
    """
    if drive.bus in _ATA:
        return _with_sources(drive, read_ata(drive.node, drive.bus))
    if drive.bus in _SCSI:
        return _with_sources(drive, read_scsi(drive.node, drive.bus, drive.identity.model))
    return None


def own_erase_command(drive: Drive, technique: Technique, check: "Callable[[], Identity]") -> "GuardedCommand":
    """One technique of this drive; `check` raises where somebody uses the node and gives its identity at this moment.

    Raises Refused, ToolMissing, ToolFailed.
    """
    if drive.bus in _ATA:
        command = ata_command(drive.node, drive.bus, technique)
    elif drive.bus in _SCSI:
        command = scsi_command(drive.node, drive.bus, drive.identity.model, technique)
    else:
        raise Refused(f"{drive.node} has no erase of its own that this program knows.")
    return GuardedCommand(drive, command, check)


def _with_sources(drive: Drive, reading: FirmwareReading) -> FirmwareReading:
    quirks, model = firmware_quirks(), drive.identity.model
    offers = tuple(replace(o, purge_source=quirks.purge_source(model, o.technique)) for o in reading.offers)
    return replace(reading, offers=offers)


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
        self._lock = _locked(self._drive.node)
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


def _locked(node: str) -> int:
    """The lock that keeps udev from probing, without the exclusive claim that would keep the tool out."""
    try:
        descriptor = os.open(node, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError as error:
        raise MediaVanished(f"{node} can't be opened: {error.strerror}.", "List the drives again.") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise MediaBusy(f"Another program has locked {node}.", "Wait until it has ended.") from error
    return descriptor
