"""The store: what is archived gets its number, its place in the log and its receipt in one transaction, or nothing happens."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from agent.certificate.evidence import Evidence, encode_evidence, evidence_sha256
from agent.certificate.receipt import make_receipt, registry_id
from agent.errors import EnvironmentLacks
from agent.model.json_form import to_json_form
from server_stub.authority import Authority
from server_stub.proving import add_proofs, catch_up, log_record
from server_stub.rows import certificate_row, media_rows
from server_stub.stations import forks_of, link_missing, link_record
from server_stub.tables import certificates, head, media, metadata, open_engine, quarantine
from server_stub.translog import check_head, prepare_log, read_head, sign_head
from server_stub.verdict import Accept, KeepApart

SCHEMA_VERSION = 3
# Version 1 had no log, version 2 looked for no forks: both are made up for at the first start.
_KNOWN_VERSIONS = {1, 2, SCHEMA_VERSION}


@dataclass(frozen=True)
class Receipted:
    """The evidence is archived; `created` says whether by this call; `remarks` what is odd about its place in the station's sequence."""

    receipt: bytes
    created: bool
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Conflict:
    """Other bytes are archived under this id."""

    detail: str


class QuarantineFull(Exception):
    """The quarantine has reached its limit; nothing was kept."""


class Store:
    """One database; safe for threads and for several processes on one file."""

    def __init__(self, database: str, key: Ed25519PrivateKey, authority: Authority | None = None) -> None:
        """Open or make the tables; raises UsageError, EnvironmentLacks."""
        self.engine = open_engine(database)
        self._key = key
        self._authority = authority
        # SQLite's busy handler is not fair: threads queue here, so that it only arbitrates between processes.
        self._turn = threading.Lock()
        try:
            self._prepare()
        except DBAPIError as error:
            self.engine.dispose()
            raise EnvironmentLacks(
                f"The registry's database can't be opened: {error.orig}.",
                "Check folder, permissions and space; another database is named with --database.",
            ) from error

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()

    def archived(self, record_sha256: str, evidence_digest: str) -> Receipted | Conflict | None:
        """What is there under this id already."""
        with self.engine.connect() as connection:
            return _archived(connection, record_sha256, evidence_digest)

    def archive(self, evidence: Evidence, accepted: Accept, received_at: datetime) -> Receipted | Conflict:
        """Archive evidence that was verified; a race with equal bytes gives all of them the same receipt."""
        digest = evidence_sha256(evidence)
        try:
            with self.writing() as connection:
                # Takes the row's lock on every database, so that numbers are given in order and without gaps.
                sequence = connection.execute(
                    update(head).values(sequence=head.c.sequence + 1).returning(head.c.sequence)
                ).scalar_one()
                before = _archived(connection, evidence.record_sha256, digest)
                if before is not None or _is_taken(connection, accepted.record.record_id):
                    connection.rollback()
                    return before or Conflict("Another record with the same record_id is archived.")
                receipt = make_receipt(evidence, received_at, sequence, self._key)
                times = {"received_at": to_json_form(received_at), "receipt": receipt}
                row = certificate_row(evidence, digest, accepted) | times | {"sequence": sequence}
                connection.execute(insert(certificates).values(row))
                drives = media_rows(accepted.record, sequence)
                if drives:
                    connection.execute(insert(media), drives)
                link_record(connection, sequence, accepted.record, test_root=accepted.test_root)
                log_record(connection, sequence, evidence.record_sha256)
                add_proofs(connection, sequence, self._authority, received_at)
                connection.execute(delete(quarantine).where(quarantine.c.evidence_sha256 == digest))
                return Receipted(receipt, created=True, remarks=_remarks(connection, sequence))
        except IntegrityError:
            # Another process on a database without our lock was faster: say what is there now.
            found = self.archived(evidence.record_sha256, digest)
            if found is None:
                raise
            return found

    def keep_apart(
        self, evidence: Evidence, verdict: KeepApart, received_at: datetime, entries: int, size_bytes: int
    ) -> None:
        """Put evidence into quarantine, once however often it comes; raises QuarantineFull beyond entries or bytes."""
        body, digest, now = encode_evidence(evidence), evidence_sha256(evidence), to_json_form(received_at)
        said = {"reason": verdict.reason, "detail": verdict.detail, "last_at": now}
        with self.writing() as connection:
            known = connection.execute(
                update(quarantine)
                .where(quarantine.c.evidence_sha256 == digest)
                .values(attempts=quarantine.c.attempts + 1, **said)
            )
            if known.rowcount:
                return
            kept, total = connection.execute(
                select(func.count(), func.coalesce(func.sum(quarantine.c.size_bytes), 0))
            ).one()
            if kept >= entries or total + len(body) > size_bytes:
                raise QuarantineFull
            row = {
                "evidence_sha256": digest,
                "record_sha256": evidence.record_sha256,
                "first_at": now,
                "attempts": 1,
            }
            connection.execute(insert(quarantine).values(row | said | {"size_bytes": len(body), "body": body}))

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that writes; one at a time, and nothing of it is there unless it ends well."""
        with (
            self._turn,
            self.engine.connect().execution_options(ardoise_write=True) as connection,
            connection.begin(),
        ):
            yield connection

    def _prepare(self) -> None:
        name = registry_id(self._key.public_key())
        with self.writing() as connection:
            metadata.create_all(connection)
            row = connection.execute(select(head.c.schema_version, head.c.registry)).one_or_none()
            if row is None:
                connection.execute(
                    insert(head).values(id=1, schema_version=SCHEMA_VERSION, sequence=0, registry=name)
                )
            elif row.schema_version not in _KNOWN_VERSIONS:
                raise EnvironmentLacks(
                    f"The database is of version {row.schema_version}, this program knows {SCHEMA_VERSION}.",
                    "Use the program that made it.",
                )
            elif row.registry != name:
                raise EnvironmentLacks(
                    "The database belongs to a registry with another key: its receipts would not verify.",
                    "Give that key with --key, or another database with --database.",
                )
            self._prepare_log(connection)

    def _prepare_log(self, connection: Connection) -> None:
        prepare_log(connection)
        log = read_head(connection)
        check_head(connection, log)
        if self._authority is not None and log.origin not in {"", self._authority.log.origin}:
            raise EnvironmentLacks(
                f"The database holds the log {log.origin}, the folder the key of {self._authority.log.origin}.",
                "Give the folder that belongs to the database with --folder.",
            )
        catch_up(connection)
        link_missing(connection)
        connection.execute(update(head).values(schema_version=SCHEMA_VERSION))
        if self._authority is not None:
            sign_head(connection, self._authority.log)


def _archived(connection: Connection, record_sha256: str, evidence_digest: str) -> Receipted | Conflict | None:
    row = connection.execute(
        select(certificates.c.sequence, certificates.c.evidence_sha256, certificates.c.receipt).where(
            certificates.c.record_sha256 == record_sha256
        )
    ).one_or_none()
    if row is None:
        return None
    if row.evidence_sha256 != evidence_digest:
        return Conflict("Other bytes are archived under this id.")
    return Receipted(row.receipt, created=False, remarks=_remarks(connection, row.sequence))


def _remarks(connection: Connection, sequence: int) -> tuple[str, ...]:
    return tuple(f"fork: {row.kind} (No. {row.sequence})" for row in forks_of(connection, sequence))


def _is_taken(connection: Connection, record_id: str) -> bool:
    found = connection.execute(select(certificates.c.sequence).where(certificates.c.record_id == record_id))
    return found.first() is not None
