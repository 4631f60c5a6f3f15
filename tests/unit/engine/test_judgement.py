"""The engine's verdict and the model's, which every verifier applies, agree on evidence with any gap in it."""

from dataclasses import replace

import pytest

from agent.engine.judgement import judge, with_first_error
from agent.model.job import JobState
from agent.model.passes import PassKind, PassSpec, SectorError
from agent.model.record import Outcome, few_unreadable
from agent.model.sanitization import VerificationKind

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


def with_unreadable(result, sectors):
    read = 2 * MIB - sectors * 512
    return with_check(
        result, unreadable_sectors=sectors, first_unreadable=(SectorError(0, sectors, "Input/output error"),),
        bytes_read=read, bytes_matching=read,
    )  # fmt: skip


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
    "nothing could be read": lambda r: with_unreadable(r, 2 * MIB // 512),
    "more than 1 % could not be read": lambda r: with_unreadable(r, 41),
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


def test_exceptions_are_at_most_one_percent_of_the_read_back(sound):
    most = with_unreadable(sound, 40)  # of 4096 sectors
    assert judge(most.plan, most.passes, most.verification)[0] is JobState.SANITIZED_WITH_EXCEPTIONS
    assert forged_success(most) is Outcome.SANITIZED_WITH_EXCEPTIONS
    more = with_unreadable(sound, 41)
    assert "more than 1 %" in judge(more.plan, more.passes, more.verification)[1]
    # Of a sample too: sectors that could not be read say the same of those beside it.
    assert few_unreadable(with_check(most, bytes_expected=MIB).verification, 512) is False
    assert few_unreadable(with_check(sound, bytes_expected=0, bytes_read=0).verification, 512) is False


def test_reasons_name_the_first_refused_sector(sound):
    assert with_first_error("Lost.", sound.passes, sound.verification) == "Lost."
    written = with_pass(sound, 1, error_count=3, first_errors=(ONE,))
    assert with_first_error("Lost.", written.passes, None).endswith(
        "3 sectors not written, first at LBA 7: Input/output error"
    )
    unread = with_check(sound, unreadable_sectors=2, first_unreadable=(ONE,))
    assert "2 sectors unreadable, first at LBA 7" in with_first_error("Lost.", sound.passes, unread.verification)
