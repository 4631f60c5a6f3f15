"""The one form of a CMS SignedData here (RFC 5652): one signer, ECDSA P-256 with SHA-256, the signer's certificate and its CA's.

Records, seals and time stamps are all written by `build_signed_data`, so that a verifier can take the few free parts out of
one, build it again and compare every byte.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asn1crypto import core
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from agent.certificate.der import CONTEXT_0, CONTEXT_1, OCTETS, SEQUENCE, SET, generalized_time, integer, oid, tlv
from agent.errors import SignatureInvalid

# FIPS 186-4 D.1.2.3: the order of P-256's group.
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

DATA = oid("1.2.840.113549.1.7.1")
_SIGNED_DATA = oid("1.2.840.113549.1.7.2")
_CONTENT_TYPE = oid("1.2.840.113549.1.9.3")
_MESSAGE_DIGEST = oid("1.2.840.113549.1.9.4")
_SIGNING_TIME = oid("1.2.840.113549.1.9.5")
_SIGNING_CERTIFICATE_V2 = oid("1.2.840.113549.1.9.16.2.47")
_SIGNATURE_TIME_STAMP = oid("1.2.840.113549.1.9.16.2.14")
_SHA256 = oid("2.16.840.1.101.3.4.2.1")
_ECDSA_WITH_SHA256 = oid("1.2.840.10045.4.3.2")

# What cryptography raises on foreign certificates; not all of it derives from ValueError.
CERTIFICATE_ERRORS = (
    ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType,
)  # fmt: skip
PARSER_ERRORS = (*CERTIFICATE_ERRORS, KeyError, IndexError, AttributeError, OverflowError, RecursionError)


@dataclass(frozen=True)
class Signatory:
    """Who signed and with what result; all in DER. `time_stamp` is a token over the signature (RFC 3161 appendix A)."""

    leaf: bytes
    issuing_ca: bytes
    signature: bytes
    time_stamp: bytes | None = None


def signed_attributes(
    digest: bytes, leaf: bytes, issuing_ca: bytes, *, content_type: bytes = DATA, time: datetime | None = None
) -> bytes:
    """The contents of the SET OF signed attributes (RFC 5652 5.3, RFC 5035 3); both certificates are named by digest."""
    named = [tlv(SEQUENCE, tlv(OCTETS, hashlib.sha256(der).digest())) for der in (leaf, issuing_ca)]
    values = [
        (_CONTENT_TYPE, content_type),
        (_MESSAGE_DIGEST, tlv(OCTETS, digest)),
        (_SIGNING_CERTIFICATE_V2, tlv(SEQUENCE, tlv(SEQUENCE, *named))),
    ]
    if time is not None:
        values.append((_SIGNING_TIME, _time(time)))
    return b"".join(sorted(tlv(SEQUENCE, kind, tlv(SET, value)) for kind, value in values))


def build_signed_data(
    attributes: bytes, signatory: Signatory, *, content_type: bytes = DATA, content: bytes | None = None
) -> bytes:
    """The one SignedData of these parts (RFC 5652 5.1; algorithm identifiers without parameters, RFC 5754 2 and 3.2)."""
    leaf = asn1_x509.Certificate.load(signatory.leaf, strict=True)
    signer = tlv(
        SEQUENCE,
        integer(1),
        tlv(SEQUENCE, leaf.issuer.dump(), leaf["tbs_certificate"]["serial_number"].dump()),
        tlv(SEQUENCE, _SHA256),
        tlv(CONTEXT_0, attributes),
        tlv(SEQUENCE, _ECDSA_WITH_SHA256),
        tlv(OCTETS, signatory.signature),
        *([] if signatory.time_stamp is None else [_unsigned(signatory.time_stamp)]),
    )
    inner = [] if content is None else [tlv(CONTEXT_0, tlv(OCTETS, content))]
    signed_data = tlv(
        SEQUENCE,
        # RFC 5652 5.1: version 3 where the content is anything but plain data.
        integer(1 if content_type == DATA else 3),
        tlv(SET, tlv(SEQUENCE, _SHA256)),
        tlv(SEQUENCE, content_type, *inner),
        tlv(CONTEXT_0, *sorted((signatory.leaf, signatory.issuing_ca))),
        tlv(SET, signer),
    )
    return tlv(SEQUENCE, _SIGNED_DATA, tlv(CONTEXT_0, signed_data))


def take_apart(signed_data: Any) -> tuple[Signatory, dict[str, Any]]:  # noqa: ANN401 - asn1crypto has no types
    """Signatory and signed attributes by name, as lenient as the parser: to be built again and compared."""
    leaf, issuing_ca = _in_order([choice.chosen for choice in signed_data["certificates"]])
    (signer,) = signed_data["signer_infos"]
    values = {attribute["type"].native: attribute["values"][0] for attribute in signer["signed_attrs"]}
    unsigned = [a for a in signer["unsigned_attrs"] or () if a["type"].native == "signature_time_stamp_token"]
    stamp = unsigned[0]["values"][0].dump() if unsigned else None
    return Signatory(leaf.dump(), issuing_ca.dump(), signer["signature"].native, stamp), values


def check_ecdsa(signatory: Signatory, attributes: bytes) -> None:
    """The signature over the signed attributes verifies, in its canonical form with the lower S; raises SignatureInvalid."""
    signature = signatory.signature
    try:
        key = x509.load_der_x509_certificate(signatory.leaf).public_key()
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
        key.verify(signature, tlv(SET, attributes), ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise SignatureInvalid("The signature does not verify with its certificate's key.") from error


def _unsigned(token: bytes) -> bytes:
    return tlv(CONTEXT_1, tlv(SEQUENCE, _SIGNATURE_TIME_STAMP, tlv(SET, token)))


def _in_order(certificates: list[asn1_x509.Certificate]) -> tuple[asn1_x509.Certificate, asn1_x509.Certificate]:
    first, second = certificates
    return (first, second) if first.issuer.dump() == second.subject.dump() else (second, first)


def _time(value: datetime) -> bytes:
    # RFC 5652 11.3: UTCTime through 2049, GeneralizedTime after.
    if 1950 <= value.year < 2050:
        return bytes(core.UTCTime(value).dump())
    return generalized_time(value)
