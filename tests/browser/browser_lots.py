"""verify.html concludes of a lot what the program concludes, whatever its entries say."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from agent.certificate.statement import encode_statement
from agent.certificate.statement_text import statement_words
from agent.model.acceptance import Decision
from agent.model.destruction import DestructionResult, DestructionTechnique
from agent.model.intake import IntakeMachine
from agent.model.json_form import to_json_form
from agent.model.language import Language
from agent.model.lot import (
    ExceptionKind,
    Lot,
    LotAcceptance,
    LotDestruction,
    LotEntry,
    LotHeadline,
    LotIntake,
    LotMedium,
    LotPolicy,
)  # fmt: skip
from agent.model.lot_rules import conclude
from agent.model.record import Headline, Outcome
from agent.model.sanitization import Method
from tests.browser.engine import Engine
from tests.browser.page import open_browser
from tests.samples import AT, throwaway_pki
from tests.statement_samples import destruction, full_lot, intake, make_lot

_LOTS, _BATCH = 600, 100
_SERIALS = ("", "0", "S1", "s1 ", "S2", "\u0130X", "\U0001f4be", "\uffee", "Default string")
_PKI = throwaway_pki(test=False)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    browser = open_browser(tmp_path_factory.mktemp("profile"))
    try:
        yield Engine(browser, tmp_path_factory.mktemp("engine"))
    finally:
        browser.quit()


def _medium(chance: random.Random) -> LotMedium:
    return LotMedium(
        chance.choice(("M", "m", "N")),
        chance.choice(_SERIALS),
        chance.choice(("", "w")),
        10**12,
        "solid-state drive",
        chance.choice((Outcome.SANITIZED,) * 12 + tuple(Outcome)),
        chance.choice((Method.PURGE, Method.PURGE, *Method)),
    )


def _entry(chance: random.Random, number: int) -> LotEntry:
    decision = LotAcceptance("ef" * 32, chance.choice(("op-1", "OP-1", "val-1")), chance.choice(tuple(Decision)))
    return LotEntry(
        record_id="019aa001-5e00-7abc-8def-0123456789ab",
        record_sha256=f"{chance.randrange(16):x}{number:063x}",
        document_name="certificate.pdf",
        document_sha256="ab" * 32,
        proof="signed",
        station=chance.choice(("a", "b")),
        sequence=chance.randrange(1, 4),
        issued_at=AT + timedelta(seconds=chance.randrange(3)),
        clock_plausible=chance.random() < 0.7,
        operator=chance.choice(("op-1", "op-2")),
        headline=chance.choice((Headline.SANITIZED,) * 4 + tuple(Headline)),
        whole=chance.random() < 0.95,
        manufacturer=chance.choice(("L", "l ")),
        model=chance.choice(("T", "")),
        serial=chance.choice(_SERIALS),
        asset_tag=chance.choice(_SERIALS),
        media=tuple(_medium(chance) for _ in range(chance.randrange(4))),
        acceptance=chance.choice((None, decision)),
    )


def _sound(entry: LotEntry) -> LotEntry:
    """The same without anything that would be an exception by itself."""
    media = tuple(replace(m, outcome=Outcome.SANITIZED, level_reached=Method.PURGE) for m in entry.media)
    accepted = LotAcceptance("ef" * 32, "val-1", Decision.ACCEPT)
    return replace(entry, media=media, whole=True, headline=Headline.SANITIZED, acceptance=accepted)


def _destruction(chance: random.Random) -> LotDestruction:
    technique = chance.choice(tuple(DestructionTechnique))
    result = chance.choice(tuple(DestructionResult))
    serial, model = chance.choice(_SERIALS), chance.choice(("M", "n"))
    return LotDestruction(f"{chance.randrange(3):064x}", model, serial, "", "", technique, result)


def any_lot(seed: int) -> Lot:
    """A lot that its entries support, the same for the same seed."""
    chance = random.Random(seed)
    entries = tuple(_entry(chance, number) for number in range(chance.randrange(7)))
    if seed % 5 == 0:
        entries = tuple(_sound(entry) for entry in entries[:2])
    destructions = tuple(_destruction(chance) for _ in range(chance.randrange(4)))
    machines = tuple(
        IntakeMachine(chance.choice(_SERIALS), chance.choice(_SERIALS), "", "L", "T", "", "")
        for _ in range(chance.randrange(4))
    )
    announced = chance.choice((None, LotIntake("23" * 32, machines)))
    level = chance.choice((Method.CLEAR, Method.PURGE))
    policy = LotPolicy(level, chance.random() < 0.5, chance.random() < 0.5)
    found = conclude(entries, destructions, announced, policy)
    lot = replace(make_lot(_PKI, ()), policy=policy, entries=entries, destructions=destructions, intake=announced)
    return replace(lot, headline=found.headline, totals=found.totals, exceptions=found.exceptions)


@pytest.mark.parametrize("first", range(0, _LOTS, _BATCH))
def test_any_lot_is_concluded_alike(engine: Engine, first: int) -> None:
    lots = [any_lot(seed) for seed in range(first, first + _BATCH)]
    said = engine.ask("lot", [encode_statement(lot).decode() for lot in lots])
    for lot, found in zip(lots, said, strict=True):
        form = to_json_form(lot)
        assert found["headline"] == form["headline"]
        assert {name: None if n is None else str(n) for name, n in found["totals"].items()} == form["totals"]
        assert found["exceptions"] == form["exceptions"]


def test_among_them_is_every_conclusion() -> None:
    lots = [any_lot(seed) for seed in range(_LOTS)]
    assert {lot.headline for lot in lots if lot.entries} == set(LotHeadline)
    assert {found.kind for lot in lots for found in lot.exceptions} == set(ExceptionKind)


@pytest.mark.parametrize("language", Language)
def test_the_page_of_a_statement_must_show_the_same_texts(engine: Engine, language: Language) -> None:
    for statement in (full_lot(_PKI, language), intake(_PKI, language), destruction(_PKI, language)):
        data = encode_statement(statement)
        (said,) = engine.ask("statedTexts", [data.decode()])
        assert list(dict.fromkeys(said)) == list(dict.fromkeys(statement_words(statement, data)))
