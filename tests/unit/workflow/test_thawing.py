"""A sleep of the machine: never beside a job, judged by what the drives say after it, with the same stick."""

import json
import threading
from dataclasses import replace

import pytest

from agent.engine.planning import make_plan
from agent.errors import EvidenceError, Refused
from agent.host.simulated import SimulatedMachine
from agent.model.firmware import Obstacle
from agent.model.sanitization import Policy, Technique
from agent.model.sleep import SleepEnding, SleepObstacle
from agent.workflow import thawing
from agent.workflow.inspection import inspect_machine
from agent.workflow.thawing import frozen_nodes, sleep_and_look, words_of
from agent.workflow.view import Stage

SDA, SDB = "/dev/sda", "/dev/sdb"


@pytest.fixture(autouse=True)
def _quick(monkeypatch) -> None:
    monkeypatch.setattr("agent.host.simulated_sleep._SHOWN_SECONDS", 0.0)
    monkeypatch.setattr(thawing, "BACK_SECONDS", 2.0)


def with_sleep(machine: SimulatedMachine, word: str) -> SimulatedMachine:
    folder = machine._folder.path
    about = json.loads((folder / "machine.json").read_text())
    (folder / "machine.json").write_text(json.dumps(about | {"sleep": word}))
    return SimulatedMachine(folder, pace=0)


def technique_of(inspection, node: str) -> Technique:
    found = next(d for d in inspection.drives if d.drive.node == node)
    return make_plan(found.drive, Policy(), firmware=found.firmware).technique


def test_one_drive_thaws_and_one_stays_frozen(sit, machine) -> None:
    sitting = sit(machine("office-pc"))
    before = sitting.inspect()
    assert frozen_nodes(before.drives) == (SDA, SDB)
    assert technique_of(before, SDA) is Technique.OVERWRITE
    assert sitting.rest.obstacle() is None
    thawed = sitting.rest.thaw()
    assert thawed.slept.ending is SleepEnding.SLEPT
    assert (thawed.frozen_before, thawed.freed, thawed.frozen_after) == ((SDA, SDB), (SDA,), (SDB,))
    assert technique_of(thawed.inspection, SDA) is Technique.ATA_SECURITY_ERASE_ENHANCED
    assert technique_of(thawed.inspection, SDB) is Technique.OVERWRITE
    told = words_of(thawed)
    assert told[0] == "The machine slept for 10 s."
    assert "/dev/sdb: still locked" in told
    assert "unplug" in told[-1]
    assert "another technique" in told[-1]


def test_the_plan_of_a_frozen_drive_says_what_to_try_in_its_order(sit, machine) -> None:
    sitting = sit(machine("office-pc"))
    sitting.inspect()
    (plan,) = sitting.plan([SDB], Policy()).plans
    (words,) = [r for r in plan.reasons if Obstacle.FROZEN.value in r]
    order = [
        words.index(part) for part in ("sleep for ten seconds", "unplug the drive's cable", "another technique")
    ]
    assert order == sorted(order)


@pytest.mark.parametrize(
    ("word", "ending", "still"),
    [("early", SleepEnding.WOKE_EARLY, (SDB,)), ("never", SleepEnding.NEVER_SLEPT, (SDA, SDB))],
)
def test_sleeps_that_go_wrong(machine, word: str, ending: SleepEnding, still: tuple[str, ...]) -> None:
    bench = with_sleep(machine("office-pc"), word)
    thawed = sleep_and_look(bench, inspect_machine(bench), lambda: inspect_machine(bench))
    assert (thawed.slept.ending, thawed.frozen_after) == (ending, still)


def test_a_machine_that_can_not_sleep(sit, machine) -> None:
    sitting = sit(with_sleep(machine("office-pc"), ""))
    assert sitting.rest.obstacle() is SleepObstacle.NO_S3
    with pytest.raises(Refused, match="not let sleep"):
        sitting.rest.thaw()


def test_not_while_drives_are_worked_on(sit, machine) -> None:
    sitting = sit(machine("office-pc", pace=1 << 20))
    sitting.inspect()
    plans = sitting.plan([SDB], Policy())
    sitting.confirm_and_start(plans, plans.code)
    assert sitting.view().stage is Stage.RUNNING
    with pytest.raises(Refused, match="being worked on"):
        sitting.rest.thaw()
    sitting.cancel()
    assert sitting.wait(60)


def test_no_job_begins_while_the_machine_goes_to_sleep(sit, machine, monkeypatch) -> None:
    bench = machine("office-pc")
    sitting = sit(bench)
    sitting.inspect()
    plans = sitting.plan([SDB], Policy())
    asleep, awake = threading.Event(), threading.Event()
    sleep = bench.sleep

    def slow(seconds: int):
        asleep.set()
        assert awake.wait(30)
        return sleep(seconds)

    monkeypatch.setattr(bench, "sleep", slow)
    sleeper = threading.Thread(target=sitting.rest.thaw)
    sleeper.start()
    assert asleep.wait(30)
    with pytest.raises(Refused, match="about to sleep"):
        sitting.confirm_and_start(plans, plans.code)
    with pytest.raises(Refused, match="about to sleep"):
        sitting.rest.thaw()
    assert sitting.view().stage is Stage.READY
    awake.set()
    sleeper.join(30)
    # The drives were looked at anew: what was planned before is no longer confirmed by its code.
    fresh = sitting.plan([SDB], Policy())
    sitting.confirm_and_start(fresh, fresh.code)
    sitting.cancel()
    assert sitting.wait(60)


def test_a_stick_that_does_not_come_back(sit, machine, desk, monkeypatch) -> None:
    bench = machine("office-pc")
    sitting = sit(bench)
    sleep = bench.sleep

    def pulled(seconds: int):
        desk.evidence.rename(desk.evidence.with_name("pulled"))
        return sleep(seconds)

    monkeypatch.setattr(bench, "sleep", pulled)
    monkeypatch.setattr(thawing, "BACK_SECONDS", 0.0)
    with pytest.raises(EvidenceError, match="did not come back"):
        sitting.rest.thaw()
    desk.evidence.with_name("pulled").rename(desk.evidence)


def test_a_stick_that_takes_a_while_and_another_stick(machine) -> None:
    bench = machine("laptop")
    bench = with_sleep(bench, "deep")
    before = inspect_machine(bench)
    assert before.boot_medium is not None
    answers = [False, False, True]
    waited: list[float] = []
    sleep_and_look(
        bench, before, lambda: inspect_machine(bench), lambda: answers.pop(0), patience=5, pause=waited.append
    )
    assert waited == [1.0, 1.0]
    other = replace(before.boot_medium, identity=replace(before.boot_medium.identity, serial="ANOTHER"))
    with pytest.raises(EvidenceError, match="Another stick"):
        sleep_and_look(bench, before, lambda: replace(before, boot_medium=other))


def test_a_drive_that_does_not_come_back_is_named(machine) -> None:
    bench = machine("office-pc")
    before = inspect_machine(bench)
    less = replace(before, drives=before.drives[1:])
    looks: list[int] = []

    def look():
        looks.append(1)
        return less

    thawed = sleep_and_look(bench, before, look, patience=3, pause=lambda _seconds: None)
    assert thawed.missing == (SDA,)
    assert thawed.freed == ()
    assert len(looks) > 1
    assert "/dev/sda: did not come back" in words_of(thawed)
