"""What was done to a medium before its erase: on the page, in the record's bytes, and in what a verifier derives."""

from dataclasses import replace

import pytest

from agent.certificate.before_view import before_facts, hidden_facts
from agent.certificate.page import render_page
from agent.certificate.record import decode_record, encode_record
from agent.certificate.words import Words
from agent.model.drive import HiddenAreas, HiddenAreaState
from agent.model.language import Language
from agent.model.preparation import Preparation, PreparationKind, PreparationOutcome
from agent.model.record import DriveRecord, Outcome, medium_outcome
from tests.samples import AT, sample_record

ENGLISH = Words(Language.ENGLISH)
SECTORS = 512_110_190_592 // 512
HID = HiddenAreas(HiddenAreaState.PRESENT, SECTORS - 500, SECTORS)
SHOWN = HiddenAreas(HiddenAreaState.NONE_FOUND, SECTORS, SECTORS)


def entry(**changes: object) -> DriveRecord:
    return replace(sample_record().drives[0], **changes)  # type: ignore[arg-type]


def step(kind: PreparationKind, outcome: PreparationOutcome = PreparationOutcome.DONE) -> Preparation:
    areas = HID if kind is PreparationKind.HIDDEN_AREAS else None
    return Preparation(kind, entry().identity, outcome, "words", AT, (), areas)


GIVEN_BACK = step(PreparationKind.HIDDEN_AREAS)


def test_a_record_without_them_has_the_form_that_it_always_had() -> None:
    assert b"preparations" not in encode_record(sample_record())
    assert b"hidden_areas_after" not in encode_record(sample_record())


def test_they_come_back_from_the_bytes() -> None:
    record = sample_record()
    drive = entry(preparations=(GIVEN_BACK, step(PreparationKind.PSID_REVERT)), hidden_areas_after=SHOWN)
    full = replace(record, drives=(drive,))
    assert decode_record(encode_record(full)) == full


def test_the_page_says_what_was_done_and_what_was_hidden() -> None:
    drive = entry(preparations=(GIVEN_BACK, step(PreparationKind.PSID_REVERT)), hidden_areas_after=SHOWN)
    assert [words for _, words in before_facts(drive, ENGLISH)] == [
        "hidden areas given back (500 sectors hidden before): done",
        "Opal PSID revert: done; no level is claimed for it",
    ]
    total, reached = "1\u202f000\u202f215\u202f216", "1\u202f000\u202f214\u202f716"
    assert hidden_facts(replace(drive, hidden_areas=SHOWN), ENGLISH) == [
        (when, f"none found (HPA, DCO, AMA); {total} of {total} sectors accessible") for when in ("Before", "After")
    ]
    after = hidden_facts(entry(hidden_areas_after=HID), ENGLISH)[1]
    assert after == ("After", f"present, and not reached; {reached} of {total} sectors accessible")
    assert hidden_facts(entry(), ENGLISH) == [
        ("Before", "not applicable to this kind of medium"),
        ("After", "not asked again"),
    ]
    record = replace(sample_record(), drives=(drive,))
    assert render_page(record, encode_record(record), b"signature").startswith(b"%PDF-")


def test_many_steps_are_counted() -> None:
    many = tuple(step(PreparationKind.PSID_REVERT, PreparationOutcome.REFUSED) for _ in range(9))
    facts = before_facts(entry(preparations=many), ENGLISH)
    assert len(facts) == 7
    assert facts[0][1] == "3 more: see the record"


@pytest.mark.parametrize(
    ("after", "outcome"), [(SHOWN, Outcome.SANITIZED), (HID, Outcome.FAILED), (None, Outcome.FAILED)]
)
def test_a_verifier_asks_that_nothing_is_hidden_afterwards(after: HiddenAreas | None, outcome: Outcome) -> None:
    assert medium_outcome(entry(preparations=(GIVEN_BACK,), hidden_areas_after=after)) is outcome
