"""No command that can't be stopped begins on a battery that may not outlast it."""

from dataclasses import replace

import pytest

from agent.engine.course import Course
from agent.engine.power_policy import PowerVerdict, judge_plan, judge_power
from agent.errors import EnvironmentLacks
from agent.model.drive import MediaType
from agent.model.firmware import CommandOutcome
from agent.model.job import JobState
from agent.model.json_form import from_json_form, to_json_form
from agent.model.power import PowerReading, PowerSource
from agent.model.sanitization import Method, Rung, Technique
from tests.unit.engine.fake_firmware import BLOCK, Behaviour, firmware_drive
from tests.unit.engine.fakes import FakeMachine, outcome_of, plan_for, run_one

FINE, CAUTION, REFUSED = PowerVerdict
BATTERY, MAINS = PowerSource.BATTERY, PowerSource.MAINS
FAST = Course(poll=0.001, silence=0.05, no_progress=0.05, reappear=0.05)
EMPTY = PowerReading(BATTERY, 31)


@pytest.mark.parametrize(
    ("power", "minutes", "own", "write"),
    [
        (None, 2, FINE, FINE),
        (PowerReading(PowerSource.NO_BATTERY), 2, FINE, FINE),
        (PowerReading(PowerSource.UNKNOWN, 3, 1), 2, FINE, FINE),
        (PowerReading(MAINS, 3), 2, FINE, FINE),
        (PowerReading(BATTERY), None, CAUTION, CAUTION),
        (PowerReading(BATTERY, 49), None, REFUSED, CAUTION),
        (PowerReading(BATTERY, 49, 600), 1, REFUSED, CAUTION),
        (PowerReading(BATTERY, 50), None, CAUTION, CAUTION),
        (PowerReading(BATTERY, 90, 100), 50, CAUTION, CAUTION),
        (PowerReading(BATTERY, 90, 99), 50, REFUSED, CAUTION),
        (PowerReading(BATTERY, 90, 1), None, CAUTION, CAUTION),
        (PowerReading(BATTERY, None, 99), 50, REFUSED, CAUTION),
        (PowerReading(BATTERY, 90, None), 500, CAUTION, CAUTION),
    ],
)
def test_table(power, minutes, own, write):
    rung = Rung(Technique.NVME_SANITIZE_BLOCK_ERASE, Method.PURGE, minutes)
    assert judge_power(power, rung).verdict is own
    assert judge_power(power, Rung(Technique.OVERWRITE, Method.CLEAR)).verdict is write


@pytest.mark.parametrize("technique", [t for t in Technique if t.by_firmware])
def test_every_technique_of_a_drives_own_counts(technique):
    judged = judge_power(EMPTY, Rung(technique, Method.CLEAR))
    assert judged.verdict is REFUSED
    assert judged.reason == (
        "the machine runs on battery, 31 % charged: a command that can't be stopped needs 50 % or mains"
    )
    assert judged.figures == "31 % < 50 %"


def run(folder, *powers, asked=BLOCK.value, behaviour=None):
    drive = firmware_drive((BLOCK, behaviour or Behaviour()), media_type=MediaType.SOLID_STATE)
    machine = FakeMachine(drive)
    machine.powers = list(powers)
    return drive, run_one(folder, drive, technique=asked, course=FAST, machine=machine)


def test_nothing_is_asked_of_the_drive(tmp_path):
    drive, result = run(tmp_path, EMPTY)
    assert result.state is JobState.FAILED
    assert drive.commands == []
    (attempt,) = result.attempts
    assert attempt.outcome is CommandOutcome.NOT_RUNNING
    assert "31 % charged" in attempt.reason
    assert attempt.markers is None
    assert attempt.tools == ()


def test_the_overwrite_that_comes_next_may_be_begun(tmp_path):
    drive, result = run(tmp_path, EMPTY, asked="auto")
    assert drive.commands == []
    assert result.rung.technique is Technique.OVERWRITE
    assert outcome_of(result).value == "sanitized"


def test_the_result_says_what_fed_the_machine(tmp_path):
    _, result = run(tmp_path, PowerReading(MAINS, 80), PowerReading(MAINS, 80), PowerReading(BATTERY, 79, 90))
    assert result.state is JobState.SANITIZED
    assert (result.power_at_start, result.power_at_end) == (PowerReading(MAINS, 80), PowerReading(BATTERY, 79, 90))
    assert from_json_form(to_json_form(result), type(result)) == result


def test_a_power_source_that_can_not_be_read_is_left_out(tmp_path):
    class Mute(FakeMachine):
        def power(self):
            raise EnvironmentLacks("nothing")

    drive = firmware_drive((BLOCK, Behaviour()), media_type=MediaType.SOLID_STATE)
    result = run_one(tmp_path, drive, technique=BLOCK.value, course=FAST, machine=Mute(drive))
    assert result.state is JobState.SANITIZED
    assert "power_at_start" not in to_json_form(result)


def test_of_a_plan_the_worst_technique_counts():
    drive = firmware_drive((BLOCK, Behaviour()), media_type=MediaType.SOLID_STATE)
    plan = plan_for(drive.drive, drive.firmware)
    assert plan.rungs[0].technique is BLOCK
    assert judge_plan(EMPTY, plan).verdict is REFUSED
    assert judge_plan(EMPTY, replace(plan, ladder=plan.ladder[-1:])).verdict is CAUTION
    assert judge_plan(PowerReading(MAINS, 5), plan).verdict is FINE
