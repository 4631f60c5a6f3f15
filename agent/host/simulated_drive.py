"""One drive of a simulated machine: its captures, its image, and what happened to it so far."""

import os
import threading
from dataclasses import asdict, dataclass, replace

from agent.errors import EnvironmentLacks, MediaVanished
from agent.host.simulated_faults import NO_FAULTS, Faults, parse_faults
from agent.host.simulated_folder import CaptureFolder
from agent.host.simulated_heat import SimulatedHeat
from agent.model.drive import Drive, HiddenAreas, HiddenAreaState

MAKE_BENCH = "Make the drives with `make machines`, or with `python -m tests.bench make DIR`."


@dataclass(frozen=True)
class DriveState:
    """What happened to the drive, kept in its folder so that it outlives the program; times are seconds of wall time."""

    written: bool = False
    died: bool = False
    vanished: bool = False
    self_test: str = ""
    self_test_started: float = 0.0
    self_test_aborted: bool = False
    erase_started: float = 0.0
    erase_state: str = ""
    thawed: bool = False
    hidden_asked: bool = False
    hidden_given_back: bool = False
    opal_reverted: bool = False


class SimulatedDrive:
    """`drives/<name>/` of a machine's folder; every question reads the files anew, so that a test can change them."""

    def __init__(self, folder: CaptureFolder, name: str) -> None:
        self.name = name
        self.folder = folder
        self.heat = SimulatedHeat()
        self._base = f"drives/{name}"
        self._lock = threading.Lock()

    def captured(self) -> Drive:
        """The drive as captured; raises EnvironmentLacks."""
        return self.folder.read_value(f"{self._base}/identity.json", Drive)

    def current(self, size_bytes: int) -> Drive:
        """The drive as it is now, with the image's size for capacity; raises EnvironmentLacks, MediaVanished."""
        drive = self.captured()
        sector = drive.identity.logical_sector_bytes
        capacity = self.whole_sectors(size_bytes, sector)
        return replace(
            drive,
            identity=replace(drive.identity, capacity_bytes=capacity),
            hidden_areas=_scaled(drive.hidden_areas, capacity // sector, shown=self.state().hidden_given_back),
            signatures=drive.signatures if self._has_signature() else (),
        )

    def found(self) -> Drive:
        """The drive as discovery sees it; raises EnvironmentLacks where its image was never made."""
        try:
            size = self.folder.status(f"{self._base}/image").st_size
        except FileNotFoundError as error:
            raise EnvironmentLacks(
                f"{self.folder.path} has no image of the drive {self.name}.", MAKE_BENCH
            ) from error
        return self.current(size)

    def open_image(self, flags: int) -> int:
        """A descriptor on the image; raises Refused, MediaVanished, OSError."""
        try:
            return self.folder.open(f"{self._base}/image", flags)
        except FileNotFoundError as error:
            raise MediaVanished(
                f"{self.name} is no longer there.", "Plug the drive in again and start over."
            ) from error

    def resize_image(self, size_bytes: int) -> None:
        """Let the drive show another size; raises Refused, MediaVanished, OSError."""
        descriptor = self.open_image(os.O_WRONLY)
        try:
            os.ftruncate(descriptor, size_bytes)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def is_there(self, opened: os.stat_result) -> bool:
        """Whether the drive still answers, and what was opened is still its image."""
        if self.state().vanished or not self.folder.exists(f"{self._base}/identity.json"):
            return False
        try:
            now = self.folder.status(f"{self._base}/image")
        except FileNotFoundError:
            return False
        return (now.st_dev, now.st_ino) == (opened.st_dev, opened.st_ino)

    def faults(self) -> Faults:
        """Its faults; raises EnvironmentLacks where faults.json is malformed."""
        if not self.folder.exists(f"{self._base}/faults.json"):
            return NO_FAULTS
        return parse_faults(self.folder.read_json(f"{self._base}/faults.json"))

    def smartctl_capture(self) -> str:
        """Name of the smartctl capture to serve: the one of after, once there is one and the drive was written or died."""
        after = f"{self._base}/smartctl-after.json"
        state = self.state()
        return (
            after if (state.written or state.died) and self.folder.exists(after) else f"{self._base}/smartctl.json"
        )

    def state(self) -> DriveState:
        """What happened so far."""
        if not self.folder.exists(f"{self._base}/state.json"):
            return DriveState()
        return DriveState(**self.folder.read_json(f"{self._base}/state.json"))

    def remember(self, **changes: object) -> None:
        """Keep a change of the state on disk; raises OSError."""
        with self._lock:
            before = asdict(self.state())
            if before != {**before, **changes}:
                self.folder.write_json(f"{self._base}/state.json", {**before, **changes})

    @staticmethod
    def whole_sectors(size_bytes: int, sector_bytes: int) -> int:
        """A size rounded down to whole sectors; a device has no other."""
        return size_bytes // sector_bytes * sector_bytes

    def _has_signature(self) -> bool:
        # Any partition table ends its first sector so; once overwritten, what was captured no longer holds.
        descriptor = self.open_image(os.O_RDONLY)
        try:
            return os.pread(descriptor, 2, 510) == b"\x55\xaa"
        finally:
            os.close(descriptor)


def _scaled(areas: HiddenAreas, sectors: int, *, shown: bool) -> HiddenAreas:
    """The same hidden sectors behind the image's own size; none where all are `shown` by now."""
    if shown:
        return HiddenAreas(HiddenAreaState.NONE_FOUND, sectors, sectors)
    if areas.accessible_sectors is None or areas.native_sectors is None:
        return areas
    return replace(
        areas, accessible_sectors=sectors, native_sectors=sectors + areas.native_sectors - areas.accessible_sectors
    )
