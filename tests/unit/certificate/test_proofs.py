"""What a log proof does not show: a rolled-back log, two histories, a degree without what it rests on."""

import base64
import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from agent.certificate.cades import sign_detached
from agent.certificate.checkpoint import Checkpoint, sign_checkpoint
from agent.certificate.log_proof import LogProof, encode_proof
from agent.certificate.proofs import Proofs
from agent.certificate.record import encode_record
from agent.certificate.report import Degree, FailureKind, Report, StepStatus
from agent.certificate.timestamp import make_token, response_of
from agent.certificate.tlog import inclusion_proof, leaf_hash, reader_of, tree_root
from agent.certificate.trust import LeafKind, Trust, load_trust_files
from agent.certificate.verify import verify_record
from agent.errors import UsageError
from agent.model.record import NotBefore
from tests.samples import AT, ORIGIN, leaf_key, log_key, sample_record, throwaway_pki

PKI = throwaway_pki()
KEY, LOG = log_key()
TSA = leaf_key(PKI, LeafKind.TIME_STAMPING)
TRUST = Trust(PKI.trust.roots, (), (LOG,))
OTHERS = [hashlib.sha256(b"%d" % n).digest() for n in range(4)]


def logged(index: int, claimed: NotBefore | None = None) -> tuple[bytes, bytes, bytes, Checkpoint]:
    """Record, signature, log proof and head: the record is entry `index` of five."""
    record = sample_record(issuer=PKI.station.issuer)
    data = encode_record(replace(record, time=replace(record.time, not_before_checkpoint=claimed)))
    entries = [*OTHERS[:index], hashlib.sha256(data).digest(), *OTHERS[index:]]
    read = reader_of([leaf_hash(entry) for entry in entries])
    head = Checkpoint(ORIGIN, 5, tree_root(5, read))
    proof = encode_proof(LogProof(index, inclusion_proof(index, 5, read), sign_checkpoint(head, KEY)))
    return data, sign_detached(data, PKI.station, AT), proof, head


def stamp(signature: bytes) -> bytes:
    return response_of(make_token(hashlib.sha256(signature).digest(), TSA, 1, AT))


def failed(report: Report) -> str:
    assert (report.degree is None) is (not report.valid)
    return report.failed_step.name if report.failed_step else ""


def status(report: Report, name: str) -> StepStatus:
    return next(step.status for step in report.steps if step.name == name)


@pytest.mark.parametrize(("size", "expected"), [(0, ""), (2, ""), (3, "log"), (5, "log"), (900, "log")])
def test_a_record_made_after_a_head_stands_behind_it(size: int, expected: str) -> None:
    claimed = NotBefore(ORIGIN, size, base64.b64encode(bytes(32)).decode())
    data, signature, proof, _ = logged(2, claimed)
    report = verify_record(data, signature, TRUST, AT, proofs=Proofs(stamp(signature), proof))
    assert failed(report) == expected


def test_a_head_of_another_log_says_nothing_about_this_one() -> None:
    claimed = NotBefore("another.example/log", 900, base64.b64encode(bytes(32)).decode())
    data, signature, proof, _ = logged(2, claimed)
    report = verify_record(data, signature, TRUST, AT, proofs=Proofs(stamp(signature), proof))
    assert report.valid
    assert any("nothing given here shows" in remark for remark in report.remarks)


def test_two_histories_of_one_size_and_heads_that_can_not_be_compared() -> None:
    data, signature, proof, head = logged(2)
    proofs = Proofs(stamp(signature), proof)
    same = verify_record(data, signature, replace(TRUST, checkpoint=head), AT, proofs=proofs)
    assert (failed(same), status(same, "checkpoint")) == ("", StepStatus.OK)
    other = replace(head, root=bytes(32))
    assert (
        failed(verify_record(data, signature, replace(TRUST, checkpoint=other), AT, proofs=proofs)) == "checkpoint"
    )
    for known in (replace(head, size=6), replace(head, size=4), replace(other, origin="another.example/log")):
        report = verify_record(data, signature, replace(TRUST, checkpoint=known), AT, proofs=proofs)
        assert (failed(report), status(report, "checkpoint")) == ("", StepStatus.NOT_CHECKED)


def test_each_degree_rests_on_the_ones_before_it() -> None:
    data, signature, proof, _ = logged(2)
    token = stamp(signature)
    cases = [
        (Proofs(), TRUST, Degree.SIGNED),
        (Proofs(time_stamp=token), TRUST, Degree.TIMESTAMPED),
        (Proofs(token, proof), TRUST, Degree.LOGGED),
        (Proofs(token, proof), PKI.trust, Degree.TIMESTAMPED),
        (Proofs(log_proof=proof), TRUST, Degree.SIGNED),
    ]
    for proofs, trust, degree in cases:
        assert verify_record(data, signature, trust, AT, proofs=proofs).degree is degree
        for required in Degree:
            report = verify_record(data, signature, trust, AT, required, proofs=proofs)
            assert report.valid is (required.rank <= degree.rank)
            assert failed(report) == ("" if report.valid else "proof")


def _revoked_tsa(reason: x509.ReasonFlags | None, minutes: int) -> Trust:
    serial = TSA.chain.leaf.serial_number
    entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(AT + timedelta(minutes=minutes))
    if reason is not None:
        entry = entry.add_extension(x509.CRLReason(reason), critical=False)
    crl = x509.CertificateRevocationListBuilder().issuer_name(PKI.issuing_ca.certificate.subject)
    crl = crl.last_update(AT + timedelta(days=1)).next_update(AT + timedelta(days=90))
    signed = crl.add_revoked_certificate(entry.build()).sign(PKI.issuing_ca.private_key, hashes.SHA256())
    return replace(PKI.trust, crls=(signed,))


R = x509.ReasonFlags


@pytest.mark.parametrize(
    ("reason", "stays"),
    [
        (None, False), (R.unspecified, True), (R.key_compromise, False), (R.ca_compromise, False),
        (R.affiliation_changed, True), (R.superseded, True), (R.cessation_of_operation, True),
        (R.certificate_hold, False), (R.privilege_withdrawn, False), (R.aa_compromise, False),
    ],
)  # fmt: skip
def test_stamps_of_an_authority_revoked_later_by_the_reason(reason: x509.ReasonFlags | None, stays: bool) -> None:
    """RFC 3161 4, items 1 and 2."""
    data, signature, _, _ = logged(2)
    proofs, later = Proofs(stamp(signature)), AT + timedelta(days=2)
    after = verify_record(data, signature, _revoked_tsa(reason, 60), later, proofs=proofs)
    assert (failed(after), after.valid) == ("" if stays else "time stamp", stays)
    before = verify_record(data, signature, _revoked_tsa(reason, -60), later, proofs=proofs)
    assert (failed(before), before.failure) == ("time stamp", FailureKind.REVOKED)


@pytest.mark.parametrize("garbage", [b"", b"c2sp.org/tlog-proof@v1\n", b"\x00" * 100, b"\x30\x82\xff\xff"])
def test_a_proof_that_is_there_and_can_not_be_read_is_a_failure(garbage: bytes) -> None:
    data, signature, proof, _ = logged(2)
    assert failed(verify_record(data, signature, TRUST, AT, proofs=Proofs(garbage, proof))) == "time stamp"
    assert failed(verify_record(data, signature, TRUST, AT, proofs=Proofs(stamp(signature), garbage))) == "log"
    crl = Proofs(stamp(signature), proof, crl=garbage)
    assert failed(verify_record(data, signature, TRUST, AT, proofs=crl)) == "revocation"


def test_a_folder_of_what_is_trusted() -> None:
    from cryptography.hazmat.primitives.serialization import Encoding  # noqa: PLC0415

    *_, head = logged(2)
    root = PKI.root.certificate.public_bytes(Encoding.PEM)
    files = {"root.pem": root, "log.vkey": f"{LOG.text}\n".encode(), "checkpoint": sign_checkpoint(head, KEY)}
    assert load_trust_files(files) == replace(TRUST, checkpoint=head)
    for wrong in (
        {**files, "checkpoint": sign_checkpoint(head, log_key("other")[0])},
        {**files, "log.vkey": b"nonsense"},
        {"log.vkey": files["log.vkey"]},
        {"root.pem": root, "checkpoint": files["checkpoint"]},
    ):
        with pytest.raises(UsageError):
            load_trust_files(wrong)
