"""Records: good ones, malformed ones, and ones that contradict themselves."""

import json
from dataclasses import replace
from datetime import datetime

import rfc8785

from agent.certificate.record import MAXIMUM_BYTES, MAXIMUM_TOKENS, encode_record
from agent.model.json_form import to_json_form
from agent.model.machine import Environment
from agent.model.passes import SectorError
from tests.samples import AT, Pki
from tests.vectors.case import Case, good, pki, sealed, signed
from tests.vectors.forge import forged_headline, forged_outcome, short_write
from tests.vectors.lies import LIES
from tests.vectors.media import erased_by_itself, interrupted, resumed, with_drives, with_exceptions


def valid_cases(a: Pki) -> list[Case]:
    """Certificates and records that must pass."""
    test = pki("t", test=True)
    specimen = good(test, "tablet", environment=Environment.SIMULATED)
    clock = good(a)
    wrong_clock = replace(clock.time, issued_at=datetime(2009, 1, 1, tzinfo=AT.tzinfo), clock_plausible=False)
    return [
        Case("good-certificate", sealed(a, good(a)), "one medium, sanitized"),
        Case("good-record", signed(a, encode_record(good(a))), "the same as record and signature"),
        Case("good-crl", signed(a, encode_record(good(a))), "not in the issuing CA's list", crl="empty"),
        Case("incomplete", sealed(a, good(a, "server")), "authentic, seven of eight media"),
        Case("no-medium", sealed(a, good(a, "no-drive")), "authentic, nothing found"),
        Case(
            "hostile-text",
            sealed(a, good(a, "hostile")),
            "device text with markup, a ByteRange, control characters",
        ),
        Case("specimen", sealed(test, specimen), "a simulated machine under a TEST root", trust="test"),
        Case(
            "clock-2009",
            signed(a, encode_record(replace(clock, time=wrong_clock))),
            "a dead clock is only a remark",
        ),
    ]


def lying_cases(a: Pki) -> list[Case]:
    """Correctly signed records whose own numbers don't support what they claim."""
    return [
        Case(
            f"lie-{name}",
            signed(a, encode_record(lie(good(a)))),
            why,
            "contradiction",
            "evidence",
            rule="conclusion derived again from the evidence",
        )
        for name, (why, lie) in LIES.items()
    ]


def honest_cases(a: Pki) -> list[Case]:
    """What a machine can end with, beside the plain certificate."""
    record = good(a)
    (drive,) = record.drives
    lost = SectorError(4096, 8, "Input/output error")
    made = {
        "good-purge": (with_drives(record, erased_by_itself(drive)), "erased by the drive itself, Purge"),
        "good-sampled": (good(a, "sampled"), "a sample of 10 % read back"),
        "good-resumed": (with_drives(record, resumed(drive, 4096)), "an overwrite that went on after a power cut"),
        "good-exceptions": (with_drives(record, with_exceptions(drive, lost)), "authentic, eight sectors unread"),
        "good-excluded": (good(a, "excluded"), "authentic, one medium was mounted"),
        "good-24-media": (good(a, "many"), "24 media"),
        "good-interrupted": (interrupted(record), "authentic, a power cut ended the session"),
    }
    return [Case(name, signed(a, encode_record(made_of)), why) for name, (made_of, why) in made.items()]


def malformed_cases(a: Pki) -> list[Case]:
    """Records whose bytes are not the one canonical form of a known schema."""
    data = encode_record(good(a))
    form = to_json_form(good(a))
    spaced = data.replace(b'","', b'", "', 1)
    twice = data.replace(b'{"drives"', b'{"bus":"a","bus":"b","drives"', 1)
    numbers = rfc8785.dumps({**form, "salt": 1})
    decomposed = data.replace("é".encode(), "e\u0301".encode())
    deep = rfc8785.dumps({**form, "zz": json.loads("[" * 40 + "]" * 40)})
    huge = rfc8785.dumps({**form, "zz": "x" * MAXIMUM_BYTES})
    crowded = rfc8785.dumps({**form, "zz": [[]] * (MAXIMUM_TOKENS // 2)})
    newer = rfc8785.dumps({**form, "zz_new_field": ["1", {"a": "b"}]})
    other = rfc8785.dumps({**form, "schema": "ardoise-record/2"})
    unknown = rfc8785.dumps({**form, "headline": "PERFECT"})
    refused = {"failure": "malformed", "step": "record form"}
    return [
        Case("not-canonical", signed(a, spaced), "one space too much", **refused),
        Case("duplicate-key", signed(a, twice), "a field named twice", **refused),
        Case("json-number", signed(a, numbers), "an integer that is not a decimal string", **refused),
        Case("not-nfc", signed(a, decomposed), "a letter with a combining accent", **refused),
        Case("deep", signed(a, deep), "40 levels", **refused),
        Case("huge", signed(a, huge), "more than two mebibytes", **refused),
        Case("crowded", signed(a, crowded), "more than 100,000 values", **refused),
        Case("other-schema", signed(a, other), "a schema that this verifier does not know", **refused),
        Case("unknown-headline", signed(a, unknown), "a word that is no headline", **refused),
        Case("newer-field", signed(a, newer), "a field of a later version of the program is tolerated"),
    ]


def contradicting_cases(a: Pki) -> list[Case]:
    """Correctly signed records that claim what they may not."""
    specimen = good(a, "tablet", environment=Environment.SIMULATED)
    denied = replace(specimen, specimen=False)
    other_station = replace(good(a).issuer, station="stick-z")
    said = ("contradiction", "evidence")
    return [
        Case("specimen-real-root", signed(a, encode_record(specimen)), "under a real root", "specimen", "specimen"),
        Case(
            "specimen-denied",
            signed(a, encode_record(denied)),
            "simulated, not marked",
            "contradiction",
            "specimen",
        ),
        Case("short-write", signed(a, encode_record(short_write(good(a)))), "512 bytes not written", *said),
        Case(
            "forged-headline",
            signed(a, encode_record(forged_headline(good(a, "server")))),
            "one medium failed",
            *said,
        ),
        Case(
            "forged-outcome",
            signed(a, encode_record(forged_outcome(good(a, "server")))),
            "a failed medium called sanitized",
            *said,
        ),
        Case(
            "other-issuer",
            signed(a, encode_record(replace(good(a), issuer=other_station))),
            "the record names another station",
            "contradiction",
            "issuer",
        ),
    ]
