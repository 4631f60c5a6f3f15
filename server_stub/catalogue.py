"""Reading what is archived: pages of the list, search, one certificate, the quarantine."""

import re
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Engine, Row, func, or_, select

from server_stub.rows import folded
from server_stub.stations import StationSequence, forks_of, sequences
from server_stub.tables import certificates, media, quarantine

SEARCH_LENGTH = 128

FILES = ("record", "signature", "document", "receipt")

_HEX_OR_ID = re.compile(r"[0-9a-f-]{8,64}")
_LISTED = (
    "sequence", "record_sha256", "evidence_sha256", "record_id", "received_at", "issued_at", "headline",
    "environment", "specimen", "test_root", "organisation", "station", "machine", "machine_serial",
)  # fmt: skip

AnyRow: TypeAlias = Row[*tuple[Any, ...]]


@dataclass(frozen=True)
class Page:
    """One page of rows, newest first; `last` is the number of the last page, at least 1."""

    rows: tuple[AnyRow, ...]
    number: int
    last: int
    total: int


class Catalogue:
    """Read-only questions to the database."""

    def __init__(self, engine: Engine, page_size: int) -> None:
        self._engine = engine
        self._size = page_size

    def search(self, text: str, number: int) -> Page:
        """Certificates by whole serial (of a medium or machine), or by the beginning of record id or digest; all for ''."""
        condition = _condition(text.strip()[:SEARCH_LENGTH])
        columns = [certificates.c[name] for name in _LISTED]
        done = func.count().filter(media.c.outcome == "sanitized").label("sanitized_count")
        counts = (
            select(media.c.sequence, func.count().label("medium_count"), done).group_by(media.c.sequence).subquery()
        )
        with self._engine.connect() as connection:
            total = connection.execute(select(func.count()).select_from(certificates).where(condition)).scalar_one()
            last = max(1, -(-total // self._size))
            number = min(max(1, number), last)
            rows = connection.execute(
                select(*columns, counts.c.medium_count, counts.c.sanitized_count)
                .outerjoin(counts, counts.c.sequence == certificates.c.sequence)
                .where(condition)
                .order_by(certificates.c.sequence.desc())
                .limit(self._size)
                .offset((number - 1) * self._size)
            ).all()
        return Page(tuple(rows), number, last, total)

    def certificate(self, record_sha256: str) -> tuple[AnyRow, tuple[AnyRow, ...]] | None:
        """One certificate's columns and its media in the record's order."""
        columns = [certificates.c[name] for name in _LISTED]
        with self._engine.connect() as connection:
            row = connection.execute(
                select(*columns).where(certificates.c.record_sha256 == record_sha256)
            ).one_or_none()
            if row is None:
                return None
            drives = select(media).where(media.c.sequence == row.sequence).order_by(media.c.position)
            return row, tuple(connection.execute(drives).all())

    def forks(self, sequence: int) -> tuple[AnyRow, ...]:
        """The other records with which a record can't belong to one sequence of its station."""
        with self._engine.connect() as connection:
            return forks_of(connection, sequence)

    def stations(self) -> tuple[StationSequence, ...]:
        """Every station's sequence, with its gaps and forks."""
        return sequences(self._engine)

    def file(self, record_sha256: str, name: str) -> bytes | None:
        """One archived file, byte for byte as it came; `name` is one of FILES."""
        wanted = select(certificates.c[name]).where(certificates.c.record_sha256 == record_sha256)
        with self._engine.connect() as connection:
            found: bytes | None = connection.execute(wanted).scalar_one_or_none()
            return found

    def quarantined(self, number: int) -> Page:
        """What is kept apart, the latest first; without the evidence itself."""
        columns = [c for c in quarantine.c if c.name != "body"]
        with self._engine.connect() as connection:
            total = connection.execute(select(func.count()).select_from(quarantine)).scalar_one()
            last = max(1, -(-total // self._size))
            number = min(max(1, number), last)
            rows = connection.execute(
                select(*columns)
                .order_by(quarantine.c.last_at.desc(), quarantine.c.evidence_sha256)
                .limit(self._size)
                .offset((number - 1) * self._size)
            ).all()
        return Page(tuple(rows), number, last, total)

    def is_quarantined(self, record_sha256: str) -> bool:
        """Whether evidence for this record is kept apart."""
        found = select(quarantine.c.reason).where(quarantine.c.record_sha256 == record_sha256).limit(1)
        with self._engine.connect() as connection:
            return connection.execute(found).first() is not None


def _condition(text: str) -> ColumnElement[bool]:
    if not text:
        return certificates.c.sequence > 0
    serial = folded(text)
    of_media = select(media.c.sequence).where(media.c.serial_folded == serial)
    matches = [certificates.c.machine_serial_folded == serial, certificates.c.sequence.in_(of_media)]
    if _HEX_OR_ID.fullmatch(text.lower()):
        # Hexadecimal and dashes only, so that no wildcard of LIKE can stand in it.
        matches += [c.like(f"{text.lower()}%") for c in (certificates.c.record_id, certificates.c.record_sha256)]
    return or_(*matches)
