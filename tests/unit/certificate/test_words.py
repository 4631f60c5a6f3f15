"""Every word of a page exists in three languages, and the languages keep their own typography."""

import random
import re
import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

import pytest

from agent.certificate import words as words_package
from agent.certificate.shown import shown
from agent.certificate.words import Words, is_known_phrase
from agent.certificate.words.labels import LABELS
from agent.certificate.words.phrases import PHRASES
from agent.certificate.words.sentences import SENTENCES
from agent.certificate.words.terms import MONTHS, TERMS
from agent.model import (
    drive,
    firmware,
    health,
    job,
    machine,
    power,
    preparation,
    record,
    sanitization,
    stated,
)
from agent.model.language import Language
from tests.any_record import phrase

_PRINTED = (
    record.Headline,
    record.Outcome,
    record.DocumentKind,
    record.SessionEnd,
    machine.Environment,
    sanitization.Method,
    sanitization.Technique,
    sanitization.VerificationKind,
    drive.MediaType,
    drive.Bus,
    drive.ExclusionReason,
    drive.HiddenAreaState,
    drive.SerialSource,
    firmware.CommandState,
    firmware.CommandOutcome,
    health.Verdict,
    health.SelfTestState,
    job.PauseReason,
    power.PowerSource,
    preparation.PreparationKind,
    preparation.PreparationOutcome,
    stated.Destination,
)
_FIELD = re.compile(r"\{(\w*)\}")
_FRENCH, _GERMAN, _ENGLISH = (Words(Language(code)) for code in ("fr", "de", "en"))


@pytest.mark.parametrize("kind", _PRINTED, ids=lambda kind: kind.__name__)
def test_every_value_has_its_words(kind: type[StrEnum]) -> None:
    assert {value.value for value in kind} == set(TERMS[kind.__name__])


def test_nothing_is_empty_and_all_say_the_same_values() -> None:
    entries = [
        *LABELS.values(),
        *SENTENCES.values(),
        *MONTHS,
        *(t for kind in TERMS.values() for t in kind.values()),
    ]
    for entry in entries:
        assert len(entry) == 3
        assert all(entry)
        assert len({frozenset(_FIELD.findall(text)) for text in entry}) == 1, entry


def test_no_key_is_asked_for_that_there_is_not_and_none_is_left_over() -> None:
    sources = [path.read_text() for path in Path(words_package.__file__).parent.parent.glob("*.py")]
    asked = {key for text in sources for key in re.findall(r"[\"']([a-z][\w -]*)[\"']", text)}
    composed = {"read back one", "read back all", "markers one", "markers all"}
    assert (LABELS.keys() | SENTENCES.keys()) - asked - composed == set()
    assert not LABELS.keys() & SENTENCES.keys()


@pytest.mark.parametrize("pattern", PHRASES, ids=lambda phrase: phrase[1][:30])
def test_phrases_put_in_only_what_their_pattern_finds(pattern: tuple[str, str, str]) -> None:
    expression, *others = pattern
    groups = re.compile(expression).groups
    for text in others:
        assert {int(number) for number in _FIELD.findall(text)} <= set(range(groups))


def test_what_an_overwrite_leaves_is_said_in_each_language() -> None:
    for text in (
        "over-provisioned and retired blocks of the flash, which the host can't address",
        "sectors that the drive has reallocated, which the host can't address",
        "hidden areas (HPA, DCO, AMA): not examined",
        "write error at LBA 3907018584",
        "not selected by the operator",
    ):
        assert is_known_phrase(text)
    assert _FRENCH.phrase("write error at LBA 77") == "erreur d\u2019écriture au LBA 77"
    assert _GERMAN.phrase("write error at LBA 77") == "Schreibfehler bei LBA 77"


def test_what_nobody_translated_stands_as_it_was_recorded() -> None:
    assert _FRENCH.phrase("something new") == "\u00ab\u202fsomething new\u202f\u00bb"
    assert _GERMAN.phrase("something new") == "\u201esomething new\u201c"
    assert _ENGLISH.phrase("something new") == "something new"


def test_figures_are_written_as_the_language_does() -> None:
    assert _ENGLISH.capacity(512_110_190_592) == "512.1\u00a0GB"
    assert _FRENCH.capacity(512_110_190_592) == "512,1\u00a0Go"
    assert _GERMAN.capacity(4_000_787_030_016) == "4,001\u00a0TB"
    assert _FRENCH.percent(1, 3) == "33,33\u00a0%"
    assert _FRENCH.bytes(1234567) == "1\u202f234\u202f567\u00a0octets"
    assert _GERMAN.bytes(512) == "512\u00a0Byte"


def test_days_are_written_as_the_language_does() -> None:
    first = datetime(2026, 3, 1, 12, tzinfo=UTC)
    later = datetime(2026, 8, 21, 12, tzinfo=UTC)
    assert [w.day(first).replace("\u00a0", " ") for w in (_ENGLISH, _FRENCH, _GERMAN)] == [
        "1 March 2026",
        "1er mars 2026",
        "1. März 2026",
    ]
    assert [w.day(later).replace("\u00a0", " ") for w in (_ENGLISH, _FRENCH, _GERMAN)] == [
        "21 August 2026",
        "21 août 2026",
        "21. August 2026",
    ]


def test_french_has_its_own_spaces_and_apostrophes() -> None:
    for key, (_, french, _) in {**LABELS, **SENTENCES}.items():
        assert "'" not in french, key
        assert not re.search(
            r"[^\u00a0\u202f] ?[:;!?](?:\s|$)", french.replace("\u00a0:", "").replace("\u00a0;", "")
        ), key


def test_verify_html_reads_the_patterns_alike() -> None:
    # JavaScript's \d, \s and . differ from Python's beyond what a page shows; the parts of a pattern are those that do not.
    for pattern, _, _ in PHRASES:
        for seed in range(8):
            assert re.fullmatch(pattern, phrase(pattern, random.Random(seed))), pattern
    page = [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]
    on_it = {letter for letter in page if shown(f"x{letter}x", 9) == f"x{letter}x"}
    assert {c for c in on_it if re.fullmatch(r"\d", c)} == set("0123456789")
    assert {c for c in on_it if re.fullmatch(r"\s", c)} == {" "}
    assert {c for c in on_it if not re.fullmatch(".", c)} == set()
