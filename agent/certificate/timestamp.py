"""RFC 3161 time stamps of the registry's own authority, in one exact form: made here, and verified here.

As with signatures, a verifier takes the free parts out of a token, builds it again and compares every byte. A stamp proves
that a digest existed at a time to whoever trusts the authority's certificate; the chain is the caller's question.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from asn1crypto import tsp

from agent.certificate.cms_form import (
    PARSER_ERRORS,
    Signatory,
    build_signed_data,
    check_ecdsa,
    signed_attributes,
    take_apart,
)
from agent.certificate.der import OCTETS, SEQUENCE, SET, generalized_time, integer, oid, tlv
from agent.errors import ProofInvalid, SignatureInvalid

if TYPE_CHECKING:
    from agent.certificate.station import StationKey

MAXIMUM_RESPONSE_BYTES = 16 * 1024
ACCURACY = timedelta(seconds=1)
POLICY = "2.25.12360723917704028252149150983687122828"
"""The policy under which the registry stamps (docs/registry.md); an identifier from a UUID (ITU-T X.667), not registered."""

_TST_INFO = oid("1.2.840.113549.1.9.16.1.4")
_SHA256 = oid("2.16.840.1.101.3.4.2.1")
_GRANTED = tlv(SEQUENCE, integer(0))


@dataclass(frozen=True)
class Stamp:
    """What a verified token states, and who signed it (certificates in DER)."""

    serial: int
    time: datetime
    leaf: bytes
    issuing_ca: bytes

    @property
    def latest(self) -> datetime:
        """The latest moment at which it can have been made."""
        return self.time + ACCURACY


def make_token(digest: bytes, key: "StationKey", serial: int, time: datetime) -> bytes:
    """The token over a SHA-256 digest at `time`, cut to whole seconds (RFC 3161 2.4.2); a serial is used once only."""
    info = _tst_info(digest, serial, time.astimezone(UTC).replace(microsecond=0))
    attributes = _attributes(info, key.leaf, key.issuing_ca)
    signatory = Signatory(key.leaf, key.issuing_ca, key.sign(tlv(SET, attributes)))
    return build_signed_data(attributes, signatory, content_type=_TST_INFO, content=info)


def response_of(token: bytes) -> bytes:
    """The granted TimeStampResp that carries a token (RFC 3161 2.4.2)."""
    return tlv(SEQUENCE, _GRANTED, token)


def token_of(response: bytes) -> bytes:
    """The token that a granted response carries, *not* verified; raises ProofInvalid."""
    if len(response) > MAXIMUM_RESPONSE_BYTES:
        raise ProofInvalid("The time stamp is far too large.")
    try:
        token = bytes(tsp.TimeStampResp.load(response, strict=True)["time_stamp_token"].dump())
    except PARSER_ERRORS as error:
        raise ProofInvalid("The time stamp is no RFC 3161 response.") from error
    if response_of(token) != response:
        raise ProofInvalid("The time stamp is not a response that grants, and nothing else.")
    return token


def open_token(token: bytes, digest: bytes) -> Stamp:
    """What a token states, if it is of this registry's exact form and over this SHA-256 digest; raises ProofInvalid."""
    if len(token) > MAXIMUM_RESPONSE_BYTES:
        raise ProofInvalid("The time stamp is far too large.")
    try:
        signed_data = tsp.ContentInfo.load(token, strict=True)["content"]
        signatory, values = take_apart(signed_data)
        stated = signed_data["encap_content_info"]["content"].parsed
        serial, time = stated["serial_number"].native, stated["gen_time"].native
        imprint = stated["message_imprint"]["hashed_message"].native
        info = _tst_info(imprint, serial, time)
        attributes = _attributes(info, signatory.leaf, signatory.issuing_ca)
        rebuilt = build_signed_data(attributes, signatory, content_type=_TST_INFO, content=info)
        digested = values["message_digest"].native
    except PARSER_ERRORS as error:
        raise ProofInvalid("The time stamp is not of the form that registries make.") from error
    if not hmac.compare_digest(rebuilt, token) or signatory.time_stamp is not None:
        raise ProofInvalid("The time stamp's bytes are not the one exact form.")
    if digested != hashlib.sha256(info).digest() or not hmac.compare_digest(imprint, digest):
        raise ProofInvalid("The time stamp is over something else.")
    try:
        check_ecdsa(signatory, attributes)
    except SignatureInvalid as error:
        raise ProofInvalid(f"The time stamp is not signed: {error.message}") from error
    return Stamp(serial, time, signatory.leaf, signatory.issuing_ca)


def _tst_info(digest: bytes, serial: int, time: datetime) -> bytes:
    if len(digest) != 32 or serial < 1:
        raise ValueError("not the parts of a time stamp")
    return tlv(
        SEQUENCE,
        integer(1),
        oid(POLICY),
        tlv(SEQUENCE, tlv(SEQUENCE, _SHA256), tlv(OCTETS, digest)),
        integer(serial),
        generalized_time(time),
        tlv(SEQUENCE, integer(int(ACCURACY.total_seconds()))),
    )


def _attributes(info: bytes, leaf: bytes, issuing_ca: bytes) -> bytes:
    return signed_attributes(hashlib.sha256(info).digest(), leaf, issuing_ca, content_type=_TST_INFO)
