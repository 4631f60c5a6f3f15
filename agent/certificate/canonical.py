"""Canonical JSON (RFC 8785) in NFC, as everything that is signed here has it: written once, read back strictly.

Whoever reads refuses what a second reader could understand differently: duplicate keys, JSON numbers (every integer is a
decimal string), forms that are not canonical, values that had to be coerced. Unknown fields are tolerated, so that an old
verifier still reads what a newer station signs under the same schema.
"""

import json
import re
import unicodedata
from dataclasses import dataclass
from typing import Any, NoReturn

import rfc8785

from agent.errors import MalformedRecord

UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
SALT = re.compile(r"[0-9a-f]{32}")
SHA256_HEX = re.compile(r"[0-9a-f]{64}")

# Possessive and open at the end, so that no string is ever scanned twice: these bytes come from anybody.
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Limits:
    """How large a document may be, and what it is called where it is larger; `tokens` are strings and brackets."""

    what: str
    bytes: int
    tokens: int
    depth: int = 16


def encode(form: Any, limits: Limits) -> bytes:  # noqa: ANN401 - JSON has no narrower type
    """The canonical bytes of a JSON form; half characters of broken device text become U+FFFD; raises MalformedRecord."""
    data = rfc8785.dumps(_normalised(form))
    _check_size(data, limits)
    _check_shape(data.decode("utf-8"), limits)
    return data


def parse(data: bytes, limits: Limits) -> Any:  # noqa: ANN401 - JSON has no narrower type
    """The JSON value that these bytes are the one canonical form of; raises MalformedRecord."""
    _check_size(data, limits)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedRecord(f"The {limits.what} is not UTF-8.") from error
    _check_shape(text, limits)
    try:
        document = json.loads(
            text, object_pairs_hook=_unique, parse_int=_number, parse_float=_number, parse_constant=_number
        )
        canonical = rfc8785.dumps(document)
    except MalformedRecord:
        raise
    except (ValueError, UnicodeError) as error:  # JSONDecodeError and CanonicalizationError are ValueErrors
        raise MalformedRecord(f"The {limits.what} is not JSON: {error}.") from error
    if canonical != data or not unicodedata.is_normalized("NFC", text):
        raise MalformedRecord(
            f"The {limits.what}'s bytes are not the canonical form of what they say (RFC 8785, NFC)."
        )
    return document


def holds(document: Any, form: Any) -> bool:  # noqa: ANN401 - JSON has no narrower type
    """Whether every field that was understood stands in the document exactly so; unknown fields of objects may stand beside."""
    if isinstance(form, dict):
        return isinstance(document, dict) and all(k in document and holds(document[k], v) for k, v in form.items())
    if isinstance(form, list | tuple):
        return (
            isinstance(document, list)
            and len(document) == len(form)
            and all(holds(d, f) for d, f in zip(document, form, strict=True))
        )
    return type(document) is type(form) and bool(document == form)


def _check_size(data: bytes, limits: Limits) -> None:
    if len(data) > limits.bytes:
        raise MalformedRecord(f"The {limits.what} takes {len(data)} bytes, {limits.bytes} are allowed.")


def _check_shape(text: str, limits: Limits) -> None:
    # Before json.loads, which recurses as deep and makes as many objects as it is told to.
    depth = 0
    for number, token in enumerate(_TOKEN.finditer(text), 1):
        first = text[token.start()]
        if first != '"':
            depth += 1 if first in "[{" else -1
        if number > limits.tokens:
            raise MalformedRecord(f"The {limits.what} has more than {limits.tokens} strings and brackets.")
        if depth > limits.depth:
            raise MalformedRecord(f"The {limits.what} is nested deeper than {limits.depth} levels.")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise MalformedRecord("A field is named twice.")
    return result


def _number(text: str) -> NoReturn:
    raise MalformedRecord(f"A JSON number stands there ({text[:20]}); integers are decimal strings.")


def _normalised(form: Any) -> Any:  # noqa: ANN401 - JSON has no narrower type
    if isinstance(form, str):
        return unicodedata.normalize("NFC", _SURROGATE.sub("\ufffd", form))
    if isinstance(form, dict):
        return {key: _normalised(value) for key, value in form.items()}
    if isinstance(form, list | tuple):
        return [_normalised(value) for value in form]
    return form
