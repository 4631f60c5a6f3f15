"""Final documents: complete, the same for ever, verified by openssl and pdfsig, and not made of what does not verify."""

import hashlib
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pikepdf
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from agent.certificate.cades import Stamper
from agent.certificate.document import extract_text, read_attachments, read_proofs
from agent.certificate.evidence import Evidence, encode_evidence
from agent.certificate.page import render_page
from agent.certificate.pki import make_crl
from agent.certificate.proofs import Proofs
from agent.certificate.record import decode_record
from agent.certificate.report import Degree, FailureKind, StepStatus
from agent.certificate.seal import seal_final, seal_page
from agent.certificate.station import StationKey
from agent.certificate.timestamp import make_token, response_of
from agent.certificate.trust import LeafKind, Trust
from agent.certificate.verify import verify_document, verify_record
from server_stub.judge import Judge
from tests.conftest import Allow
from tests.samples import AT, leaf_key, log_key, throwaway_pki
from tests.unit.server_stub.proven import NOW, PKI, authority, crl, proven_registry, real_evidence, trust

NAMES = ["crl.pem", "record.json", "record.json.p7s", "record.json.p7s.tsr", "record.json.tlog-proof"]


def archived(url: str, evidence: Evidence) -> str:
    address = f"{url}/v1/certificates/{evidence.record_sha256}"
    answer = requests.put(address, data=encode_evidence(evidence), timeout=60)
    assert answer.status_code in {200, 201}, answer.text
    return address


def final_of(url: str, evidence: Evidence) -> bytes:
    answer = requests.get(f"{archived(url, evidence)}/final", timeout=60)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/pdf"), answer.text
    return answer.content


@pytest.fixture(scope="module")
def final(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """One final document."""
    with proven_registry(tmp_path_factory.mktemp("registry")) as url:
        return final_of(url, real_evidence())


def test_a_final_document_is_logged_and_carries_all_proofs(final: bytes, tmp_path: Path) -> None:
    report = verify_document(final, trust(), NOW, Degree.LOGGED)
    assert report.valid, report.failed_step
    assert report.degree is Degree.LOGGED
    (tmp_path / "certificate.pdf").write_bytes(final)
    with pikepdf.open(tmp_path / "certificate.pdf") as pdf:
        assert sorted(pdf.attachments) == NAMES
        evidence = real_evidence()
        assert pdf.attachments["record.json"].get_file().read_bytes() == evidence.record
        assert pdf.attachments["record.json.p7s"].get_file().read_bytes() == evidence.signature
    assert "PROVISIONAL" not in pdf_text(final)


def pdf_text(pdf: bytes) -> str:
    return extract_text(pdf)


def test_the_same_record_in_another_language(tmp_path: Path) -> None:
    with proven_registry(tmp_path) as url:
        address = archived(url, real_evidence())
        french = requests.get(f"{address}/final/fr", timeout=60)
        own = requests.get(f"{address}/final", timeout=60).content
        german = requests.get(f"{address}/final/de", timeout=60).content
        assert "fr.certificate.pdf" in french.headers["Content-Disposition"]
        assert requests.get(f"{address}/final/en", timeout=60).content == own
        assert requests.get(f"{address}/final/xx", timeout=60).status_code in {404, 422}
        assert requests.get(f"{url}/v1/certificates/{'0' * 64}/final/fr", timeout=60).status_code == 404
    with proven_registry(tmp_path) as url:
        again = requests.get(f"{url}/v1/certificates/{real_evidence().record_sha256}/final/fr", timeout=60)
        assert again.content == french.content
    for pdf, headline in ((own, "SANITIZED"), (french.content, "EFFACÉ"), (german, "GELÖSCHT")):
        report = verify_document(pdf, trust(), NOW, Degree.LOGGED)
        assert report.valid, report.failed_step
        assert headline in pdf_text(pdf)
        assert read_attachments(pdf) == read_attachments(own)
        assert read_proofs(pdf) == read_proofs(own)


def test_the_stations_own_copy_says_that_it_is_provisional() -> None:
    document = real_evidence().document
    assert "PROVISIONAL" in pdf_text(document)
    report = verify_document(document, trust(), NOW)
    assert report.valid
    assert report.degree is Degree.SIGNED
    assert not verify_document(document, trust(), NOW, Degree.TIMESTAMPED).valid


def test_pdfsig_and_openssl_agree(final: bytes, tmp_path: Path, allow_programs: Allow) -> None:
    allow_programs("openssl", "pdfsig", "pdfdetach", "certutil")
    (tmp_path / "certificate.pdf").write_bytes(final)
    (tmp_path / "root.pem").write_bytes(PKI.root.certificate.public_bytes(Encoding.PEM))
    (tmp_path / "nss").mkdir()

    def run(*command: str) -> str:
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run("certutil", "-N", "-d", "sql:nss", "--empty-password")
    run("certutil", "-A", "-d", "sql:nss", "-n", "root", "-t", "C,C,C", "-i", "root.pem")
    said = run("pdfsig", "-nssdir", "sql:nss", "certificate.pdf")
    assert "Signature Validation: Signature is Valid." in said
    assert "Total document signed" in said
    assert said.count("Signature #") == 1
    run("pdfdetach", "-saveall", "certificate.pdf")
    at = str(int(NOW.timestamp()))
    stamped = run(
        "openssl", "ts", "-verify", "-data", "record.json.p7s", "-in", "record.json.p7s.tsr", "-CAfile", "root.pem",
        "-attime", at,
    )  # fmt: skip
    assert "Verification: OK" in stamped
    run(
        "openssl", "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", "record.json.p7s", "-content", "record.json",
        "-CAfile", "root.pem", "-purpose", "any", "-attime", at, "-out", "/dev/null",
    )  # fmt: skip
    assert "CRL" in run("openssl", "crl", "-in", "crl.pem", "-noout", "-text")


def test_it_is_made_once_and_served_the_same_for_ever(tmp_path: Path) -> None:
    evidence = real_evidence()
    with proven_registry(tmp_path) as url:
        archived(url, evidence)
        with ThreadPoolExecutor(6) as pool:
            many = list(pool.map(lambda _: final_of(url, evidence), range(6)))
    assert len(set(many)) == 1
    with proven_registry(tmp_path, clock=lambda: NOW + timedelta(days=30)) as url:
        assert final_of(url, evidence) == many[0]


def test_each_changed_byte_is_noticed(final: bytes) -> None:
    for place in range(0, len(final), 997):
        changed = bytearray(final)
        changed[place] ^= 0x01
        assert not verify_document(bytes(changed), trust(), NOW).valid, place


def test_ten_years_later_the_stamp_decides(final: bytes) -> None:
    """The station's certificate is long expired; stamped, the document is still proven, and its provisional copy is not."""
    later = AT + timedelta(days=4 * 365)
    assert verify_document(final, trust(), later, Degree.LOGGED).valid
    report = verify_document(real_evidence().document, trust(), later)
    assert (report.failed_step.name if report.failed_step else "") == "validity"
    # After the end of the time-stamping certificate's own chain nothing is proven any more.
    beyond = verify_document(final, trust(), AT + timedelta(days=21 * 365))
    assert beyond.failed_step is not None
    assert beyond.failed_step.name == "time stamp"


@pytest.mark.parametrize(
    ("moment", "invalidity", "valid"),
    [
        (NOW + timedelta(days=1), None, True),
        (NOW - timedelta(days=1), None, False),
        (NOW, None, False),
        (NOW + timedelta(seconds=1), None, False),
        (NOW + timedelta(days=1), NOW - timedelta(days=1), False),
        (NOW + timedelta(days=1), NOW + timedelta(hours=1), True),
    ],
)
def test_revoked_before_and_after_the_stamp(final: bytes, moment, invalidity, valid: bool) -> None:
    given = revoking(moment, invalidity)
    report = verify_document(final, trust(given), NOW + timedelta(days=2))
    assert report.valid is valid
    if valid:
        assert any("revoked later" in remark for remark in report.remarks)
    else:
        assert report.failed_step is not None
        assert report.failed_step.name == "revocation"


def revoking(moment, invalidity):
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415

    entry = x509.RevokedCertificateBuilder().serial_number(PKI.station.chain.leaf.serial_number)
    entry = entry.revocation_date(moment)
    if invalidity is not None:
        entry = entry.add_extension(x509.InvalidityDate(invalidity), critical=False)
    builder = x509.CertificateRevocationListBuilder().issuer_name(PKI.issuing_ca.certificate.subject)
    builder = builder.last_update(NOW + timedelta(days=1)).next_update(NOW + timedelta(days=90))
    return builder.add_revoked_certificate(entry.build()).sign(PKI.issuing_ca.private_key, hashes.SHA256())


def test_without_the_logs_key_it_is_not_called_logged(final: bytes) -> None:
    report = verify_document(final, PKI.trust, NOW)
    assert report.valid
    assert report.degree is Degree.TIMESTAMPED
    log = next(step for step in report.steps if step.name == "log")
    assert log.status == "not checked"
    refused = verify_document(final, PKI.trust, NOW, Degree.LOGGED)
    assert (refused.failed_step.name if refused.failed_step else "") == "proof"


def test_a_proof_of_another_log_fails(final: bytes) -> None:
    other = Trust(PKI.trust.roots, (), (log_key("other")[1],))
    report = verify_document(final, other, NOW)
    assert (report.failed_step.name if report.failed_step else "") == "log"


def test_a_stamp_of_another_authority_fails(tmp_path: Path) -> None:
    evidence = real_evidence()
    with proven_registry(tmp_path) as url:
        address = archived(url, evidence)
        stamp = requests.get(f"{address}/time-stamp", timeout=30).content
        proof = requests.get(f"{address}/log-proof", timeout=30).content
    good = verify_record(evidence.record, evidence.signature, trust(), NOW, proofs=Proofs(stamp, proof))
    assert good.degree is Degree.LOGGED
    foreign_pki = throwaway_pki(name="b")
    foreign = leaf_key(foreign_pki, LeafKind.TIME_STAMPING)
    digest = hashlib.sha256(evidence.signature).digest()
    both = Trust((*PKI.trust.roots, *foreign_pki.trust.roots), (), trust().log_keys)
    for given, key in (
        (trust(), foreign),
        (both, foreign),
        (trust(), leaf_key(PKI, LeafKind.REGISTRY)),
        (trust(), PKI.station),
    ):
        other = response_of(make_token(digest, key, 1, NOW))
        report = verify_record(evidence.record, evidence.signature, given, NOW, proofs=Proofs(other, proof))
        assert not report.valid
        assert report.degree is None
        assert report.failed_step is not None
        assert report.failed_step.name == "time stamp"
    ahead = verify_record(
        evidence.record, evidence.signature, trust(), NOW - timedelta(hours=1), proofs=Proofs(stamp)
    )
    assert ahead.failed_step is not None
    assert ahead.failed_step.name == "time stamp"


def test_a_registry_does_not_seal_without_crl_keys_or_validity(tmp_path: Path) -> None:
    evidence = real_evidence()
    cases = [
        {"trust": lambda: PKI.trust},
        {"authority": replace(authority(), seal=None)},
        {"authority": replace(authority(), tsa=None)},
        {
            "authority": replace(authority(), seal=leaf_key(PKI, LeafKind.REGISTRY, days=1)),
            "clock": lambda: AT + timedelta(days=3),
        },
    ]
    for number, changes in enumerate(cases):
        folder = tmp_path / str(number)
        folder.mkdir()
        with proven_registry(folder, **changes) as url:
            answer = requests.get(f"{archived(url, evidence)}/final", timeout=30)
            assert answer.status_code == 404
            assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_registry_under_another_root_does_not_hand_out_what_nobody_could_verify(tmp_path: Path) -> None:
    foreign = throwaway_pki(name="b")
    keys = replace(
        authority(), seal=leaf_key(foreign, LeafKind.REGISTRY), tsa=leaf_key(foreign, LeafKind.TIME_STAMPING)
    )
    with proven_registry(tmp_path, authority=keys) as url:
        assert requests.get(f"{archived(url, real_evidence())}/final", timeout=30).status_code == 503


def test_a_station_revoked_meanwhile_gets_no_final_document(tmp_path: Path) -> None:
    revoked = (PKI.station.chain.leaf.serial_number, NOW - timedelta(days=1), x509.ReasonFlags.key_compromise)
    with proven_registry(tmp_path, trust=lambda: Trust(PKI.trust.roots, (crl(revoked),))) as url:
        assert requests.get(f"{archived(url, real_evidence())}/final", timeout=30).status_code == 503


def test_the_judge_takes_provisional_documents_only(tmp_path: Path, final: bytes) -> None:
    class Files:
        def current(self) -> Trust:
            return trust()

    judge = Judge(Files())  # type: ignore[arg-type]
    good = real_evidence()
    assert type(judge(good, NOW)).__name__ == "Accept"
    again = Evidence(good.record, good.signature, final)
    assert type(judge(again, NOW)).__name__ == "Refuse"


def test_a_final_seal_needs_a_stamp_of_its_own_and_a_registrys_key(final: bytes) -> None:
    record = decode_record(read_attachments(final)[0])
    page = render_page(record, *read_attachments(final), proofs=read_proofs(final))
    keys, foreign = authority(), throwaway_pki(name="b")
    assert keys.tsa is not None
    assert keys.seal is not None
    tsa = keys.tsa

    def by(key: StationKey, time: datetime = NOW) -> Stamper:
        return lambda digest: make_token(digest, key, 77, time)

    assert verify_document(seal_final(page, keys.seal, NOW, by(tsa)), trust(), NOW).valid
    other = make_token(hashlib.sha256(b"another seal").digest(), tsa, 77, NOW)
    both = Trust((*PKI.trust.roots, *foreign.trust.roots), (), trust().log_keys)
    early = leaf_key(PKI, LeafKind.TIME_STAMPING, name="early", at=AT - timedelta(days=30))
    cases = [
        (keys.seal, lambda _: other, trust(), "registry"),
        (keys.seal, by(leaf_key(foreign, LeafKind.TIME_STAMPING)), both, "registry"),
        (keys.seal, by(PKI.station), trust(), "registry"),
        (keys.seal, by(early, NOW - timedelta(hours=1)), trust(), "registry"),
        (leaf_key(foreign, LeafKind.REGISTRY), by(leaf_key(foreign, LeafKind.TIME_STAMPING)), both, "registry"),
        (PKI.station, by(tsa), trust(), "seal chain"),
        (tsa, by(tsa), trust(), "seal chain"),
        (leaf_key(PKI, LeafKind.REGISTRY, name="late", at=NOW + timedelta(days=9)), by(tsa), trust(), "registry"),
    ]
    for seal, stamper, given, step in cases:
        report = verify_document(seal_final(page, seal, NOW, stamper), given, NOW)
        assert (report.valid, report.failed_step.name if report.failed_step else "") == (False, step)
    # A station's seal is for its own two files, a registry's for all five.
    for pdf in (seal_page(page, PKI.station, NOW), seal_final(_bare(final), keys.seal, NOW, by(tsa))):
        report = verify_document(pdf, trust(), NOW)
        assert (report.failed_step.name if report.failed_step else "") == "attachments"


def _bare(final: bytes) -> bytes:
    return render_page(decode_record(read_attachments(final)[0]), *read_attachments(final))


def _root_crl(*revoked: int) -> x509.CertificateRevocationList:
    return make_crl(PKI.root, [(n, AT, x509.ReasonFlags.key_compromise) for n in revoked], 1, AT)


def test_the_roots_list_travels_inside_and_a_revoked_ca_is_seen(tmp_path: Path) -> None:
    given = Trust(PKI.trust.roots, (crl(),), root_crl=_root_crl())
    with proven_registry(tmp_path, trust=lambda: given) as url:
        document = final_of(url, real_evidence())
    attached = read_proofs(document)
    assert attached["root-crl.pem"].startswith(b"-----BEGIN X509 CRL")
    assert verify_document(document, trust(), NOW).degree is Degree.LOGGED
    revoking = replace(trust(), root_crl=_root_crl(PKI.issuing_ca.certificate.serial_number))
    report = verify_document(document, revoking, NOW)
    assert report.failed_step is not None
    assert (report.failed_step.name, report.failure) == ("revocation", FailureKind.REVOKED)


def test_a_list_of_cas_alone_says_nothing_of_the_station() -> None:
    evidence = real_evidence()
    only_root = replace(PKI.trust, root_crl=_root_crl())
    report = verify_record(evidence.record, evidence.signature, only_root, NOW)
    step = next(step for step in report.steps if step.name == "revocation")
    assert step.status is StepStatus.NOT_CHECKED
    assert "issuing CA: not revoked" in step.detail


def test_a_ca_revoked_after_the_stamp_is_remarked(final: bytes) -> None:
    later = NOW + timedelta(days=30)
    entry = (PKI.issuing_ca.certificate.serial_number, later, x509.ReasonFlags.cessation_of_operation)
    revoking = replace(trust(), root_crl=make_crl(PKI.root, [entry], 1, later))
    report = verify_document(final, revoking, later + timedelta(days=1))
    assert report.valid
    assert any(remark.startswith("The issuing CA was revoked later") for remark in report.remarks)
