"""The registry's final document and its log's newest head: fetched after the receipt, kept on the stick only once verified.

Neither holds up the record: it is archived by its receipt, and what is missing here is asked for again at the next upload.
"""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path

from cryptography import x509

from agent.certificate.cades import open_envelope
from agent.certificate.checkpoint import Checkpoint, open_checkpoint
from agent.certificate.cms_form import CERTIFICATE_ERRORS
from agent.certificate.document import LOG_PROOF_NAME, find_seal, read_attachments, read_proofs
from agent.certificate.log_proof import decode_proof
from agent.certificate.proofs import check_known_head
from agent.certificate.receipt import MAX_RECEIPT_BYTES, read_receipt
from agent.certificate.record import decode_record
from agent.certificate.report import Degree
from agent.certificate.trust import Trust, is_registry
from agent.certificate.verify import verify_document
from agent.errors import CertificateError, EvidenceError, ReceiptInvalid, RegistryUnavailable
from agent.model.record import ClockCheck, document_kind
from agent.registry.answer import problem_text
from agent.registry.client import RegistryClient
from agent.registry.folder import RECEIPT, RECORD, SIGNATURE
from agent.registry.outbox import Outbox

MAXIMUM_DOCUMENT_BYTES = 16 * 1024 * 1024
_CHECKPOINT_BYTES = 64 * 1024
_ENOUGH_IN_VAIN = 3


@dataclass(frozen=True)
class FinalCheck:
    """What a final document is verified by: root and log key of the station, and the time that it takes for right."""

    trust: Trust
    at: Callable[[datetime], datetime]
    """Takes the time at which the registry says it received the record."""


@dataclass
class Fetching:
    """One round of fetching; a registry that has none for several records in a row is not asked for more in this round."""

    outbox: Outbox
    client: RegistryClient
    check: FinalCheck
    remarks: dict[str, str] = field(default_factory=dict)
    in_vain: int = 0

    def run(self) -> None:
        """Fetch what is missing, newest first; a silent registry ends the round; what went wrong is in `remarks`."""
        for folder in sorted(lacking_final(self.outbox), reverse=True):
            if self.in_vain >= _ENOUGH_IN_VAIN:
                return
            try:
                self.remarks[folder.name] = self._fetch(folder)
            except RegistryUnavailable as error:
                self.remarks[folder.name] = f"The final document was not fetched: {error.message}"
                return
            except (CertificateError, EvidenceError, ReceiptInvalid, OSError) as error:
                self.remarks[folder.name] = f"The registry's final document was not kept: {error}"

    def _fetch(self, folder: Path) -> str:
        evidence = ((folder / RECORD).read_bytes(), (folder / SIGNATURE).read_bytes())
        with (folder / RECEIPT).open("rb") as file:
            receipt = read_receipt(file.read(MAX_RECEIPT_BYTES + 1))
        answer = self.client.get(f"/v1/certificates/{receipt.record_sha256}/final", MAXIMUM_DOCUMENT_BYTES)
        if answer.status == HTTPStatus.NOT_FOUND:
            self.in_vain += 1
            return ""
        self.in_vain = 0
        if answer.status != HTTPStatus.OK:
            return f"The registry has not made the final document yet ({answer.status}{problem_text(answer)})."
        check_final(answer.body, evidence, self.check.trust, self.check.at(receipt.received_at))
        name = document_kind(decode_record(evidence[0])).final_name
        if self.check.trust.log_keys:
            proof = decode_proof(read_proofs(answer.body)[LOG_PROOF_NAME])
            keep_newest(self.outbox, proof.checkpoint, self.check.trust)
        self.outbox.store_final(folder.name, name, answer.body)
        return ""


def check_final(document: bytes, evidence: tuple[bytes, bytes], trust: Trust, at: datetime) -> None:
    """The document verifies to the degree that can be checked here, and carries this record; raises CertificateError."""
    required = Degree.LOGGED if trust.log_keys else Degree.TIMESTAMPED
    report = verify_document(document, trust, at, required)
    step = report.failed_step
    if not report.valid:
        raise CertificateError(
            f"It does not verify at {step.name}: {step.detail}" if step else "It does not verify."
        )
    if read_attachments(document) != evidence:
        raise CertificateError("It is of another record.")


def lacking_final(outbox: Outbox) -> list[Path]:
    """The folders of records that are archived and have no whole final document."""
    folders = [path.parent for path in outbox.evidence.glob(f"*/{RECEIPT}")]
    return [folder for folder in folders if final_in(folder) is None]


def final_in(folder: Path) -> Path | None:
    """The registry's document of this very record, where it is there, whole and of the registry's form; any other file counts as none.

    Its chain was judged before it was kept, by what was trusted then; here the seal must hold and a registry's certificate made it.
    """
    for path in sorted(folder.glob("*.final.pdf")):
        with contextlib.suppress(OSError, CertificateError, *CERTIFICATE_ERRORS):
            evidence = ((folder / RECORD).read_bytes(), (folder / SIGNATURE).read_bytes())
            if _is_final_of(path.read_bytes(), evidence):
                return path
    return None


def _is_final_of(document: bytes, evidence: tuple[bytes, bytes]) -> bool:
    seal = find_seal(document)
    envelope = open_envelope(seal.envelope, seal.digest, timed=False, may_be_stamped=True)
    return (
        envelope.time_stamp is not None
        and is_registry(x509.load_der_x509_certificate(envelope.leaf))
        and bool(read_proofs(document))
        and read_attachments(document) == evidence
    )


def keep_newest(outbox: Outbox, note: bytes, trust: Trust) -> Checkpoint:
    """Keep a checkpoint of a log that is known here unless a larger one is kept.

    Raises ProofInvalid, EvidenceError; two roots of one size are two histories, and neither is kept in silence.
    """
    checkpoint = open_checkpoint(note, trust.log_keys)
    for kept in outbox.checkpoints():
        try:
            known = open_checkpoint(kept, trust.log_keys)
        except CertificateError:
            continue  # torn, or of a log that is not known here
        check_known_head(checkpoint, known)
        if known.origin == checkpoint.origin and known.size >= checkpoint.size:
            return known
    outbox.keep_checkpoint(checkpoint.size, note)
    return checkpoint


def ask_checkpoint(outbox: Outbox, client: RegistryClient, trust: Trust) -> ClockCheck | None:
    """Fetch the log's newest head and compare the clock; raises RegistryUnavailable, ProofInvalid, EvidenceError."""
    before = client.now()
    answer = client.get("/checkpoint", _CHECKPOINT_BYTES)
    after = client.now()
    if answer.status == HTTPStatus.OK and trust.log_keys:
        keep_newest(outbox, answer.body, trust)
    return _clock_check(answer.date, before, after)


def _clock_check(date: str | None, before: datetime, after: datetime) -> ClockCheck | None:
    # RFC 9110 5.6.7: whole seconds, so the middle of that second is compared with the middle of the question.
    try:
        theirs = parsedate_to_datetime(date or "") + timedelta(milliseconds=500)
        offset = before + (after - before) / 2 - theirs
    except (ValueError, TypeError):
        return None
    return ClockCheck("registry", round(offset.total_seconds() * 1000), after)
