"""Time stamp and log proof of a record, made in the transaction that archives it, or later for what was archived without."""

import hashlib
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from agent.certificate.timestamp import make_token, response_of
from server_stub.authority import Authority
from server_stub.tables import certificates, proofs
from server_stub.translog import append_entry, next_stamp, prove, read_head, sign_head


def log_record(connection: Connection, sequence: int, record_sha256: str) -> None:
    """Append a record to the log; its number there is its sequence number less one."""
    number = append_entry(connection, bytes.fromhex(record_sha256))
    if number != sequence - 1:
        raise AssertionError(f"record {sequence} would be entry {number} of the log")


def catch_up(connection: Connection) -> None:
    """Log what was archived before there was a log, in the order of archiving."""
    size = read_head(connection).size
    rest = (
        select(certificates.c.sequence, certificates.c.record_sha256)
        .where(certificates.c.sequence > size)
        .order_by(certificates.c.sequence)
    )
    for row in connection.execute(rest).all():
        log_record(connection, row.sequence, row.record_sha256)


def add_proofs(connection: Connection, sequence: int, authority: Authority | None, now: datetime) -> None:
    """Make what is missing of a record's time stamp and log proof, as far as the registry has the keys."""
    if authority is None:
        return
    row = connection.execute(select(proofs).where(proofs.c.sequence == sequence)).one_or_none()
    if row is None:
        connection.execute(insert(proofs).values(sequence=sequence))
    values: dict[str, bytes] = {}
    if row is None or row.log_proof is None:
        # The newest head, so that its checkpoint is one that the log has published or is about to.
        checkpoint, size = sign_head(connection, authority.log), read_head(connection).size
        values["log_proof"] = prove(connection, sequence - 1, checkpoint, size)
    tsa = authority.stamps_at(now)
    if tsa is not None and (row is None or row.time_stamp is None):
        signature: bytes = connection.execute(
            select(certificates.c.signature).where(certificates.c.sequence == sequence)
        ).scalar_one()
        digest = hashlib.sha256(signature).digest()
        values["time_stamp"] = response_of(make_token(digest, tsa, next_stamp(connection), now))
    if values:
        connection.execute(update(proofs).where(proofs.c.sequence == sequence).values(values))
