"""Detached CAdES-B-B signatures (EN 319 122-1) over ECDSA P-256 with SHA-256, in one exact form.

One builder serves the record's `.p7s` and the PDF's seal. A verifier takes the few free parts out of an envelope (signing
time, two certificates, the ECDSA signature), builds the envelope again and compares every byte: whatever a lenient parser
would overlook - BER lengths, unsigned attributes, a second signer, other parameters - then differs. Both certificates are
named by digest in the signed attributes, the ECDSA signature is deterministic (RFC 6979) with the lower S: so one signing
act has one envelope, and signing the same bytes again gives it again.

asn1crypto is used instead of pyHanko's signer because rebuilding needs full control of the bytes, and because a verifier
then starts in a third of the time.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from asn1crypto import cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from agent.errors import SignatureInvalid

if TYPE_CHECKING:
    from agent.certificate.station import StationKey

MAXIMUM_ENVELOPE_BYTES = 16 * 1024

# FIPS 186-4 D.1.2.3: the order of P-256's group.
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

_PARSER_ERRORS = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError)


@dataclass(frozen=True)
class Envelope:
    """The free parts of a signature envelope; certificates and signature in DER."""

    signing_time: datetime | None
    leaf: bytes
    issuing_ca: bytes
    signature: bytes


def sign_detached(data: bytes, key: "StationKey", signing_time: datetime) -> bytes:
    """The DER envelope that signs `data`; `signing_time` is only a claim of the station's clock."""
    return sign_digest(hashlib.sha256(data).digest(), key, signing_time)


def sign_digest(digest: bytes, key: "StationKey", signing_time: datetime | None) -> bytes:
    """The envelope over a SHA-256 digest; without time for a PDF, whose own dictionary holds it (EN 319 142-1 6.3)."""
    second = None if signing_time is None else signing_time.astimezone(UTC).replace(microsecond=0)
    attributes = _signed_attributes(digest, second, key.leaf, key.issuing_ca)
    signature = key.sign(attributes.dump())
    return _build(attributes, Envelope(second, key.leaf, key.issuing_ca, signature))


def sign_low_s(private_key: ec.EllipticCurvePrivateKey, data: bytes) -> bytes:
    """A deterministic ECDSA signature in DER whose S is the lower of the two that would verify."""
    r, s = decode_dss_signature(private_key.sign(data, ec.ECDSA(hashes.SHA256(), deterministic_signing=True)))
    return encode_dss_signature(r, min(s, P256_ORDER - s))


def open_envelope(der: bytes, digest: bytes, *, timed: bool) -> Envelope:
    """The parts of an envelope that signs content of this SHA-256 digest, in its exact form; raises SignatureInvalid.

    Says nothing about who holds the certificate: chain, usage and validity are the caller's next steps.
    """
    if len(der) > MAXIMUM_ENVELOPE_BYTES:
        raise SignatureInvalid(f"The signature takes {len(der)} bytes, {MAXIMUM_ENVELOPE_BYTES} are allowed.")
    try:
        envelope, signed_digest = _take_apart(der, timed=timed)
        attributes = _signed_attributes(signed_digest, envelope.signing_time, envelope.leaf, envelope.issuing_ca)
        rebuilt = _build(attributes, envelope)
    except _PARSER_ERRORS as error:
        raise SignatureInvalid("The signature is not a CMS envelope of the form that stations make.") from error
    if not hmac.compare_digest(rebuilt, der):
        raise SignatureInvalid(
            "The signature's bytes are not the one exact form (DER, one signer, known attributes)."
        )
    if not hmac.compare_digest(signed_digest, digest):
        raise SignatureInvalid("These bytes are not the ones that were signed: the digest differs.")
    _check_ecdsa(envelope, attributes.dump())
    return envelope


def _take_apart(der: bytes, *, timed: bool) -> tuple[Envelope, bytes]:
    signed_data = cms.ContentInfo.load(der, strict=True)["content"]
    leaf, issuing_ca = _in_order([choice.chosen for choice in signed_data["certificates"]])
    (signer,) = signed_data["signer_infos"]
    values = {attribute["type"].native: attribute["values"][0] for attribute in signer["signed_attrs"]}
    envelope = Envelope(
        signing_time=values["signing_time"].chosen.native if timed else None,
        leaf=leaf.dump(),
        issuing_ca=issuing_ca.dump(),
        signature=signer["signature"].native,
    )
    return envelope, values["message_digest"].native


def _in_order(certificates: list[asn1_x509.Certificate]) -> tuple[asn1_x509.Certificate, asn1_x509.Certificate]:
    first, second = certificates
    return (first, second) if first.issuer == second.subject else (second, first)


def _signed_attributes(digest: bytes, time: datetime | None, leaf: bytes, issuing_ca: bytes) -> cms.CMSAttributes:
    named = [tsp.ESSCertIDv2({"cert_hash": hashlib.sha256(der).digest()}) for der in (leaf, issuing_ca)]
    attributes = [
        cms.CMSAttribute({"type": "content_type", "values": ["data"]}),
        cms.CMSAttribute({"type": "message_digest", "values": [digest]}),
        cms.CMSAttribute(
            {"type": "signing_certificate_v2", "values": [tsp.SigningCertificateV2({"certs": named})]}
        ),
    ]
    if time is not None:
        attributes.append(cms.CMSAttribute({"type": "signing_time", "values": [_time(time)]}))
    return cms.CMSAttributes(attributes)


def _time(value: datetime) -> cms.Time:
    # RFC 5652 11.3: UTCTime through 2049, GeneralizedTime after.
    if 1950 <= value.year < 2050:
        return cms.Time({"utc_time": core.UTCTime(value)})
    return cms.Time({"general_time": core.GeneralizedTime(value)})


def _build(attributes: cms.CMSAttributes, envelope: Envelope) -> bytes:
    leaf = asn1_x509.Certificate.load(envelope.leaf, strict=True)
    digest_algorithm = cms.DigestAlgorithm({"algorithm": "sha256"})
    sid = cms.IssuerAndSerialNumber({"issuer": leaf.issuer, "serial_number": leaf.serial_number})
    signer = cms.SignerInfo(
        {
            "version": "v1",
            "sid": cms.SignerIdentifier({"issuer_and_serial_number": sid}),
            "digest_algorithm": digest_algorithm,
            "signed_attrs": attributes,
            "signature_algorithm": cms.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"}),
            "signature": envelope.signature,
        }
    )
    signed_data = cms.SignedData(
        {
            "version": "v1",
            "digest_algorithms": [digest_algorithm],
            "encap_content_info": {"content_type": "data"},
            "certificates": [leaf, asn1_x509.Certificate.load(envelope.issuing_ca, strict=True)],
            "signer_infos": [signer],
        }
    )
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": signed_data}).dump())


def _check_ecdsa(envelope: Envelope, attributes: bytes) -> None:
    try:
        key = x509.load_der_x509_certificate(envelope.leaf).public_key()
        r, s = decode_dss_signature(envelope.signature)
    except ValueError as error:
        raise SignatureInvalid("The signature or its certificate is not DER.") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise SignatureInvalid("The signer's key is not on the curve P-256.")
    if encode_dss_signature(r, s) != envelope.signature or s > P256_ORDER // 2:
        raise SignatureInvalid("The ECDSA signature is not in its canonical form.")
    try:
        key.verify(envelope.signature, attributes, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise SignatureInvalid("The signature does not verify with its certificate's key.") from error
