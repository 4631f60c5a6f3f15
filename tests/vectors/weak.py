"""Certificates that lead to the trusted root and yet may not sign records: other usage, other keys, other names."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from unittest import mock

from asn1crypto import core
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from agent.certificate.cades import sign_digest, sign_low_s
from agent.certificate.pki import Authority
from agent.certificate.record import encode_record
from agent.certificate.trust import CA_USAGE, REGISTRY_USAGE, STATION_USAGE
from agent.model.record import Issuer
from tests.samples import AT, Pki, fixed_key, sample_record
from tests.vectors.case import Case, ruled

ORGANISATION = "Société des vecteurs"


@dataclass(frozen=True)
class AnyKey:
    """Signs like a station, with whatever key and certificate."""

    certificate: x509.Certificate
    ca: x509.Certificate
    sign: Callable[[bytes], bytes]

    @property
    def leaf(self) -> bytes:
        """The signer's certificate in DER."""
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def issuing_ca(self) -> bytes:
        """The certificate that travels beside it in DER."""
        return self.ca.public_bytes(Encoding.DER)


def weak_cases(a: Pki) -> list[Case]:
    """Records that such certificates signed."""
    keyed = [*_by_usage(a), *_by_key(a), *_by_name(a), *_by_issuer(a)]
    return [_case(*each) for each in keyed] + ruled("weak hash", [_sha1_digest(a)])


def certificate(
    issuer: Authority, public_key: Any, *extensions: tuple[x509.ExtensionType, bool], **options: Any
) -> x509.Certificate:
    """A certificate with exactly these extensions; `name`, `organisation`, `algorithm` and `days` are options."""
    names = [
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, options.get("organisation", ORGANISATION)),
        x509.NameAttribute(NameOID.COMMON_NAME, options.get("name", "stick-w")),
    ]
    builder = x509.CertificateBuilder().subject_name(x509.Name(names)).issuer_name(issuer.certificate.subject)
    builder = builder.public_key(public_key).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(AT - timedelta(1)).not_valid_after(AT + timedelta(options.get("days", 400)))
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    algorithm = options.get("algorithm", hashes.SHA256())
    deterministic = (
        {"ecdsa_deterministic": True} if isinstance(issuer.private_key, ec.EllipticCurvePrivateKey) else {}
    )
    return builder.sign(issuer.private_key, algorithm, **deterministic)


_LEAF = (x509.BasicConstraints(ca=False, path_length=None), True)
_USAGE = (STATION_USAGE, True)
_CA = ((x509.BasicConstraints(ca=True, path_length=0), True), (CA_USAGE, True))

Keyed = tuple[str, str, str, str, AnyKey]


def _by_usage(a: Pki) -> list[Keyed]:
    key, rule = fixed_key("weak"), "key usage"
    eku = (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False)
    unknown = (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.55555.1"), b"\x05\x00"), True)
    leaves = {
        "usage-of-a-registry": ("digitalSignature alone", (_LEAF, (REGISTRY_USAGE, True))),
        "usage-not-critical": ("a keyUsage that may be overlooked", (_LEAF, (STATION_USAGE, False))),
        "usage-missing": ("no keyUsage at all", (_LEAF,)),
        "usage-of-a-client": ("meant for logging in", (_LEAF, _USAGE, eku)),
        "extension-unknown": ("a critical extension that nobody knows", (_LEAF, _USAGE, unknown)),
        "leaf-is-ca": (
            "a station that may issue certificates",
            ((x509.BasicConstraints(True, None), True), _USAGE),
        ),
    }
    return [
        (name, why, rule, "chain", _own(a, key, certificate(a.issuing_ca, key.public_key(), *extensions)))
        for name, (why, extensions) in leaves.items()
    ]


def _own(a: Pki, key: ec.EllipticCurvePrivateKey, leaf: x509.Certificate) -> AnyKey:
    return AnyKey(leaf, a.issuing_ca.certificate, lambda data: sign_low_s(key, data))


def _by_key(a: Pki) -> list[Keyed]:
    made: list[Keyed] = []
    for curve in (ec.SECP192R1(), ec.SECP224R1(), ec.SECP384R1(), ec.SECP256K1()):
        key = ec.derive_private_key(int.from_bytes(hashlib.sha256(curve.name.encode()).digest()[:20]), curve)
        leaf = certificate(a.issuing_ca, key.public_key(), _LEAF, _USAGE)
        signer = AnyKey(leaf, a.issuing_ca.certificate, _ecdsa(key))
        made.append((f"key-{curve.name}", f"a key on {curve.name}", "weak key", "signature", signer))
    old = rsa_key("leaf")
    leaf = certificate(a.issuing_ca, old.public_key(), _LEAF, _USAGE)
    signer = AnyKey(
        leaf, a.issuing_ca.certificate, lambda data: old.sign(data, padding.PKCS1v15(), hashes.SHA256())
    )
    made.append(("key-rsa-1024", "an RSA key of 1,024 bits", "weak key", "signature", signer))
    own = fixed_key("weak")
    plain = certificate(a.issuing_ca, own.public_key(), _LEAF, _USAGE)
    longer = certificate(a.issuing_ca, own.public_key(), _LEAF, _USAGE, algorithm=hashes.SHA384())
    for name, signed in (("sha1", _signed_by_sha1(plain, a.issuing_ca.private_key)), ("sha384", longer)):
        made.append(
            (
                f"issued-by-{name}",
                f"a certificate signed over {name.upper()}",
                "weak hash",
                "chain",
                _own(a, own, signed),
            )
        )
    return made


def _signed_by_sha1(leaf: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    """The same certificate signed over SHA-1, which `cryptography` refuses to make."""
    changed = asn1_x509.Certificate.load(leaf.public_bytes(Encoding.DER))
    changed["tbs_certificate"]["signature"] = changed["signature_algorithm"] = {"algorithm": "sha1_ecdsa"}
    digest = hashlib.sha1(changed["tbs_certificate"].dump(force=True)).digest()
    changed["signature_value"] = key.sign(digest, ec.ECDSA(Prehashed(hashes.SHA1()), deterministic_signing=True))
    return x509.load_der_x509_certificate(changed.dump(force=True))


def _ecdsa(key: ec.EllipticCurvePrivateKey) -> Callable[[bytes], bytes]:
    return lambda data: key.sign(data, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))


def _by_name(a: Pki) -> list[Keyed]:
    key, other = fixed_key("weak"), fixed_key("constrained")
    permitted = x509.DirectoryName(x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Allowed")]))
    made: list[Keyed] = []
    for critical in (True, False):
        limit = (x509.NameConstraints([permitted], None), critical)
        ca = Authority(
            certificate(a.root, other.public_key(), *_CA, limit, name="Limited CA", organisation="Allowed"), other
        )
        leaf = certificate(ca, key.public_key(), _LEAF, _USAGE)
        word = "critical" if critical else "not-critical"
        signer = AnyKey(leaf, ca.certificate, lambda data: sign_low_s(key, data))
        made.append(
            (
                f"name-constraint-{word}",
                "outside of the names that its CA may issue",
                "name constraint",
                "chain",
                signer,
            )
        )
    return made


def _by_issuer(a: Pki) -> list[Keyed]:
    key, rule = fixed_key("weak"), "CA as a leaf, leaf as a CA"
    station = Authority(a.station.chain.leaf, fixed_key("station a"))
    below = certificate(station, key.public_key(), _LEAF, _USAGE)
    direct = certificate(a.root, key.public_key(), _LEAF, _USAGE)
    weak = rsa_key("ca")
    weak_ca = Authority(certificate(a.root, weak.public_key(), *_CA, name="RSA CA"), weak)  # type: ignore[arg-type]
    longer = (x509.BasicConstraints(ca=True, path_length=3), True)
    free = fixed_key("free")
    free_ca = Authority(certificate(a.root, free.public_key(), longer, (CA_USAGE, True), name="Long CA"), free)
    own: Callable[[bytes], bytes] = lambda data: sign_low_s(key, data)  # noqa: E731
    issuing = a.issuing_ca
    return [
        ("ca-as-leaf", "signed by the issuing CA itself", rule, "chain",
         AnyKey(issuing.certificate, a.root.certificate, lambda data: sign_low_s(issuing.private_key, data))),
        ("leaf-as-ca", "issued by another station", rule, "chain", AnyKey(below, a.station.chain.leaf, own)),
        ("issued-by-root", "issued by the root, without an issuing CA", rule, "chain", AnyKey(direct, a.root.certificate, own)),
        ("ca-key-rsa-1024", "an issuing CA with an RSA key", "weak key", "chain",
         AnyKey(certificate(weak_ca, key.public_key(), _LEAF, _USAGE), weak_ca.certificate, own)),
        ("ca-path-length", "an issuing CA that may issue further ones", rule, "chain",
         AnyKey(certificate(free_ca, key.public_key(), _LEAF, _USAGE), free_ca.certificate, own)),
    ]  # fmt: skip


def _case(name: str, why: str, rule: str, step: str, key: AnyKey) -> Case:
    failure = "signature" if step == "signature" else "untrusted"
    return Case(name, _signed(key), why, failure, step, rule=rule)


def _signed(key: AnyKey) -> dict[str, bytes]:
    subject = {each.oid: str(each.value) for each in key.certificate.subject}
    names = subject[NameOID.ORGANIZATION_NAME], subject[NameOID.COMMON_NAME]
    issuer = Issuer(*names, key.certificate.fingerprint(hashes.SHA256()).hex())
    data = encode_record(sample_record(issuer=issuer))
    envelope = sign_digest(hashlib.sha256(data).digest(), key, AT)  # type: ignore[arg-type]
    return {"record.json": data, "record.json.p7s": envelope}


def _sha1_digest(a: Pki) -> Case:
    data = encode_record(sample_record(issuer=a.station.issuer))
    sha1 = bytes(core.ObjectIdentifier("1.3.14.3.2.26").dump())
    with mock.patch("agent.certificate.cms_form._SHA256", sha1):
        envelope = sign_digest(hashlib.sha1(data).digest(), a.station, AT)
    files = {"record.json": data, "record.json.p7s": envelope}
    return Case("digest-sha1", files, "a digest by SHA-1", "signature", "signature")


def rsa_key(seed: str) -> rsa.RSAPrivateKey:
    """An RSA key of 1,024 bits, the same in each run."""
    p, q = _prime(f"{seed} p"), _prime(f"{seed} q")
    exponent = 65537
    private = pow(exponent, -1, (p - 1) * (q - 1))
    public = rsa.RSAPublicNumbers(exponent, p * q)
    crt = rsa.rsa_crt_dmp1(private, p), rsa.rsa_crt_dmq1(private, q), rsa.rsa_crt_iqmp(p, q)
    return rsa.RSAPrivateNumbers(p, q, private, *crt, public).private_key()


def _prime(seed: str) -> int:
    candidate = int.from_bytes(hashlib.sha512(seed.encode()).digest()) | (3 << 510) | 1
    while any(pow(base, candidate - 1, candidate) != 1 for base in (2, 3, 5, 7)) or candidate % 65537 == 1:
        candidate += 2
    return candidate
