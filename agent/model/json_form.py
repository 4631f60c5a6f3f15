"""Frozen values to and from JSON: integers as decimal strings, times as RFC 3339 in UTC, absent values as null.

One form serves the record and the journal, so that a recovered session says the same as one that ended well.
"""

import re
import reprlib
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, TypeVar, get_args, get_origin

import cattrs
from cattrs.gen import make_dict_unstructure_fn, override

T = TypeVar("T")

MAXIMUM_LIST = 1000
"""So many values of one kind in a row; a class whose values come in longer lists says so itself: MAXIMUM_LISTED."""
LEFT_OUT = MappingProxyType({"left out where it is the default": True})
"""Metadata of a field that came later: what was signed without it keeps its form, to the byte."""

_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)")
_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\.(\d{3})Z", re.ASCII)


class JsonFormError(ValueError):
    """A JSON value that is not the form of the type asked for."""


def to_json_form(value: object) -> Any:  # noqa: ANN401 - JSON has no narrower type
    """The JSON form of a frozen value."""
    return _converter.unstructure(value)


def from_json_form(data: object, cls: type[T]) -> T:
    """The value back from its JSON form; unknown fields are ignored, the first wrong one raises JsonFormError."""
    try:
        return _converter.structure(data, cls)
    except KeyError as error:
        raise JsonFormError(f"not a {cls.__name__}: the field {error} is missing") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise JsonFormError(f"not a {cls.__name__}: {str(error)[:400]}") from error


def _time_out(value: datetime) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03d}Z"


def _time_in(data: object, _: type) -> datetime:
    match = _TIME.fullmatch(data) if isinstance(data, str) else None
    if match is None:
        raise JsonFormError(f"not a UTC time: {reprlib.repr(data)}")
    # Taken apart by hand: of a whole record, strptime took the longest.
    year, month, day, hour, minute, second, millisecond = map(int, match.groups())
    return datetime(year, month, day, hour, minute, second, millisecond * 1000, UTC)


def _int_in(data: object, _: type) -> int:
    if not isinstance(data, str) or not _DECIMAL.fullmatch(data) or data == "-0" or len(data) > 40:
        raise JsonFormError(f"not a decimal string: {reprlib.repr(data)}")
    return int(data)


def _bool_in(data: object, _: type) -> bool:
    if not isinstance(data, bool):
        raise JsonFormError(f"not true or false: {reprlib.repr(data)}")
    return data


def _str_in(data: object, _: type) -> str:
    if not isinstance(data, str):
        raise JsonFormError(f"not a string: {reprlib.repr(data)}")
    return data


def _float_in(_data: object, _: type) -> float:
    raise JsonFormError("no field of a record is a fraction")


def _enum_in(data: object, cls: type[StrEnum]) -> StrEnum:
    return cls(_str_in(data, str))


def _is_list(cls: object) -> bool:
    return get_origin(cls) is tuple and get_args(cls)[1:] == (Ellipsis,)


def _make_list_in(cls: type, converter: cattrs.Converter) -> Callable[[object, type], tuple[Any, ...]]:
    element = get_args(cls)[0]
    structure = converter.get_structure_hook(element)
    allowed = getattr(element, "MAXIMUM_LISTED", MAXIMUM_LIST)

    def list_in(data: object, _: type) -> tuple[Any, ...]:
        if not isinstance(data, list | tuple):
            raise JsonFormError(f"not a list: {reprlib.repr(data)}")
        if len(data) > allowed:
            raise JsonFormError(f"a list of {len(data)}, {allowed} are allowed")
        return tuple(structure(each, element) for each in data)

    return list_in


def _has_later_fields(cls: object) -> bool:
    return isinstance(cls, type) and is_dataclass(cls) and any(f.metadata == LEFT_OUT for f in fields(cls))


def _make_out(cls: type, converter: cattrs.Converter) -> Callable[[Any], dict[str, Any]]:
    later: dict[str, Any] = {f.name: override(omit_if_default=True) for f in fields(cls) if f.metadata == LEFT_OUT}
    return make_dict_unstructure_fn(cls, converter, **later)


def _make_converter() -> cattrs.Converter:
    # Not detailed: that keeps an exception for every wrong field of every element, gigabytes for a few kilobytes of input.
    converter = cattrs.Converter(forbid_extra_keys=False, detailed_validation=False)
    converter.register_structure_hook_factory(_is_list, _make_list_in)
    converter.register_unstructure_hook_factory(_has_later_fields, _make_out)
    converter.register_unstructure_hook(int, str)
    converter.register_unstructure_hook(bool, lambda value: value)
    converter.register_unstructure_hook(datetime, _time_out)
    converter.register_unstructure_hook(StrEnum, lambda value: value.value)
    converter.register_structure_hook(datetime, _time_in)
    converter.register_structure_hook(int, _int_in)
    converter.register_structure_hook(bool, _bool_in)
    converter.register_structure_hook(str, _str_in)
    converter.register_structure_hook(float, _float_in)
    # A StrEnum is a str: without a hook of its own, the one for str would let any word through.
    converter.register_structure_hook(StrEnum, _enum_in)
    return converter


_converter = _make_converter()
