"""The two kinds of section that statement pages are made of: facts and tables, as plain strings."""

from typing import Any

from agent.certificate.statement_words import say
from agent.model.language import Language

Cell = str | dict[str, Any]


def stated(language: Language, text: str) -> str:
    """A text, or the word for its absence."""
    return text or say(language, "not stated")


def facts(language: Language, heading: str, pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """A section of labels and what they say; `pairs` and `heading` name the words."""
    return {
        "kind": "facts",
        "heading": say(language, heading),
        "facts": [(say(language, key), stated(language, text)) for key, text in pairs],
    }


def table(
    language: Language, heading: str, head: list[str], widths: list[str], rows: list[list[Cell]], *, empty: str
) -> dict[str, Any]:
    """A section with a table, or a sentence where it has no rows; a cell {"code": ...} is set in the fixed-width font."""
    return {
        "kind": "table",
        "heading": say(language, heading),
        "head": [say(language, key) for key in head],
        "widths": widths,
        "rows": rows,
        "empty": say(language, empty),
    }
