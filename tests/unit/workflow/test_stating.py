"""What people state is typed as NAME=TEXT, and stands in the record and on its page."""

from dataclasses import replace

import pytest

from agent.certificate.document import extract_text
from agent.certificate.page import render_page
from agent.certificate.record import decode_record, encode_record
from agent.certificate.shown import missing_words
from agent.errors import UsageError
from agent.model.stated import Destination, Stated
from agent.workflow.stating import NAMES, parse_stated
from tests.samples import sample_record
from tests.samples_full import STATED


def test_every_field_can_be_stated() -> None:
    typed = [f"{name}=external reuse" for name in NAMES]
    stated = parse_stated(typed)
    assert stated.destination is Destination.EXTERNAL_REUSE
    assert {getattr(stated, name.replace("-", "_")) for name in NAMES} == {"external reuse"}
    assert parse_stated(()) == Stated()


@pytest.mark.parametrize(
    "typed",
    ["lot", "lot=", "weather=fine", "destination=the moon", "site=a\nb", "site=" + "x" * 121, "site=\u202egnp"],
)
def test_what_no_record_takes_is_refused(typed: str) -> None:
    with pytest.raises(UsageError):
        parse_stated([typed])


def test_nothing_is_stated_twice() -> None:
    with pytest.raises(UsageError, match="once"):
        parse_stated(["lot=1", "lot=2"])


def test_it_stands_in_the_record_and_on_the_page() -> None:
    record = replace(sample_record(), stated=STATED)
    data = encode_record(record)
    assert decode_record(data) == record
    assert b"stated" not in encode_record(sample_record())
    words = ["2026-114", "Atelier de Renens", "DON-2026-0388", "external reuse", "op-91c0", "Responsable qualité"]
    assert missing_words(extract_text(render_page(record, data, b"signature")), words) == []
