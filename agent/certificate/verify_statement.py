"""The verifier of statements: lots, intake receipts, destruction records and acceptances, offline, without a clock of its own.

verify_statement
  1. form        canonical JSON of a known schema
  2. signature   one exact CAdES envelope over these very bytes, ECDSA P-256
  3. chain       station <- issuing CA <- a root that was given
  4. time stamp  where there is one: over the signature, by an authority below the same root
  5. validity    all three certificates, at the time stamp's moment, else at the one asked for
  6. revocation  the CRLs of the issuing CA and of the root, where they were given; what was stamped before the revocation stays valid
  7. issuer      the statement names the certificate that signed it
  8. specimen    specimen <=> TEST root
  9. content     what it concludes, derived again from its own entries

verify_statement_document
  1. seal form, 2. seal, 3. seal chain, 4. attachments (NAME.json and NAME.json.p7s, nothing else),
  then the nine steps of the statement, numbered on, and
  14. same station the seal's certificate is the statement's
  15. page         what the statement says stands in the text of the page
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from agent.certificate.cades import Envelope, open_envelope
from agent.certificate.document import attached_files, check_certified, extract_text, find_seal
from agent.certificate.page_text import missing_words
from agent.certificate.proofs import check_given_crls, check_record_stamp, moment_of
from agent.certificate.report import FailureKind, Run, Signer, Step, StepFailed, StepStatus
from agent.certificate.statement import KINDS, Kind, decode_statement
from agent.certificate.statement_content import check_content, check_statement_issuer, check_statement_specimen
from agent.certificate.statement_text import statement_words
from agent.certificate.trust import Trust, check_validity, find_chain
from agent.model.statement import Statement

STATEMENT_STEPS = (
    "form", "signature", "chain", "time stamp", "validity", "revocation", "issuer", "specimen", "content",
)  # fmt: skip
STATEMENT_DOCUMENT_STEPS = (
    "seal form",
    "seal",
    "seal chain",
    "attachments",
    *STATEMENT_STEPS,
    "same station",
    "page",
)


@dataclass(frozen=True)
class StatementReport:
    """The result of a verification; `statement` is there only when everything was valid."""

    steps: tuple[Step, ...]
    valid: bool
    failure: FailureKind | None
    failed_step: Step | None
    statement: Statement | None
    sha256: str
    signer: Signer | None
    remarks: tuple[str, ...]


@dataclass
class _Work:
    """What one verification is about."""

    run: Run
    trust: Trust
    at: datetime
    time_stamp: bytes | None
    sha256: str = ""


def verify_statement(
    data: bytes, signature: bytes, trust: Trust, at: datetime, *, time_stamp: bytes | None = None
) -> StatementReport:
    """Verify a statement with its detached signature, and the time stamp (RFC 3161) over that, where there is one."""
    work = _Work(Run(STATEMENT_STEPS), trust, at, time_stamp)
    try:
        statement, _ = _check_statement(work, data, signature)
    except StepFailed as failure:
        return _failed(work, failure)
    return _passed(work, statement)


def verify_statement_document(
    pdf: bytes, trust: Trust, at: datetime, *, time_stamp: bytes | None = None
) -> StatementReport:
    """Verify a sealed PDF with the statement that it carries."""
    work = _Work(Run(STATEMENT_DOCUMENT_STEPS), trust, at, time_stamp)
    try:
        statement = _check_document(work, pdf)
    except StepFailed as failure:
        return _failed(work, failure)
    return _passed(work, statement)


def attached_statement(pdf: bytes) -> tuple[bytes, bytes]:
    """Statement and signature as a document carries them; raises StepFailed SEAL."""
    attached = attached_files(pdf)
    names = {name: len(contents) for name, contents in attached.items()}
    for kind in KINDS:
        if names == {kind.json_name: 1, kind.signature_name: 1}:
            return attached[kind.json_name][0], attached[kind.signature_name][0]
    raise StepFailed(FailureKind.SEAL, "The document does not carry exactly one statement and its signature.")


def is_statement(data: bytes) -> bool:
    """Whether this looks like a statement or its document, for those who were given any file; proves nothing."""
    if data.startswith(b"%PDF-"):
        return any(f"({kind.signature_name})".encode() in data for kind in KINDS)
    return any(f'"schema":"{kind.schema}"'.encode() in data for kind in KINDS)


def statement_kind(data: bytes) -> Kind[Statement]:
    """The kind that these bytes say they are, by their schema's name; raises StepFailed MALFORMED."""
    for kind in KINDS:
        # Canonical JSON has one spelling, so the name can be looked for before anything is parsed.
        if f'"schema":"{kind.schema}"'.encode() in data:
            return kind
    raise StepFailed(FailureKind.MALFORMED, "This is no statement of a known schema.")


def _check_statement(work: _Work, data: bytes, signature: bytes) -> tuple[Statement, Envelope]:
    run = work.run
    digest = hashlib.sha256(data)
    work.sha256 = digest.hexdigest()
    # 1.
    with run.step("form", FailureKind.MALFORMED) as notes:
        statement = decode_statement(data, statement_kind(data))
        notes.detail = f"{statement.schema}, {len(data)} bytes, SHA-256 {work.sha256}"
    # 2.
    with run.step("signature", FailureKind.SIGNATURE) as notes:
        envelope = open_envelope(signature, digest.digest(), timed=True)
        notes.detail = f"signed; the station's clock claimed {envelope.signing_time:%Y-%m-%d %H:%M:%S} UTC"
    signer = _check_signer(work, envelope, signature)
    # 7.
    with run.step("issuer", FailureKind.CONTRADICTION) as notes:
        notes.detail = check_statement_issuer(statement, signer)
    # 8.
    with run.step("specimen", FailureKind.SPECIMEN) as notes:
        notes.detail = check_statement_specimen(statement, signer)
    # 9.
    with run.step("content", FailureKind.CONTRADICTION) as notes:
        notes.detail = check_content(statement)
    if signer.test_root:
        run.remarks.append("The root is a throw-away TEST root: anyone may hold its keys.")
    return statement, envelope


def _check_signer(work: _Work, envelope: Envelope, signature: bytes) -> Signer:
    run = work.run
    # 3.
    with run.step("chain", FailureKind.UNTRUSTED) as notes:
        chain = find_chain(envelope.leaf, envelope.issuing_ca, work.trust)
        signer = run.signer = chain.signer
        notes.detail = f"{signer.station}, {signer.organisation} <- issuing CA <- {signer.root}"
    stamp = None
    # 4.
    with run.step("time stamp", FailureKind.PROOF) as notes:
        if work.time_stamp is None:
            notes.status, notes.detail = StepStatus.NOT_CHECKED, "no time stamp was given"
        else:
            stamp = check_record_stamp(work.time_stamp, signature, chain, work.trust, work.at)
            notes.detail = f"signed before {stamp.latest:%Y-%m-%d %H:%M:%S} UTC, by time stamp {stamp.serial}"
    moment = moment_of(stamp, work.at)
    # 5.
    with run.step("validity", FailureKind.EXPIRED) as notes:
        notes.detail = check_validity(chain, moment.at)
    # 6.
    with run.step("revocation", FailureKind.REVOKED) as notes:
        notes.detail, notes.status = check_given_crls(chain, work.trust, moment)
    return signer


def _check_document(work: _Work, pdf: bytes) -> Statement:
    run = work.run
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
        signer = find_chain(envelope.leaf, envelope.issuing_ca, work.trust).signer
        notes.detail = f"{signer.station}, {signer.organisation} <- issuing CA <- {signer.root}"
    # 4.
    with run.step("attachments", FailureKind.SEAL) as notes:
        check_certified(pdf, seal)
        data, signature = attached_statement(pdf)
        notes.detail = "the statement and its signature"
    # 5. to 13.
    statement, signed = _check_statement(work, data, signature)
    # 14.
    with run.step("same station", FailureKind.SEAL) as notes:
        if (envelope.leaf, envelope.issuing_ca) != (signed.leaf, signed.issuing_ca):
            raise StepFailed(FailureKind.SEAL, "The page was sealed by another station than the statement.")
        notes.detail = "sealed by the station that signed the statement"
    # 15.
    with run.step("page", FailureKind.SEAL) as notes:
        missing = missing_words(extract_text(pdf), statement_words(statement, data))
        if missing:
            raise StepFailed(FailureKind.SEAL, f"The page does not show what is signed: {missing[0]!r} is missing.")
        notes.detail = "headline, totals, serial numbers and digest stand in the page's text"
    return statement


def _failed(work: _Work, failure: StepFailed) -> StatementReport:
    report = work.run.failed(failure)
    return StatementReport(
        steps=report.steps,
        valid=False,
        failure=failure.kind,
        failed_step=report.failed_step,
        statement=None,
        sha256=work.sha256,
        signer=report.signer,
        remarks=report.remarks,
    )


def _passed(work: _Work, statement: Statement) -> StatementReport:
    run = work.run
    if len(run.steps) != len(run.names):
        raise AssertionError("a verification passed without all of its steps")
    return StatementReport(
        steps=tuple(run.steps),
        valid=True,
        failure=None,
        failed_step=None,
        statement=statement,
        sha256=work.sha256,
        signer=run.signer,
        remarks=tuple(run.remarks),
    )
