"""Frozen values to and from JSON: integers as decimal strings, times as RFC 3339 in UTC, absent values as null.

One form serves the record and the journal, so that a recovered session says the same as one that ended well.
"""

import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar

import cattrs
from cattrs.errors import BaseValidationError

T = TypeVar("T")

_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


class JsonFormError(ValueError):
    """A JSON value that is not the form of the type asked for."""


def to_json_form(value: object) -> Any:  # noqa: ANN401 - JSON has no narrower type
    """The JSON form of a frozen value."""
    return _converter.unstructure(value)


def from_json_form(data: object, cls: type[T]) -> T:
    """The value back from its JSON form; unknown fields are ignored, wrong ones raise JsonFormError."""
    try:
        return _converter.structure(data, cls)
    except (BaseValidationError, ValueError, TypeError, KeyError, AttributeError) as error:
        text = "; ".join(cattrs.transform_error(error)) if isinstance(error, BaseValidationError) else repr(error)
        raise JsonFormError(f"not a {cls.__name__}: {text[:400]}") from error


def _time_out(value: datetime) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03d}Z"


def _time_in(data: object, _: type) -> datetime:
    if not isinstance(data, str) or not _TIME.fullmatch(data):
        raise JsonFormError(f"not a UTC time: {data!r}")
    return datetime.strptime(data, "%Y-%m-%dT%H:%M:%S.%f%z")


def _int_in(data: object, _: type) -> int:
    if not isinstance(data, str) or not _DECIMAL.fullmatch(data) or data == "-0" or len(data) > 40:
        raise JsonFormError(f"not a decimal string: {data!r}")
    return int(data)


def _bool_in(data: object, _: type) -> bool:
    if not isinstance(data, bool):
        raise JsonFormError(f"not true or false: {data!r}")
    return data


def _str_in(data: object, _: type) -> str:
    if not isinstance(data, str):
        raise JsonFormError(f"not a string: {data!r}")
    return data


def _float_in(_data: object, _: type) -> float:
    raise JsonFormError("no field of a record is a fraction")


def _enum_in(data: object, cls: type[StrEnum]) -> StrEnum:
    return cls(_str_in(data, str))


def _make_converter() -> cattrs.Converter:
    converter = cattrs.Converter(forbid_extra_keys=False, detailed_validation=True)
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
