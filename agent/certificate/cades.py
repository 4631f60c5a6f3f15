"""Detached CAdES-B-B signatures (EN 319 122-1) over ECDSA P-256 with SHA-256, in one exact form.

One builder serves the record's `.p7s` and the PDF's seal. A verifier takes the few free parts out of an envelope (signing
time, two certificates, the ECDSA signature, a seal's time stamp), builds the envelope again and compares every byte: whatever
a lenient parser would overlook - BER lengths, unsigned attributes, a second signer, other parameters - then differs. Both
certificates are named by digest in the signed attributes, the ECDSA signature is deterministic (RFC 6979) with the lower S:
so one signing act has one envelope, and signing the same bytes again gives it again.

The envelope is written tag by tag instead of by pyHanko's signer: its form is fixed, rebuilding needs every byte, and a
verifier starts in a third of the time. asn1crypto only reads the parts; what it is lenient about, the comparison is not.
"""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from asn1crypto import cms
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from agent.certificate.cms_form import (
    CERTIFICATE_ERRORS,
    P256_ORDER,
    PARSER_ERRORS,
    Signatory,
    build_signed_data,
    check_ecdsa,
    signed_attributes,
    take_apart,
)
from agent.certificate.der import SET, tlv
from agent.errors import SignatureInvalid

if TYPE_CHECKING:
    from agent.certificate.station import StationKey

__all__ = [
    "CERTIFICATE_ERRORS",
    "P256_ORDER",
    "Envelope",
    "open_envelope",
    "sign_detached",
    "sign_digest",
    "sign_low_s",
]

MAXIMUM_ENVELOPE_BYTES = 16 * 1024

Stamper = Callable[[bytes], bytes]
"""Gives the time-stamp token (DER) over a SHA-256 digest."""


@dataclass(frozen=True)
class Envelope:
    """The free parts of a signature envelope; certificates, signature and the token over it in DER."""

    signing_time: datetime | None
    leaf: bytes
    issuing_ca: bytes
    signature: bytes
    time_stamp: bytes | None = None


def sign_detached(data: bytes, key: "StationKey", signing_time: datetime) -> bytes:
    """The DER envelope that signs `data`; `signing_time` is only a claim of the station's clock."""
    return sign_digest(hashlib.sha256(data).digest(), key, signing_time)


def sign_digest(
    digest: bytes, key: "StationKey", signing_time: datetime | None, stamp: Stamper | None = None
) -> bytes:
    """The envelope over a SHA-256 digest; without time for a PDF, whose own dictionary holds it (EN 319 142-1 6.3).

    With `stamp` the signature itself is time-stamped inside the envelope (EN 319 122-1 5.3).
    """
    second = None if signing_time is None else signing_time.astimezone(UTC).replace(microsecond=0)
    attributes = signed_attributes(digest, key.leaf, key.issuing_ca, time=second)
    signature = key.sign(tlv(SET, attributes))
    token = None if stamp is None else stamp(hashlib.sha256(signature).digest())
    return build_signed_data(attributes, Signatory(key.leaf, key.issuing_ca, signature, token))


def sign_low_s(private_key: ec.EllipticCurvePrivateKey, data: bytes) -> bytes:
    """A deterministic ECDSA signature in DER whose S is the lower of the two that would verify."""
    r, s = decode_dss_signature(private_key.sign(data, ec.ECDSA(hashes.SHA256(), deterministic_signing=True)))
    return encode_dss_signature(r, min(s, P256_ORDER - s))


def open_envelope(der: bytes, digest: bytes, *, timed: bool, may_be_stamped: bool = False) -> Envelope:
    """The parts of an envelope that signs content of this SHA-256 digest, in its exact form; raises SignatureInvalid.

    Says nothing about who holds the certificate: chain, usage and validity are the caller's next steps, and so is a token.
    """
    if len(der) > MAXIMUM_ENVELOPE_BYTES:
        raise SignatureInvalid(f"The signature takes {len(der)} bytes, {MAXIMUM_ENVELOPE_BYTES} are allowed.")
    try:
        signatory, values = take_apart(cms.ContentInfo.load(der, strict=True)["content"])
        signed_digest = values["message_digest"].native
        time = values["signing_time"].chosen.native if timed else None
        attributes = signed_attributes(signed_digest, signatory.leaf, signatory.issuing_ca, time=time)
        rebuilt = build_signed_data(attributes, signatory)
    except PARSER_ERRORS as error:
        raise SignatureInvalid("The signature is not a CMS envelope of the form that stations make.") from error
    if not hmac.compare_digest(rebuilt, der) or (signatory.time_stamp is not None and not may_be_stamped):
        raise SignatureInvalid(
            "The signature's bytes are not the one exact form (DER, one signer, known attributes)."
        )
    if not hmac.compare_digest(signed_digest, digest):
        raise SignatureInvalid("These bytes are not the ones that were signed: the digest differs.")
    check_ecdsa(signatory, attributes)
    return Envelope(time, signatory.leaf, signatory.issuing_ca, signatory.signature, signatory.time_stamp)
