"""Proofs beside a record and in final documents: time stamps, the log, revocation around them, and ten years later."""

import base64
import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from agent.certificate.checkpoint import Checkpoint, sign_checkpoint
from agent.certificate.log_proof import LogProof, encode_proof
from agent.certificate.page import render_page
from agent.certificate.pki import make_crl
from agent.certificate.record import encode_record
from agent.certificate.seal import seal_final
from agent.certificate.station import StationKey
from agent.certificate.timestamp import make_token, response_of
from agent.certificate.tlog import inclusion_proof, leaf_hash, reader_of, tree_root
from agent.certificate.trust import LeafKind
from agent.model.record import NotBefore, Record
from tests.samples import AT, ORIGIN, Pki, leaf_key, log_key
from tests.vectors.case import Case, good, ruled, signed

STAMPED = AT + timedelta(minutes=5)
TEN_YEARS = AT + timedelta(days=3650)
TWENTY_ONE_YEARS = AT + timedelta(days=21 * 365)
EARLIER, LATER = AT - timedelta(days=30), AT + timedelta(days=90)
TSR, PROOF = "record.json.p7s.tsr", "record.json.tlog-proof"


@dataclass(frozen=True)
class Log:
    """A log of eight entries, of which the record is the sixth."""

    seed: str = "log"
    size: int = 8

    def heads(self, record: bytes) -> tuple[Checkpoint, tuple[bytes, ...]]:
        """The head and the audit path of a record."""
        entries = [hashlib.sha256(f"{self.seed} {n}".encode()).digest() for n in range(self.size)]
        entries[5] = hashlib.sha256(record).digest()
        read = reader_of([leaf_hash(entry) for entry in entries])
        return Checkpoint(ORIGIN, self.size, tree_root(self.size, read)), inclusion_proof(5, self.size, read)

    def proof(self, record: bytes) -> bytes:
        """The proof of a record."""
        head, path = self.heads(record)
        return encode_proof(LogProof(5, path, sign_checkpoint(head, log_key(self.seed)[0])))


def stamp(signature: bytes, authority: StationKey, time: datetime = STAMPED) -> bytes:
    """The time stamp of a signature."""
    return response_of(make_token(hashlib.sha256(signature).digest(), authority, 4711, time))


def evidence(a: Pki, record: Record, authority: StationKey, log: Log | None = None) -> dict[str, bytes]:
    """Record, signature, time stamp and log proof."""
    files = signed(a, encode_record(record))
    files[TSR] = stamp(files["record.json.p7s"], authority)
    files[PROOF] = (log or Log()).proof(files["record.json"])
    return files


def proof_cases(a: Pki, b: Pki) -> list[Case]:
    """Every vector with a proof."""
    return [
        *ruled("time stamp", _stamps(a, b)),
        *ruled("log", _logs(a)),
        *ruled("revoked before and after the time stamp", _revoked(a)),
        *ruled("ten years ahead", _aged(a)),
        *ruled("final document", _finals(a, b)),
    ]


def tsa(pki: Pki, days: int = 20 * 365) -> StationKey:
    """The time-stamping authority below a chain's issuing CA."""
    return leaf_key(pki, LeafKind.TIME_STAMPING, days=days)


def _stamps(a: Pki, b: Pki) -> list[Case]:
    files = signed(a, encode_record(good(a)))
    p7s, other = files["record.json.p7s"], signed(a, encode_record(good(a, number=2)))["record.json.p7s"]

    def case(
        name: str, token: bytes, why: str, failure: str = "proof", at: datetime = LATER, trust: str = "root"
    ) -> Case:
        return Case(name, files | {TSR: token}, why, failure, "time stamp", at=at, trust=trust)

    good_one = stamp(p7s, tsa(a))
    return [
        Case("stamped", files | {TSR: good_one}, "time-stamped by an authority under the same root", degree="timestamped"),
        case("stamp-of-another", stamp(other, tsa(a)), "the time stamp of another signature"),
        case("stamp-flipped", _flip(good_one, -40), "a byte of the time stamp changed"),
        case("stamp-by-stranger", stamp(p7s, tsa(b)), "an authority under a root that is not trusted", "untrusted"),
        case("stamp-under-other-root", stamp(p7s, tsa(b)), "an authority under the other trusted root", trust="both"),
        case("stamp-by-station", stamp(p7s, a.station), "a station's key stamped it", "untrusted"),
        case("stamp-by-registry", stamp(p7s, leaf_key(a, LeafKind.REGISTRY)), "a registry's sealing key stamped it", "untrusted"),
        case("stamp-of-the-future", stamp(p7s, tsa(a), LATER + timedelta(1)), "made after the verification", "not yet valid"),
        case("stamp-not-granted", b"\x30\x05\x30\x03\x02\x01\x02" + good_one[9:], "a response that grants nothing"),
    ]  # fmt: skip


def _logs(a: Pki) -> list[Case]:
    record = good(a)
    files = evidence(a, record, tsa(a))
    data = files["record.json"]

    def case(name: str, proof: bytes, why: str, log: str = "good", **more: str) -> Case:
        return Case(name, files | {PROOF: proof}, why, "proof", "log", log=log, **more)  # type: ignore[arg-type]

    other = good(a, number=2)
    head, _ = Log().heads(data)
    ahead = NotBefore(ORIGIN, 7, base64.b64encode(head.root).decode(), "")
    rolled = replace(record, time=replace(record.time, not_before_checkpoint=ahead))
    before = NotBefore(ORIGIN, 3, base64.b64encode(head.root).decode(), "")
    after = replace(record, time=replace(record.time, not_before_checkpoint=before))
    return [
        Case("logged", files, "in the log whose key is known", log="good", degree="logged"),
        Case("logged-key-not-given", files, "without a key of a log the proof is not checked", degree="timestamped"),
        Case("logged-after-a-head", evidence(a, after, tsa(a)), "made after the log had 3 entries", log="good", degree="logged"),
        Case("logged-head-known", files, "the verifier knows this very head", log="good", checkpoint="good", degree="logged"),
        case("log-of-another-key", Log("other").proof(data), "the proof of another log"),
        case("log-key-of-another", files[PROOF], "the key of another log is given", log="other"),
        case("log-of-another-record", Log().proof(encode_record(other)), "the proof of another record"),
        case("log-proof-flipped", files[PROOF].replace(b"index 5", b"index 4"), "another place in the log"),
        Case("log-rolled-back", evidence(a, rolled, tsa(a)), "entry 5, made after the log had 7 entries", "proof", "log", log="good"),
        Case("log-forked", evidence(a, record, tsa(a)), "another head of this size is known", "proof", "checkpoint", log="good",
             checkpoint="fork"),
    ]  # fmt: skip


def _revoked(a: Pki) -> list[Case]:
    files = signed(a, encode_record(good(a))) | {}
    files[TSR] = stamp(files["record.json.p7s"], tsa(a))
    said = ("revoked", "revocation")
    return [
        Case("revoked-after-stamp", files, "revoked three months later: stays valid", crl="later", degree="timestamped"),
        Case("revoked-before-stamp", files, "revoked a month before", *said, crl="earlier"),
        Case("revoked-key-lost-before", files, "revoked later, the key was lost before", *said, crl="lost"),
        Case("revoked-later-no-stamp", signed(a, encode_record(good(a))), "revoked later, no time stamp", *said, crl="later"),
    ]  # fmt: skip


def _aged(a: Pki) -> list[Case]:
    record = encode_record(good(a))
    plain = signed(a, record)
    files = evidence(a, good(a), tsa(a))
    return [
        Case("aged-without-stamp", plain, "expired, and nothing proves when it was signed", "expired", "validity", at=TEN_YEARS),
        Case("aged-stamp-expired", files, "the time stamp's own twenty years are over too", "expired", "time stamp", at=TWENTY_ONE_YEARS),
        Case("aged-with-stamp", files, "the station has expired, the time stamp still holds", log="good", degree="logged",
             at=TEN_YEARS),
    ]  # fmt: skip


def final(a: Pki, record: Record, **changed: bytes) -> bytes:
    """A registry's final document; `changed` replaces proofs by a key of `_NAMES`."""
    registry, authority = leaf_key(a, LeafKind.REGISTRY), tsa(a)
    files = evidence(a, record, authority)
    crl = make_crl(a.issuing_ca, (), 1, AT).public_bytes(Encoding.PEM)
    proofs = {TSR: files[TSR], PROOF: files[PROOF], "crl.pem": crl}
    proofs |= {_NAMES[key]: data for key, data in changed.items()}
    page = render_page(record, files["record.json"], files["record.json.p7s"], proofs=proofs)
    return seal_final(
        page, registry, STAMPED, lambda digest: make_token(digest, authority, 4712, STAMPED + timedelta(minutes=1))
    )


_NAMES = {"tsr": TSR, "proof": PROOF, "crl": "crl.pem"}


def _finals(a: Pki, b: Pki) -> list[Case]:
    record = good(a)
    whole = final(a, record)
    p7s = signed(a, encode_record(record))["record.json.p7s"]
    revoking = make_crl(
        a.issuing_ca, ((a.station.chain.leaf.serial_number, EARLIER, x509.ReasonFlags.key_compromise),), 2, AT
    )

    def case(
        name: str, pdf: bytes, why: str, failure: str | None = None, step: str | None = None, **more: object
    ) -> Case:
        return Case(name, {"certificate.pdf": pdf}, why, failure, step, **more)  # type: ignore[arg-type]

    other_log = Log("other").proof(encode_record(record))
    return [
        case("final", whole, "sealed by the registry, with every proof", log="good", degree="logged"),
        case("final-aged", whole, "ten years later", log="good", degree="logged", at=TEN_YEARS),
        case("final-foreign-stamp", final(a, record, tsr=stamp(p7s, tsa(b))), "the time stamp of a stranger", "untrusted", "time stamp"),
        case("final-foreign-log", final(a, record, proof=other_log), "the proof of another log", "proof", "log", log="good"),
        case("final-foreign-crl", final(a, record, crl=_pem(make_crl(b.issuing_ca, (), 1, AT))), "a CRL of another CA inside",
             "untrusted", "revocation"),
        case("final-revoked-inside", final(a, record, crl=_pem(revoking)), "the CRL inside lists the station", "revoked", "revocation"),
    ]  # fmt: skip


def lists(a: Pki) -> dict[str, bytes]:
    """The CRLs of these cases by name; `lost` is of a key that was lost before the day of its revocation."""
    serial, reason = a.station.chain.leaf.serial_number, x509.ReasonFlags.key_compromise
    later, earlier = ((serial, moment, reason) for moment in (LATER - timedelta(1), EARLIER))
    at = LATER - timedelta(1)
    return {
        "later": _pem(make_crl(a.issuing_ca, (later,), 3, at)),
        "earlier": _pem(make_crl(a.issuing_ca, (earlier,), 4, at)),
        "lost": _pem(_with_invalidity(a, serial, at)),
    }


def _with_invalidity(a: Pki, serial: int, at: datetime) -> x509.CertificateRevocationList:
    entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(at)
    entry = entry.add_extension(x509.InvalidityDate(EARLIER.replace(tzinfo=None)), critical=False).build()
    builder = x509.CertificateRevocationListBuilder().issuer_name(a.issuing_ca.certificate.subject)
    builder = builder.last_update(at).next_update(at + timedelta(90)).add_revoked_certificate(entry)
    return builder.sign(a.issuing_ca.private_key, hashes.SHA256(), ecdsa_deterministic=True)


def logs() -> dict[str, bytes]:
    """The logs' keys by the names that cases use."""
    return {"good": f"{log_key()[1].text}\n".encode(), "other": f"{log_key('other')[1].text}\n".encode()}


def checkpoints(a: Pki) -> dict[str, bytes]:
    """Heads that the verifier knows: the log's own, and another one of the same size."""
    data = encode_record(good(a))
    return {
        "good": sign_checkpoint(Log().heads(data)[0], log_key()[0]),
        "fork": sign_checkpoint(Log("fork").heads(data)[0], log_key()[0]),
    }


def _flip(data: bytes, at: int) -> bytes:
    changed = bytearray(data)
    changed[at] ^= 1
    return bytes(changed)


def _pem(crl: x509.CertificateRevocationList) -> bytes:
    return crl.public_bytes(Encoding.PEM)
