"""verify.html gives every committed certificate the verdict of the index, each in under a second, and asks nobody."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from agent.certificate.document import read_attachments
from tests.browser.page import Card, VerifyPage
from tests.vectors.case import FOLDER

_WHOLE: dict[str, Any] = json.loads((FOLDER / "index.json").read_text())
INDEX: list[dict[str, Any]] = _WHOLE["vectors"]
STATEMENTS: list[dict[str, Any]] = _WHOLE["statements"]
BESIDE = (".p7s", ".p7s.tsr", ".tlog-proof")


def check(page: VerifyPage, entry: dict[str, Any]) -> Card:
    """The page's card for one vector."""
    page.trust(*(FOLDER / entry[name] for name in ("trust", "log", "crl", "checkpoint") if entry[name] is not None))
    page.judge_at(datetime.fromisoformat(entry["at"]))
    file = FOLDER / entry["file"]
    beside = [*(Path(f"{file}{ending}") for ending in BESIDE), file.with_name("crl.pem")]
    given = [each for each in beside if file.suffix == ".json" and each.exists()]
    (card,) = page.verify(file, *given)
    return card


@pytest.mark.parametrize("entry", INDEX, ids=[entry["name"] for entry in INDEX])
def test_verdict(page: VerifyPage, entry: dict[str, Any]) -> None:
    card = check(page, entry)
    expected = entry["verdicts"]["html"]
    assert (card.kind, card.step) == (expected["failure"], expected["step"])
    assert (card.verdict in {"valid", "incomplete", "specimen"}) == (expected["verdict"] == "valid")
    assert card.degree == expected["degree"]
    assert card.milliseconds < 1000


@pytest.mark.parametrize("entry", STATEMENTS, ids=[entry["name"] for entry in STATEMENTS])
def test_statement(page: VerifyPage, entry: dict[str, Any]) -> None:
    card = check(page, entry)
    expected = entry["verdicts"]["html"]
    assert (card.kind, card.step) == (expected["failure"], expected["step"]), card.text
    sound = {"statement", "incomplete", "specimen"}
    assert (card.verdict in sound) == (expected["verdict"] == "valid")
    assert card.milliseconds < 1000


@pytest.mark.parametrize(
    ("name", "verdict"),
    [("certificate.pdf", "valid"), ("certificate.final.pdf", "valid"), ("record.final.pdf", "refused")],
)
def test_a_final_document_beside_its_record(page: VerifyPage, tmp_path: Path, name: str, verdict: str) -> None:
    entry = next(each for each in INDEX if each["name"] == "final")
    pdf = (FOLDER / entry["file"]).read_bytes()
    files = dict(zip(("record.json", "record.json.p7s"), read_attachments(pdf), strict=True)) | {name: pdf}
    for each, data in files.items():
        (tmp_path / each).write_bytes(data)
    page.trust(FOLDER / entry["trust"])
    page.judge_at(datetime.fromisoformat(entry["at"]))
    cards = page.verify(*(tmp_path / each for each in files))
    assert {card.path: card.verdict for card in cards} == {name: verdict, "record.json": "valid"}


def test_nobody_was_asked(page: VerifyPage) -> None:
    asked = page.requests()
    assert asked
    assert [each for each in asked if not each.startswith("file:///")] == []


def test_no_script_went_wrong(page: VerifyPage) -> None:
    assert [line for line in page.browser.get_log("browser") if line["level"] == "SEVERE"] == []
