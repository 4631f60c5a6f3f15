"""What people state of a session, from NAME=TEXT as it was typed."""

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from agent.errors import UsageError
from agent.model.drive import printable
from agent.model.stated import Destination, Stated

NAMES = tuple(f.name.replace("_", "-") for f in fields(Stated))
LONGEST = 120


def parse_stated(words: Iterable[str]) -> Stated:
    """The facts that were stated, each once; raises UsageError for a name that is not known and a text that no record takes."""
    found: dict[str, Any] = {}
    for word in words:
        name, equals, text = word.partition("=")
        text = text.strip()
        if name not in NAMES or not equals:
            raise UsageError(
                f"{word!r} states nothing that is known.", f"Use NAME=TEXT with one of {', '.join(NAMES)}."
            )
        if name in found or not text or printable(text, LONGEST) != text:
            raise UsageError(
                f"{word!r} can't stand in a record.",
                f"State it once, in one line of up to {LONGEST} printable letters.",
            )
        found[name] = _destination(text) if name == "destination" else text
    return Stated(**{name.replace("-", "_"): value for name, value in found.items()})


def _destination(text: str) -> Destination:
    try:
        return Destination(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is no destination.", f"Use one of: {', '.join(Destination)}.") from error
