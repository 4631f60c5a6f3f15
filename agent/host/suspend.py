"""Suspend to memory and wake by the clock (ACPI S3, rtcwake(8)): drives lose power, and most firmware does not lock them again.

Only S3 does: in s2idle drives keep their power. What a sleep came to is told by the clocks, never by the exit code: rtcwake ends
with 0 on machines that return at once.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from agent.errors import Refused, ToolFailed
from agent.host.firmware_tool import run_tool
from agent.host.run import find_program
from agent.host.sysfs import Roots, read_text
from agent.model.sleep import SleepObstacle, Slept

_PROGRAM = "rtcwake"
# Time awake only: the program's time-out stands still with the machine.
_MOST_AWAKE_SECONDS = 90.0


def sleep_obstacle(roots: Roots, *, permitted: bool, from_memory: bool | None) -> SleepObstacle | None:
    """What stands against a sleep of this machine; `from_memory` is None outside the live system."""
    if not permitted:
        return SleepObstacle.NOT_PERMITTED
    if "deep" not in _modes(roots) or "mem" not in read_text(roots.sys / "power/state").split():
        return SleepObstacle.NO_S3
    if find_program(_PROGRAM) is None:
        return SleepObstacle.NO_PROGRAM
    if read_text(roots.sys / "class/rtc/rtc0/device/power/wakeup") != "enabled":
        # rtcwake asks the same file before it sets the alarm.
        return SleepObstacle.NO_ALARM
    return SleepObstacle.RUNS_FROM_STICK if from_memory is False else None


def sleep(roots: Roots, seconds: int, asleep: "Callable[[], float] | None" = None) -> Slept:
    """Let the machine sleep; `asleep` gives seconds spent so since the start. Raises ToolMissing, ToolFailed."""
    measured = asleep or seconds_asleep
    os.sync()
    with _deep(roots):
        before = measured()
        tool = run_tool((_PROGRAM, "-m", "mem", "-s", str(seconds)), _MOST_AWAKE_SECONDS)
        gained = measured() - before
    return Slept(seconds, max(0, round(gained * 1000)), tool)


def seconds_asleep() -> float:
    """Seconds that this machine was suspended since its start: CLOCK_BOOTTIME goes on meanwhile, CLOCK_MONOTONIC does not."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) - time.clock_gettime(time.CLOCK_MONOTONIC)


def check_idle(nodes: Iterable[str]) -> None:
    """Raise Refused where somebody works on one of these drives: all of ours hold a lock on the node meanwhile."""
    for node in nodes:
        with suppress(FileNotFoundError, PermissionError), _reading(node) as descriptor:
            try:
                # Shared, as udev's own: two that only look do not disturb each other.
                fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise Refused(
                    f"{node} is being worked on: the machine may not sleep now.", "Wait until its record is there."
                ) from error


@contextmanager
def _reading(node: str) -> Iterator[int]:
    try:
        descriptor = os.open(node, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if isinstance(error, FileNotFoundError | PermissionError):
            raise
        # A drive that can't even be opened is nobody's work.
        raise FileNotFoundError(node) from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _modes(roots: Roots) -> dict[str, bool]:
    """The ways to suspend to memory, and which one is in use (Documentation/admin-guide/pm/sleep-states.rst)."""
    words = read_text(_mode_file(roots)).split()
    return {word.strip("[]"): word.startswith("[") for word in words}


def _mode_file(roots: Roots) -> Path:
    return roots.sys / "power/mem_sleep"


@contextmanager
def _deep(roots: Roots) -> Iterator[None]:
    """`mem` means S3 meanwhile; raises ToolFailed where the kernel does not take that."""
    used = next((mode for mode, in_use in _modes(roots).items() if in_use), "")
    if used == "deep":
        yield
        return
    _choose(roots, "deep")
    try:
        yield
    finally:
        if used:
            _choose(roots, used)


def _choose(roots: Roots, mode: str) -> None:
    try:
        _mode_file(roots).write_text(mode)
    except OSError as error:
        raise ToolFailed(("mem_sleep", mode), error.errno or 1, str(error)) from error
