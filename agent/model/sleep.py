"""A short sleep of the machine (ACPI S3): it lets the firmware let go of drives whose erase commands it has locked."""

from dataclasses import dataclass
from enum import StrEnum

from agent.model.firmware import ToolRun


class SleepObstacle(StrEnum):
    """Why this machine is not let sleep."""

    NOT_PERMITTED = "this is not the live system"
    NO_S3 = "it offers no sleep that switches the drives off (S3)"
    NO_PROGRAM = "the program rtcwake is not there"
    NO_ALARM = "its clock can't wake it"
    RUNS_FROM_STICK = "the system runs from the stick, which a sleep may cut off"


class SleepEnding(StrEnum):
    """What came of it."""

    SLEPT = "slept"
    WOKE_EARLY = "woke early"
    NEVER_SLEPT = "never slept"


_LEAST_MS = 1000
_EARLY_MS = 2000


@dataclass(frozen=True)
class Slept:
    """One attempt: seconds asked for, milliseconds that the machine really slept, and what rtcwake printed.

    The time asleep is what CLOCK_BOOTTIME gained on CLOCK_MONOTONIC, which stands still in suspend (clock_gettime(2)); an
    exit code proves none.
    """

    asked_seconds: int
    asleep_ms: int
    tool: ToolRun

    @property
    def ending(self) -> SleepEnding:
        """Whether it slept at all, and long enough; a machine that wakes by itself soon has still been asleep."""
        if self.asleep_ms < _LEAST_MS:
            return SleepEnding.NEVER_SLEPT
        early = self.asleep_ms < self.asked_seconds * 1000 - _EARLY_MS
        return SleepEnding.WOKE_EARLY if early else SleepEnding.SLEPT
