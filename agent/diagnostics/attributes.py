"""ATA attributes: the count that a raw value stands for, which differs by vendor and by attribute.

`raw.value` is the 48-bit field, which vendors pack; `raw.string` is smartctl's reading of it, whose layout differs too.
"""

import re
from dataclasses import dataclass
from typing import Any

from agent.diagnostics.document import flag_at, number_at, rows_at, text_at

REALLOCATED = 5
POWER_ON_HOURS = 9
REPORTED_UNCORRECTABLE = 187
COMMAND_TIMEOUT = 188
PENDING = 197
OFFLINE_UNCORRECTABLE = 198
CRC_ERRORS = 199

_LEADING = re.compile(r"(\d+)(?:$|[ h(])")
_THREE_WORDS = re.compile(r"\d+ \d+ (\d+)")
_LARGEST_COUNT = 0xFFFF_FFFF


@dataclass(frozen=True)
class Attribute:
    """One attribute; `count` is None where no plausible number can be read from it."""

    number: int
    name: str
    count: int | None
    prefailure: bool
    when_failed: str


def attributes_of(document: dict[str, Any]) -> dict[int, Attribute]:
    """The attributes of an ATA drive by number; {} for any other."""
    rows = rows_at(document, "ata_smart_attributes", "table")
    found = (_attribute(row) for row in rows)
    return {attribute.number: attribute for attribute in found if attribute.number}


def _attribute(row: dict[str, Any]) -> Attribute:
    number = number_at(row, "id") or 0
    value, text = number_at(row, "raw", "value"), text_at(row, "raw", "string").strip()
    count = _timeouts(value, text) if number == COMMAND_TIMEOUT else _leading(value, text)
    return Attribute(
        number=number,
        name=text_at(row, "name").replace("_", " "),
        count=count if count is not None and count <= _LARGEST_COUNT else None,
        prefailure=bool(flag_at(row, "flags", "prefailure")),
        when_failed=text_at(row, "when_failed"),
    )


def _leading(value: int | None, text: str) -> int | None:
    """Fujitsu MHV2060AT 5 = '0 (2000 0)' is 0, Hitachi IC25N060 5 = '138 (0 26)' is 138: the low word comes first."""
    match = _LEADING.match(text)
    return int(match[1]) if match else None if text else value


def _timeouts(value: int | None, text: str) -> int | None:
    """Seagate packs three 16-bit counters, the lowest word counts time-outs: ST1000DX001 '0 0 2', ST1000DL002 4295032833."""
    words = _THREE_WORDS.fullmatch(text)
    if words:
        return int(words[1])
    plain = _leading(value, text)
    return plain & 0xFFFF if plain is not None and plain > 0xFFFF else plain
