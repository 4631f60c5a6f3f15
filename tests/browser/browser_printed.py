"""Change any one printed value of a sealed page, and verify.html refuses it; every honest page passes."""

import base64
import copy
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from agent.certificate.cades import sign_detached
from agent.certificate.page import compile_page, evidence_attachments, render_page, template
from agent.certificate.page_text import page_strings, verified_words
from agent.certificate.page_view import page_view
from agent.certificate.record import decode_record, encode_record
from agent.certificate.seal import seal_pdf
from agent.certificate.words import Words
from agent.model.language import Language
from agent.model.record import Headline, Record
from tests.any_record import any_record
from tests.browser.engine import Engine
from tests.browser.page import Card, VerifyPage, open_browser
from tests.samples import AT, KINDS, sample_record, throwaway_pki
from tests.samples_full import full_record

PKI = throwaway_pki(test=False, name="printed")
SOUND = {"valid", "incomplete"}

View = dict[str, Any]
Place = tuple[Any, int | str]


class Judge:
    """The page with the station's root, and what it says of a document."""

    def __init__(self, page: VerifyPage, folder: Path) -> None:
        self.page, self.folder = page, folder
        root = folder / "root.pem"
        root.write_bytes(PKI.root.certificate.public_bytes(Encoding.PEM))
        page.trust(root)
        page.judge_at(AT + timedelta(days=30))

    def cards(self, documents: list[bytes]) -> list[Card]:
        """The cards of these documents, in their order."""
        paths = [self.folder / f"{number:04d}.pdf" for number in range(len(documents))]
        for path, pdf in zip(paths, documents, strict=True):
            path.write_bytes(pdf)
        return sorted(self.page.verify(*paths), key=lambda card: card.path)


@pytest.fixture
def judge(page: VerifyPage, tmp_path: Path) -> Judge:
    return Judge(page, tmp_path)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    browser = open_browser(tmp_path_factory.mktemp("profile"))
    try:
        yield Engine(browser, tmp_path_factory.mktemp("engine"))
    finally:
        browser.quit()


def _issued(record: Record, language: Language) -> Record:
    return replace(record, language=language, issuer=PKI.station.issuer)


def _full() -> Record:
    """The sample with nearly every field, its media all of one policy, as every verifier asks."""
    record = full_record()
    return replace(record, drives=tuple(replace(d, level_required=record.policy.required) for d in record.drives))


def _sealed(record: Record, change: Callable[[View], None] = lambda _: None) -> bytes:
    """A page whose view was changed, sealed by the record's own station."""
    data = encode_record(record)
    view = page_view(record, data, provisional=True)
    change(view)
    attached = evidence_attachments(data, sign_detached(data, PKI.station, AT))
    return seal_pdf(compile_page(template("certificate.typ"), view, attached, AT), PKI.station, AT)


def _text(engine: Engine, pdf: bytes) -> str:
    (text,) = engine.ask("pageText", [[base64.b64encode(pdf).decode()]])
    return str(text)


def _places(view: Any) -> Iterator[Place]:
    """Where each printed string of a view stands, in the order of drawing."""
    keys = [key for key in view if not key.startswith("_")] if isinstance(view, dict) else range(len(view))
    for key in keys:
        if isinstance(view[key], str):
            if view[key]:
                yield view, key
        else:
            yield from _places(view[key])


def _listed(view: Any) -> Any:
    """A view whose tuples are lists, so that a string in them can be changed."""
    if isinstance(view, dict):
        return {key: _listed(value) for key, value in view.items()}
    return [_listed(value) for value in view] if isinstance(view, list | tuple) else view


def _other(text: str) -> str:
    at = len(text) // 2
    while text[at] in " \u00a0\u202f":
        at -= 1
    return text[:at] + ("7" if text[at] != "7" else "8") + text[at + 1 :]


def _changed(number: int) -> Callable[[View], None]:
    def change(view: View) -> None:
        changed = _listed(copy.deepcopy(view))
        holder, key = list(_places(changed))[number]
        holder[key] = _other(holder[key])
        view.clear()
        view.update(changed)

    return change


_FULL = _issued(_full(), Language.GERMAN)
_PRINTED = list(page_strings(page_view(_FULL, encode_record(_FULL), provisional=True)))
_BATCH = 40


@pytest.mark.parametrize("language", list(Language))
def test_honest_pages_pass(judge: Judge, language: Language) -> None:
    records = [_issued(record, language) for record in (_full(), *map(sample_record, KINDS))]
    cards = judge.cards([_sealed(record) for record in records])
    assert [(card.step, card.text) for card in cards if card.verdict not in SOUND] == []
    assert max(card.milliseconds for card in cards) < 1000


@pytest.mark.parametrize("first", range(0, len(_PRINTED), _BATCH))
def test_no_printed_value_can_be_another(judge: Judge, first: int) -> None:
    numbers = range(first, min(first + _BATCH, len(_PRINTED)))
    cards = judge.cards([_sealed(_FULL, _changed(number)) for number in numbers])
    assert {card.step for card in cards} <= {"page", None}
    assert len(cards) == len(numbers)
    passed = [_PRINTED[n] for n, card in zip(numbers, cards, strict=True) if card.verdict in SOUND]
    # A row's number or a bare "0" may be found again in what stands behind it; all that says more may not.
    assert [text for text in passed if len(text) > 2] == []


@pytest.mark.parametrize("language", list(Language))
def test_no_record_prints_another_value(engine: Engine, language: Language) -> None:
    record = _issued(_full(), language)
    strings = list(page_strings(page_view(record, encode_record(record), provisional=True)))
    text = _text(engine, _sealed(record))
    others = [[*strings[:at], _other(string), *strings[at + 1 :]] for at, string in enumerate(strings)]
    first, *missing = engine.ask("missing", [(text, each) for each in (strings, *others)])
    assert first is None
    passed = [string for string, found in zip(strings, missing, strict=True) if found is None]
    assert [string for string in passed if len(string) > 2] == []
    assert len(strings) > 500


@pytest.mark.parametrize("first", range(0, 45, 15))
def test_a_page_that_holds_anything_is_read_in_order(engine: Engine, first: int) -> None:
    for seed in range(first, first + 15):
        language = list(Language)[seed % 3]
        record = _issued(decode_record(encode_record(any_record(seed))), language)
        strings = verified_words(record, encode_record(record), provisional=True)
        text = _text(engine, _sealed(record))
        heads = [Words(language).term(headline) for headline in Headline]
        assert engine.ask("missing", [(text, strings)]) == [None], seed
        assert engine.ask("tooOften", [(text, strings, heads)]) == [None], seed


def test_two_media_can_t_change_places(judge: Judge) -> None:
    def swap(view: View) -> None:
        one, other, *_ = view["media"]["rows"]
        one["serial"], other["serial"] = other["serial"], one["serial"]

    (card,) = judge.cards([_sealed(_issued(sample_record("excluded"), Language.ENGLISH), swap)])
    assert card.step == "page"


@pytest.mark.parametrize("word", ["SANITIZED", "NO MEDIUM FOUND"])
def test_a_page_that_adds_another_headline_is_refused(judge: Judge, word: str) -> None:
    def add(view: View) -> None:
        view["headline_note"] = f"{view['headline_note']} {word}"

    (card,) = judge.cards([_sealed(_issued(sample_record("server"), Language.ENGLISH), add)])
    assert card.step == "page"
    assert f"“{word}”" in card.text


def test_a_page_in_another_language_than_it_says_is_refused(judge: Judge) -> None:
    record = _issued(sample_record(), Language.FRENCH)
    (card,) = judge.cards([_sealed(record, lambda view: view.update(_language="de"))])
    assert card.step == "page"


def test_a_page_in_another_language_than_the_record_s_passes(judge: Judge) -> None:
    record = _issued(_full(), Language.FRENCH)
    data = encode_record(record)
    signature = sign_detached(data, PKI.station, AT)
    pages = [render_page(record, data, signature, language=language) for language in Language]
    cards = judge.cards([seal_pdf(page, PKI.station, AT) for page in pages])
    assert [card.verdict for card in cards] == ["incomplete"] * 3
