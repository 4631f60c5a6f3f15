"""A station's own numbering, as its archived records show it: forks are found on arrival and remembered, gaps may still close.

The rules are the verifier's (agent/certificate/sequence.py). No record is refused for a fork: both histories are evidence.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Connection, Engine, Row, and_, distinct, func, insert, or_, select, union_all

from agent.certificate.record import decode_record
from agent.model.record import Record, StationLink
from server_stub.tables import certificates, forks, station_links

LARGEST_NUMBER = 2**62
GAPS_SHOWN = 20
NEIGHBOURS = 32
SAME_NUMBER = "another record has the same number"
SAME_PREDECESSOR = "another record follows the same predecessor"
NO_SUCCESSION = "a record with the next number does not follow it"

_Row: TypeAlias = Row[*tuple[Any, ...]]

_log = logging.getLogger("ardoise-registry")
_OF_STATION = (certificates.c.organisation, certificates.c.station, certificates.c.test_root)


@dataclass(frozen=True)
class StationSequence:
    """What is archived of one station: how many, from which number to which, the first missing ranges, and the records in forks."""

    organisation: str
    station: str
    test_root: bool
    records: int
    first: int
    last: int
    gaps: tuple[tuple[int, int], ...]
    missing: int
    forked: int


def link_record(connection: Connection, sequence: int, record: Record, *, test_root: bool) -> None:
    """Note a record's place in its station's sequence, and every fork that it makes with what is there."""
    link = record.station_link
    if link.sequence > LARGEST_NUMBER:
        _log.warning("record %d has a number beyond every count: its place is not judged", sequence)
        return
    found = _neighbours(connection, record, link, test_root=test_root)
    connection.execute(
        insert(station_links).values(
            sequence=sequence, number=link.sequence, previous_sha256=link.previous_record_sha256
        )
    )
    own = connection.execute(
        select(certificates.c.record_sha256).where(certificates.c.sequence == sequence)
    ).scalar_one()
    for row, kind in _forks_with(found, link, own):
        connection.execute(insert(forks).values(sequence=sequence, other=row.sequence, kind=kind))
        _log.warning("fork in a station's sequence: records %d and %d: %s", row.sequence, sequence, kind)


def link_missing(connection: Connection) -> None:
    """Note the places of what was archived before forks were looked for."""
    missing = (
        select(certificates.c.sequence, certificates.c.record, certificates.c.test_root)
        .outerjoin(station_links)
        .where(station_links.c.sequence.is_(None))
        .order_by(certificates.c.sequence)
    )
    for row in connection.execute(missing).all():
        link_record(connection, row.sequence, decode_record(row.record), test_root=row.test_root)


def forks_of(connection: Connection, sequence: int) -> tuple[_Row, ...]:
    """The forks that a record has a part in: `kind`, and digest and number of the other record."""
    pairs = union_all(
        select(forks.c.kind, forks.c.other.label("other")).where(forks.c.sequence == sequence),
        select(forks.c.kind, forks.c.sequence.label("other")).where(forks.c.other == sequence),
    ).subquery()
    wanted = select(pairs.c.kind, certificates.c.record_sha256, certificates.c.sequence).join(
        certificates, certificates.c.sequence == pairs.c.other
    )
    return tuple(connection.execute(wanted.order_by(certificates.c.sequence)).all())


def sequences(engine: Engine) -> tuple[StationSequence, ...]:
    """Every station by name, as the archive shows it now."""
    number = station_links.c.number
    with engine.connect() as connection:
        stations = connection.execute(
            select(
                *_OF_STATION,
                func.count().label("records"),
                func.min(number).label("first"),
                func.max(number).label("last"),
                func.count(distinct(number)).label("numbers"),
            )
            .join(station_links)
            .group_by(*_OF_STATION)
            .order_by(*_OF_STATION)
        ).all()
        return tuple(
            StationSequence(
                s.organisation, s.station, s.test_root, s.records, s.first, s.last,
                _gaps(connection, s), s.last - s.first + 1 - s.numbers, _forked(connection, s),
            )
            for s in stations
        )  # fmt: skip


def _neighbours(connection: Connection, record: Record, link: StationLink, *, test_root: bool) -> list[_Row]:
    near: list[ColumnElement[bool]] = [
        station_links.c.number.in_((link.sequence - 1, link.sequence, link.sequence + 1))
    ]
    if link.previous_record_sha256:
        near.append(station_links.c.previous_sha256 == link.previous_record_sha256)
    wanted = (
        select(station_links, certificates.c.record_sha256)
        .join(certificates)
        .where(
            certificates.c.organisation == record.issuer.organisation,
            certificates.c.station == record.issuer.station,
            certificates.c.test_root == test_root,
            or_(*near),
        )
        .order_by(station_links.c.sequence)
        # A station that sends one number a thousand times would else make a million pairs.
        .limit(NEIGHBOURS)
    )
    return list(connection.execute(wanted).all())


def _forks_with(found: list[_Row], link: StationLink, own_sha256: str) -> Iterator[tuple[_Row, str]]:
    number, previous = link.sequence, link.previous_record_sha256
    at_number = {own_sha256, *(row.record_sha256 for row in found if row.number == number)}
    follows = any(row.number == number - 1 and row.record_sha256 == previous for row in found)
    for row in found:
        if row.number == number:
            yield row, SAME_NUMBER
        elif previous and row.previous_sha256 == previous:
            yield row, SAME_PREDECESSOR
        elif (row.number == number - 1 and not follows) or (
            row.number == number + 1 and row.previous_sha256 not in at_number
        ):
            yield row, NO_SUCCESSION


def _gaps(connection: Connection, station: _Row) -> tuple[tuple[int, int], ...]:
    before = func.lag(station_links.c.number).over(order_by=station_links.c.number).label("before")
    numbers = select(station_links.c.number, before).join(certificates).where(_same(station)).subquery()
    wide = select(numbers).where(numbers.c.number - numbers.c.before > 1).order_by(numbers.c.number)
    return tuple((row.before + 1, row.number - 1) for row in connection.execute(wide.limit(GAPS_SHOWN)).all())


def _forked(connection: Connection, station: _Row) -> int:
    of_station = select(certificates.c.sequence).where(_same(station))
    parts = union_all(select(forks.c.sequence), select(forks.c.other)).subquery()
    counted = select(func.count(distinct(parts.c[0]))).where(parts.c[0].in_(of_station))
    return int(connection.execute(counted).scalar_one())


def _same(station: _Row) -> ColumnElement[bool]:
    return and_(*(column == getattr(station, column.name) for column in _OF_STATION))
