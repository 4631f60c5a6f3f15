"""Several records of one station together: whole, with a gap, and with two histories."""

import hashlib
from dataclasses import replace

from agent.certificate.record import encode_record
from agent.model.record import StationLink
from tests.samples import Pki
from tests.vectors.case import Case, good, ruled, signed


def set_cases(a: Pki) -> list[Case]:
    """Folders of records, of which every single one is valid; `set_is` says what they are together."""
    whole = _chain(a, 4)
    gap = {name: data for name, data in whole.items() if not name.startswith("2/")}
    digest = hashlib.sha256(whole["2/record.json"]).hexdigest()
    fork = whole | _record(a, 5, StationLink(3, digest))
    other = _chain(a, 2) | _record(a, 5, StationLink(3, hashlib.sha256(whole["1/record.json"]).hexdigest()))
    return [
        *ruled("sequence", [Case("set-whole", whole, "four records that follow one another", set_is="whole")]),
        *ruled("gap in a sequence", [Case("set-gap", gap, "the second of four is not here", set_is="gap")]),
        *ruled(
            "fork in a sequence",
            [
                Case("set-fork", fork, "two records with the number 3", set_is="fork"),
                Case("set-fork-predecessor", other, "two records that follow the first", set_is="fork"),
            ],
        ),
    ]


def _chain(a: Pki, count: int) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    previous = ""
    for number in range(1, count + 1):
        made = _record(a, number, StationLink(number, previous))
        previous = hashlib.sha256(made[f"{number}/record.json"]).hexdigest()
        files |= made
    return files


def _record(a: Pki, number: int, link: StationLink) -> dict[str, bytes]:
    record = replace(good(a, number=number), station_link=link)
    return {f"{number}/{name}": data for name, data in signed(a, encode_record(record)).items()}
