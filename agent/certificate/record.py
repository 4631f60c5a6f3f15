"""The record's bytes: RFC 8785 in NFC, built exactly once, and read back strictly.

Whoever reads a record refuses what a second reader could understand differently: duplicate keys, JSON numbers (every
integer is a decimal string), forms that are not canonical, values that had to be coerced. Unknown fields are tolerated, so
that an old verifier still reads what a newer station signs under the same schema.
"""

import json
import re
import unicodedata
from typing import Any, NoReturn

import rfc8785

from agent.errors import MalformedRecord
from agent.model.json_form import JsonFormError, from_json_form, to_json_form
from agent.model.record import SCHEMA, Record

MAXIMUM_BYTES = 2 * 1024 * 1024
MAXIMUM_DEPTH = 16
MAXIMUM_TOKENS = 100_000  # strings and brackets; a medium takes about 250

# Possessive and open at the end, so that no string is ever scanned twice: these bytes come from anybody.
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")
_UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_SALT = re.compile(r"[0-9a-f]{32}")


def encode_record(record: Record) -> bytes:
    """The canonical bytes that are signed; half characters of broken device text become U+FFFD; raises MalformedRecord."""
    data = rfc8785.dumps(_normalised(to_json_form(record)))
    if len(data) > MAXIMUM_BYTES:
        raise MalformedRecord(f"The record takes {len(data)} bytes, {MAXIMUM_BYTES} are allowed.")
    _check_shape(data.decode("utf-8"))
    return data


def decode_record(data: bytes) -> Record:
    """The record that these bytes are the one canonical form of; raises MalformedRecord."""
    document = _parse(data)
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise MalformedRecord(f"The record is not of the schema {SCHEMA}.", "A newer verifier may know its schema.")
    try:
        record = from_json_form(document, Record)
    except JsonFormError as error:
        raise MalformedRecord(f"The record does not follow its schema: {error}.") from error
    if not _holds(document, to_json_form(record)):
        raise MalformedRecord("The record's fields are not in the form that its schema asks for.")
    if not _UUID7.fullmatch(record.record_id) or not _SALT.fullmatch(record.salt):
        raise MalformedRecord("The record's id is no UUID of version 7, or its salt is not 32 hex digits.")
    return record


def _parse(data: bytes) -> Any:  # noqa: ANN401 - JSON has no narrower type
    if len(data) > MAXIMUM_BYTES:
        raise MalformedRecord(f"The record takes {len(data)} bytes, {MAXIMUM_BYTES} are allowed.")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedRecord("The record is not UTF-8.") from error
    _check_shape(text)
    try:
        document = json.loads(
            text, object_pairs_hook=_unique, parse_int=_number, parse_float=_number, parse_constant=_number
        )
        canonical = rfc8785.dumps(document)
    except MalformedRecord:
        raise
    except (ValueError, UnicodeError) as error:  # JSONDecodeError and CanonicalizationError are ValueErrors
        raise MalformedRecord(f"The record is not JSON: {error}.") from error
    if canonical != data or not unicodedata.is_normalized("NFC", text):
        raise MalformedRecord("The record's bytes are not the canonical form of what they say (RFC 8785, NFC).")
    return document


def _check_shape(text: str) -> None:
    # Before json.loads, which recurses as deep and makes as many objects as it is told to.
    depth = 0
    for number, token in enumerate(_TOKEN.finditer(text), 1):
        first = text[token.start()]
        if first != '"':
            depth += 1 if first in "[{" else -1
        if number > MAXIMUM_TOKENS:
            raise MalformedRecord(f"The record has more than {MAXIMUM_TOKENS} strings and brackets.")
        if depth > MAXIMUM_DEPTH:
            raise MalformedRecord(f"The record is nested deeper than {MAXIMUM_DEPTH} levels.")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise MalformedRecord("The record names a field twice.")
    return result


def _number(text: str) -> NoReturn:
    raise MalformedRecord(f"The record holds a JSON number ({text[:20]}); integers are decimal strings.")


def _normalised(form: Any) -> Any:  # noqa: ANN401 - JSON has no narrower type
    if isinstance(form, str):
        return unicodedata.normalize("NFC", _SURROGATE.sub("\ufffd", form))
    if isinstance(form, dict):
        return {key: _normalised(value) for key, value in form.items()}
    if isinstance(form, list | tuple):
        return [_normalised(value) for value in form]
    return form


def _holds(document: Any, form: Any) -> bool:  # noqa: ANN401 - JSON has no narrower type
    """Whether every field that was understood stands in the document exactly so; unknown fields of objects may stand beside."""
    if isinstance(form, dict):
        return isinstance(document, dict) and all(k in document and _holds(document[k], v) for k, v in form.items())
    if isinstance(form, list | tuple):
        return (
            isinstance(document, list)
            and len(document) == len(form)
            and all(_holds(d, f) for d, f in zip(document, form, strict=True))
        )
    return type(document) is type(form) and bool(document == form)
