"""The final document of a record: made once, of the archived bytes, verified as an auditor would, kept and served again.

Made when it is first asked for, which a station does right after its receipt; a crash in the middle leaves nothing behind.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import Connection, insert, or_, select, update

from agent.certificate.cades import open_envelope
from agent.certificate.document import CRL_NAME, LOG_PROOF_NAME, ROOT_CRL_NAME, TIME_STAMP_NAME
from agent.certificate.page import render_page
from agent.certificate.qr import qr_svg
from agent.certificate.record import decode_record
from agent.certificate.report import Degree
from agent.certificate.revocation import find_crl
from agent.certificate.seal import seal_final
from agent.certificate.station import StationKey
from agent.certificate.timestamp import make_token
from agent.certificate.trust import Trust
from agent.certificate.verify import verify_document
from agent.errors import CertificateError
from agent.model.language import Language
from server_stub.authority import Authority
from server_stub.catalogue import AnyRow
from server_stub.proving import add_proofs
from server_stub.settings import Settings
from server_stub.store import Store
from server_stub.tables import certificates, final_copies, proofs
from server_stub.translog import next_stamp

Crl: TypeAlias = x509.CertificateRevocationList


@dataclass(frozen=True)
class NotMade:
    """There is no final document, and why; `for_now` says that it may be made later."""

    reason: str
    for_now: bool


class Finals:
    """Makes and keeps final documents."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings = settings
        self._store = store

    def document(self, record_sha256: str, language: Language | None = None) -> bytes | NotMade | None:
        """The final document, None where no such record is archived; raises AgentError when it can't be made.

        `language` asks for a page in another language than the record's own: another view of the same signed bytes, with
        the same proofs and a seal of its own.
        """
        row = self._row(record_sha256)
        if row is None:
            return None
        other = language if language is not decode_record(row.record).language else None
        kept = self._kept(row, other)
        return kept if kept is not None else self._make(record_sha256, other)

    def proof(self, record_sha256: str, name: str) -> bytes | None:
        """One of the proofs of an archived record: time_stamp, log_proof, outside_stamp."""
        row = self._row(record_sha256)
        found: bytes | None = None if row is None else getattr(row, name)
        return found

    def complete(self) -> None:
        """Make the time stamps and log proofs that are missing, for what was archived before the keys were there."""
        authority, now = self._settings.authority, self._settings.clock()
        if authority is None:
            return
        lacking = [proofs.c.log_proof.is_(None)]
        if authority.stamps_at(now) is not None:
            lacking.append(proofs.c.time_stamp.is_(None))
        missing = select(certificates.c.sequence).outerjoin(proofs).where(or_(*lacking))
        with self._store.engine.connect() as connection:
            sequences = connection.execute(missing.order_by(certificates.c.sequence)).scalars().all()
        for sequence in sequences:
            with self._store.writing() as connection:
                add_proofs(connection, sequence, authority, now)

    def _make(self, record_sha256: str, other: Language | None) -> bytes | NotMade | None:
        now = self._settings.clock()
        authority, load_trust = self._settings.authority, self._settings.trust
        tsa = authority.stamps_at(now) if authority else None
        seal = authority.seals_at(now) if authority else None
        if authority is None or load_trust is None or tsa is None or seal is None:
            return NotMade("This registry has no valid keys for time stamps and seals.", for_now=False)
        trust = load_trust()
        if not trust.crls:
            return NotMade("This registry has no CRL, which a final document carries.", for_now=False)
        row = self._row(record_sha256)
        if row is None or (kept := self._kept(row, other)) is not None:
            return None if row is None else kept
        crl = _crl_of(row, trust)
        if crl is None:
            return NotMade(
                "This registry has no CRL of the CA that issued this station's certificate.", for_now=True
            )
        with self._store.writing() as connection:
            add_proofs(connection, row.sequence, authority, now)
        row = self._row(record_sha256)
        if row is None:
            return None
        document = self._sealed(row, (seal, tsa), (crl, trust.root_crl), now, other)
        problem = _refused(document, trust, authority, now)
        return NotMade(problem, for_now=True) if problem else self._keep(row.sequence, document, other)

    def _sealed(
        self,
        row: AnyRow,
        keys: tuple[StationKey, StationKey],
        lists: tuple[Crl, Crl | None],
        now: datetime,
        other: Language | None,
    ) -> bytes:
        (seal, tsa), (crl, root_crl) = keys, lists
        attached = {TIME_STAMP_NAME: row.time_stamp, LOG_PROOF_NAME: row.log_proof}
        attached[CRL_NAME] = crl.public_bytes(Encoding.PEM)
        if root_crl is not None:  # an empty list counts as false
            attached[ROOT_CRL_NAME] = root_crl.public_bytes(Encoding.PEM)
        record, digest = decode_record(row.record), hashlib.sha256(row.record).hexdigest()
        code = qr_svg(record, digest, seal)
        page = render_page(record, row.record, row.signature, language=other, proofs=attached, code=code)

        def stamp(digest: bytes) -> bytes:
            with self._store.writing() as connection:
                serial = next_stamp(connection)
            return make_token(digest, tsa, serial, now)

        return seal_final(page, seal, now, stamp)

    def _kept(self, row: AnyRow, other: Language | None) -> bytes | None:
        if other is None:
            own: bytes | None = row.final
            return own
        with self._store.engine.connect() as connection:
            return _copy(connection, row.sequence, other)

    def _keep(self, sequence: int, document: bytes, other: Language | None) -> bytes:
        """Whoever was first has perhaps been answered already: its bytes stay the ones."""
        with self._store.writing() as connection:
            if other is not None:
                made = {"sequence": sequence, "language": other.value, "final": document}
                if _copy(connection, sequence, other) is None:
                    connection.execute(insert(final_copies).values(made))
                return _copy(connection, sequence, other) or document
            connection.execute(
                update(proofs).where(proofs.c.sequence == sequence, proofs.c.final.is_(None)).values(final=document)
            )
            kept: bytes = connection.execute(
                select(proofs.c.final).where(proofs.c.sequence == sequence)
            ).scalar_one()
            return kept

    def _row(self, record_sha256: str) -> AnyRow | None:
        wanted = (
            select(certificates.c.sequence, certificates.c.record, certificates.c.signature, *_PROOFS)
            .outerjoin(proofs)
            .where(certificates.c.record_sha256 == record_sha256)
        )
        with self._store.engine.connect() as connection:
            return connection.execute(wanted).one_or_none()


def _copy(connection: Connection, sequence: int, language: Language) -> bytes | None:
    wanted = select(final_copies.c.final).where(
        final_copies.c.sequence == sequence, final_copies.c.language == language.value
    )
    found: bytes | None = connection.execute(wanted).scalar_one_or_none()
    return found


_PROOFS = (proofs.c.time_stamp, proofs.c.log_proof, proofs.c.final, proofs.c.outside_stamp)


def _crl_of(row: AnyRow, trust: Trust) -> Crl | None:
    # After `renew-ca --new-key` stations of two CAs are at work, each with a list of its own.
    envelope = open_envelope(row.signature, hashlib.sha256(row.record).digest(), timed=True)
    return find_crl(trust.crls, x509.load_der_x509_certificate(envelope.issuing_ca))


def _refused(document: bytes, trust: Trust, authority: Authority, now: datetime) -> str:
    given = Trust(trust.roots, trust.crls, (authority.log.verifier,))
    report = verify_document(document, given, now, Degree.LOGGED)
    if report.valid:
        return ""
    step = report.failed_step
    if step is None:
        raise CertificateError("The final document does not pass its own verification.")
    return f"The final document does not pass its own verification: {step.name}: {step.detail}"
