"""What a drive hides is read again after its erase, and a hidden area then is a failure, for the engine and for every verifier."""

from dataclasses import replace

import pytest

from agent.errors import ToolFailed
from agent.model.drive import HiddenAreas, HiddenAreaState, MediaType
from agent.model.job import JobState
from agent.model.preparation import Preparation, PreparationKind, PreparationOutcome, hidden_shortcoming
from agent.model.record import Outcome, medium_outcome
from tests.unit.engine.fake_firmware import BLOCK, Behaviour, firmware_drive
from tests.unit.engine.fakes import (
    FakeClock,
    drive_record,
    fake_drive,
    forged_success,
    make_identity,
    outcome_of,
    run_one,
)

PRESENT = HiddenAreas(HiddenAreaState.PRESENT, 6144, 7000)
NONE_FOUND = HiddenAreas(HiddenAreaState.NONE_FOUND, 6144, 6144)
NOT_EXAMINED = HiddenAreas(HiddenAreaState.NOT_EXAMINED)
GIVEN_BACK = Preparation(
    PreparationKind.HIDDEN_AREAS,
    make_identity(),
    PreparationOutcome.DONE,
    "",
    FakeClock().now(),
    (),
    PRESENT,
    NONE_FOUND,
)


@pytest.mark.parametrize("own", [False, True])
def test_an_area_that_is_hidden_afterwards_was_not_reached(tmp_path, own):
    drive = fake_drive()
    if own:
        drive = firmware_drive((BLOCK, Behaviour()), media_type=MediaType.SOLID_STATE)
    drive.hidden_after = PRESENT
    result = run_one(tmp_path, drive)
    assert result.state is JobState.FAILED
    assert "hidden area" in result.reason
    assert result.hidden_areas_after == PRESENT
    assert outcome_of(result) is forged_success(result) is Outcome.FAILED


def test_what_was_asked_again_is_in_the_result(tmp_path):
    drive = fake_drive()
    drive.hidden_after = NONE_FOUND
    result = run_one(tmp_path, drive)
    assert (result.state, result.hidden_areas_after) == (JobState.SANITIZED, NONE_FOUND)


def test_a_drive_that_gives_no_answer_is_not_examined(tmp_path):
    drive = fake_drive()
    drive.hidden_after = ToolFailed(("hdparm",), 5, "no answer")
    result = run_one(tmp_path, drive)
    assert (result.state, result.hidden_areas_after) == (JobState.SANITIZED, NOT_EXAMINED)


def test_kinds_that_hide_nothing_are_not_asked(tmp_path):
    drive = fake_drive(hidden_areas=HiddenAreas(HiddenAreaState.NOT_APPLICABLE))
    drive.hidden_after = PRESENT
    result = run_one(tmp_path, drive)
    assert (result.state, result.hidden_areas_after) == (JobState.SANITIZED, None)


def test_a_failure_keeps_its_own_reason(tmp_path):
    drive = fake_drive()
    drive.faults.flush_error = 5
    drive.hidden_after = PRESENT
    result = run_one(tmp_path, drive)
    assert result.hidden_areas_after is None
    assert "hidden" not in result.reason


@pytest.mark.parametrize(
    ("after", "sound"), [(NONE_FOUND, True), (PRESENT, False), (NOT_EXAMINED, False), (None, False)]
)
def test_a_drive_that_hid_sectors_before_has_to_show_that_it_no_longer_does(tmp_path, after, sound):
    drive = fake_drive()
    drive.hidden_after = NONE_FOUND
    entry = drive_record(run_one(tmp_path, drive))
    judged = medium_outcome(replace(entry, preparations=(GIVEN_BACK,), hidden_areas_after=after))
    assert (judged is Outcome.SANITIZED) == sound
    assert bool(hidden_shortcoming((GIVEN_BACK,), after)) != sound
    # Of a drive that hid nothing, nobody ever asked again in records that were made before.
    never = medium_outcome(replace(entry, hidden_areas_after=after))
    assert (never is Outcome.SANITIZED) == (after != PRESENT)
