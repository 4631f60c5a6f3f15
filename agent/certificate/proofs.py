"""What stands beside a record to prove when it was made and that it was logged: each judged on its own, offline.

Nothing here is believed because it is there: a time stamp counts once its chain has led to the record's root, a log proof
once a log's key that the verifier was given has signed its checkpoint. What can't be checked is said to be unchecked.
"""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509

from agent.certificate.checkpoint import Checkpoint, joined_checkpoint, open_checkpoint, same_head
from agent.certificate.document import CRL_NAME, LOG_PROOF_NAME, ROOT_CRL_NAME, TIME_STAMP_NAME
from agent.certificate.log_proof import Logged, check_proof
from agent.certificate.report import FailureKind, StepFailed, StepStatus
from agent.certificate.revocation import (
    check_ca_revocation,
    check_revocation,
    check_tsa_revocation,
    find_crl,
    is_crl_of,
)
from agent.certificate.timestamp import Stamp, open_token, token_of
from agent.certificate.trust import Chain, LeafKind, Trust, check_validity, find_chain, load_crl
from agent.errors import CertificateError, ProofInvalid, UsageError
from agent.model.record import NotBefore

CLOCKS_APART = timedelta(minutes=10)


@dataclass(frozen=True)
class Proofs:
    """The proofs that came with a record, as their files' bytes."""

    time_stamp: bytes | None = None
    log_proof: bytes | None = None
    crl: bytes | None = None
    root_crl: bytes | None = None


def proofs_of(files: Mapping[str, bytes]) -> Proofs:
    """The proofs among files by their names; others are passed over."""
    return Proofs(
        files.get(TIME_STAMP_NAME), files.get(LOG_PROOF_NAME), files.get(CRL_NAME), files.get(ROOT_CRL_NAME)
    )


def check_stamp(token: bytes, digest: bytes, chain: Chain, trust: Trust, at: datetime) -> Stamp:
    """The time stamp over this digest, by an authority below the root of `chain`; raises StepFailed, ProofInvalid."""
    stamp = open_token(token, digest)
    authority = find_chain(stamp.leaf, stamp.issuing_ca, trust, LeafKind.TIME_STAMPING)
    if authority.root != chain.root:
        raise ProofInvalid("The time stamp is of an authority under another root.")
    if stamp.time > at + CLOCKS_APART:
        raise StepFailed(
            FailureKind.NOT_YET_VALID,
            f"The time stamp is of {stamp.time:%Y-%m-%d %H:%M} UTC, which lies ahead of the time of this verification.",
        )
    # Whoever gets hold of an expired authority's key can stamp any past, so it has to be valid today as well as then.
    check_validity(authority, stamp.time, LeafKind.TIME_STAMPING)
    check_validity(authority, max(at, stamp.time), LeafKind.TIME_STAMPING)
    if find_crl(trust.crls, authority.issuing_ca) is not None:
        check_tsa_revocation(authority, trust.crls, stamp.time, stamp.latest)
    return stamp


def check_record_stamp(response: bytes, signature: bytes, chain: Chain, trust: Trust, at: datetime) -> Stamp:
    """The time stamp over a station's signature; raises StepFailed, ProofInvalid."""
    return check_stamp(token_of(response), hashlib.sha256(signature).digest(), chain, trust, at)


@dataclass(frozen=True)
class Moment:
    """The moment for which certificates are judged, and whether a verified time stamp proves it."""

    at: datetime
    latest: datetime
    stamped: bool


def moment_of(stamp: Stamp | None, at: datetime) -> Moment:
    """The stamp's moment, or the verification's own where there is none."""
    return Moment(at, at, stamped=False) if stamp is None else Moment(stamp.time, stamp.latest, stamped=True)


OF_THE_CA = "issuing CA: "


def check_all_crls(
    chain: Chain, trust: Trust, proofs: Proofs, moment: Moment, kind: LeafKind = LeafKind.STATION
) -> list[str]:
    """What each CRL at hand says of the chain, given ones first; empty where there is none; raises StepFailed.

    A CRL that travels inside must be one of the chain's issuing CA, and has to hold for the moment that is judged.
    """
    said = []
    if trust.crls and (kind is LeafKind.STATION or find_crl(trust.crls, chain.issuing_ca) is not None):
        said.append(check_revocation(chain, trust.crls, moment.latest, stamped=moment.stamped, kind=kind))
    if proofs.crl is not None:
        inside = _inside(proofs.crl)
        if kind is LeafKind.STATION or is_crl_of(inside, chain.issuing_ca):
            text = check_revocation(chain, (inside,), moment.latest, stamped=moment.stamped, kind=kind)
            said.append(f"{text} that travels inside")
    if trust.root_crl is not None and is_crl_of(trust.root_crl, chain.root):
        text = check_ca_revocation(chain, trust.root_crl, moment.latest, stamped=moment.stamped)
        said.append(f"{OF_THE_CA}{text}")
    if proofs.root_crl is not None:
        text = check_ca_revocation(chain, _inside(proofs.root_crl), moment.latest, stamped=moment.stamped)
        said.append(f"{OF_THE_CA}{text} that travels inside")
    return said


def check_given_crls(
    chain: Chain, trust: Trust, moment: Moment, kind: LeafKind = LeafKind.STATION
) -> tuple[str, StepStatus]:
    """What the given CRLs say of a chain that carries none: detail and status of a step; raises StepFailed."""
    said = []
    if trust.crls:
        said.append(check_revocation(chain, trust.crls, moment.latest, stamped=moment.stamped, kind=kind))
    else:
        said.append("no CRL was given")
    if trust.root_crl is not None and is_crl_of(trust.root_crl, chain.root):
        text = check_ca_revocation(chain, trust.root_crl, moment.latest, stamped=moment.stamped)
        said.append(f"{OF_THE_CA}{text}")
    return "; ".join(said), StepStatus.OK if trust.crls else StepStatus.NOT_CHECKED


def check_logged(proof: bytes, record: bytes, claimed: NotBefore | None, trust: Trust) -> Logged:
    """The record is in a log that is known here, after the head that it says it was made after; raises ProofInvalid."""
    logged = check_proof(proof, hashlib.sha256(record).digest(), trust.log_keys)
    if claimed is None or claimed.origin != logged.checkpoint.origin:
        return logged
    if claimed.size > logged.index:
        raise ProofInvalid(
            f"The record says that it was made after the log had {claimed.size} entries, and is its entry {logged.index}: "
            "the log was rolled back."
        )
    return logged


def check_known_head(head: Checkpoint, known: Checkpoint | None) -> str:
    """What the verifier's own checkpoint says of the proof's, empty where nothing; raises ProofInvalid for two histories."""
    if known is None or known.origin != head.origin or known.size != head.size:
        return ""
    if not same_head(known, head):
        raise ProofInvalid(f"The log shows two histories: another root hash is known for its {known.size} entries.")
    return f"the checkpoint is the known one of {known.size} entries"


def check_not_before(claimed: NotBefore, trust: Trust) -> bool:
    """Whether a log known here signed the head that the record was made after; raises ProofInvalid for a wrong signature."""
    if all(key.name != claimed.origin for key in trust.log_keys):
        return False
    try:
        head = Checkpoint(claimed.origin, claimed.size, base64.b64decode(claimed.root, validate=True))
        signature = base64.b64decode(claimed.signature, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ProofInvalid("The checkpoint in the record has not the form of one.") from error
    if not signature:
        return False
    signed = open_checkpoint(joined_checkpoint(head, signature), trust.log_keys)
    check_known_head(signed, trust.checkpoint)
    return same_head(signed, head)


def _inside(data: bytes) -> x509.CertificateRevocationList:
    try:
        return load_crl(data)
    except UsageError as error:
        raise CertificateError("The CRL that travels inside is none.") from error
