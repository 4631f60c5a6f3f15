"""The trust chain as values: root, issuing CA, stations, CRL, and keys locked with a passphrase.

Key derivation: PBKDF2 with HMAC-SHA-256 and 600,000 iterations, AES-256-CBC (PKCS#5 v2.1, PBES2), because openssl reads it
and `cryptography`'s own encryption stops at 2,048 iterations (docs/decisions/certificate-keys.md).
"""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from asn1crypto import algos, keys, pem
from cryptography import x509
from cryptography.hazmat.primitives import hashes, padding
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from agent.certificate.trust import CA_USAGE, REGISTRY_USAGE, STATION_USAGE, TIME_STAMPING, LeafKind
from agent.errors import KeyLocked, StationError

ITERATIONS = 600_000
ROOT_LIFE = timedelta(days=20 * 365)
ISSUING_CA_LIFE = timedelta(days=5 * 365)
STATION_LIFE = timedelta(days=400)
CRL_LIFE = timedelta(days=90)
ROOT_CRL_LIFE = timedelta(days=400)
ISSUING_CA_NAME = "Ardoise issuing CA"

# A stick's clock may be a little behind the office's.
BACKDATED = timedelta(days=1)


@dataclass(frozen=True)
class Authority:
    """A certificate that issues others, with its key."""

    certificate: x509.Certificate
    private_key: ec.EllipticCurvePrivateKey = field(repr=False)


@dataclass(frozen=True)
class Issued:
    """A certificate that has just been issued, with the new key that it belongs to."""

    certificate: x509.Certificate
    private_key: ec.EllipticCurvePrivateKey = field(repr=False)


class Revoked(NamedTuple):
    """An entry of a CRL: serial, when it was revoked, why, and from when the key is not to be trusted (RFC 5280 5.3)."""

    serial: int
    moment: datetime
    reason: x509.ReasonFlags = x509.ReasonFlags.unspecified
    invalid_since: datetime | None = None


def new_key() -> ec.EllipticCurvePrivateKey:
    """A fresh P-256 key."""
    return ec.generate_private_key(ec.SECP256R1())


def make_root(
    organisation: str, at: datetime, *, test: bool, key: ec.EllipticCurvePrivateKey | None = None
) -> Authority:
    """A self-signed root of 20 years; a test root says TEST in its common name."""
    key = key or new_key()
    name = _name(organisation, "Ardoise TEST root" if test else "Ardoise root")
    builder = _builder(name, name, (key.public_key(), key.public_key()), at, at - BACKDATED + ROOT_LIFE)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
    builder = builder.add_extension(CA_USAGE, critical=True)
    return Authority(_sign(builder, key), key)


def make_issuing_ca(
    root: Authority,
    at: datetime,
    key: ec.EllipticCurvePrivateKey | None = None,
    *,
    life: timedelta = ISSUING_CA_LIFE,
    common_name: str = ISSUING_CA_NAME,
) -> Authority:
    """The CA below a root that issues the leaves of one organisation, never longer than the root."""
    key = key or new_key()
    organisation = str(root.certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value)
    name = _name(organisation, common_name)
    end = min(at - BACKDATED + life, root.certificate.not_valid_after_utc)
    builder = _builder(name, root.certificate.subject, (key.public_key(), root.private_key.public_key()), at, end)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(CA_USAGE, critical=True)
    return Authority(_sign(builder, root.private_key), key)


def issue_station(
    issuing_ca: Authority,
    station: str,
    at: datetime,
    life: timedelta = STATION_LIFE,
    key: ec.EllipticCurvePrivateKey | None = None,
) -> Issued:
    """A station's certificate, never longer than its CA's."""
    return issue_leaf(issuing_ca, station, LeafKind.STATION, at, life=life, key=key)


def issue_leaf(
    issuing_ca: Authority,
    name: str,
    kind: LeafKind,
    at: datetime,
    *,
    life: timedelta,
    key: ec.EllipticCurvePrivateKey | None = None,
) -> Issued:
    """A certificate of this kind, never longer than its CA's."""
    key = key or new_key()
    return Issued(_leaf(issuing_ca, (name, kind), at, life, key.public_key()), key)


def _leaf(
    issuing_ca: Authority,
    what: tuple[str, LeafKind],
    at: datetime,
    life: timedelta,
    public_key: ec.EllipticCurvePublicKey,
) -> x509.Certificate:
    name, kind = what
    organisation = str(issuing_ca.certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value)
    end = min(at + life, issuing_ca.certificate.not_valid_after_utc)
    public_keys = (public_key, issuing_ca.private_key.public_key())
    builder = _builder(_name(organisation, name), issuing_ca.certificate.subject, public_keys, at, end)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    usage = STATION_USAGE if kind is LeafKind.STATION else REGISTRY_USAGE
    builder = builder.add_extension(usage, critical=True)
    if kind is LeafKind.TIME_STAMPING:
        builder = builder.add_extension(TIME_STAMPING, critical=True)
    return _sign(builder, issuing_ca.private_key)


def issue_for(
    issuing_ca: Authority, name: str, at: datetime, life: timedelta, public_key: ec.EllipticCurvePublicKey
) -> x509.Certificate:
    """A station's certificate for a key whose private half stays where it was made."""
    return _leaf(issuing_ca, (name, LeafKind.STATION), at, life, public_key)


def make_request(name: str, key: ec.EllipticCurvePrivateKey) -> x509.CertificateSigningRequest:
    """A request for a certificate, signed with the key it is for: that proves possession (PKCS#10, RFC 2986)."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    return x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())


def make_crl(
    issuer: Authority,
    revoked: Sequence[Revoked | tuple[int, datetime, x509.ReasonFlags]],
    number: int,
    at: datetime,
    life: timedelta = CRL_LIFE,
) -> x509.CertificateRevocationList:
    """The CRL that lists these; a CA's is valid for 90 days, a root's for 400 (ROOT_CRL_LIFE)."""
    builder = x509.CertificateRevocationListBuilder().issuer_name(issuer.certificate.subject)
    builder = builder.last_update(at).next_update(at + life)
    builder = builder.add_extension(x509.CRLNumber(number), critical=False)
    builder = builder.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.private_key.public_key()), critical=False
    )
    for one in revoked:
        builder = builder.add_revoked_certificate(_crl_entry(Revoked(*one)))
    return builder.sign(issuer.private_key, hashes.SHA256(), ecdsa_deterministic=True)


def _crl_entry(revoked: Revoked) -> x509.RevokedCertificate:
    entry = x509.RevokedCertificateBuilder().serial_number(revoked.serial).revocation_date(revoked.moment)
    if revoked.reason is not x509.ReasonFlags.unspecified:  # RFC 5280 5.3.1: then the extension is left out
        entry = entry.add_extension(x509.CRLReason(revoked.reason), critical=False)
    if revoked.invalid_since is not None:
        entry = entry.add_extension(x509.InvalidityDate(revoked.invalid_since), critical=False)
    return entry.build()


def lock_key(key: ec.EllipticCurvePrivateKey, passphrase: bytes, iterations: int = ITERATIONS) -> bytes:
    """The key as an encrypted PKCS#8 in PEM."""
    plain = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    salt, vector = os.urandom(16), os.urandom(16)
    secret = hashlib.pbkdf2_hmac("sha256", passphrase, salt, iterations, 32)
    padder = padding.PKCS7(128).padder()
    encryptor = Cipher(AES256(secret), CBC(vector)).encryptor()
    encrypted = encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()
    derivation = {"salt": algos.Pbkdf2Salt({"specified": salt}), "iteration_count": iterations}
    kdf = {"algorithm": "pbkdf2", "parameters": {**derivation, "prf": {"algorithm": "sha256"}}}
    scheme = {"algorithm": "aes256_cbc", "parameters": vector}
    algorithm = {"algorithm": "pbes2", "parameters": {"key_derivation_func": kdf, "encryption_scheme": scheme}}
    info = keys.EncryptedPrivateKeyInfo({"encryption_algorithm": algorithm, "encrypted_data": encrypted})
    return bytes(pem.armor("ENCRYPTED PRIVATE KEY", info.dump()))


def unlock_key(key_pem: bytes, passphrase: bytes) -> ec.EllipticCurvePrivateKey:
    """An authority's key back; raises KeyLocked, StationError."""
    try:
        key = load_pem_private_key(key_pem, passphrase)
    except (ValueError, TypeError) as error:
        raise KeyLocked("The passphrase does not open the key.", "Try again.") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise StationError("The key is not on the curve P-256.")
    return key


def _name(organisation: str, common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    public_keys: tuple[ec.EllipticCurvePublicKey, ec.EllipticCurvePublicKey],
    at: datetime,
    end: datetime,
) -> x509.CertificateBuilder:
    key, issuer_key = public_keys
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(at - BACKDATED).not_valid_after(end)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    return builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False)


def _sign(builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    return builder.sign(key, hashes.SHA256(), ecdsa_deterministic=True)
