"""verify.html as committed is what its sources build, says the same in three languages, and lets nothing else run."""

import base64
import hashlib
import re
from collections import Counter
from pathlib import Path

import pytest

from agent.certificate.web.build import FOLDER, PAGE, build_page, record_types, script
from agent.model.drive import MediaType
from agent.model.levels import KEY_CHANGES, LEAVES_ANYTHING, PURGE_SOURCES, level_of
from agent.model.sanitization import Technique

SOURCES = sorted((FOLDER / "src").glob("*.js"))
_KEY = re.compile(r'(?:^\s*|(?<=, ))"((?:[^"\\]|\\.)+)": (?=")', re.MULTILINE)


def _keys(language: str) -> list[str]:
    return _KEY.findall((FOLDER / "src" / f"words_{language}.js").read_text())


def test_the_committed_page_is_what_is_built() -> None:
    assert PAGE.read_text() == build_page(), "run `make verify-page`"


def test_every_source_is_in_the_page() -> None:
    assert sorted((FOLDER / "src" / "order.txt").read_text().split()) == [path.name for path in SOURCES]


def test_no_name_is_given_twice() -> None:
    # All sources are one script: the later of two functions would silently stand in for the earlier.
    names = re.findall(r"^(?:async )?(?:function|class|const|let) (\w+)", build_page(), re.MULTILINE)
    assert [name for name, count in Counter(names).items() if count > 1] == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_sources_are_short_and_put_no_text_into_markup(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) < 350
    for forbidden in (
        "innerHTML",
        "outerHTML",
        "insertAdjacent",
        "document.write",
        "eval(",
        "Function(",
        "fetch(",
        "XMLHttp",
        "import(",
    ):
        assert forbidden not in text


def test_the_policy_lets_only_this_script_and_style_run() -> None:
    page = PAGE.read_text()
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    styles = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (*scripts, *styles)]
    assert policy.startswith("default-src 'none';")
    assert re.findall(r"'sha256-([^']*)'", policy) == digests
    assert "unsafe" not in policy
    assert not re.findall(r"""\b(?:src|href)=["'](?!#)""", page)


def test_words_are_the_same_in_three_languages() -> None:
    english = _keys("en")
    assert len(english) == len(set(english)) > 150
    assert _keys("fr") == english
    assert _keys("de") == english


def test_every_word_that_is_asked_for_is_there() -> None:
    known = set(_keys("en"))
    code = "".join(path.read_text() for path in SOURCES if not path.name.startswith("words"))
    asked = set(re.findall(r'(?:refuse\("[a-z ]+", |malformed\(|guarded(?:Later)?\()"([a-z-]+)"', code))
    asked |= set(re.findall(r'data-words="([a-z-]+)"', PAGE.read_text()))
    assert len(asked) > 60
    assert asked - known == set()


def test_what_is_pinned_is_data() -> None:
    page = build_page("</script><script>alert(1)</script>")
    assert "<script>alert" not in page
    assert page.count("<script") == PAGE.read_text().count("<script")


def test_the_types_come_from_the_records_definition() -> None:
    types = record_types()
    assert [row[0] for row in types["Record"]][:3] == ["schema", "record_id", "salt"]
    assert ["carried_over_bytes", "integer", "0"] in types["PassResult"]


def test_levels_written_for_the_page_are_those_of_the_model() -> None:
    text = (FOLDER / "src" / "levels.js").read_text()
    rows = dict(re.findall(r'\["([a-z ]+)", \["(\w+", "\w+)"\]\]', text))
    assert {technique.value for technique in Technique} - KEY_CHANGES == set(rows)
    for technique, levels in rows.items():
        magnetic, flash = levels.split('", "')
        assert level_of(Technique(technique), MediaType.HARD_DISK) == magnetic
        assert level_of(Technique(technique), MediaType.SOLID_STATE) == flash
    assert all(f'"{technique.value}"' in text for technique in LEAVES_ANYTHING)
    assert not PURGE_SOURCES, "levels.js knows no source yet"


def test_no_name_is_declared_twice() -> None:
    """A second function of one name takes the first one's place without a word."""
    names = re.findall(r"^(?:async )?(?:function|const|let|class) (\w+)", script(), re.MULTILINE)
    assert len(names) > 300
    assert [name for name, count in Counter(names).items() if count > 1] == []
