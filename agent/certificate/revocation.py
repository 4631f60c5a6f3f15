"""Revocation (RFC 5280 section 5): which of several CRLs is a CA's, and what it says of a certificate at one moment."""

from collections.abc import Iterable
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import CRLEntryExtensionOID, SignatureAlgorithmOID

from agent.certificate.cms_form import CERTIFICATE_ERRORS
from agent.certificate.report import FailureKind, StepFailed
from agent.certificate.trust import Chain, LeafKind

REVOKED_LATER = "revoked later"
"""How the text of `check_revocation` begins where the certificate was revoked after the time stamp."""


TOKENS_STAY = frozenset(
    {
        x509.ReasonFlags.unspecified,
        x509.ReasonFlags.affiliation_changed,
        x509.ReasonFlags.superseded,
        x509.ReasonFlags.cessation_of_operation,
    }
)
"""The reasons, where the CRL states one, after which an authority's earlier time stamps stay valid (RFC 3161 4, item 1)."""


def check_revocation(
    chain: Chain,
    crls: Iterable[x509.CertificateRevocationList],
    at: datetime,
    *,
    stamped: bool = False,
    kind: LeafKind = LeafKind.STATION,
) -> str:
    """Look the leaf up in its CA's CRL among these; raises StepFailed REVOKED, or UNTRUSTED where they prove nothing.

    `at` is the moment for which it must hold; `stamped` says that a verified time stamp proves it, so that a later revocation
    leaves what was signed before it valid (docs/certificate.md, "Revocation"); the text then says so.
    """
    crl = find_crl(crls, chain.issuing_ca)
    return _look_up(chain.leaf, chain.issuing_ca, crl, (at, stamped), kind.value)


def check_ca_revocation(
    chain: Chain, crl: x509.CertificateRevocationList, at: datetime, *, stamped: bool = False
) -> str:
    """Look the issuing CA up in the root's CRL, by the rules of `check_revocation`; raises StepFailed REVOKED, UNTRUSTED."""
    return _look_up(chain.issuing_ca, chain.root, crl, (at, stamped), "issuing CA")


def check_tsa_revocation(
    chain: Chain, crls: Iterable[x509.CertificateRevocationList], made: datetime, latest: datetime
) -> None:
    """Look an authority up for a time stamp made between these moments (RFC 3161 4); raises StepFailed REVOKED, UNTRUSTED.

    A stamp stays valid only if it was made before the revocation, and the CRL itself names a reason that says that the key was
    not lost: a stamp of a lost key, or of one of which nothing is said, may have been made at any time.
    """
    crl = find_crl(crls, chain.issuing_ca)
    entry = None if crl is None else crl.get_revoked_certificate_by_serial_number(chain.leaf.serial_number)
    harmless = entry is not None and _reason(entry) in TOKENS_STAY
    moment = (latest, True) if harmless else (made, False)
    _look_up(chain.leaf, chain.issuing_ca, crl, moment, LeafKind.TIME_STAMPING.value)


def is_crl_of(crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    """Whether the CRL calls this certificate's subject its issuer; its signature is another question."""
    return crl.issuer == issuer.subject


def find_crl(
    crls: Iterable[x509.CertificateRevocationList], issuer: x509.Certificate
) -> x509.CertificateRevocationList | None:
    """The newest CRL that this CA signed, else the newest in its name, of two alike the last; None where there is none."""
    named = [crl for crl in crls if is_crl_of(crl, issuer)]
    return max(reversed(named), key=lambda crl: (_is_signed(crl, issuer), crl.last_update_utc), default=None)


def _look_up(
    certificate: x509.Certificate,
    issuer: x509.Certificate,
    crl: x509.CertificateRevocationList | None,
    moment: tuple[datetime, bool],
    title: str,
) -> str:
    at, stamped = moment
    if crl is None or not is_crl_of(crl, issuer):
        raise _untrusted(f"The CRL is not one of the CA that issued the {title}'s certificate.")
    if not _is_signed(crl, issuer):
        raise _untrusted("The CRL's signature does not verify with the issuing CA's key.")
    entry = crl.get_revoked_certificate_by_serial_number(certificate.serial_number)
    if entry is not None:
        return _judge_revoked(entry, at, title, stamped=stamped)
    if crl.next_update_utc is None or at > crl.next_update_utc:
        raise _untrusted("The CRL is out of date; fetch a newer one.")
    return f"not revoked, by the CRL of {crl.last_update_utc:%Y-%m-%d}"


def _judge_revoked(entry: x509.RevokedCertificate, at: datetime, title: str, *, stamped: bool) -> str:
    since = entry.revocation_date_utc
    try:
        invalidity = entry.extensions.get_extension_for_oid(CRLEntryExtensionOID.INVALIDITY_DATE).value
        if isinstance(invalidity, x509.InvalidityDate):
            since = min(since, invalidity.invalidity_date_utc)
    except (*CERTIFICATE_ERRORS, x509.ExtensionNotFound):
        # An entry without the date, or one that can't be read: then the day of the revocation has to do.
        since = entry.revocation_date_utc
    if stamped and at < since:
        return f"{REVOKED_LATER} (not to be trusted from {since:%Y-%m-%d %H:%M} UTC on): stamped before, on {at:%Y-%m-%d %H:%M} UTC"
    # The signing time is only a claim, so a revoked key proves nothing, whatever date it writes.
    raise StepFailed(FailureKind.REVOKED, f"The {title} was revoked on {entry.revocation_date_utc:%Y-%m-%d}.")


def _reason(entry: x509.RevokedCertificate) -> x509.ReasonFlags | None:
    try:
        return entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    except (*CERTIFICATE_ERRORS, x509.ExtensionNotFound):
        return None


def _is_signed(crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    key = issuer.public_key()
    return (
        isinstance(key, ec.EllipticCurvePublicKey)
        and crl.signature_algorithm_oid == SignatureAlgorithmOID.ECDSA_WITH_SHA256
        and crl.is_signature_valid(key)
    )


def _untrusted(message: str) -> StepFailed:
    return StepFailed(FailureKind.UNTRUSTED, message)
