"""The registry's verifier is the auditor's: record, signature, chain and document, then the registry's own decision."""

import threading
from datetime import datetime
from pathlib import Path

from agent.certificate.document import read_attachments, read_proofs
from agent.certificate.evidence import Evidence
from agent.certificate.record import decode_record
from agent.certificate.report import FailureKind, Report
from agent.certificate.trust import Trust, load_trust
from agent.certificate.verify import verify_document, verify_record
from agent.errors import EnvironmentLacks, MalformedRecord
from server_stub.verdict import Accept, KeepApart, Refuse, Verdict

KEPT_APART = {
    FailureKind.UNTRUSTED: "unknown station",
    FailureKind.EXPIRED: "station certificate expired",
    FailureKind.NOT_YET_VALID: "station certificate not yet valid",
    FailureKind.REVOKED: "station revoked",
}


class TrustFiles:
    """The trusted roots and the CRLs as files; read again when they change, so that a new CRL needs no restart."""

    def __init__(self, root: Path, crl: Path | None, root_crl: Path | None = None) -> None:
        """Raise UsageError, EnvironmentLacks when they can't be used now."""
        self._root, self._crl, self._root_crl = root, crl, root_crl
        self._lock = threading.Lock()
        self._seen, self._trust = self._load()

    def current(self) -> Trust:
        """The trust as the files say it now; raises UsageError, EnvironmentLacks."""
        with self._lock:
            if self._stamp() != self._seen:
                self._seen, self._trust = self._load()
            return self._trust

    def _load(self) -> tuple[tuple[tuple[int, int, int], ...], Trust]:
        stamp = self._stamp()
        crl, root_crl = (None if path is None else _read(path) for path in (self._crl, self._root_crl))
        return stamp, load_trust(_read(self._root), crl, root_crl=root_crl)

    def _stamp(self) -> tuple[tuple[int, int, int], ...]:
        try:
            states = [path.stat() for path in (self._root, self._crl, self._root_crl) if path is not None]
        except OSError as error:
            raise _unreadable(Path(str(error.filename)), error) from error
        return tuple((s.st_mtime_ns, s.st_size, s.st_ino) for s in states)


class Judge:
    """Decides what becomes of evidence at one moment."""

    def __init__(self, trust: TrustFiles) -> None:
        self._trust = trust

    def __call__(self, evidence: Evidence, at: datetime) -> Verdict:
        """Verify both views of the record; whatever is not wholly valid is kept apart or refused."""
        trust = self._trust.current()
        record = verify_record(evidence.record, evidence.signature, trust, at)
        if not record.valid or record.record is None or record.signer is None:
            return _refusal_of(record, evidence, "record")
        document = verify_document(evidence.document, trust, at)
        if not document.valid:
            return _refusal_of(document, evidence, "document")
        attached = read_attachments(evidence.document)
        if attached != (evidence.record, evidence.signature):
            return Refuse(
                "document: same record", "The document carries another record or signature than the upload."
            )
        if read_proofs(evidence.document):
            return Refuse("document: attachments", "A station uploads its own document, not a registry's.")
        return Accept(record.record, record.signer.test_root)


def _refusal_of(report: Report, evidence: Evidence, part: str) -> Verdict:
    failed = report.failed_step
    detail = failed.detail if failed else "not valid"
    step = f"{part}: {failed.number} {failed.name}" if failed else part
    reason = KEPT_APART.get(report.failure) if report.failure else None
    if reason is None:
        return Refuse(step, detail)
    try:
        specimen = decode_record(evidence.record).specimen
    except MalformedRecord as error:
        return Refuse(step, error.message)
    if specimen and report.failure is FailureKind.UNTRUSTED:
        # Waiting can't help: a specimen never becomes valid under a root that is not its own throw-away one.
        return Refuse(step, f"A specimen of another root: {detail}")
    return KeepApart(reason, detail)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> EnvironmentLacks:
    return EnvironmentLacks(
        f"{str(path)!r} can't be read: {error.strerror}.", "Check --trust, --crl and --root-crl."
    )
