"""The engine's verdict and the model's, which every verifier applies, agree on evidence with any gap in it."""

from dataclasses import replace

import pytest

from agent.engine.judgement import judge, with_first_error
from agent.model.job import JobState, SectorError
from agent.model.record import Outcome
from agent.model.sanitization import PassKind, PassSpec, VerificationKind

from .fakes import MIB, fake_drive, forged_success, outcome_of, run_one

ONE = SectorError(7, 1, "Input/output error")


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    return run_one(tmp_path_factory.mktemp("sound"), fake_drive(size=2 * MIB), pass_set="dod-3")


def with_pass(result, index, **change):
    passes = list(result.passes)
    passes[index] = replace(passes[index], **change)
    return replace(result, passes=tuple(passes))


def with_check(result, **change):
    return replace(result, verification=replace(result.verification, **change))


GAPS = {
    "no passes": lambda r: replace(r, passes=()),
    "a pass less": lambda r: replace(r, passes=r.passes[:2]),
    "a byte less": lambda r: with_pass(r, 0, bytes_written=2 * MIB - 1),
    "less asked for": lambda r: with_pass(r, 1, bytes_written=MIB, bytes_expected=MIB),
    "a write error": lambda r: with_pass(r, 2, error_count=1, first_errors=(ONE,)),
    "no read-back": lambda r: replace(r, verification=None),
    "another pass read back": lambda r: with_check(r, of_pass=2),
    "a mismatch": lambda r: with_check(r, mismatched_sectors=1, first_mismatches=(9,)),
    "half read": lambda r: with_check(r, bytes_read=MIB, bytes_matching=MIB),
    "not all matching": lambda r: with_check(r, bytes_matching=2 * MIB - 512),
    "unreadable but all read": lambda r: with_check(r, unreadable_sectors=1, first_unreadable=(ONE,)),
    "unreadable, not listed": lambda r: with_check(
        r, unreadable_sectors=2, first_unreadable=(ONE,), bytes_read=2 * MIB - 1024, bytes_matching=2 * MIB - 1024
    ),
}


@pytest.mark.parametrize("name", GAPS)
def test_a_gap_in_the_evidence_is_a_failure_to_both(sound, name):
    result = GAPS[name](sound)
    state, reason = judge(result.plan, result.passes, result.verification)
    assert state is JobState.FAILED
    assert reason
    if name != "a pass less":  # the record holds the set's name, not its length
        assert forged_success(result) is Outcome.FAILED


def test_a_pass_of_other_bytes_or_a_thinner_read_back_than_planned(sound):
    zeros = PassSpec(PassKind.PATTERN, "00")
    for result in (with_pass(sound, 2, spec=zeros), with_check(sound, kind=VerificationKind.SAMPLED)):
        assert judge(result.plan, result.passes, result.verification)[0] is JobState.FAILED


def test_sound_evidence_and_listed_exceptions(sound):
    assert judge(sound.plan, sound.passes, sound.verification) == (JobState.SANITIZED, "")
    assert outcome_of(sound) is Outcome.SANITIZED
    listed = with_check(
        sound, unreadable_sectors=1, first_unreadable=(ONE,), bytes_read=2 * MIB - 512, bytes_matching=2 * MIB - 512
    )
    state, reason = judge(listed.plan, listed.passes, listed.verification)
    assert state is JobState.SANITIZED_WITH_EXCEPTIONS
    assert "first at LBA 7" in reason
    assert outcome_of(replace(listed, state=state)) is Outcome.SANITIZED_WITH_EXCEPTIONS


def test_reasons_name_the_first_refused_sector(sound):
    assert with_first_error("Lost.", sound.passes, sound.verification) == "Lost."
    written = with_pass(sound, 1, error_count=3, first_errors=(ONE,))
    assert with_first_error("Lost.", written.passes, None).endswith(
        "3 sectors not written, first at LBA 7: Input/output error"
    )
    unread = with_check(sound, unreadable_sectors=2, first_unreadable=(ONE,))
    assert "2 sectors unreadable, first at LBA 7" in with_first_error("Lost.", sound.passes, unread.verification)
