"""Records with anything in any field, for whoever reads records twice: they follow the schema and make no sense."""

import random
import re
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

from agent.certificate.words.phrases import PHRASES
from agent.model.drive import Identity
from agent.model.record import SCHEMA, DriveRecord, Record

_TOKEN = re.compile(
    r"(?P<free>\\d\+|\\S\+|\.\+|\.\*)|(?P<open>\((?:\?:)?)|(?P<close>\)\??)|(?P<or>\|)|\\?(?P<letter>(?<=\\)[().]|[^\\(){}\[\]*+?.^$|])(?P<maybe>\?)?"
)
"""All that the patterns of phrases.py consist of: Python and JavaScript read these alike."""
_FREE: dict[str, tuple[str, ...]] = {
    r"\d+": ("0", "2048", "18446744073709551615"),
    r"\S+": ("/mnt/p\u00e4ckchen", "x"),
    ".+": ("ata security erase", "Purge", "ValueError", "(x), first at LBA 9"),
    ".*": ("", " and more", " (3): x"),
}

_TEXTS = (
    "", " ", "ST1000LM035-1RK172", "WD-WXK1A20HJ7T9", "x" * 63, "x" * 64, "x" * 65, "Müller & Söhne \u00abKœnig\u00bb",
    "a\u0308 e\u0301 \ufb01", "\u202egnp.exe", "tab\there\r\nand\u2028there", "\u00a0held\u00a0", "\x00\x1b[2J\x7f", "\u4e2d\u6587",
    "\U0001f4be disk", "{number} {0} }{", "$1 $& \\1", "<script>alert(1)</script>", "#let x = 1", "\u0390\u0416\u2013\u2026\u20ac", "\u00ad\u200b",
    "NVMe", "SATA", "solid-state drive", "magnetic hard disk drive", "toString", "constructor", "__proto__", "SANITIZED", "GEL\u00d6SCHT",
    "\u00b2\u00b3 \u0663 sectors", "not read back.", "Not read back", "ab" * 32, "W" * 500, "a-b-" * 45, "\ufeffmark\x1c",
)  # fmt: skip
_NUMBERS = (
    0, 1, 9, 59_999, 60_000, 3_599_999, 3_600_000, 999, 1000, 1023, 10**6 - 1, 10**6, 100_250_000_000, 100_350_000_000, 999_950_000_000,
    999_949_999_999, 10**12, 1_000_500_000_000, 1_001_500_000_000, 10**15 + 5 * 10**11, 9_999_500_000_000_000, 10**16, 2**53 + 1, 2**63, 10**30 + 1,
    500_107_862_016, 8 * 2**30, 2**29, 3 * 2**20, 2**34 + 2**24, -1, -1000, -3_600_001, -(10**13),
)  # fmt: skip
_SOME = {"seen": 8, "tools": 14, "preparations": 8, "first_unreadable": 14, "drives": 4, "passes": 3}


def any_record(seed: int) -> Record:
    """A record that is the same for the same seed."""
    chance = random.Random(seed)
    record: Record = _value(Record, "record", chance)
    return replace(record, schema=SCHEMA, record_id="019aa001-5e00-7abc-8def-0123456789ab", salt="ab" * 16)


def phrase(pattern: str, chance: random.Random) -> str:
    """A text that a pattern of phrases.py knows; raises ValueError where it holds what is not among the tokens."""
    tokens, at = [], 0
    while at < len(pattern):
        token = _TOKEN.match(pattern, at)
        if token is None:
            raise ValueError(f"{pattern[at:]!r} is more than verify.html is known to read alike")
        tokens.append(token)
        at = token.end()
    tokens.reverse()
    return _alternatives(tokens, chance)


def _alternatives(tokens: list[re.Match[str]], chance: random.Random) -> str:
    """What stands up to the end of a group, the last token first; any one of its alternatives."""
    texts = [""]
    while tokens and not tokens[-1]["close"]:
        token = tokens.pop()
        if token["or"]:
            texts.append("")
        elif token["open"]:
            inner = _alternatives(tokens, chance)
            texts[-1] += inner if tokens.pop()[0] == ")" or chance.random() < 0.5 else ""
        elif token["free"]:
            texts[-1] += chance.choice(_FREE[token["free"]])
        elif not token["maybe"] or chance.random() < 0.5:
            texts[-1] += token["letter"]
    return chance.choice(texts)


def _text(chance: random.Random) -> str:
    if chance.random() < 0.1:
        return ""
    if chance.random() < 0.4:
        return phrase(chance.choice(PHRASES)[0], chance)
    return chance.choice(_TEXTS)


def _number(chance: random.Random) -> int:
    if chance.random() < 0.5:
        return chance.choice(_NUMBERS)
    return chance.randrange(10 ** chance.randrange(1, 17))


def _moment(chance: random.Random) -> datetime:
    year = chance.choice((1000, 1970, 2009, 2024, 2026, 9999))
    return datetime(year, chance.randrange(1, 13), 1, tzinfo=UTC) + timedelta(
        days=chance.choice((0, 1, 27)), milliseconds=chance.randrange(86_400_000)
    )


_PLAIN: dict[object, Callable[[random.Random], object]] = {
    str: _text,
    int: _number,
    bool: lambda chance: chance.random() < 0.5,
    datetime: _moment,
}


def _value(hint: Any, name: str, chance: random.Random) -> Any:
    if hint in _PLAIN:
        return _PLAIN[hint](chance)
    arguments = get_args(hint)
    if NoneType in arguments:
        inner = next(each for each in arguments if each is not NoneType)
        return None if chance.random() < 0.3 else _value(inner, name, chance)
    if get_origin(hint) is tuple:
        several = [_value(arguments[0], name, chance) for _ in range(chance.randrange(_SOME.get(name, 3) + 1))]
        return tuple(chance.choice(several) if chance.random() < 0.2 else each for each in several)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return chance.choice(list(hint))
    if isinstance(hint, type) and is_dataclass(hint):
        hints = get_type_hints(hint)
        made = hint(**{each.name: _value(hints[each.name], each.name, chance) for each in fields(hint)})
        return _read_again(made, chance) if isinstance(made, DriveRecord) else made
    raise TypeError(f"{hint} is no type of a record")


def _read_again(drive: DriveRecord, chance: random.Random) -> DriveRecord:
    """A medium whose identity was read again, often the same but for one field at most."""
    if chance.random() < 0.3:
        return drive
    name = chance.choice([each.name for each in fields(Identity)])
    other = replace(drive.identity, **{name: getattr(_value(Identity, "identity", chance), name)})
    again = (drive.identity, other) if chance.random() < 0.5 else (other, drive.identity)
    return replace(drive, identity_at_open=again[0], identity_at_end=again[1])
