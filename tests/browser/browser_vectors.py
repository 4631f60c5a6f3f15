"""verify.html gives every committed certificate the verdict of the index, each in under a second, and asks nobody."""

import json
from datetime import datetime
from pathlib import Path

import pytest

from tests.browser.page import Card, VerifyPage
from tests.vectors.make import FOLDER

INDEX = json.loads((FOLDER / "index.json").read_text())
ROWS = pytest.mark.parametrize("entry", INDEX, ids=[entry["file"] for entry in INDEX])


def check(page: VerifyPage, entry: dict[str, str]) -> Card:
    """The page's card for one vector."""
    page.trust(*(FOLDER / entry[name] for name in ("trust", "log", "crl") if entry.get(name)))
    page.judge_at(datetime.fromisoformat(entry["at"]))
    file = FOLDER / entry["file"]
    beside = [Path(f"{file}{ending}") for ending in (".p7s", ".p7s.tsr", ".tlog-proof")]
    (card,) = page.verify(file, *(each for each in beside if each.exists()))
    return card


@ROWS
def test_verdict(page: VerifyPage, entry: dict[str, str]) -> None:
    card = check(page, entry)
    assert (card.kind, card.step) == (entry["failure"], entry["failed_step"])
    assert (card.verdict == "refused") == (entry["failure"] is not None)
    assert card.milliseconds < 1000


def test_nobody_was_asked(page: VerifyPage) -> None:
    asked = page.requests()
    assert asked
    assert [each for each in asked if not each.startswith("file:///")] == []
