"""The list of machines that were handed over, as a spreadsheet writes it: CSV in UTF-8, comma, semicolon or tab."""

import csv
import io
from dataclasses import fields

from agent.errors import UsageError
from agent.model.drive import is_placeholder
from agent.model.intake import IntakeMachine

MAXIMUM_FIELD = 200

_COLUMNS = tuple(f.name for f in fields(IntakeMachine))
_REMEDY = f"The first line names the columns, any of: {', '.join(_COLUMNS)}."


def read_machines(data: bytes) -> tuple[IntakeMachine, ...]:
    """The machines of a list; raises UsageError that names the line."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError("The list is not UTF-8.", "Save it as CSV in UTF-8.") from error
    lines = io.StringIO(text, newline="")
    first = text.split("\n", 1)[0]
    delimiter = max(";,\t", key=first.count)
    try:
        rows = [(number, row) for number, row in enumerate(csv.reader(lines, delimiter=delimiter), 1) if any(row)]
    except csv.Error as error:
        raise UsageError(f"The list is no CSV: {error}.", _REMEDY) from error
    if not rows:
        raise UsageError("The list is empty.", _REMEDY)
    (_, names), *rest = rows
    columns = _columns(names)
    if len(rest) > IntakeMachine.MAXIMUM_LISTED:
        raise UsageError(f"The list has {len(rest)} machines, {IntakeMachine.MAXIMUM_LISTED} are allowed.")
    machines = tuple(_machine(number, columns, row) for number, row in rest)
    _check_unique(machines)
    return machines


def _columns(names: list[str]) -> list[str]:
    columns = [name.strip().lower().replace(" ", "_").replace("-", "_") for name in names]
    unknown = [name for name in columns if name not in _COLUMNS]
    if unknown or len(set(columns)) != len(columns) or not {"serial", "asset_tag"} & set(columns):
        raise UsageError(f"The list's columns are not known: {', '.join(map(repr, names))[:200]}.", _REMEDY)
    return columns


def _machine(number: int, columns: list[str], row: list[str]) -> IntakeMachine:
    values = [value.strip() for value in row]
    if len(values) > len(columns) or any(len(value) > MAXIMUM_FIELD or not value.isprintable() for value in values):
        raise UsageError(f"Line {number} of the list has too many columns, or one that is no short line of text.")
    stated = dict(zip(columns, values, strict=False))
    machine = IntakeMachine(**{name: stated.get(name, "") for name in _COLUMNS})
    if not machine.serial and not machine.asset_tag:
        raise UsageError(f"Line {number} of the list has neither a serial number nor a property number.")
    return machine


def _check_unique(machines: tuple[IntakeMachine, ...]) -> None:
    for name in ("serial", "asset_tag"):
        seen: set[str] = set()
        for machine in machines:
            value = getattr(machine, name).lower()
            if not is_placeholder(value) and value in seen:
                raise UsageError(f"The list names {value!r} twice ({name}).", "Each machine stands in it once.")
            seen.add(value)
