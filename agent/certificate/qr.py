"""The signed code for paper and labels: what became of a machine, small enough to scan, complete enough to check offline.

    ARD1: + Base45 (RFC 9285) of a COSE_Sign1 message (RFC 9052 4.2), ES256
    protected header  1 (alg): -7, 34 (x5t, RFC 9360): [-16, SHA-256 of the station's certificate]
    payload           deterministic CBOR (RFC 8949 4.2.1): a map with the numbers below

The certificates are named by digest and not inside: whoever checks has them (docs/lots.md). What stands in the code is a
claim about a record that it names by digest; with the record at hand both are compared.
"""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import cbor2
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding

from agent.certificate import base45
from agent.certificate.cades import P256_ORDER
from agent.certificate.proofs import check_given_crls, moment_of
from agent.certificate.report import FailureKind, Run, Signer, Step, StepFailed, StepStatus
from agent.certificate.station import StationKey
from agent.certificate.trust import LeafKind, Trust, check_validity, find_chain, is_registry
from agent.model.machine import Environment
from agent.model.record import Headline, Outcome, Record

K = TypeVar("K")

PREFIX = "ARD1:"
MAXIMUM_VERSION = 25
MEDIA_SHOWN = 4
SERIAL_LETTERS = 24
MEDIUM_LETTERS = 16

QR_STEPS = ("form", "certificate", "signature", "chain", "validity", "revocation", "specimen", "record")

_SIGN1_TAG = 18
_ES256, _ALG, _X5T, _SHA256 = -7, 1, 34, -16
_RECORD, _HEADLINE, _SERIAL, _MEDIA, _TOTAL, _DONE, _TIME, _ENVIRONMENT = range(1, 9)

_HEADLINES = {Headline.SANITIZED: 1, Headline.INCOMPLETE: 2, Headline.NO_MEDIUM_FOUND: 3}
_OUTCOMES = {
    Outcome.SANITIZED: 1,
    Outcome.SANITIZED_WITH_EXCEPTIONS: 2,
    Outcome.FAILED: 3,
    Outcome.INTERRUPTED: 4,
    Outcome.UNKNOWN: 5,
    Outcome.REFUSED: 6,
    Outcome.NOT_SELECTED: 7,
}
_ENVIRONMENTS = {Environment.LIVE_IMAGE: 1, Environment.HOST: 2, Environment.SIMULATED: 3}


@dataclass(frozen=True)
class CodedMedium:
    """The end of a medium's serial number, and its outcome."""

    serial_end: str
    outcome: Outcome


@dataclass(frozen=True)
class Coded:
    """What a code says; `media` are the first few, `total` and `sanitized` count all."""

    record_sha256: str
    headline: Headline
    machine_serial: str
    media: tuple[CodedMedium, ...]
    total: int
    sanitized: int
    issued_at: datetime
    environment: Environment


@dataclass(frozen=True)
class QrReport:
    """The result of checking a code; `coded` is there only when everything was valid."""

    steps: tuple[Step, ...]
    valid: bool
    failure: FailureKind | None
    failed_step: Step | None
    coded: Coded | None
    signer: Signer | None


def coded_record(record: Record, record_sha256: str) -> Coded:
    """What the code of a record says."""
    return Coded(
        record_sha256=record_sha256,
        headline=record.headline,
        machine_serial=record.host.serial.strip()[:SERIAL_LETTERS],
        media=tuple(
            CodedMedium(d.identity.serial.strip()[-MEDIUM_LETTERS:], d.outcome) for d in record.drives[:MEDIA_SHOWN]
        ),
        total=len(record.drives),
        sanitized=sum(d.outcome is Outcome.SANITIZED for d in record.drives),
        issued_at=record.time.issued_at.astimezone(UTC).replace(microsecond=0),
        environment=record.environment,
    )


def qr_text(record: Record, record_sha256: str, key: StationKey) -> str:
    """The text of the code, signed by this station."""
    payload = _encode(coded_record(record, record_sha256))
    protected = cbor2.dumps({_ALG: _ES256, _X5T: [_SHA256, _fingerprint(key.chain.leaf)]}, canonical=True)
    r, s = decode_dss_signature(key.sign(_to_be_signed(protected, payload)))
    signature = r.to_bytes(32) + s.to_bytes(32)
    message = cbor2.CBORTag(_SIGN1_TAG, [protected, {}, payload, signature])
    return PREFIX + base45.encode(cbor2.dumps(message, canonical=True))


def qr_svg(record: Record, record_sha256: str, key: StationKey) -> bytes:
    """The code as an SVG drawing with its quiet zone (ISO/IEC 18004), error correction M."""
    import segno  # noqa: PLC0415 - who only checks a code draws none

    drawing = io.BytesIO()
    code = segno.make_qr(qr_text(record, record_sha256, key), error="m", boost_error=False)
    if int(code.version) > MAXIMUM_VERSION:
        raise AssertionError(f"a code of version {code.version}")
    code.save(drawing, kind="svg", border=4, xmldecl=False, svgclass=None, lineclass=None, omitsize=True)
    return drawing.getvalue()


def verify_qr(
    text: str,
    certificates: Iterable[x509.Certificate],
    trust: Trust,
    at: datetime,
    record: tuple[Record, str] | None = None,
) -> QrReport:
    """Check a scanned text; `certificates` are stations and issuing CAs, `record` is a verified one with its digest.

    Steps: 1 form, 2 certificate known by its digest, 3 signature, 4 chain, 5 validity, 6 revocation, 7 specimen, 8 record.
    """
    run = Run(QR_STEPS)
    known = tuple(certificates)
    try:
        coded = _check(run, text, known, trust, at, record)
    except StepFailed as failure:
        report = run.failed(failure)
        return QrReport(report.steps, False, failure.kind, report.failed_step, None, report.signer)
    return QrReport(tuple(run.steps), True, None, None, coded, run.signer)


def _check(  # noqa: PLR0917 - one argument for each thing that is known
    run: Run,
    text: str,
    known: tuple[x509.Certificate, ...],
    trust: Trust,
    at: datetime,
    record: tuple[Record, str] | None,
) -> Coded:
    # 1.
    with run.step("form", FailureKind.MALFORMED) as notes:
        protected, payload, signature, fingerprint = _open(text)
        coded = _decode(payload)
        notes.detail = f"{len(text)} letters, record {coded.record_sha256}"
    # 2.
    with run.step("certificate", FailureKind.UNTRUSTED) as notes:
        leaf = next((c for c in known if _fingerprint(c) == fingerprint), None)
        if leaf is None:
            raise StepFailed(FailureKind.UNTRUSTED, f"No certificate with SHA-256 {fingerprint.hex()} was given.")
        notes.detail = f"SHA-256 {fingerprint.hex()}"
    # 3.
    with run.step("signature", FailureKind.SIGNATURE) as notes:
        _check_signature(leaf, signature, _to_be_signed(protected, payload))
        notes.detail = "ES256"
    # 4.
    with run.step("chain", FailureKind.UNTRUSTED) as notes:
        issuing_ca = next((c for c in known if c.subject == leaf.issuer), leaf)
        # A station signs its own labels and documents, a registry the final ones.
        kind = LeafKind.REGISTRY if is_registry(leaf) else LeafKind.STATION
        chain = find_chain(leaf.public_bytes(Encoding.DER), issuing_ca.public_bytes(Encoding.DER), trust, kind)
        signer = run.signer = chain.signer
        notes.detail = f"{signer.station}, {signer.organisation} <- issuing CA <- {signer.root}"
    # 5.
    with run.step("validity", FailureKind.EXPIRED) as notes:
        notes.detail = check_validity(chain, at, kind)
    # 6.
    with run.step("revocation", FailureKind.REVOKED) as notes:
        notes.detail, notes.status = check_given_crls(chain, trust, moment_of(None, at), kind)
    # 7.
    with run.step("specimen", FailureKind.SPECIMEN) as notes:
        simulated = coded.environment is Environment.SIMULATED
        if simulated and not signer.test_root:
            raise StepFailed(FailureKind.SPECIMEN, "A simulated machine, under a root that is not for tests.")
        notes.detail = "specimen, under a TEST root" if signer.test_root else "not a specimen"
    # 8.
    with run.step("record", FailureKind.CONTRADICTION) as notes:
        if record is None:
            notes.status, notes.detail = (
                StepStatus.NOT_CHECKED,
                "no record was given: the code is only a claim about it",
            )
        elif coded_record(*record) != coded:
            raise StepFailed(FailureKind.CONTRADICTION, "The code says something else than the record.")
        else:
            notes.detail = "the code says what the record says"
    return coded


def _fingerprint(certificate: x509.Certificate) -> bytes:
    return certificate.fingerprint(hashes.SHA256())


def _to_be_signed(protected: bytes, payload: bytes) -> bytes:
    """The Sig_structure (RFC 9052 4.4)."""
    return cbor2.dumps(["Signature1", protected, b"", payload], canonical=True)


def _encode(coded: Coded) -> bytes:
    return cbor2.dumps(
        {
            _RECORD: bytes.fromhex(coded.record_sha256),
            _HEADLINE: _HEADLINES[coded.headline],
            _SERIAL: coded.machine_serial,
            _MEDIA: [[m.serial_end, _OUTCOMES[m.outcome]] for m in coded.media],
            _TOTAL: coded.total,
            _DONE: coded.sanitized,
            _TIME: int(coded.issued_at.timestamp()),
            _ENVIRONMENT: _ENVIRONMENTS[coded.environment],
        },
        canonical=True,
    )


def _decode(payload: bytes) -> Coded:
    try:
        fields = _loads(payload)
        coded = Coded(
            record_sha256=fields[_RECORD].hex(),
            headline=_named(_HEADLINES, fields[_HEADLINE]),
            machine_serial=fields[_SERIAL],
            media=tuple(CodedMedium(end, _named(_OUTCOMES, code)) for end, code in fields[_MEDIA]),
            total=fields[_TOTAL],
            sanitized=fields[_DONE],
            issued_at=datetime.fromtimestamp(fields[_TIME], UTC),
            environment=_named(_ENVIRONMENTS, fields[_ENVIRONMENT]),
        )
        same = _encode(coded) == payload
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, OSError) as error:
        raise _malformed("The code's payload is not one that stations make.") from error
    if not same:
        raise _malformed("The code's payload is not in its one form.")
    return coded


def _named(table: dict[K, int], code: object) -> K:
    for name, number in table.items():
        if type(code) is int and number == code:
            return name
    raise ValueError(f"no meaning for {code!r}")


def _open(text: str) -> tuple[bytes, bytes, bytes, bytes]:
    """Protected header, payload, signature and the certificate's digest."""
    if not text.startswith(PREFIX) or len(text) > 2000:
        raise _malformed(f"The text does not begin with {PREFIX}, or is too long.")
    try:
        message = base45.decode(text.removeprefix(PREFIX))
        tagged = _loads(message)
        protected, unprotected, payload, signature = tagged.value
        header = _loads(protected)
        kind, fingerprint = header[_X5T]
        rebuilt = cbor2.dumps(cbor2.CBORTag(_SIGN1_TAG, [protected, {}, payload, signature]), canonical=True)
        known = cbor2.dumps({_ALG: _ES256, _X5T: [_SHA256, fingerprint]}, canonical=True)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _malformed("The code is no COSE message of the form that stations make.") from error
    if rebuilt != message or known != protected or unprotected or kind != _SHA256 or len(signature) != 64:
        raise _malformed("The code is not in its one form.")
    return protected, payload, signature, fingerprint


def _loads(data: bytes) -> Any:  # noqa: ANN401 - CBOR has no narrower type
    try:
        return cbor2.loads(data)
    except (cbor2.CBORError, RecursionError) as error:
        raise ValueError("no CBOR") from error


def _check_signature(leaf: x509.Certificate, signature: bytes, signed: bytes) -> None:
    key = leaf.public_key()
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise StepFailed(FailureKind.SIGNATURE, "The station's key is not on the curve P-256.")
    if s > P256_ORDER // 2:
        raise StepFailed(FailureKind.SIGNATURE, "The signature is not in its canonical form.")
    try:
        key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise StepFailed(FailureKind.SIGNATURE, "The code was not signed with this certificate's key.") from error


def _malformed(message: str) -> StepFailed:
    return StepFailed(FailureKind.MALFORMED, message)
