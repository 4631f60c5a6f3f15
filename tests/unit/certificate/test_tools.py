"""Programs that are not ours accept what we sign, and refuse what is changed."""

import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from agent.certificate.pki import lock_key
from agent.certificate.station import load_station_key
from tests.conftest import Allow
from tests.samples import fixed_key
from tests.unit.certificate.conftest import Good

# fmt: off
OPENSSL = (
    "openssl", "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", "record.json.p7s", "-content", "record.json",
    "-CAfile", "root.pem", "-purpose", "any", "-out", "/dev/null",
)
# fmt: on


@pytest.fixture
def folder(good: Good, tmp_path: Path) -> Path:
    (tmp_path / "record.json").write_bytes(good.record)
    (tmp_path / "record.json.p7s").write_bytes(good.signature)
    (tmp_path / "certificate.pdf").write_bytes(good.pdf)
    (tmp_path / "root.pem").write_bytes(good.pki.root.certificate.public_bytes(Encoding.PEM))
    return tmp_path


def _run(folder: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv, check=False, cwd=folder, capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL
    )


def test_openssl_verifies_the_record(folder: Path, allow_programs: Allow) -> None:
    allow_programs("openssl")
    done = _run(folder, *OPENSSL)
    assert done.returncode == 0
    assert "CAdES Verification successful" in done.stderr


def test_openssl_refuses_another_record(folder: Path, allow_programs: Allow) -> None:
    allow_programs("openssl")
    record = folder / "record.json"
    record.write_bytes(record.read_bytes().replace(b"SANITIZED", b"SANITIZEd"))
    assert _run(folder, *OPENSSL).returncode != 0


def test_pdfsig_trusts_the_whole_document(folder: Path, allow_programs: Allow) -> None:
    allow_programs("certutil", "pdfsig")
    (folder / "nss").mkdir()
    assert _run(folder, "certutil", "-N", "-d", "sql:nss", "--empty-password").returncode == 0
    assert (
        _run(folder, "certutil", "-A", "-d", "sql:nss", "-n", "root", "-t", "CT,C,C", "-i", "root.pem").returncode
        == 0
    )
    said = _run(folder, "pdfsig", "-nssdir", "sql:nss", "certificate.pdf").stdout
    for line in ("Total document signed", "Signature is Valid", "Certificate is Trusted", "ETSI.CAdES.detached"):
        assert line in said
    assert "Signature #2" not in said


def test_pdfdetach_gives_the_evidence_back(folder: Path, good: Good, allow_programs: Allow) -> None:
    allow_programs("pdfdetach")
    (folder / "out").mkdir()
    assert _run(folder, "pdfdetach", "-saveall", "-o", "out", "certificate.pdf").returncode == 0
    assert {path.name: path.read_bytes() for path in (folder / "out").iterdir()} == {
        "record.json": good.record,
        "record.json.p7s": good.signature,
    }


def test_pdftotext_reads_headline_and_serial(folder: Path, allow_programs: Allow) -> None:
    allow_programs("pdftotext")
    text = _run(folder, "pdftotext", "certificate.pdf", "-").stdout
    assert "SANITIZED" in text
    assert "S3TNNX0K000001" in text


def test_openssl_opens_the_key_with_its_passphrase_only(tmp_path: Path, good: Good, allow_programs: Allow) -> None:
    allow_programs("openssl")
    pem = lock_key(fixed_key("station a"), b"a long passphrase")
    (tmp_path / "key.pem").write_bytes(pem)
    opened = _run(tmp_path, "openssl", "pkey", "-in", "key.pem", "-passin", "pass:a long passphrase", "-noout")
    refused = _run(tmp_path, "openssl", "pkey", "-in", "key.pem", "-passin", "pass:another", "-noout")
    shape = _run(tmp_path, "openssl", "asn1parse", "-in", "key.pem").stdout
    assert (opened.returncode, refused.returncode != 0) == (0, True)
    for word in ("PBES2", "PBKDF2", ":0927C0", "hmacWithSHA256", "aes-256-cbc"):  # 0x0927C0 = 600,000
        assert word in shape
    parts = [
        c.public_bytes(Encoding.PEM)
        for c in (good.pki.station.chain.leaf, good.pki.issuing_ca.certificate, good.pki.root.certificate)
    ]
    key = load_station_key(pem, *parts, b"a long passphrase")
    assert key.issuer == good.pki.station.issuer
