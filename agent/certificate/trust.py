"""Who is trusted: roots, the path of exactly three certificates below them, validity, and the issuing CA's CRL.

The shape is fixed (docs/certificate.md, "The chain"): root (path length 1) -> issuing CA (path length 0) -> station
(critical keyUsage digitalSignature + nonRepudiation), P-256 and SHA-256 throughout. Anything else is refused, an unknown
critical extension included (RFC 5280 4.2).
"""

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID, SignatureAlgorithmOID

from agent.certificate.cades import CERTIFICATE_ERRORS
from agent.certificate.report import FailureKind, Signer, StepFailed
from agent.errors import UsageError

_KNOWN_EXTENSIONS = (
    x509.BasicConstraints, x509.KeyUsage, x509.SubjectKeyIdentifier, x509.AuthorityKeyIdentifier,
)  # fmt: skip


@dataclass(frozen=True)
class Trust:
    """The roots that the verifier was given, and the CRL if there is one."""

    roots: tuple[x509.Certificate, ...]
    crl: x509.CertificateRevocationList | None = None


@dataclass(frozen=True)
class Chain:
    """A path whose signatures and usages have been checked; validity and revocation are separate questions."""

    leaf: x509.Certificate
    issuing_ca: x509.Certificate
    root: x509.Certificate

    @property
    def signer(self) -> Signer:
        """The station as its certificate names it."""
        return Signer(
            organisation=common_text(self.leaf, NameOID.ORGANIZATION_NAME),
            station=common_text(self.leaf, NameOID.COMMON_NAME),
            serial=f"{self.leaf.serial_number:x}",
            certificate_sha256=self.leaf.fingerprint(hashes.SHA256()).hex(),
            not_before=self.leaf.not_valid_before_utc,
            not_after=self.leaf.not_valid_after_utc,
            root=common_text(self.root, NameOID.COMMON_NAME),
            test_root=is_test_root(self.root),
        )


def load_trust(root_pem: bytes, crl: bytes | None = None) -> Trust:
    """Trust from one or more root certificates in PEM and a CRL in PEM or DER; raises UsageError."""
    try:
        roots = tuple(x509.load_pem_x509_certificates(root_pem))
    except ValueError as error:
        raise UsageError(
            "The trusted root is not a certificate in PEM.", "Give root.pem as `ardoise pki` made it."
        ) from error
    if not all(is_root(root) for root in roots):
        raise UsageError("A trusted certificate is not a self-signed root for P-256 and SHA-256.")
    return Trust(roots, None if crl is None else _load_crl(crl))


def find_chain(leaf_der: bytes, issuing_ca_der: bytes, trust: Trust) -> Chain:
    """The checked path from a station's certificate to a given root; raises StepFailed UNTRUSTED."""
    try:
        leaf, issuing_ca = (x509.load_der_x509_certificate(der) for der in (leaf_der, issuing_ca_der))
    except CERTIFICATE_ERRORS as error:
        raise _untrusted("A certificate is not DER.") from error
    # From the root downwards: whatever is looked into has been signed by somebody trusted.
    root = next((root for root in trust.roots if _is_issued_by(issuing_ca, root)), None)
    if root is None:
        raise _untrusted("The signer's chain does not lead to a trusted root.")
    if not is_issuing_ca(issuing_ca) or not _is_issued_by(leaf, issuing_ca):
        raise _untrusted("The station's certificate was not issued by the CA that travels with it.")
    if not is_station(leaf):
        raise _untrusted("The signer's certificate is not meant for signing records (keyUsage, extensions).")
    return Chain(leaf, issuing_ca, root)


def check_validity(chain: Chain, at: datetime) -> str:
    """Judge the three validity periods at one moment; the text says which; raises StepFailed EXPIRED or NOT_YET_VALID."""
    for certificate, title in ((chain.leaf, "station"), (chain.issuing_ca, "issuing CA"), (chain.root, "root")):
        if at > certificate.not_valid_after_utc:
            raise StepFailed(
                FailureKind.EXPIRED,
                f"The {title}'s certificate expired on {certificate.not_valid_after_utc:%Y-%m-%d}, "
                "and no verified time stamp says that the signature is older.",
            )
        if at < certificate.not_valid_before_utc:
            raise StepFailed(
                FailureKind.NOT_YET_VALID,
                f"The {title}'s certificate is not valid before {certificate.not_valid_before_utc:%Y-%m-%d}.",
            )
    return f"valid on {at:%Y-%m-%d} (station until {chain.leaf.not_valid_after_utc:%Y-%m-%d})"


def check_revocation(chain: Chain, crl: x509.CertificateRevocationList, at: datetime) -> str:
    """Look the station up in its CA's CRL; raises StepFailed REVOKED, or UNTRUSTED where the CRL proves nothing."""
    entry = crl.get_revoked_certificate_by_serial_number(chain.leaf.serial_number)
    key = chain.issuing_ca.public_key()
    if crl.issuer != chain.issuing_ca.subject or not isinstance(key, ec.EllipticCurvePublicKey):
        raise _untrusted("The CRL is not one of the CA that issued the station's certificate.")
    if crl.signature_algorithm_oid != SignatureAlgorithmOID.ECDSA_WITH_SHA256 or not crl.is_signature_valid(key):
        raise _untrusted("The CRL's signature does not verify with the issuing CA's key.")
    if entry is not None:
        # The signing time is only a claim, so a revoked key proves nothing, whatever date it writes.
        raise StepFailed(FailureKind.REVOKED, f"The station was revoked on {entry.revocation_date_utc:%Y-%m-%d}.")
    if crl.next_update_utc is None or at > crl.next_update_utc:
        raise _untrusted("The CRL is out of date; fetch a newer one.")
    return f"not revoked, by the CRL of {crl.last_update_utc:%Y-%m-%d}"


def is_test_root(root: x509.Certificate) -> bool:
    """Whether this is a throw-away root: the word TEST stands in its subject's common name."""
    return "TEST" in common_text(root, NameOID.COMMON_NAME).split()


def is_root(certificate: x509.Certificate) -> bool:
    """Whether this is a self-signed root of the fixed shape."""
    return _is_issued_by(certificate, certificate) and _is_ca(certificate, 1)


def is_issuing_ca(certificate: x509.Certificate) -> bool:
    """Whether this certificate may issue stations, and no further CA."""
    return _is_ca(certificate, 0)


def is_station(certificate: x509.Certificate) -> bool:
    """Whether this certificate is for signing records and nothing else."""
    usage, critical = _extension(certificate, x509.KeyUsage)
    constraints, _ = _extension(certificate, x509.BasicConstraints)
    is_ca = isinstance(constraints, x509.BasicConstraints) and constraints.ca
    return usage == STATION_USAGE and critical and not is_ca and _is_plain(certificate)


def common_text(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> str:
    """The one value of this kind in the subject, empty where there is none or more than one."""
    values = certificate.subject.get_attributes_for_oid(oid)
    return str(values[0].value) if len(values) == 1 else ""


def _usage(**yes: bool) -> x509.KeyUsage:
    names = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**{name: yes.get(name, False) for name in names})


STATION_USAGE = _usage(digital_signature=True, content_commitment=True)
CA_USAGE = _usage(key_cert_sign=True, crl_sign=True)


def _is_ca(certificate: x509.Certificate, path_length: int) -> bool:
    usage, usage_critical = _extension(certificate, x509.KeyUsage)
    constraints, critical = _extension(certificate, x509.BasicConstraints)
    return (
        constraints == x509.BasicConstraints(ca=True, path_length=path_length)
        and usage == CA_USAGE
        and critical
        and usage_critical
        and _is_plain(certificate)
    )


def _is_plain(certificate: x509.Certificate) -> bool:
    key = certificate.public_key()
    return (
        isinstance(key, ec.EllipticCurvePublicKey)
        and isinstance(key.curve, ec.SECP256R1)
        and all(isinstance(e.value, _KNOWN_EXTENSIONS) or not e.critical for e in certificate.extensions)
        and not any(isinstance(e.value, x509.ExtendedKeyUsage) for e in certificate.extensions)
    )


def _extension(
    certificate: x509.Certificate, kind: type[x509.ExtensionType]
) -> tuple[x509.ExtensionType | None, bool]:
    for extension in certificate.extensions:
        if isinstance(extension.value, kind):
            return extension.value, extension.critical
    return None, False


def _is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    if certificate.signature_algorithm_oid != SignatureAlgorithmOID.ECDSA_WITH_SHA256:
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except (*CERTIFICATE_ERRORS, InvalidSignature):
        return False
    return True


def _load_crl(data: bytes) -> x509.CertificateRevocationList:
    try:
        if data.lstrip().startswith(b"-----BEGIN"):
            return x509.load_pem_x509_crl(data)
        return x509.load_der_x509_crl(data)
    except ValueError as error:
        raise UsageError("The CRL is neither PEM nor DER.", "Give crl.pem as `ardoise pki` made it.") from error


def _untrusted(message: str) -> StepFailed:
    return StepFailed(FailureKind.UNTRUSTED, message)
