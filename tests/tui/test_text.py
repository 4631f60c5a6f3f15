"""Catalogues: complete, compiled as they stand, placeholders intact, and short enough for the screens."""

import re

import pytest

from agent.text import DOMAIN, LANGUAGES, LOCALE, _, decimal, language, next_language, ngettext, use_language
from agent.tui.block_font import block_lines
from agent.tui.figures import duration, size
from agent.tui.glyphs import ALLOWED
from agent.tui.words import HEADLINE_SIGNS, JOB_SIGNS, OUTCOME_SIGNS
from tests.texts import compiled, extract, read
from tests.tui.pictures import SCREENS
from tests.tui.test_screens import _MODAL, drawn


def _texts(value: object) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


@pytest.mark.parametrize("code", ["fr", "de"])
def test_every_text_has_a_translation_with_the_same_placeholders(code: str) -> None:
    catalog = read(code)
    for message in extract():
        if not message.id:
            continue
        found = catalog.get(message.id)
        assert found is not None, message.id
        for text in _texts(found.string):
            assert text, message.id
            # A singular may say "this drive" without its number.
            wanted, found_names = set(re.findall(r"{\w+}", _texts(message.id)[-1])), set(re.findall(r"{\w+}", text))
            assert found_names == wanted or (found_names < wanted and not isinstance(message.id, str)), message.id
            assert set(text) <= ALLOWED, text


@pytest.mark.parametrize("code", LANGUAGES)
def test_compiled_catalogue_is_the_one_that_can_be_read(code: str) -> None:
    assert (LOCALE / code / "LC_MESSAGES" / f"{DOMAIN}.mo").read_bytes() == compiled(read(code))


@pytest.mark.parametrize("code", ["fr", "de"])
@pytest.mark.parametrize("name", ["drives", "plan", "confirm", "incomplete", "paused", "pausing"])
def test_translated_screens_fit(name: str, code: str) -> None:
    shown = drawn(name, (80, 24), code)
    assert set(shown) - {"\n"} <= ALLOWED
    assert name in _MODAL or len(shown.splitlines()[-1].rstrip()) < 80, shown
    if name == "confirm":
        assert {"fr": "Annuler", "de": "Abbrechen"}[code] in shown, shown
    assert name in SCREENS


@pytest.mark.parametrize("code", LANGUAGES)
def test_state_words_fit_their_column(code: str) -> None:
    use_language(code)
    for sign in JOB_SIGNS.values():
        assert len(_(sign.word)) <= 11, _(sign.word)
    for sign in OUTCOME_SIGNS.values():
        assert len(_(sign.word)) <= 13, _(sign.word)
    for sign in HEADLINE_SIGNS.values():
        assert "█" in block_lines(_(sign.word), 76, 11, 24)[1], _(sign.word)


def test_language_is_chosen_by_code_then_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert use_language("de") == "de"
    assert _("Cancel") == "Abbrechen"
    assert ngettext("{n} drive", "{n} drives", 2) == "{n} Laufwerke"
    monkeypatch.delenv("LC_ALL")
    monkeypatch.setenv("LANG", "fr_CH.UTF-8")
    assert use_language() == "fr"
    assert (size(1_500_000_000), duration(61), decimal(1.5, 1)) == ("1,5 Go", "1 min 01 s", "1,5")
    assert use_language("tlh") == "en"
    assert _("Cancel") == "Cancel"


def test_languages_go_round() -> None:
    seen = []
    for _turn in LANGUAGES:
        use_language(next_language())
        seen.append(language())
    assert sorted(seen) == sorted(LANGUAGES)


def test_huge_words_are_a_tenth_of_the_screen_high_or_more() -> None:
    for width, height in ((80, 24), (100, 30), (140, 45), (240, 67)):
        lines = block_lines("SANITIZED", width - 4, max(5, height * 28 // 100), height)
        assert len(lines) * 10 >= height
        assert max(map(len, lines)) <= width - 4


def test_huge_words_that_do_not_fit_are_broken_or_plain() -> None:
    assert len(block_lines("NO MEDIUM FOUND", 60, 11, 24)) == 11
    assert block_lines("SANITIZED", 20, 5, 24) == ["SANITIZED"]
    assert len(block_lines("EFFACÉ", 76, 8, 24)) == 6
