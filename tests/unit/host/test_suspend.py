"""A sleep is what the clocks say; the exit code of rtcwake says nothing."""

import fcntl
import os
from pathlib import Path

import pytest

from agent.errors import Refused, ToolMissing
from agent.host import suspend
from agent.host.suspend import check_idle, seconds_asleep, sleep, sleep_obstacle
from agent.host.sysfs import Roots
from agent.model.sleep import SleepEnding, SleepObstacle
from tests.unit.host.programs import install
from tests.unit.host.trees import put


@pytest.fixture
def machine(tmp_path: Path, monkeypatch, allow_programs) -> Roots:
    """A machine with S3, a clock that wakes it, and rtcwake."""
    allow_programs("rtcwake")
    roots = Roots(tmp_path / "root")
    put(roots.sys / "power/state", "freeze mem disk\n")
    put(roots.sys / "power/mem_sleep", "s2idle [deep]\n")
    put(roots.sys / "class/rtc/rtc0/device/power/wakeup", "enabled\n")
    install(tmp_path / "bin", monkeypatch, "rtcwake", "exit 0")
    monkeypatch.setattr(suspend.os, "sync", (tmp_path / "synced").touch)
    return roots


def clock(*seconds: float):
    left = list(seconds)
    return lambda: left.pop(0)


def test_a_machine_that_can(machine: Roots) -> None:
    assert sleep_obstacle(machine, permitted=True, from_memory=True) is None
    assert sleep_obstacle(machine, permitted=True, from_memory=None) is None


@pytest.mark.parametrize(
    ("file", "content", "obstacle"),
    [
        ("power/mem_sleep", "[s2idle]\n", SleepObstacle.NO_S3),
        ("power/mem_sleep", "", SleepObstacle.NO_S3),
        ("power/state", "freeze disk\n", SleepObstacle.NO_S3),
        ("class/rtc/rtc0/device/power/wakeup", "disabled\n", SleepObstacle.NO_ALARM),
        ("class/rtc/rtc0/device/power/wakeup", "", SleepObstacle.NO_ALARM),
    ],
)
def test_machines_that_cannot(machine: Roots, file: str, content: str, obstacle: SleepObstacle) -> None:
    put(machine.sys / file, content)
    assert sleep_obstacle(machine, permitted=True, from_memory=True) is obstacle


def test_neither_outside_the_live_system_nor_with_the_system_on_the_stick(machine: Roots) -> None:
    assert sleep_obstacle(machine, permitted=False, from_memory=None) is SleepObstacle.NOT_PERMITTED
    assert sleep_obstacle(machine, permitted=True, from_memory=False) is SleepObstacle.RUNS_FROM_STICK


def test_without_rtcwake(machine: Roots, monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr(suspend, "find_program", lambda _name: None)
    assert sleep_obstacle(machine, permitted=True, from_memory=True) is SleepObstacle.NO_PROGRAM
    monkeypatch.setattr("agent.host.run.find_program", lambda _name: None)
    with pytest.raises(ToolMissing):
        sleep(machine, 10)


@pytest.mark.parametrize(
    ("gained", "ending"),
    [
        (10.4, SleepEnding.SLEPT),
        (8.1, SleepEnding.SLEPT),
        (4.0, SleepEnding.WOKE_EARLY),
        (0.2, SleepEnding.NEVER_SLEPT),
        (0.0, SleepEnding.NEVER_SLEPT),
        (-1.0, SleepEnding.NEVER_SLEPT),
    ],
)
def test_the_clocks_judge_and_not_the_exit_code(machine: Roots, gained: float, ending: SleepEnding) -> None:
    slept = sleep(machine, 10, clock(100.0, 100.0 + gained))
    assert (slept.tool.code, slept.ending) == (0, ending)
    assert slept.tool.argv == ("rtcwake", "-m", "mem", "-s", "10")


def test_an_exit_code_denies_no_sleep(machine: Roots, tmp_path: Path, monkeypatch) -> None:
    install(tmp_path / "bin", monkeypatch, "rtcwake", "echo 'set rtc alarm failed' >&2; exit 1")
    assert sleep(machine, 10, clock(0.0, 10.0)).ending is SleepEnding.SLEPT
    failed = sleep(machine, 10, clock(0.0, 0.0))
    assert (failed.ending, failed.tool.code) == (SleepEnding.NEVER_SLEPT, 1)
    assert "alarm failed" in failed.tool.output


def test_the_real_clocks_of_a_machine_that_did_not_sleep(machine: Roots) -> None:
    assert sleep(machine, 10).ending is SleepEnding.NEVER_SLEPT
    assert seconds_asleep() > -0.01  # two clocks are read one after the other


def test_s3_is_chosen_once_all_is_synced_and_given_back(machine: Roots, tmp_path: Path, monkeypatch) -> None:
    mode = machine.sys / "power/mem_sleep"
    put(mode, "[s2idle] deep\n")
    seen = tmp_path / "seen"
    install(tmp_path / "bin", monkeypatch, "rtcwake", f"cat {mode} > {seen}; [ -e {tmp_path}/synced ] || rm {seen}")
    assert sleep_obstacle(machine, permitted=True, from_memory=True) is None
    sleep(machine, 10, clock(0.0, 10.0))
    assert seen.read_text() == "deep"
    assert mode.read_text() == "s2idle"


def test_not_while_a_drive_is_worked_on(tmp_path: Path) -> None:
    node = tmp_path / "sda"
    node.write_bytes(b"")
    check_idle([str(node), str(tmp_path / "gone")])
    worker = os.open(node, os.O_RDONLY)
    fcntl.flock(worker, fcntl.LOCK_EX)
    with pytest.raises(Refused, match="is being worked on"):
        check_idle([str(node)])
    os.close(worker)
    looker = os.open(node, os.O_RDONLY)
    fcntl.flock(looker, fcntl.LOCK_SH)
    check_idle([str(node)])
    os.close(looker)
