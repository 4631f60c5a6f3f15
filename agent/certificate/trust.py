"""Who is trusted: roots, the path of exactly three certificates below them, and their validity.

The shape is fixed (docs/certificate.md, "The chain"): root (path length 1) -> issuing CA (path length 0) -> station, registry
or time-stamping authority, each with a keyUsage that the others don't have, P-256 and SHA-256 throughout. Anything else is
refused, an unknown critical extension included (RFC 5280 4.2).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, SignatureAlgorithmOID

from agent.certificate.checkpoint import Checkpoint, open_checkpoint
from agent.certificate.cms_form import CERTIFICATE_ERRORS
from agent.certificate.note import VerifierKey, parse_verifier_key
from agent.certificate.report import FailureKind, Signer, StepFailed
from agent.errors import ProofInvalid, UsageError

_KNOWN_EXTENSIONS = (
    x509.BasicConstraints, x509.KeyUsage, x509.SubjectKeyIdentifier, x509.AuthorityKeyIdentifier,
)  # fmt: skip


_END_OF_CRL = b"-----END X509 CRL-----"


class LeafKind(StrEnum):
    """What a certificate at the end of a chain is for."""

    STATION = "station"
    REGISTRY = "registry"
    TIME_STAMPING = "time-stamping authority"


@dataclass(frozen=True)
class Trust:
    """What the verifier was given: roots, and where there are any the CRLs of issuing CAs, keys of logs, a log's newest known head, the root's own CRL."""

    roots: tuple[x509.Certificate, ...]
    crls: tuple[x509.CertificateRevocationList, ...] = ()
    log_keys: tuple[VerifierKey, ...] = ()
    checkpoint: Checkpoint | None = None
    root_crl: x509.CertificateRevocationList | None = None


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


ROOT_FILE, CRL_FILE, LOG_KEY_FILE, CHECKPOINT_FILE = "root.pem", "crl.pem", "log.vkey", "checkpoint"
ROOT_CRL_FILE = "root-crl.pem"
TRUST_FILES = (ROOT_FILE, CRL_FILE, LOG_KEY_FILE, CHECKPOINT_FILE, ROOT_CRL_FILE)


def load_trust_files(files: Mapping[str, bytes]) -> Trust:
    """Trust from the files of a folder by their names (TRUST_FILES), of which only root.pem must be there; raises UsageError."""
    if ROOT_FILE not in files:
        raise UsageError(f"The folder of what is trusted holds no {ROOT_FILE}.")
    return load_trust(files[ROOT_FILE], *map(files.get, TRUST_FILES[1:]))


def load_trust(
    root_pem: bytes,
    crl: bytes | None = None,
    log_keys: bytes | None = None,
    checkpoint: bytes | None = None,
    root_crl: bytes | None = None,
) -> Trust:
    """Trust from roots in PEM, CRLs in PEM or DER, keys of logs (one on each line) and a signed checkpoint; raises UsageError."""
    try:
        roots = tuple(x509.load_pem_x509_certificates(root_pem))
    except ValueError as error:
        raise UsageError(
            "The trusted root is not a certificate in PEM.", "Give root.pem as `ardoise pki` made it."
        ) from error
    if not all(is_root(root) for root in roots):
        raise UsageError("A trusted certificate is not a self-signed root for P-256 and SHA-256.")
    logs = () if log_keys is None else _load_log_keys(log_keys)
    head = None if checkpoint is None else _load_checkpoint(checkpoint, logs)
    lists = () if crl is None else load_crls(crl)
    of_root = None if root_crl is None else load_crl(root_crl)
    if of_root is not None and all(of_root.issuer != root.subject for root in roots):
        raise UsageError("The root's CRL is not one of a root that was given.")
    return Trust(roots, lists, logs, head, of_root)


def find_chain(leaf_der: bytes, issuing_ca_der: bytes, trust: Trust, kind: LeafKind = LeafKind.STATION) -> Chain:
    """The checked path from a certificate of this kind to a given root; raises StepFailed UNTRUSTED."""
    try:
        leaf, issuing_ca = (x509.load_der_x509_certificate(der) for der in (leaf_der, issuing_ca_der))
    except CERTIFICATE_ERRORS as error:
        raise _untrusted("A certificate is not DER.") from error
    # From the root downwards: whatever is looked into has been signed by somebody trusted.
    root = next((root for root in trust.roots if _is_issued_by(issuing_ca, root)), None)
    if root is None:
        raise _untrusted("The signer's chain does not lead to a trusted root.")
    if not is_issuing_ca(issuing_ca) or not _is_issued_by(leaf, issuing_ca):
        raise _untrusted(f"The {kind}'s certificate was not issued by the CA that travels with it.")
    if not _IS_KIND[kind](leaf):
        raise _untrusted(f"The signer's certificate is not meant for {_PURPOSES[kind]} (keyUsage, extensions).")
    return Chain(leaf, issuing_ca, root)


def check_validity(chain: Chain, at: datetime, kind: LeafKind = LeafKind.STATION) -> str:
    """Judge the three validity periods at one moment; the text says which; raises StepFailed EXPIRED or NOT_YET_VALID."""
    for certificate, title in ((chain.leaf, kind.value), (chain.issuing_ca, "issuing CA"), (chain.root, "root")):
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
    return f"valid on {at:%Y-%m-%d} ({kind} until {chain.leaf.not_valid_after_utc:%Y-%m-%d})"


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
    return _is_leaf(certificate, STATION_USAGE) and _is_plain(certificate)


def is_registry(certificate: x509.Certificate) -> bool:
    """Whether this certificate is for sealing final documents and nothing else."""
    return _is_leaf(certificate, REGISTRY_USAGE) and _is_plain(certificate)


def is_tsa(certificate: x509.Certificate) -> bool:
    """Whether this certificate is for time stamps and nothing else (RFC 3161 2.3)."""
    purposes, critical = _extension(certificate, x509.ExtendedKeyUsage)
    return (
        _is_leaf(certificate, REGISTRY_USAGE)
        and critical
        and purposes == TIME_STAMPING
        and _is_plain(certificate, may_have_purposes=True)
    )


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
REGISTRY_USAGE = _usage(digital_signature=True)
TIME_STAMPING = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
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


_IS_KIND = {LeafKind.STATION: is_station, LeafKind.REGISTRY: is_registry, LeafKind.TIME_STAMPING: is_tsa}
_PURPOSES = {
    LeafKind.STATION: "signing records",
    LeafKind.REGISTRY: "sealing documents",
    LeafKind.TIME_STAMPING: "time stamps",
}


def _is_leaf(certificate: x509.Certificate, expected: x509.KeyUsage) -> bool:
    usage, critical = _extension(certificate, x509.KeyUsage)
    constraints, _ = _extension(certificate, x509.BasicConstraints)
    is_ca = isinstance(constraints, x509.BasicConstraints) and constraints.ca
    return usage == expected and critical and not is_ca


def _is_plain(certificate: x509.Certificate, *, may_have_purposes: bool = False) -> bool:
    key = certificate.public_key()
    known = (*_KNOWN_EXTENSIONS, x509.ExtendedKeyUsage) if may_have_purposes else _KNOWN_EXTENSIONS
    return (
        isinstance(key, ec.EllipticCurvePublicKey)
        and isinstance(key.curve, ec.SECP256R1)
        and all(isinstance(e.value, known) or not e.critical for e in certificate.extensions)
        # Even where it is not critical, other verifiers obey it (RFC 5280 4.2.1.10): a name that escapes it must not pass here.
        and not any(isinstance(e.value, x509.NameConstraints) for e in certificate.extensions)
        and (
            may_have_purposes or not any(isinstance(e.value, x509.ExtendedKeyUsage) for e in certificate.extensions)
        )
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


def _load_log_keys(data: bytes) -> tuple[VerifierKey, ...]:
    try:
        lines = data.decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise UsageError("The log's key is not text.", "Give log.vkey as the registry made it.") from error
    return tuple(parse_verifier_key(line) for line in lines if line.strip())


def _load_checkpoint(note: bytes, logs: tuple[VerifierKey, ...]) -> Checkpoint:
    try:
        return open_checkpoint(note, logs)
    except ProofInvalid as error:
        raise UsageError(
            f"The known checkpoint can't be used: {error.message}",
            "Give it as the log signed it, with the log's key.",
        ) from error


def load_crl(data: bytes) -> x509.CertificateRevocationList:
    """The one CRL in PEM or DER; raises UsageError."""
    lists = load_crls(data)
    if len(lists) != 1:
        raise UsageError(
            "This file holds more than one CRL.", "Give one with the CRL that is asked for and no other."
        )
    return lists[0]


def load_crls(data: bytes) -> tuple[x509.CertificateRevocationList, ...]:
    """One CRL in DER, or one or more in PEM one after the other; raises UsageError."""
    remedy = "Give crl.pem as `ardoise pki` made it."
    blocks = [block + _END_OF_CRL for block in data.split(_END_OF_CRL)[:-1]]
    if blocks and data.count(b"-----BEGIN") != len(blocks):
        raise UsageError("Something else stands among the CRLs.", remedy)
    try:
        if not data.lstrip().startswith(b"-----BEGIN"):
            return (x509.load_der_x509_crl(data),)
        return tuple(map(x509.load_pem_x509_crl, blocks or [data]))
    except ValueError as error:
        raise UsageError("The CRL is neither PEM nor DER.", remedy) from error


def _untrusted(message: str) -> StepFailed:
    return StepFailed(FailureKind.UNTRUSTED, message)
