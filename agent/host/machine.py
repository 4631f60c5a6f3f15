"""The machine behind a protocol: `__main__` chooses real or simulated once, nobody else asks which one it is."""

from pathlib import Path
from typing import Protocol

from agent.host.firmware import FirmwareCommand
from agent.host.hidden_area_restore import Restoration
from agent.model.drive import Drive, HiddenAreas, Identity
from agent.model.firmware import FirmwareReading
from agent.model.health import SelfTestKind, SmartSnapshot, TemperatureReading
from agent.model.machine import Environment, MachineInventory
from agent.model.power import PowerReading
from agent.model.psid import Psid
from agent.model.sanitization import Technique
from agent.model.sleep import SleepObstacle, Slept


class Medium(Protocol):
    """One exclusively opened medium: a single descriptor from the identity check to the end of verification."""

    @property
    def capacity_bytes(self) -> int:
        """Size in bytes as the descriptor says it now."""
        ...

    @property
    def logical_sector_bytes(self) -> int:
        """Smallest unit that can be addressed."""
        ...

    @property
    def optimal_io_bytes(self) -> int:
        """Requests of whole multiples of so many bytes suit the medium best; 0 where it does not say."""
        ...

    @property
    def direct_io(self) -> bool:
        """Whether reads and writes bypass the page cache (O_DIRECT)."""
        ...

    @property
    def sequence(self) -> int | None:
        """The number that the kernel gave to this disk when it found it; another one was found later. None where it gives none."""
        ...

    def read_identity(self) -> Identity:
        """Identity of what this very descriptor refers to; raises MediaVanished, MediaError."""
        ...

    def write_at(self, offset: int, data: memoryview) -> int:
        """Write at a byte offset, return the count actually written (may be short); raises OSError."""
        ...

    def read_at(self, offset: int, into: memoryview) -> int:
        """Read into an aligned buffer, return the count actually read (0 at the end); raises OSError."""
        ...

    def flush(self) -> None:
        """Put everything written on stable storage and drop cached pages, so that reads reach the medium."""
        ...

    def close(self) -> None:
        """Release the descriptor and its locks; safe to call twice."""
        ...


class Machine(Protocol):
    """What the program may ask of the machine it runs on."""

    @property
    def environment(self) -> Environment:
        """Where this run takes place."""
        ...

    @property
    def image_sha256(self) -> str:
        """Measured digest of the live image's root file system; empty outside of it."""
        ...

    @property
    def runs_from_memory(self) -> bool | None:
        """Whether the live system was copied to memory, so that its stick may be pulled; None outside of it."""
        ...

    def is_there(self, folder: Path) -> bool:
        """Whether this folder is there and so is the medium below it, pulled sticks being still mounted for a while."""
        ...

    def helper_versions(self) -> tuple[str, ...]:
        """ "name version" of each helper program in use."""
        ...

    def kernel(self) -> str:
        """Release of the running kernel."""
        ...

    def inventory(self) -> MachineInventory:
        """DMI, batteries, controllers."""
        ...

    def power(self) -> PowerReading:
        """What feeds the machine at this moment; raises EnvironmentLacks."""
        ...

    def sleep_obstacle(self) -> SleepObstacle | None:
        """What stands against a sleep of this machine; None where nothing does."""
        ...

    def sleep(self, seconds: int) -> Slept:
        """Let the whole machine sleep and wake by its clock; raises Refused, ToolMissing, ToolFailed. Nothing may be at work."""
        ...

    def discover(self) -> tuple[Drive, ...]:
        """All drives, those excluded with their reasons; the boot stick too, marked as such."""
        ...

    def read_smart(self, drive: Drive) -> SmartSnapshot:
        """One reading of the drive's health; raises ToolMissing, ToolFailed."""
        ...

    def read_temperature(self, drive: Drive) -> TemperatureReading:
        """The drive's temperature, by few commands, for the drive is at work meanwhile; raises ToolMissing, ToolFailed."""
        ...

    def start_self_test(self, drive: Drive, kind: SelfTestKind) -> None:
        """Start the drive's own self-test; raises ToolFailed where the drive refuses."""
        ...

    def abort_self_test(self, drive: Drive) -> None:
        """Abort the running self-test."""
        ...

    def permit_writing(self) -> None:
        """Raise Refused where this run may write to no drive at all; asked before anything is confirmed or recorded."""
        ...

    def open_medium(self, drive: Drive) -> Medium:
        """Open the drive exclusively for writing; raises MediaBusy, MediaVanished, Refused."""
        ...

    def read_firmware(self, drive: Drive) -> FirmwareReading | None:
        """What the drive can do by itself, and what stands against it; None where it is no drive that could. Changes nothing."""
        ...

    def firmware_command(self, drive: Drive, technique: Technique) -> FirmwareCommand:
        """One technique of this drive, nothing started yet; raises Refused, MediaBusy, MediaVanished, ToolMissing, ToolFailed."""
        ...

    def keep_psid(self, drive: Drive, psid: Psid | None) -> None:
        """Keep in memory what stands on this drive's label, for its revert; None forgets it."""
        ...

    def has_psid(self, drive: Drive) -> bool:
        """Whether the PSID of this drive is kept."""
        ...

    def read_hidden_areas(self, drive: Drive) -> HiddenAreas:
        """What the drive hides at this moment, changing nothing; raises MediaVanished, ToolFailed."""
        ...

    def restore_hidden_areas(self, drive: Drive) -> Restoration:
        """Give back what HPA, AMA and DCO hide, for good; nothing is erased by it, and the drive shows another size afterwards.

        Raises Refused, MediaBusy, MediaVanished, IdentityChanged, ToolMissing, ToolFailed, where nothing was changed.
        """
        ...

    def lift_password(self, drive: Drive) -> tuple[bool, str]:
        """Take our published password back, where it stands: whether none is left, and what was found, in plain text.

        Raises Refused, MediaBusy, ToolMissing, ToolFailed.
        """
        ...
