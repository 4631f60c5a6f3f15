"""The one verifier: used by auditors (`ardoise verify`) and by the registry, offline, without a clock of its own.

verify_record
  1. record form   canonical JSON of a known schema
  2. signature     one exact CAdES envelope over these very bytes, ECDSA P-256
  3. chain         station <- issuing CA <- a root that was given
  4. validity      all three certificates, at the moment asked for
  5. revocation    the issuing CA's CRL, where one was given
  6. issuer        the record names the certificate that signed it
  7. specimen      simulated <=> specimen => TEST root
  8. evidence      outcomes and headline derived again from the evidence
  9. proof         the degree reached against the degree required

verify_document
  1. seal form     one signature over every byte but itself, canonical hex
  2. seal          one exact CAdES envelope over these bytes
  3. seal chain    station <- issuing CA <- a root that was given
  4. attachments   certified, no changes allowed, one field; record.json and record.json.p7s inside, nothing else
  then the nine steps of the record, numbered on, and
  14. same station the seal's certificate is the record's, so that validity and revocation hold for both
  15. page         headline, outcomes and serial numbers of the record stand in the text of the page

The record's signature covers the evidence, the seal covers the page that shows it; both are made by one station. Nothing of
the document is parsed as PDF before its seal has led to a trusted root: strangers can't reach the PDF parser.
"""

import hashlib
from datetime import datetime

from agent.certificate.cades import Envelope, open_envelope
from agent.certificate.content import check_evidence, check_issuer, check_specimen, content_remarks
from agent.certificate.document import check_certified, check_page, find_seal, read_attachments
from agent.certificate.record import decode_record
from agent.certificate.report import Degree, FailureKind, Report, Run, StepFailed, StepStatus
from agent.certificate.trust import Chain, Trust, check_revocation, check_validity, find_chain
from agent.model.record import Record

RECORD_STEPS = (
    "record form", "signature", "chain", "validity", "revocation", "issuer", "specimen", "evidence", "proof",
)  # fmt: skip
DOCUMENT_STEPS = ("seal form", "seal", "seal chain", "attachments", *RECORD_STEPS, "same station", "page")


def verify_record(
    record: bytes, signature: bytes, trust: Trust, at: datetime, required: Degree = Degree.SIGNED
) -> Report:
    """Verify the evidence itself: `record.json` with its detached signature."""
    run = Run(RECORD_STEPS)
    try:
        _check_record(run, (record, signature), trust, at, required)
    except StepFailed as failure:
        return run.failed(failure)
    return run.passed(Degree.SIGNED)


def verify_document(pdf: bytes, trust: Trust, at: datetime, required: Degree = Degree.SIGNED) -> Report:
    """Verify a sealed PDF with the evidence that it carries."""
    run = Run(DOCUMENT_STEPS)
    try:
        _check_document(run, pdf, trust, at, required)
    except StepFailed as failure:
        return run.failed(failure)
    return run.passed(Degree.SIGNED)


def attached_evidence(pdf: bytes) -> tuple[bytes, bytes]:
    """Record and signature as a document carries them, byte for byte; only for documents that verified; raises StepFailed."""
    return read_attachments(pdf)


def _check_record(
    run: Run, evidence: tuple[bytes, bytes], trust: Trust, at: datetime, required: Degree
) -> tuple[Record, Envelope]:
    data, signature = evidence
    digest = hashlib.sha256(data)
    run.record_sha256 = digest.hexdigest()
    # 1.
    with run.step("record form", FailureKind.MALFORMED) as notes:
        record = decode_record(data)
        notes.detail = f"{record.schema}, {len(data)} bytes, SHA-256 {run.record_sha256}"
    # 2.
    with run.step("signature", FailureKind.SIGNATURE) as notes:
        envelope = open_envelope(signature, digest.digest(), timed=True)
        notes.detail = f"signed; the station's clock claimed {envelope.signing_time:%Y-%m-%d %H:%M:%S} UTC"
    _check_signer(run, envelope, trust, at)
    _check_content(run, record, required)
    run.record = record
    return record, envelope


def _check_signer(run: Run, envelope: Envelope, trust: Trust, at: datetime) -> Chain:
    # 3.
    with run.step("chain", FailureKind.UNTRUSTED) as notes:
        chain = find_chain(envelope.leaf, envelope.issuing_ca, trust)
        run.signer = chain.signer
        notes.detail = f"{run.signer.station}, {run.signer.organisation} <- issuing CA <- {run.signer.root}"
    # 4.
    with run.step("validity", FailureKind.EXPIRED) as notes:
        notes.detail = check_validity(chain, at)
    # 5.
    with run.step("revocation", FailureKind.REVOKED) as notes:
        if trust.crl is None:
            notes.status, notes.detail = StepStatus.NOT_CHECKED, "no CRL was given"
        else:
            notes.detail = check_revocation(chain, trust.crl, at)
    return chain


def _check_content(run: Run, record: Record, required: Degree) -> None:
    signer = run.signer
    if signer is None:
        raise AssertionError("content is judged only after the chain")
    # 6.
    with run.step("issuer", FailureKind.CONTRADICTION) as notes:
        notes.detail = check_issuer(record, signer)
    # 7.
    with run.step("specimen", FailureKind.SPECIMEN) as notes:
        notes.detail = check_specimen(record, signer)
    # 8.
    with run.step("evidence", FailureKind.CONTRADICTION) as notes:
        notes.detail = check_evidence(record)
    # 9.
    with run.step("proof", FailureKind.PROOF) as notes:
        notes.detail = f"degree reached: {Degree.SIGNED}, required: {required}"
        if required.rank > Degree.SIGNED.rank:
            raise StepFailed(FailureKind.PROOF, notes.detail)
    run.remarks.extend(content_remarks(record, signer))


def _check_document(run: Run, pdf: bytes, trust: Trust, at: datetime, required: Degree) -> None:
    # 1.
    with run.step("seal form", FailureKind.SEAL) as notes:
        seal = find_seal(pdf)
        notes.detail = f"one signature over all {len(pdf)} bytes but its own"
    # 2.
    with run.step("seal", FailureKind.SEAL) as notes:
        envelope = open_envelope(seal.envelope, seal.digest, timed=False)
        notes.detail = "the document is as it was sealed"
    # 3.
    with run.step("seal chain", FailureKind.UNTRUSTED) as notes:
        signer = find_chain(envelope.leaf, envelope.issuing_ca, trust).signer
        notes.detail = f"{signer.station}, {signer.organisation} <- issuing CA <- {signer.root}"
    # 4.
    with run.step("attachments", FailureKind.SEAL) as notes:
        check_certified(pdf, seal)
        attached = read_attachments(pdf)
        notes.detail = "record.json and record.json.p7s"
    # 5. to 13.
    record, record_envelope = _check_record(run, attached, trust, at, required)
    # 14.
    with run.step("same station", FailureKind.SEAL) as notes:
        if (envelope.leaf, envelope.issuing_ca) != (record_envelope.leaf, record_envelope.issuing_ca):
            raise StepFailed(FailureKind.SEAL, "The page was sealed by another station than the record.")
        notes.detail = "sealed by the station that signed the record"
    # 15.
    with run.step("page", FailureKind.SEAL) as notes:
        notes.detail = check_page(pdf, record, attached[0])
