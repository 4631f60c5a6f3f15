"""Texts in the operator's language (gettext); looked up when a screen is drawn, so the language may change at any time."""

import gettext
import os
from pathlib import Path

DOMAIN = "ardoise"
LOCALE = Path(__file__).parent / "locale"
LANGUAGES = {"en": "English", "fr": "Français", "de": "Deutsch"}
PSEUDO = "xx"
"""A language for tests: every text longer and accented, so that what is not translated or does not fit shows."""

_COMMA_LANGUAGES = {"fr", "de"}
_MANGLED = str.maketrans("aeiounycAEIOUNYC", "áéíôúñýçÁÉÍÔÚÑÝÇ")


class _PseudoTranslations(gettext.NullTranslations):
    def gettext(self, message: str) -> str:
        return mangle(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return mangle(msgid1 if n == 1 else msgid2)


class _Current:
    code = "en"
    translations: gettext.NullTranslations = gettext.NullTranslations()


def use_language(code: str | None = None) -> str:
    """Choose the language by its code, else by LC_ALL, LC_MESSAGES, LANG; return the code in use, "en" for any unknown."""
    wanted = code or next((os.environ[n] for n in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(n)), "en")
    chosen = wanted.replace("-", "_").split("_")[0].split(".")[0].lower()
    if chosen not in LANGUAGES and chosen != PSEUDO:
        chosen = "en"
    _Current.code = chosen
    _Current.translations = (
        _PseudoTranslations() if chosen == PSEUDO else gettext.translation(DOMAIN, LOCALE, [chosen], fallback=True)
    )
    return chosen


def language() -> str:
    """Code of the language in use."""
    return _Current.code


def next_language() -> str:
    """The language that follows the one in use, in the order of LANGUAGES."""
    codes = list(LANGUAGES)
    return codes[(codes.index(_Current.code) + 1) % len(codes)] if _Current.code in codes else codes[0]


def _(message: str) -> str:
    """The message in the language in use."""
    return _Current.translations.gettext(message) if message else ""


def ngettext(singular: str, plural: str, count: int) -> str:
    """The form of the message that fits the count."""
    return _Current.translations.ngettext(singular, plural, count)


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for "mark, translate later"
    """Mark a message for translation where it is defined; `_` translates it where it is shown."""
    return message


def decimal(value: float, digits: int) -> str:
    """A number with the decimal sign of the language in use."""
    text = f"{value:.{digits}f}"
    return text.replace(".", ",") if _Current.code in _COMMA_LANGUAGES else text


def mangle(message: str) -> str:
    """The message in the pseudo-language: accented and a quarter longer; placeholders stay as they are."""
    pieces, rest = [], message
    while rest:
        before, brace, rest = rest.partition("{")
        pieces.append(before.translate(_MANGLED))
        if brace:
            name, close, rest = rest.partition("}")
            pieces.append(brace + name + close)
    return "".join(pieces) + "é" * (len(message) // 8)
