"""A machine made of captures and sparse files: everything above it runs unchanged, and no real drive is ever reached."""

import hashlib
import json
import platform
import re
import time
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

from agent.errors import EnvironmentLacks, IdentityChanged, Refused, ToolFailed
from agent.host.firmware import FirmwareCommand
from agent.host.hidden_area_restore import Restoration
from agent.host.psid_store import PsidStore
from agent.host.simulated_drive import SimulatedDrive
from agent.host.simulated_firmware import SimulatedErase, read_simulated_firmware
from agent.host.simulated_folder import CaptureFolder
from agent.host.simulated_hidden import give_back, power_cycle
from agent.host.simulated_medium import SimulatedMedium
from agent.host.simulated_revert import SimulatedRevert
from agent.host.simulated_sleep import SimulatedSleep, simulated_power
from agent.host.simulated_smart import SelfTestCourse, with_self_test
from agent.model.drive import Drive, HiddenAreas
from agent.model.firmware import FirmwareReading
from agent.model.health import SelfTestKind, SelfTestState, SmartSnapshot, TemperatureReading
from agent.model.machine import Environment, MachineInventory
from agent.model.power import PowerReading
from agent.model.psid import Psid
from agent.model.sanitization import Technique
from agent.model.sleep import SleepEnding, SleepObstacle, Slept

_NAME = re.compile(r"[a-z][a-z0-9]{0,31}")
_SELF_TEST_SECONDS = {SelfTestKind.SHORT: 4.0, SelfTestKind.EXTENDED: 12.0}


class SimulatedMachine:
    """The folder of one recorded machine (docs/simulated-machines.md); raises EnvironmentLacks where it is none.

    `pace` is in bytes per second for each drive, 0 for no limit, None for what the folder says; `clock` is wall time in seconds.
    """

    environment = Environment.SIMULATED
    image_sha256 = ""
    runs_from_memory = None

    def __init__(self, folder: Path, pace: int | None = None, clock: Callable[[], float] = time.time) -> None:
        self._folder = CaptureFolder(folder)
        self._about = self._folder.read_json("machine.json")
        self._clock = clock
        self._pace = int(self._about.get("pace_bytes_per_second") or 0) if pace is None else pace
        self._drives = {name: SimulatedDrive(self._folder, name) for name in self._names()}
        self._psids = PsidStore()
        for drive in self._drives.values():
            power_cycle(drive)

    @property
    def title(self) -> str:
        """What the machine is, in words."""
        return str(self._about.get("title", ""))

    def is_there(self, folder: Path) -> bool:
        """Whether this folder is there."""
        return folder.is_dir()

    def helper_versions(self) -> tuple[str, ...]:
        """The programs that made the captures."""
        captures = [f"drives/{name}/smartctl.json" for name in self._drives]
        documents = [self._folder.read_json(c).get("document", {}) for c in captures if self._folder.exists(c)]
        return tuple(sorted({_tool_version(document) for document in documents if document}))

    def kernel(self) -> str:
        """Release of the running kernel: the one that really wrote."""
        return platform.release()

    def inventory(self) -> MachineInventory:
        """DMI, batteries and controllers as captured; raises EnvironmentLacks."""
        return self._folder.read_value("dmi.json", MachineInventory)

    def power(self) -> PowerReading:
        """What dmi.json says of batteries and mains; raises EnvironmentLacks."""
        return simulated_power(self.inventory().batteries)

    def sleep_obstacle(self) -> SleepObstacle | None:
        """What machine.json says stands against a sleep; raises Refused for an unknown word."""
        return SimulatedSleep(self._about).obstacle

    def sleep(self, seconds: int) -> Slept:
        """Sleep as machine.json says; drives that thaw remember it; raises Refused."""
        slept = SimulatedSleep(self._about).sleep(seconds)
        if slept.ending is not SleepEnding.NEVER_SLEPT:
            for drive in self._drives.values():
                drive.remember(thawed=True)
        return slept

    def discover(self) -> tuple[Drive, ...]:
        """All drives that have not vanished; raises EnvironmentLacks for a capture or an image that is missing."""
        return tuple(drive.found() for drive in self._drives.values() if not drive.state().vanished)

    def read_smart(self, drive: Drive) -> SmartSnapshot:
        """The captured reading with the state of the simulated self-test in it; raises EnvironmentLacks."""
        simulated = self._drive(drive)
        capture = self._folder.read_json(simulated.smartctl_capture())
        document = simulated.heat.served(capture.get("document", {}), simulated.faults())
        course = self._course(simulated)
        if course:
            document = with_self_test(document, course)
        digest = hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
        return SmartSnapshot(int(capture.get("exit_status", 0)), document, _tool_version(document), digest)

    def read_temperature(self, drive: Drive) -> TemperatureReading:
        """The captured reading, warmed by what was written since; raises EnvironmentLacks."""
        return TemperatureReading(self.read_smart(drive).document)

    def start_self_test(self, drive: Drive, kind: SelfTestKind) -> None:
        """Start the simulated self-test; raises ToolFailed where one is running, as smartctl does."""
        simulated = self._drive(drive)
        course = self._course(simulated)
        if course and course.state is SelfTestState.RUNNING:
            raise ToolFailed(("smartctl",), 4, "Can't start self-test without aborting current test")
        simulated.remember(self_test=kind.value, self_test_started=self._clock(), self_test_aborted=False)

    def abort_self_test(self, drive: Drive) -> None:
        """Abort the running self-test; nothing happens where none runs."""
        simulated = self._drive(drive)
        course = self._course(simulated)
        if course and course.state is SelfTestState.RUNNING:
            simulated.remember(self_test_aborted=True)

    def permit_writing(self) -> None:
        """Simulated drives may be written to; each is still looked at when it is opened."""

    def open_medium(self, drive: Drive) -> SimulatedMedium:
        """Open the image exclusively; raises MediaBusy, MediaVanished, and Refused for a drive that something excludes."""
        return SimulatedMedium(self._free(drive), self._pace)

    def read_firmware(self, drive: Drive) -> FirmwareReading | None:
        """What the drive's firmware.json says that it can do by itself; None without one; raises EnvironmentLacks."""
        found = read_simulated_firmware(self._drive(drive))
        return found.reading if found else None

    def firmware_command(self, drive: Drive, technique: Technique) -> FirmwareCommand:
        """One technique of the simulated drive; raises Refused where it has none or something excludes the drive."""
        simulated = self._drive(drive)
        found = read_simulated_firmware(simulated)
        if found is None or simulated.captured().exclusions:
            raise Refused(f"{drive.node} has no erase of its own that may be used.")
        if technique is Technique.OPAL_PSID_REVERT:
            return SimulatedRevert(simulated, found, self._psids.of(drive.identity))
        return SimulatedErase(simulated, found, technique, self._clock)

    def keep_psid(self, drive: Drive, psid: Psid | None) -> None:
        """Keep the PSID in memory, for this very drive; None forgets it."""
        self._psids.keep(drive.identity, psid)

    def has_psid(self, drive: Drive) -> bool:
        """Whether the PSID of this drive is kept."""
        return self._psids.of(drive.identity) is not None

    def read_hidden_areas(self, drive: Drive) -> HiddenAreas:
        """What the drive hides now; raises EnvironmentLacks."""
        return self._drive(drive).found().hidden_areas

    def restore_hidden_areas(self, drive: Drive) -> Restoration:
        """Let the image grow by what is hidden, as hidden.json says; raises Refused, IdentityChanged, EnvironmentLacks."""
        simulated = self._free(drive)
        if not simulated.found().identity.same_medium(drive.identity):
            raise IdentityChanged(f"The medium at {drive.node} is not the one that was listed.")
        return give_back(simulated)

    def lift_password(self, drive: Drive) -> tuple[bool, str]:
        """Simulated drives get no password."""
        self._drive(drive)
        return True, "No password is set."

    def _names(self) -> tuple[str, ...]:
        names = self._about.get("drives", [])
        if not isinstance(names, list) or not all(isinstance(n, str) for n in names):
            raise EnvironmentLacks(
                "machine.json has no list of drives.", "Record the machine with `ardoise capture DIR`."
            )
        for name in names:
            if not _NAME.fullmatch(name):
                raise Refused(f"{name!r} is no name of a drive.", "Kernel names only: sda, nvme0n1.")
        return tuple(names)

    def _free(self, drive: Drive) -> SimulatedDrive:
        """The drive that nothing excludes; raises Refused."""
        simulated = self._drive(drive)
        held = simulated.captured().exclusions
        if held:
            raise Refused(
                f"{drive.node} may not be written to: {held[0].reason.value} {held[0].detail}".strip() + "."
            )
        return simulated

    def _drive(self, drive: Drive) -> SimulatedDrive:
        name = PurePosixPath(drive.node).name
        if drive.node != f"/dev/{name}" or name not in self._drives:
            raise Refused(f"{drive.node} is no drive of the recorded machine {self._folder.path}.")
        return self._drives[name]

    def _course(self, drive: SimulatedDrive) -> SelfTestCourse | None:
        state = drive.state()
        if not state.self_test:
            return None
        kind = SelfTestKind(state.self_test)
        gone = self._clock() - state.self_test_started
        remaining = max(0, round(100 - 100 * gone / self._self_test_seconds(kind)))
        faults = drive.faults()
        found = drive.found().identity
        bad_lba = (
            faults.first_bad_lba(found.capacity_bytes // found.logical_sector_bytes)
            if faults.fails_self_test
            else 0
        )
        if state.self_test_aborted:
            return SelfTestCourse(kind, SelfTestState.ABORTED, 0, 0)
        if remaining:
            return SelfTestCourse(kind, SelfTestState.RUNNING, min(100, remaining), 0)
        ending = SelfTestState.FAILED if faults.fails_self_test else SelfTestState.PASSED
        return SelfTestCourse(kind, ending, 0, bad_lba)

    def _self_test_seconds(self, kind: SelfTestKind) -> float:
        return float(self._about.get("self_test_seconds", {}).get(kind.value, _SELF_TEST_SECONDS[kind]))


def _tool_version(document: dict[str, Any]) -> str:
    version = document.get("smartctl", {}).get("version", [])
    return f"smartctl {'.'.join(map(str, version)) or 'of unknown version'} (capture)"
