"""Sentences of the engine in the operator's language; records keep them in English."""

from agent.certificate.words import Words
from agent.model.language import Language
from agent.model.sanitization import Technique
from agent.text import _, language

_TECHNIQUES = frozenset(t.value for t in Technique)


def told(text: str) -> str:
    """What the engine says, in the operator's language; as it is where nobody has translated it.

    Several sentences may be joined by "; ", and each may name the technique that it speaks of first, as a job's reason does.
    """
    if language() not in set(Language) or language() == Language.ENGLISH:
        return _(text)
    words = Words(Language(language()))
    whole = words.known_phrase(text)
    return whole if whole is not None else "; ".join(_part(words, part) for part in text.split("; "))


def _part(words: Words, text: str) -> str:
    name, colon, rest = text.partition(": ")
    if colon and name in _TECHNIQUES:
        return f"{words.named('Technique', name)}: {_known(words, rest)}"
    return _known(words, text)


def _known(words: Words, text: str) -> str:
    known = words.known_phrase(text)
    return _(text) if known is None else known
