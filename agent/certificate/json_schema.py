"""JSON Schema (draft 2020-12) of what is signed, derived from the frozen values themselves.

It says what json_form.py writes: integers as decimal strings, times in UTC, absent values as null, later fields left out
where they are the default. Unknown fields are allowed, as verifiers tolerate them; the canonical form and what the
content must fulfil can't be said in a schema.
"""

import types
import typing
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, get_args, get_origin

from agent.certificate import canonical
from agent.model.json_form import LEFT_OUT, MAXIMUM_LIST

DRAFT = "https://json-schema.org/draft/2020-12/schema"

_SPECIAL = {
    "salt": f"^{canonical.SALT.pattern}$",
    "statement_id": f"^{canonical.UUID7.pattern}$",
    "record_id": f"^{canonical.UUID7.pattern}$",
}
_PLAIN: dict[type, dict[str, Any]] = {
    bool: {"type": "boolean"},
    str: {"type": "string"},
    int: {"type": "string", "pattern": "^-?(0|[1-9][0-9]{0,38})$", "description": "a decimal integer"},
    datetime: {"type": "string", "pattern": "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$"},
}


def schema_of(cls: type, name: str) -> dict[str, Any]:
    """The schema of a signed document whose `schema` field says `name`."""
    definitions: dict[str, Any] = {}
    _reference(cls, definitions)
    body = definitions.pop(cls.__name__)
    body["properties"]["schema"] = {"const": name}
    return {
        "$schema": DRAFT,
        "$id": f"urn:ardoise:{name.replace('/', ':')}",
        "title": name,
        **body,
        "$defs": dict(sorted(definitions.items())),
    }


def _reference(cls: type, definitions: dict[str, Any]) -> dict[str, Any]:
    if cls.__name__ not in definitions:
        definitions[cls.__name__] = {}
        definitions[cls.__name__] = _object(cls, definitions)
    return {"$ref": f"#/$defs/{cls.__name__}"}


def _object(cls: type, definitions: dict[str, Any]) -> dict[str, Any]:
    hints = typing.get_type_hints(cls)
    members = fields(cls)
    return {
        "type": "object",
        "description": (cls.__doc__ or "").split("\n")[0],
        "properties": {member.name: _member(member, hints, definitions) for member in members},
        "required": [member.name for member in members if not _may_be_absent(member)],
    }


def _may_be_absent(member: Field[Any]) -> bool:
    return member.metadata == LEFT_OUT and (member.default is not MISSING or member.default_factory is not MISSING)


def _member(member: Field[Any], hints: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    if member.name in _SPECIAL and hints[member.name] is str:
        return {"type": "string", "pattern": _SPECIAL[member.name]}
    return _of(hints[member.name], definitions)


def _of(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401 - hints have no narrower type
    origin = get_origin(hint)
    if origin in {types.UnionType, typing.Union}:
        return {"anyOf": [_of(part, definitions) for part in get_args(hint)]}
    if hint is types.NoneType:
        return {"type": "null"}
    if origin is tuple:
        element = get_args(hint)[0]
        limit = getattr(element, "MAXIMUM_LISTED", MAXIMUM_LIST)
        return {"type": "array", "items": _of(element, definitions), "maxItems": limit}
    if is_dataclass(hint) and isinstance(hint, type):
        return _reference(hint, definitions)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        definitions.setdefault(
            hint.__name__,
            {"description": (hint.__doc__ or "").split("\n")[0], "enum": [value.value for value in hint]},
        )
        return {"$ref": f"#/$defs/{hint.__name__}"}
    return _PLAIN[hint]
