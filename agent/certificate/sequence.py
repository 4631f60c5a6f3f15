"""The station's own numbering over several records: a gap says that something is not here, a fork that there are two histories.

Each record names its number and the digest of the station's record before it (DESIGN section 6). A gap proves no loss: the
records may be elsewhere, and a number may have been given up after a crash. Two records for one place have no such excuse.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from agent.certificate.report import Report

Station = tuple[str, str, str]


@dataclass(frozen=True, order=True)
class Place:
    """Where a verified record stands in its station's sequence; `station` is root, organisation and name."""

    station: Station
    sequence: int
    record_sha256: str
    previous_sha256: str
    path: str


@dataclass(frozen=True)
class Sequence:
    """What the records of one station show together: missing numbers as ranges, and the forks in words."""

    station: Station
    first: int
    last: int
    records: int
    gaps: tuple[tuple[int, int], ...]
    forks: tuple[str, ...]


def place_of(report: Report, path: str) -> Place | None:
    """The place of a record that verified; None for any other."""
    record, signer = report.record, report.signer
    if record is None or signer is None or report.record_sha256 is None:
        return None
    station = (signer.root, signer.organisation, signer.station)
    link = record.station_link
    return Place(station, link.sequence, report.record_sha256, link.previous_record_sha256, path)


def judge_sequences(places: Iterable[Place]) -> tuple[Sequence, ...]:
    """One judgement for each station, by name; the same record in several files counts once."""
    by_station: dict[Station, dict[str, Place]] = {}
    for place in sorted(places):
        by_station.setdefault(place.station, {}).setdefault(place.record_sha256, place)
    return tuple(_judge(station, tuple(found.values())) for station, found in sorted(by_station.items()))


def _judge(station: Station, places: tuple[Place, ...]) -> Sequence:
    numbers = sorted({place.sequence for place in places})
    gaps = tuple((low + 1, high - 1) for low, high in pairwise(numbers) if high - low > 1)
    return Sequence(station, numbers[0], numbers[-1], len(places), gaps, tuple(_forks(places)))


def _forks(places: tuple[Place, ...]) -> Iterable[str]:
    by_number: dict[int, list[Place]] = {}
    by_previous: dict[str, list[Place]] = {}
    for place in places:
        by_number.setdefault(place.sequence, []).append(place)
        by_previous.setdefault(place.previous_sha256, []).append(place)
    for number, same in sorted(by_number.items()):
        if len(same) > 1:
            yield f"{len(same)} records have the number {number}: {_paths(same)}"
    for previous, after in sorted(by_previous.items()):
        if previous and len({each.sequence for each in after}) > 1:
            yield f"{len(after)} records follow the same record {previous[:16]}…: {_paths(after)}"
    for number, (place, *_) in sorted(by_number.items()):
        before = by_number.get(number - 1)
        if before and place.previous_sha256 not in {each.record_sha256 for each in before}:
            yield f"record {number} does not follow the record {number - 1} that is here: {_paths([*before[:1], place])}"


def _paths(places: list[Place]) -> str:
    return ", ".join(place.path for place in places[:4])
