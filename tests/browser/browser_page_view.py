"""verify.html computes the same strings of a page as the program that prints it, whatever a record holds."""

import sys
from collections.abc import Iterator

import pytest

from agent.certificate.page_text import verified_words
from agent.certificate.record import decode_record, encode_record
from agent.certificate.shown import missing_in_order, shown
from agent.errors import MalformedRecord
from agent.model.language import Language
from agent.model.record import Record
from tests.any_record import any_record
from tests.browser.engine import Engine
from tests.browser.page import open_browser
from tests.samples import KINDS, sample_record
from tests.samples_full import full_record
from tests.vectors.case import FOLDER

_MANY, _BATCH = 300, 50


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    browser = open_browser(tmp_path_factory.mktemp("profile"))
    try:
        yield Engine(browser, tmp_path_factory.mktemp("engine"))
    finally:
        browser.quit()


def _compare(engine: Engine, records: list[Record]) -> int:
    """How many strings were the same, in every language, in the station's copy and in the final one."""
    asked = [
        (record, encode_record(record), code, copy)
        for record in records
        for code in Language
        for copy in (True, False)
    ]
    said = engine.strings([(data, code.value, copy) for _, data, code, copy in asked])
    for (record, data, code, copy), strings in zip(asked, said, strict=True):
        assert strings == verified_words(record, data, code, provisional=copy)
    return sum(map(len, said))


def test_every_sample(engine: Engine) -> None:
    assert _compare(engine, [full_record(), *map(sample_record, KINDS)]) > 10_000


def test_every_record_of_the_vectors(engine: Engine) -> None:
    records = []
    for path in sorted(FOLDER.glob("*/record.json")):
        try:
            records.append(decode_record(path.read_bytes()))
        except MalformedRecord:
            continue
    assert len(records) > 100
    for at in range(0, len(records), _BATCH):
        _compare(engine, records[at : at + _BATCH])


@pytest.mark.parametrize("first", range(0, _MANY, _BATCH))
def test_anything_in_any_field(engine: Engine, first: int) -> None:
    records = [decode_record(encode_record(any_record(seed))) for seed in range(first, first + _BATCH)]
    assert _compare(engine, records) > 50_000


def test_every_character_is_shown_alike(engine: Engine) -> None:
    codes = [code for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]
    # Between letters that no mark changes, so that each is judged by itself, and alone, where its edges count.
    texts = ["".join(f"{chr(code)}\u4e00" for code in codes[at : at + 4096]) for at in range(0, len(codes), 4096)]
    alone = [chr(code) for code in codes if code < 0x3100 or 0xFE00 <= code < 0x10000]
    cases = [(text, 10**6) for text in texts] + [(text, 64) for text in alone]
    assert engine.ask("shown", cases) == [shown(text, limit) for text, limit in cases]


@pytest.mark.parametrize(
    ("text", "strings"),
    [
        ("a Doku-\nment of WD-\n10, end", ["Dokument", "WD-10", "end"]),
        ("a Doku-ment", ["Dokument"]),
        ("WD10", ["WD-10"]),
        ("one two three", ["one", "three"]),
        ("one two three", ["three", "one"]),
        ("a.b*c-\n(d)", ["a.b*c-(d)"]),
        ("axb*c(d)-\n", ["a.b*c(d)"]),
        ("serial ABC-\nnext", ["serial", "ABC-", "next"]),
        ("once", ["once", "once"]),
        ("WD10EZEX-\n08WN S1 1 TB; page of WD10EZEX-08WN", ["WD10EZEX-08WN", "S1", "1 TB", "WD10EZEX-08WN"]),
        ("WD10EZEX-\n08WN S1 1 TB; page of WD10EZEX-08WN", ["WD10EZEX-08WN", "WD10EZEX-08WN", "1 TB"]),
        ("-\n", ["-", "-"]),
    ],
)
def test_strings_are_looked_for_alike(engine: Engine, text: str, strings: list[str]) -> None:
    missing = missing_in_order(text, strings)
    assert engine.ask("missing", [(text, strings)]) == [missing[0] if missing else None]


def test_a_headline_more_often_than_in_the_strings(engine: Engine) -> None:
    heads = ["SANITIZED", "NO MEDIUM FOUND"]
    cases = [
        ("SANITIZED", ["SANITIZED"], heads),
        ("SANI\nTIZED and SANITIZED", ["SANITIZED"], heads),
        ("NO MEDIUM\nFOUND", ["SANITIZED"], heads),
        ("SANITIZED", ["NO MEDIUM FOUND"], heads),
    ]
    assert engine.ask("tooOften", cases) == [None, "SANITIZED", "NO MEDIUM FOUND", "SANITIZED"]
