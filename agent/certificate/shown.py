"""How device text is written on a page, and whether a page's text holds what it must.

Both are part of the format: a verifier years later looks for exactly what was written.
"""

import re
import unicodedata
from collections.abc import Iterable

from agent.model.drive import printable

_SPACE = re.compile(r"[\s\u00ad\u200b]+")
_LINE_END_HYPHEN = re.compile(r"-(?=[ \t]*\n)")
_MAYBE = "\x00"  # stands for a hyphen that may be the word's own or the line's

# What the page's fonts surely hold: Latin with its extensions, Greek, Cyrillic, common punctuation.
_SHOWN = re.compile(
    r"[^\x20-\x7e\u00a1-\u00ac\u00ae-\u017f\u0391-\u03a9\u03b1-\u03c9\u0410-\u044f\u2013\u2014\u2018-\u201e\u2022\u2026\u20ac]"
)


def shown(text: str, limit: int = 64) -> str:
    """Text of a device or person as one line of the page: what can't be shown safely becomes '?'."""
    return _SHOWN.sub("?", printable(unicodedata.normalize("NFC", text), limit))


def squeezed(text: str) -> str:
    """Text without white space, soft hyphens and zero-width spaces: where lines break does not count."""
    return _SPACE.sub("", text)


def missing_words(page_text: str, words: Iterable[str]) -> list[str]:
    """The words that a page's extracted text does not hold; line breaks and spaces do not count."""
    text = squeezed(page_text)
    return [word for word in words if squeezed(word) not in text]


def missing_in_order(page_text: str, strings: Iterable[str]) -> list[str]:
    """The strings that do not stand in a page's text behind the ones before them; a hyphen that ends a line may be left out."""
    text, place, missing = squeezed(_LINE_END_HYPHEN.sub(_MAYBE, page_text)), 0, []
    for string in strings:
        found = _find(text, squeezed(string), place)
        if found is None:
            missing.append(string)
        else:
            place = found
    return missing


def _find(text: str, word: str, place: int) -> int | None:
    """Where the word ends in the text, at its first place behind this one."""
    at = text.find(word, place)
    end = len(text) if at < 0 else at + len(word)
    # It may stand before that with a hyphen at the end of a line; taking the later place would pass over what is between.
    if text.find(_MAYBE, place, end) >= 0:
        letters = (f"[-{_MAYBE}]" if letter == "-" else re.escape(letter) for letter in word)
        if found := re.compile(f"{_MAYBE}?".join(letters)).search(text, place, end):
            return found.end()
    return None if at < 0 else end
