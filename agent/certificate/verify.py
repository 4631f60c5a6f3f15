"""The one verifier: used by auditors (`ardoise verify`) and by the registry, offline, without a clock of its own.

verify_record
  1. record form   canonical JSON of a known schema
  2. signature     one exact CAdES envelope over these very bytes, ECDSA P-256
  3. chain         station <- issuing CA <- a root that was given
  4. time stamp    where there is one: over the signature, by an authority below the same root, valid then and now
  5. validity      all three certificates, at the time stamp's moment, else at the one asked for
  6. revocation    every CRL at hand; what was stamped before the revocation stays valid
  7. issuer        the record names the certificate that signed it
  8. specimen      simulated <=> specimen => TEST root
  9. evidence      outcomes and headline derived again from the evidence
 10. log           where there are a proof and a log's key: the record is in the log, after the head that it names
 11. checkpoint    the proof's checkpoint and one that the verifier knows are of one history, where they can be compared
 12. proof         the degree reached against the degree required

verify_document
  1. seal form     one signature over every byte but itself, canonical hex
  2. seal          one exact CAdES envelope over these bytes
  3. seal chain    station, or registry, <- issuing CA <- a root that was given
  4. attachments   certified, no changes allowed, one field; record.json and record.json.p7s inside, nothing else; a
                   registry's document holds time stamp, log proof and CRL too
  then the twelve steps of the record, numbered on, and of a provisional document (sealed by its station)
 17. same station  the seal's certificate is the record's, so that validity and revocation hold for both
     or of a final document (sealed by a registry)
 17. registry      below the record's root, valid at the time stamp inside the seal, which is not older than the record's
 18. page          every printed string, computed again from the record, stands in the text of the page, in its order

The record's signature covers the evidence, the seal covers the page that shows it. Nothing of the document is parsed as PDF
before its seal has led to a trusted root: strangers can't reach the PDF parser.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime

from agent.certificate.cades import Envelope, open_envelope
from agent.certificate.content import check_evidence, check_issuer, check_specimen, content_remarks
from agent.certificate.document import (
    check_certified,
    check_page,
    find_seal,
    read_attachments,
    read_proofs,
)
from agent.certificate.log_proof import Logged
from agent.certificate.proofs import (
    OF_THE_CA,
    Proofs,
    check_all_crls,
    check_known_head,
    check_logged,
    check_not_before,
    check_record_stamp,
    check_stamp,
    moment_of,
    proofs_of,
)
from agent.certificate.record import decode_record
from agent.certificate.report import Degree, FailureKind, Report, Run, StepFailed, StepStatus
from agent.certificate.revocation import REVOKED_LATER
from agent.certificate.timestamp import Stamp
from agent.certificate.trust import Chain, LeafKind, Trust, check_validity, find_chain
from agent.model.record import Record

RECORD_STEPS = (
    "record form", "signature", "chain", "time stamp", "validity", "revocation", "issuer", "specimen", "evidence", "log",
    "checkpoint", "proof",
)  # fmt: skip
_SEAL_STEPS = ("seal form", "seal", "seal chain", "attachments")
DOCUMENT_STEPS = (*_SEAL_STEPS, *RECORD_STEPS, "same station", "page")
FINAL_STEPS = (*_SEAL_STEPS, *RECORD_STEPS, "registry", "page")


@dataclass(frozen=True)
class _Asked:
    """What a verification is asked for."""

    trust: Trust
    at: datetime
    required: Degree
    proofs: Proofs


@dataclass(frozen=True)
class _Verified:
    """What the steps of a record have found."""

    record: Record
    envelope: Envelope
    chain: Chain
    stamp: Stamp | None
    degree: Degree


def verify_record(
    record: bytes,
    signature: bytes,
    trust: Trust,
    at: datetime,
    required: Degree = Degree.SIGNED,
    *,
    proofs: Proofs | None = None,
) -> Report:
    """Verify the evidence itself: `record.json` with its detached signature, and the proofs beside it."""
    run = Run(RECORD_STEPS)
    try:
        found = _check_record(run, (record, signature), _Asked(trust, at, required, proofs or Proofs()))
    except StepFailed as failure:
        return run.failed(failure)
    return run.passed(found.degree)


def verify_document(
    pdf: bytes,
    trust: Trust,
    at: datetime,
    required: Degree = Degree.SIGNED,
    *,
    proofs: Proofs | None = None,
) -> Report:
    """Verify a sealed PDF, provisional or final, with the evidence that it carries.

    `proofs` are those of the same record from elsewhere: a provisional document has none, and is older than its certificate.
    """
    run = Run(DOCUMENT_STEPS)
    try:
        degree = _check_document(run, pdf, _Asked(trust, at, required, proofs or Proofs()))
    except StepFailed as failure:
        return run.failed(failure)
    return run.passed(degree)


def attached_evidence(pdf: bytes) -> tuple[bytes, bytes]:
    """Record and signature as a document carries them, byte for byte; only for documents that verified; raises StepFailed."""
    return read_attachments(pdf)


def _check_record(run: Run, evidence: tuple[bytes, bytes], asked: _Asked) -> _Verified:
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
    chain, stamp = _check_signer(run, envelope, signature, asked)
    _check_content(run, record)
    logged = _check_log(run, record, data, asked)
    # 12.
    with run.step("proof", FailureKind.PROOF) as notes:
        degree = _degree(stamp, logged)
        notes.detail = f"degree reached: {degree}, required: {asked.required}"
        if asked.required.rank > degree.rank:
            raise StepFailed(FailureKind.PROOF, notes.detail)
    run.record = record
    return _Verified(record, envelope, chain, stamp, degree)


def _check_signer(run: Run, envelope: Envelope, signature: bytes, asked: _Asked) -> tuple[Chain, Stamp | None]:
    trust, at, proofs = asked.trust, asked.at, asked.proofs
    stamp = None
    # 3.
    with run.step("chain", FailureKind.UNTRUSTED) as notes:
        chain = find_chain(envelope.leaf, envelope.issuing_ca, trust)
        run.signer = chain.signer
        notes.detail = f"{run.signer.station}, {run.signer.organisation} <- issuing CA <- {run.signer.root}"
    # 4.
    with run.step("time stamp", FailureKind.PROOF) as notes:
        if proofs.time_stamp is None:
            notes.status, notes.detail = StepStatus.NOT_CHECKED, "no time stamp was given"
        else:
            stamp = check_record_stamp(proofs.time_stamp, signature, chain, trust, at)
            notes.detail = f"signed before {stamp.latest:%Y-%m-%d %H:%M:%S} UTC, by time stamp {stamp.serial}"
    moment = moment_of(stamp, at)
    # 5.
    with run.step("validity", FailureKind.EXPIRED) as notes:
        notes.detail = check_validity(chain, moment.at)
    # 6.
    with run.step("revocation", FailureKind.REVOKED) as notes:
        said = check_all_crls(chain, trust, proofs, moment)
        # What is said of the CA alone says nothing of the station.
        looked_up = any(not text.startswith(OF_THE_CA) for text in said)
        notes.detail = "; ".join([*said, *([] if looked_up else ["no CRL of the issuing CA was given"])])
        notes.status = StepStatus.OK if looked_up else StepStatus.NOT_CHECKED
        run.remarks.extend(f"The station was {text}." for text in said if text.startswith(REVOKED_LATER))
        later = f"{OF_THE_CA}{REVOKED_LATER}"
        run.remarks.extend(
            f"The issuing CA was {text.removeprefix(OF_THE_CA)}." for text in said if text.startswith(later)
        )
    return chain, stamp


def _check_content(run: Run, record: Record) -> None:
    signer = run.signer
    if signer is None:
        raise AssertionError("content is judged only after the chain")
    # 7.
    with run.step("issuer", FailureKind.CONTRADICTION) as notes:
        notes.detail = check_issuer(record, signer)
    # 8.
    with run.step("specimen", FailureKind.SPECIMEN) as notes:
        notes.detail = check_specimen(record, signer)
    # 9.
    with run.step("evidence", FailureKind.CONTRADICTION) as notes:
        notes.detail = check_evidence(record)
    run.remarks.extend(content_remarks(record, signer))


def _check_log(run: Run, record: Record, data: bytes, asked: _Asked) -> Logged | None:
    trust, proof, claimed = asked.trust, asked.proofs.log_proof, record.time.not_before_checkpoint
    logged = None
    # 10.
    with run.step("log", FailureKind.PROOF) as notes:
        if claimed is not None:
            known = check_not_before(claimed, trust)
            says = "The log's own signature in it shows" if known else "It claims, and nothing given here shows,"
            run.remarks.append(
                f"{says} that the record was made after the log {claimed.origin} had {claimed.size} entries."
            )
        if proof is None or not trust.log_keys:
            missing = "no log proof" if proof is None else "no key of a log"
            notes.status, notes.detail = StepStatus.NOT_CHECKED, f"{missing} was given"
        else:
            logged = check_logged(proof, data, claimed, trust)
            head = logged.checkpoint
            notes.detail = f"entry {logged.index} of the log {head.origin}, which had {head.size} entries then"
    # 11.
    with run.step("checkpoint", FailureKind.PROOF) as notes:
        notes.detail = "" if logged is None else check_known_head(logged.checkpoint, trust.checkpoint)
        if not notes.detail:
            notes.status, notes.detail = StepStatus.NOT_CHECKED, "no checkpoint of this size of the log is known"
    return logged


def _degree(stamp: Stamp | None, logged: Logged | None) -> Degree:
    # Each degree includes the ones before it, so a log proof without a time stamp is no more than the signature.
    if stamp is None:
        return Degree.SIGNED
    return Degree.TIMESTAMPED if logged is None else Degree.LOGGED


def _check_document(run: Run, pdf: bytes, asked: _Asked) -> Degree:
    # 1.
    with run.step("seal form", FailureKind.SEAL) as notes:
        seal = find_seal(pdf)
        notes.detail = f"one signature over all {len(pdf)} bytes but its own"
    # 2.
    with run.step("seal", FailureKind.SEAL) as notes:
        envelope = open_envelope(seal.envelope, seal.digest, timed=False, may_be_stamped=True)
        final = envelope.time_stamp is not None
        run.names = FINAL_STEPS if final else DOCUMENT_STEPS
        notes.detail = "the document is as it was sealed"
    # 3.
    with run.step("seal chain", FailureKind.UNTRUSTED) as notes:
        kind = LeafKind.REGISTRY if final else LeafKind.STATION
        sealer = find_chain(envelope.leaf, envelope.issuing_ca, asked.trust, kind)
        signer = sealer.signer
        notes.detail = f"{signer.station}, {signer.organisation} <- issuing CA <- {signer.root}"
    # 4.
    with run.step("attachments", FailureKind.SEAL) as notes:
        check_certified(pdf, seal)
        attached, proofs = read_attachments(pdf), read_proofs(pdf)
        if final != bool(proofs):
            raise StepFailed(FailureKind.SEAL, "A registry's document carries proofs, a station's own none.")
        notes.detail = ", ".join(("record.json", "record.json.p7s", *proofs))
    # 5. to 16.
    asked = replace(asked, proofs=proofs_of(proofs)) if final else asked
    found = _check_record(run, attached, asked)
    # 17.
    if final:
        _check_registry(run, envelope, sealer, found, asked)
    else:
        _check_same_station(run, envelope, found)
    # 18.
    with run.step("page", FailureKind.SEAL) as notes:
        notes.detail = check_page(pdf, found.record, attached[0])
    return found.degree


def _check_same_station(run: Run, envelope: Envelope, found: _Verified) -> None:
    with run.step("same station", FailureKind.SEAL) as notes:
        if (envelope.leaf, envelope.issuing_ca) != (found.envelope.leaf, found.envelope.issuing_ca):
            raise StepFailed(FailureKind.SEAL, "The page was sealed by another station than the record.")
        notes.detail = "sealed by the station that signed the record"
    run.remarks.append("A provisional document: the station's own, without the registry's proofs.")


def _check_registry(run: Run, envelope: Envelope, sealer: Chain, found: _Verified, asked: _Asked) -> None:
    with run.step("registry", FailureKind.SEAL) as notes:
        if sealer.root != found.chain.root or envelope.time_stamp is None or found.stamp is None:
            raise StepFailed(FailureKind.SEAL, "The page was sealed under another root than the record's.")
        digest = hashlib.sha256(envelope.signature).digest()
        stamp = check_stamp(envelope.time_stamp, digest, sealer, asked.trust, asked.at)
        if stamp.latest < found.stamp.time:
            raise StepFailed(FailureKind.SEAL, "The page was sealed before the record was time-stamped.")
        check_validity(sealer, stamp.time, LeafKind.REGISTRY)
        said = check_all_crls(sealer, asked.trust, asked.proofs, moment_of(stamp, asked.at), LeafKind.REGISTRY)
        looked_up = any(not text.startswith(OF_THE_CA) for text in said)
        looked = [*said, *([] if looked_up else ["revocation not checked, no CRL of its CA is at hand"])]
        notes.detail = (
            f"sealed by {sealer.signer.station} before {stamp.latest:%Y-%m-%d %H:%M:%S} UTC; {'; '.join(looked)}"
        )
