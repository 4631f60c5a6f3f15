"""A request for a station's certificate (PKCS#10, RFC 2986), and its fingerprint for a person to compare.

The request travels by mail or by stick, where anybody could exchange it. So the office issues only against a fingerprint that
came another way: read aloud by whoever holds the stick.
"""

import base64
import hashlib
import hmac

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID, SignatureAlgorithmOID

from agent.errors import Refused, UsageError

_GROUPS, _LETTERS = 6, 4
MAXIMUM_REQUEST_BYTES = 64 * 1024


def request_fingerprint(request: x509.CertificateSigningRequest) -> str:
    """The first 120 bits of the request's SHA-256 in Base32 (RFC 4648 6), six groups of four: no 0, 1 or 8 to mistake."""
    digest = hashlib.sha256(request.public_bytes(Encoding.DER)).digest()[:15]
    letters = base64.b32encode(digest).decode("ascii")
    return " ".join(letters[at : at + _LETTERS] for at in range(0, _GROUPS * _LETTERS, _LETTERS))


def load_request(data: bytes) -> tuple[str, ec.EllipticCurvePublicKey, x509.CertificateSigningRequest]:
    """Name and key of a request whose signature proves possession of the key; raises UsageError, Refused."""
    if len(data) > MAXIMUM_REQUEST_BYTES:
        raise UsageError("The request is longer than any that a station makes.")
    try:
        request = x509.load_pem_x509_csr(data)
        names = request.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        key = request.public_key()
    except ValueError as error:
        raise UsageError("The request is not a PKCS#10 request in PEM.", "Give station.csr.pem.") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise Refused("The request's key is not on the curve P-256.", "Make it with `ardoise pki request`.")
    if request.signature_algorithm_oid != SignatureAlgorithmOID.ECDSA_WITH_SHA256 or not request.is_signature_valid:
        raise Refused("The request is not signed with its own key.", "Make it again: `ardoise pki request`.")
    if len(names) != 1:
        raise UsageError("The request does not name one station.", "Make it with `ardoise pki request`.")
    return str(names[0].value), key, request


def check_fingerprint(request: x509.CertificateSigningRequest, given: str) -> None:
    """Raise Refused where the fingerprint that a person heard is not this request's; the right one is not told."""
    heard = "".join(given.upper().replace("-", " ").split())
    if not heard:
        raise Refused(
            "Without its fingerprint a request is not certified.",
            "Let whoever holds the stick read it aloud, and give it: --fingerprint 'ABCD EFGH ...'.",
        )
    expected = request_fingerprint(request).replace(" ", "")
    if not hmac.compare_digest(heard.encode(), expected.encode()):
        raise Refused(
            "The fingerprint is another one: this is not the request that was made on the stick, or it was misheard.",
            "Compare again; if it differs twice, find out who exchanged the file.",
        )
