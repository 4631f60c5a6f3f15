"""The station's key with its chain: loaded with a passphrase, checked before anything depends on it.

Expiry is refused here, so that a technician learns it before the work and not after. A certificate that is *not yet* valid
is accepted: that is what a donated machine's dead clock makes of a good one (trust.md C5), and verifiers judge by theirs.
"""

from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from agent.certificate.cades import sign_low_s
from agent.certificate.report import StepFailed
from agent.certificate.trust import Chain, LeafKind, Trust, find_chain, is_root
from agent.errors import KeyLocked, StationError
from agent.model.record import Issuer

_ISSUE_ANEW = "Renew it: `ardoise pki renew`, or enrol the stick again: `ardoise pki request`."


@dataclass(frozen=True)
class StationKey:
    """A key that may sign records, with its checked chain; the private part never shows in a representation."""

    chain: Chain
    private_key: ec.EllipticCurvePrivateKey = field(repr=False)

    @property
    def leaf(self) -> bytes:
        """The station's certificate in DER."""
        return self.chain.leaf.public_bytes(Encoding.DER)

    @property
    def issuing_ca(self) -> bytes:
        """The issuing CA's certificate in DER."""
        return self.chain.issuing_ca.public_bytes(Encoding.DER)

    @property
    def issuer(self) -> Issuer:
        """What the record says of its signer."""
        signer = self.chain.signer
        return Issuer(signer.organisation, signer.station, signer.certificate_sha256)

    @property
    def not_before(self) -> datetime:
        """Begin of the certificate's validity."""
        return self.chain.leaf.not_valid_before_utc

    @property
    def not_after(self) -> datetime:
        """End of the certificate's validity."""
        return self.chain.leaf.not_valid_after_utc

    @property
    def is_test(self) -> bool:
        """Whether the root is a throw-away one: the only kind under which specimens are valid."""
        return self.chain.signer.test_root

    def sign(self, data: bytes) -> bytes:
        """An ECDSA signature over SHA-256 of `data`, DER, lower S; deterministic unless the key is in a token."""
        return sign_low_s(self.private_key, data)


def load_station_key(  # noqa: PLR0917 - one value for each file of the station's folder
    key_pem: bytes,
    cert_pem: bytes,
    chain_pem: bytes,
    root_pem: bytes,
    passphrase: bytes | None,
    at: datetime | None = None,
) -> StationKey:
    """The station's key, ready to sign; raises KeyLocked, and StationError (at `at`, expiry too)."""
    # The chain first: where it is broken, no passphrase helps.
    _load_chain(cert_pem, chain_pem, root_pem)
    return check_belongs(load_private_key(key_pem, passphrase), cert_pem, chain_pem, root_pem, at=at)


def check_belongs(
    private_key: ec.EllipticCurvePrivateKey,
    cert_pem: bytes,
    chain_pem: bytes,
    root_pem: bytes,
    *,
    at: datetime | None = None,
) -> StationKey:
    """A private key, from a file or in a token, with the certificates that must be its own; raises StationError."""
    chain = _load_chain(cert_pem, chain_pem, root_pem)
    if private_key.public_key() != chain.leaf.public_key():
        raise StationError("The station's key does not belong to its certificate.", _ISSUE_ANEW)
    key = StationKey(chain, private_key)
    if not key.issuer.organisation or not key.issuer.station:
        raise StationError("The station's certificate names no organisation or no station.", _ISSUE_ANEW)
    if at is not None:
        _check_not_expired(chain, at)
    return key


def load_leaf_key(
    key_pem: bytes, cert_pem: bytes, chain_pem: bytes, root_pem: bytes, *, kind: LeafKind
) -> StationKey:
    """A registry's key of this kind, kept without a passphrase; raises StationError, KeyLocked."""
    chain = _load_chain(cert_pem, chain_pem, root_pem, kind)
    private_key = load_private_key(key_pem, None)
    if private_key.public_key() != chain.leaf.public_key():
        raise StationError("The key does not belong to its certificate.", _ISSUE_ANEW)
    return StationKey(chain, private_key)


def _load_chain(cert_pem: bytes, chain_pem: bytes, root_pem: bytes, kind: LeafKind = LeafKind.STATION) -> Chain:
    try:
        leaf, issuing_ca, root = (x509.load_pem_x509_certificate(pem) for pem in (cert_pem, chain_pem, root_pem))
    except ValueError as error:
        raise StationError("A certificate in the station's folder is not PEM.", _ISSUE_ANEW) from error
    if not is_root(root):
        raise StationError("The root in the station's folder is not a root.", _ISSUE_ANEW)
    try:
        return find_chain(
            leaf.public_bytes(Encoding.DER), issuing_ca.public_bytes(Encoding.DER), Trust((root,)), kind
        )
    except StepFailed as failure:
        raise StationError(failure.message, _ISSUE_ANEW) from failure


def load_private_key(key_pem: bytes, passphrase: bytes | None) -> ec.EllipticCurvePrivateKey:
    """A station's key from its file; raises KeyLocked where the passphrase does not open it, StationError."""
    encrypted = b"ENCRYPTED" in key_pem.split(b"\n", 1)[0]
    if encrypted and not passphrase:
        raise KeyLocked("The station's key is locked.", "Give its passphrase.")
    try:
        key = load_pem_private_key(key_pem, passphrase if encrypted else None)
    except (ValueError, TypeError) as error:
        if encrypted:
            raise KeyLocked("The passphrase does not open the station's key.", "Try again.") from error
        raise StationError("The station's key is not a private key in PEM.", _ISSUE_ANEW) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise StationError("The station's key is not on the curve P-256.", _ISSUE_ANEW)
    return key


def _check_not_expired(chain: Chain, at: datetime) -> None:
    for certificate, title in ((chain.leaf, "station"), (chain.issuing_ca, "issuing CA"), (chain.root, "root")):
        if at > certificate.not_valid_after_utc:
            day = f"{certificate.not_valid_after_utc:%Y-%m-%d}"
            raise StationError(f"The {title}'s certificate expired on {day}.", _ISSUE_ANEW)
