"""Detached CAdES-B-B signatures (EN 319 122-1) over ECDSA P-256 with SHA-256, in one exact form.

One builder serves the record's `.p7s` and the PDF's seal. A verifier takes the few free parts out of an envelope (signing
time, two certificates, the ECDSA signature), builds the envelope again and compares every byte: whatever a lenient parser
would overlook - BER lengths, unsigned attributes, a second signer, other parameters - then differs. Both certificates are
named by digest in the signed attributes, the ECDSA signature is deterministic (RFC 6979) with the lower S: so one signing
act has one envelope, and signing the same bytes again gives it again.

The envelope is written tag by tag instead of by pyHanko's signer: its form is fixed, rebuilding needs every byte, and a
verifier starts in a third of the time. asn1crypto only reads the parts; what it is lenient about, the comparison is not.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from asn1crypto import cms, core
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from agent.errors import SignatureInvalid

if TYPE_CHECKING:
    from agent.certificate.station import StationKey

MAXIMUM_ENVELOPE_BYTES = 16 * 1024

# FIPS 186-4 D.1.2.3: the order of P-256's group.
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

_SEQUENCE, _SET, _OCTETS, _CONTEXT_0 = 0x30, 0x31, 0x04, 0xA0
_VERSION_1 = bytes.fromhex("020101")


def _oid(dotted: str) -> bytes:
    return bytes(core.ObjectIdentifier(dotted).dump())


_DATA = _oid("1.2.840.113549.1.7.1")
_SIGNED_DATA = _oid("1.2.840.113549.1.7.2")
_CONTENT_TYPE = _oid("1.2.840.113549.1.9.3")
_MESSAGE_DIGEST = _oid("1.2.840.113549.1.9.4")
_SIGNING_TIME = _oid("1.2.840.113549.1.9.5")
_SIGNING_CERTIFICATE_V2 = _oid("1.2.840.113549.1.9.16.2.47")
_SHA256 = _oid("2.16.840.1.101.3.4.2.1")
_ECDSA_WITH_SHA256 = _oid("1.2.840.10045.4.3.2")

# What cryptography raises on foreign certificates; not all of it derives from ValueError.
CERTIFICATE_ERRORS = (
    ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType,
)  # fmt: skip
_PARSER_ERRORS = (*CERTIFICATE_ERRORS, KeyError, IndexError, AttributeError, OverflowError, RecursionError)


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
    signature = key.sign(_tlv(_SET, attributes))
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
    _check_ecdsa(envelope, _tlv(_SET, attributes))
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
    return (first, second) if first.issuer.dump() == second.subject.dump() else (second, first)


def _signed_attributes(digest: bytes, time: datetime | None, leaf: bytes, issuing_ca: bytes) -> bytes:
    """The contents of the SET OF signed attributes (RFC 5652 5.3, RFC 5035 3)."""
    named = [_tlv(_SEQUENCE, _tlv(_OCTETS, hashlib.sha256(der).digest())) for der in (leaf, issuing_ca)]
    values = [
        (_CONTENT_TYPE, _DATA),
        (_MESSAGE_DIGEST, _tlv(_OCTETS, digest)),
        (_SIGNING_CERTIFICATE_V2, _tlv(_SEQUENCE, _tlv(_SEQUENCE, *named))),
    ]
    if time is not None:
        values.append((_SIGNING_TIME, _time(time)))
    return b"".join(sorted(_tlv(_SEQUENCE, kind, _tlv(_SET, value)) for kind, value in values))


def _time(value: datetime) -> bytes:
    # RFC 5652 11.3: UTCTime through 2049, GeneralizedTime after.
    if 1950 <= value.year < 2050:
        return bytes(core.UTCTime(value).dump())
    return bytes(core.GeneralizedTime(value).dump())


def _build(attributes: bytes, envelope: Envelope) -> bytes:
    """The one envelope of these parts (RFC 5652 5.1; algorithm identifiers without parameters, RFC 5754 2 and 3.2)."""
    leaf = asn1_x509.Certificate.load(envelope.leaf, strict=True)
    signer = _tlv(
        _SEQUENCE,
        _VERSION_1,
        _tlv(_SEQUENCE, leaf.issuer.dump(), leaf["tbs_certificate"]["serial_number"].dump()),
        _tlv(_SEQUENCE, _SHA256),
        _tlv(_CONTEXT_0, attributes),
        _tlv(_SEQUENCE, _ECDSA_WITH_SHA256),
        _tlv(_OCTETS, envelope.signature),
    )
    signed_data = _tlv(
        _SEQUENCE,
        _VERSION_1,
        _tlv(_SET, _tlv(_SEQUENCE, _SHA256)),
        _tlv(_SEQUENCE, _DATA),
        _tlv(_CONTEXT_0, *sorted((envelope.leaf, envelope.issuing_ca))),
        _tlv(_SET, signer),
    )
    return _tlv(_SEQUENCE, _SIGNED_DATA, _tlv(_CONTEXT_0, signed_data))


def _tlv(tag: int, *parts: bytes) -> bytes:
    contents = b"".join(parts)
    size = len(contents)
    if size < 128:
        return bytes((tag, size)) + contents
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes((tag, 0x80 | len(length))) + length + contents


def _check_ecdsa(envelope: Envelope, attributes: bytes) -> None:
    signature = envelope.signature
    try:
        key = x509.load_der_x509_certificate(envelope.leaf).public_key()
    except CERTIFICATE_ERRORS as error:
        raise SignatureInvalid("The signer's key can't be read.") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise SignatureInvalid("The signer's key is not on the curve P-256.")
    try:
        r, s = decode_dss_signature(signature)
    except ValueError as error:
        raise SignatureInvalid("The ECDSA signature is not DER.") from error
    if encode_dss_signature(r, s) != signature or s > P256_ORDER // 2:
        raise SignatureInvalid("The ECDSA signature is not in its canonical form.")
    try:
        key.verify(signature, attributes, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise SignatureInvalid("The signature does not verify with its certificate's key.") from error
