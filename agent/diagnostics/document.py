"""Reading smartctl's JSON without trusting its shape: a value of another type than expected is an absent one."""

from typing import Any


def at(document: object, *path: str) -> object:
    """The value at a path of keys, None where any step is missing."""
    value: Any = document
    for key in path:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def number_at(document: object, *path: str) -> int | None:
    """A whole number at a path; true and false are no numbers."""
    value = at(document, *path)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def flag_at(document: object, *path: str) -> bool | None:
    """True or false at a path."""
    value = at(document, *path)
    return value if isinstance(value, bool) else None


def text_at(document: object, *path: str) -> str:
    """Text at a path, '' where there is none."""
    value = at(document, *path)
    return value if isinstance(value, str) else ""


def rows_at(document: object, *path: str) -> tuple[dict[str, Any], ...]:
    """The objects of a list at a path."""
    value = at(document, *path)
    return tuple(row for row in value if isinstance(row, dict)) if isinstance(value, list) else ()
