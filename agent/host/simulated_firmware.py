"""The own erase of a simulated drive: it works on the drive's image, takes its time, and fails or lies as firmware.json says."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from agent.errors import ToolFailed
from agent.host.firmware_choice import permitted_offer
from agent.host.simulated_drive import SimulatedDrive
from agent.model.firmware import (
    FREEZES,
    CommandState,
    DeviceStatus,
    FirmwareReading,
    Obstacle,
    TechniqueOffer,
    ToolRun,
)
from agent.model.sanitization import Technique

_PIECE_BYTES = 1 << 20


@dataclass(frozen=True)
class SimulatedFirmware:
    """firmware.json: what the drive offers, how long it takes in seconds, and which parts of the medium it really erases.

    `erases` are fractions; `value_hex` is what stands there afterwards, noise where it is empty. `ends` is the status
    that it tells at the end, `refuses` lets it take no command. `thaws`: a sleep of the machine frees it, if it is frozen. `psid` stands on the label; while an obstacle says that
    the drive is locked by Opal, no read or write succeeds.
    """

    reading: FirmwareReading
    seconds: int = 3
    erases: tuple[str, ...] = ("0-1",)
    value_hex: str = "00"
    ends: CommandState = CommandState.DONE
    refuses: bool = False
    hangs: bool = False
    thaws: bool = False
    psid: str = field(default="", repr=False)


def read_simulated_firmware(drive: SimulatedDrive) -> SimulatedFirmware | None:
    """What the drive's folder says; None where the drive has no erase of its own; raises EnvironmentLacks."""
    name = f"drives/{drive.name}/firmware.json"
    if not drive.folder.exists(name):
        return None
    found = drive.folder.read_value(name, SimulatedFirmware)
    state = drive.state()
    gone = set(FREEZES) if found.thaws and state.thawed else set()
    if state.opal_reverted:
        gone.add(Obstacle.OPAL_LOCKED)
    left = tuple(o for o in found.reading.obstacles if o.obstacle not in gone)
    return replace(found, reading=replace(found.reading, obstacles=left))


def is_locked(drive: SimulatedDrive) -> bool:
    """Whether Opal keeps it from being read and written; raises EnvironmentLacks."""
    found = read_simulated_firmware(drive)
    return found is not None and any(o.obstacle is Obstacle.OPAL_LOCKED for o in found.reading.obstacles)


class SimulatedErase:
    """One technique of a simulated drive; its state outlives the program in the drive's folder."""

    in_background = True
    secret_note = ""

    def __init__(
        self,
        drive: SimulatedDrive,
        firmware: SimulatedFirmware,
        technique: Technique,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._drive = drive
        self._firmware = firmware
        self._clock = clock
        self.offer = _offer_of(firmware, technique)

    def status(self) -> DeviceStatus:
        """What the drive says now; an erase whose time is over is carried out first."""
        state = self._drive.state()
        if not state.erase_started:
            return DeviceStatus(CommandState(state.erase_state or CommandState.NEVER), _words(state.erase_state))
        gone = self._clock() - state.erase_started
        if self._firmware.hangs or gone < self._firmware.seconds:
            permille = 650 if self._firmware.hangs else int(1000 * gone / self._firmware.seconds)
            return DeviceStatus(CommandState.RUNNING, ("simulated: running",), permille)
        overwrite_image(self._drive, self._firmware.erases, self._firmware.value_hex)
        self._drive.remember(erase_started=0.0, erase_state=self._firmware.ends.value, written=True)
        return DeviceStatus(self._firmware.ends, _words(self._firmware.ends.value))

    def prepare(self) -> tuple[ToolRun, ...]:
        """Nothing is needed."""
        return ()

    def start(self) -> ToolRun:
        """Start it, unless the drive refuses."""
        argv = ("simulated", self.offer.technique.value)
        if self._firmware.refuses:
            return ToolRun(argv, 1, "refused", 0)
        self._drive.remember(erase_started=self._clock())
        return ToolRun(argv, 0, "started", 0)

    def settle(self) -> tuple[ToolRun, ...]:
        """Nothing is to be taken back."""
        return ()

    def close(self) -> None:
        """Nothing is held."""


def overwrite_image(drive: SimulatedDrive, parts: tuple[str, ...], value_hex: str) -> None:
    """Put a value, or noise where it is empty, on these fractions of the medium; raises ToolFailed."""
    descriptor = drive.open_image(os.O_WRONLY)
    try:
        size = os.fstat(descriptor).st_size
        for part in parts:
            first, last = (float(word) for word in part.split("-"))
            _fill(descriptor, value_hex, int(size * first) // 4096 * 4096, int(size * last) // 4096 * 4096)
        os.fsync(descriptor)
    except (OSError, ValueError) as error:
        raise ToolFailed(("simulated",), 1, str(error)) from error
    finally:
        os.close(descriptor)


def _fill(descriptor: int, value_hex: str, start: int, end: int) -> None:
    value = bytes.fromhex(value_hex)
    for offset in range(start, end, _PIECE_BYTES):
        count = min(_PIECE_BYTES, end - offset)
        os.pwrite(descriptor, value * (count // len(value)) if value else os.urandom(count), offset)


def _offer_of(firmware: SimulatedFirmware, technique: Technique) -> TechniqueOffer:
    return permitted_offer("The simulated drive", firmware.reading, technique)


def _words(state: str) -> tuple[str, ...]:
    return (f"simulated: {state or CommandState.NEVER.value}",)
