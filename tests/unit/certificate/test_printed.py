"""Every printed value is compared with the record: change any one of them on the page, and the page is refused."""

from dataclasses import replace
from typing import Any

import pytest

from agent.certificate.document import extract_text
from agent.certificate.page import _FOLDER, compile_page, evidence_attachments
from agent.certificate.page_text import page_faults, page_strings
from agent.certificate.page_view import page_view
from agent.certificate.record import decode_record, encode_record
from agent.certificate.shown import missing_in_order
from agent.model.language import Language
from agent.model.record import Record
from tests.any_record import any_record
from tests.samples import sample_record
from tests.samples_full import full_record

TEMPLATE = (_FOLDER / "certificate.typ").read_bytes()


def _text(record: Record, view: dict[str, Any]) -> str:
    attached = evidence_attachments(encode_record(record), b"signature")
    return extract_text(compile_page(TEMPLATE, view, attached, record.time.issued_at))


def _other(text: str) -> str:
    at = len(text) // 2
    while text[at] in " \u00a0\u202f":
        at -= 1
    return text[:at] + ("7" if text[at] != "7" else "8") + text[at + 1 :]


@pytest.mark.parametrize("language", list(Language))
def test_no_printed_value_can_be_another(language: Language) -> None:
    # One page, and each time another record: what is on the page differs from what this record would print.
    record = replace(full_record(), language=language)
    data = encode_record(record)
    view = page_view(record, data)
    text, strings = _text(record, view), list(page_strings(view))
    assert page_faults(text, record, data) == []
    unseen = [
        string
        for at, string in enumerate(strings)
        if not missing_in_order(text, [*strings[:at], _other(string), *strings[at + 1 :]])
    ]
    # A row's number or a bare "0" may be found again in what stands behind it; all that says more may not.
    assert [string for string in unseen if len(string) > 2] == []
    assert len(strings) > 250


@pytest.mark.parametrize("seed", [5, 8, 11, 24, 26, 46])
def test_a_page_that_holds_anything_is_read_in_order(seed: int) -> None:
    # Among them rows of many lines at the end of a page, and words that break at their own hyphens.
    record = decode_record(encode_record(any_record(seed)))
    data = encode_record(record)
    assert page_faults(_text(record, page_view(record, data)), record, data) == []


def test_two_media_can_t_change_places() -> None:
    record = sample_record("excluded")
    data = encode_record(record)
    swapped = page_view(record, data)
    rows = swapped["media"]["rows"]
    rows[0]["serial"], rows[1]["serial"] = rows[1]["serial"], rows[0]["serial"]
    assert page_faults(_text(record, swapped), record, data)


def test_a_page_that_adds_another_headline_is_refused() -> None:
    record = sample_record("server")
    data = encode_record(record)
    view = page_view(record, data)
    honest = _text(record, view)
    assert page_faults(honest, record, data) == []
    assert page_faults("SANITIZED\n" + honest, record, data) == ["SANITIZED"]


def test_a_hyphen_that_ends_a_line_is_the_line_s_or_the_word_s() -> None:
    assert missing_in_order("a Doku-\nment of WD-\n10, end", ["Dokument", "WD-10", "end"]) == []
    assert missing_in_order("a Doku-ment", ["Dokument"]) == ["Dokument"]
    assert missing_in_order("WD10", ["WD-10"]) == ["WD-10"]


def test_a_string_is_taken_at_its_first_place_though_a_line_breaks_it_there() -> None:
    text = "WD10EZEX-\n08WN S1 1 TB; page of WD10EZEX-08WN"
    assert missing_in_order(text, ["WD10EZEX-08WN", "S1", "1 TB", "WD10EZEX-08WN"]) == []
    assert missing_in_order(text, ["WD10EZEX-08WN", "WD10EZEX-08WN", "1 TB"]) == ["1 TB"]


def test_strings_stand_in_their_order() -> None:
    assert missing_in_order("one two three", ["one", "three"]) == []
    assert missing_in_order("one two three", ["three", "one"]) == ["one"]


def test_what_steers_the_template_is_not_compared() -> None:
    assert list(page_strings({"_a": "x", "b": ["y", "", {"c": "z", "_d": "w"}]})) == ["y", "z"]
