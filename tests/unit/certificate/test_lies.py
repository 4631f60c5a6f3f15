"""No record is believed whose own evidence does not support what it claims, and no honest one is refused for it."""

from dataclasses import replace

import pytest

from agent.certificate.content import check_evidence
from agent.certificate.report import FailureKind, StepFailed
from agent.model.passes import SectorError
from agent.model.record import Headline, Outcome, Record
from agent.model.sanitization import Method, VerificationKind
from tests.samples import sample_record
from tests.vectors.lies import LIES, _drive, claiming
from tests.vectors.media import disk, erased_by_itself, judged, resumed, with_drives, with_exceptions


@pytest.mark.parametrize("name", LIES)
def test_a_lie_is_refused(name: str) -> None:
    _, lie = LIES[name]
    with pytest.raises(StepFailed) as refused:
        check_evidence(lie(sample_record()))
    assert refused.value.kind is FailureKind.CONTRADICTION


def _honest() -> list[Record]:
    record = sample_record()
    (drive,) = record.drives
    lost = SectorError(4096, 8, "Input/output error")
    own = erased_by_itself(drive)
    return [
        record,
        with_drives(record, own),
        with_drives(record, resumed(drive, 4096)),
        with_drives(record, judged(disk(drive))),
        with_drives(record, with_exceptions(drive, lost)),
        with_drives(record, own, judged(disk(drive))),
    ]


@pytest.mark.parametrize("number", range(6))
def test_what_lies_are_made_of_is_honest(number: int) -> None:
    record = _honest()[number]
    assert check_evidence(record)
    exceptions = number == 4
    assert record.headline is (Headline.INCOMPLETE if exceptions else Headline.SANITIZED)
    assert record.drives[0].outcome is (Outcome.SANITIZED_WITH_EXCEPTIONS if exceptions else Outcome.SANITIZED)


def test_own_erase_reaches_purge() -> None:
    assert erased_by_itself(sample_record().drives[0]).level_reached is Method.PURGE
    assert erased_by_itself(sample_record().drives[0]).outcome is Outcome.SANITIZED


def test_a_lie_that_is_none_would_be_seen() -> None:
    assert check_evidence(_drive()(sample_record()))
    assert check_evidence(claiming(sample_record(), *sample_record().drives))


def test_the_place_in_the_sequence() -> None:
    record = sample_record()
    link = record.station_link
    for forged in (
        replace(link, sequence=0),
        replace(link, sequence=2),
        replace(link, previous_record_sha256="ab" * 32),
        replace(link, sequence=2, previous_record_sha256="nothing"),
    ):
        with pytest.raises(StepFailed, match=r"sequence|previous"):
            check_evidence(replace(record, station_link=forged))
    assert check_evidence(sample_record(sequence=2))


def test_a_plan_may_do_more_than_the_policy_asks() -> None:
    sampled = replace(sample_record().policy, verification=VerificationKind.SAMPLED)
    assert check_evidence(replace(sample_record(), policy=sampled))
