"""From the drive to the registry's final document, with the commands as people run them, judged by openssl and pdfsig."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Allow
from tests.e2e.conftest import RegistryProcess, Shop, ardoise, record_folders, serials


@pytest.fixture
def proven(registry: RegistryProcess, shop: Shop, tmp_path: Path) -> RegistryProcess:
    """The shop's registry with keys for seals and time stamps, and the station that knows its log."""
    folder = tmp_path / "registry.folder"
    done = ardoise(
        "pki", "issue-registry", shop.pki, "--name", "registry.example", "--out", folder, "--passphrase-file", shop.passphrase
    )  # fmt: skip
    assert done.code == 0, done.err
    registry.folder = folder
    registry.crl = shop.pki / "crl.pem"
    keys = subprocess.run(
        [*registry.program, "keys", folder, "--origin", "log.example/ardoise"], capture_output=True, text=True, check=False
    )  # fmt: skip
    assert keys.returncode == 0, keys.stderr
    assert (folder / "log.key").stat().st_mode & 0o077 == 0
    assert (folder / "log.vkey").read_text().startswith("log.example/ardoise+")
    return registry


def test_an_upload_ends_with_a_logged_document(
    bench, shop: Shop, evidence: Path, proven: RegistryProcess, tmp_path: Path, allow_programs: Allow
) -> None:
    allow_programs("pdfsig", "pdfdetach", "certutil", "openssl")
    log = proven.folder / "log.vkey"
    known = shop.station / "log.vkey"
    known.write_bytes(log.read_bytes())
    try:
        proven.start()
        machine = bench("laptop", size_mib=16, pace=0)
        desk = [*shop.desk(evidence), "--machine", machine, "--registry", proven.url, "--json"]
        done = ardoise("sanitize", "--all", "--confirm", *serials(machine), *desk)
        assert done.code == 0, done.err
        (folder,) = record_folders(evidence)
        # The document of a machine is fetched right after its receipt, or at the next upload.
        assert (
            ardoise("upload", "--evidence", evidence, "--registry", proven.url, "--station", shop.station).code == 0
        )
        final = folder / "certificate.final.pdf"
        assert final.exists(), done.err
        with_log = ["--trust", shop.root, "--log", log]
        verified = ardoise("verify", final, *with_log, "--require-proof", "logged")
        assert verified.code == 0, verified.out
        assert ardoise("verify", folder / "certificate.pdf", *with_log).code == 0
        assert ardoise("verify", folder / "certificate.pdf", *with_log, "--require-proof", "timestamped").code == 1
        assert ardoise("verify", final, "--trust", shop.root, "--require-proof", "logged").code == 1
        assert ardoise("verify", final, *with_log, "--require-proof", "witnessed").code == 1
        _judged_from_outside(final, shop, tmp_path)
        _second_record_names_the_head(bench, shop, evidence, proven)
    finally:
        known.unlink()


def _judged_from_outside(final: Path, shop: Shop, folder: Path) -> None:
    nss = folder / "nss"
    nss.mkdir()
    for command in (
        ["certutil", "-N", "-d", f"sql:{nss}", "--empty-password"],
        ["certutil", "-A", "-d", f"sql:{nss}", "-n", "root", "-t", "C,C,C", "-i", str(shop.root)],
    ):
        subprocess.run(command, check=True, capture_output=True)
    said = subprocess.run(
        ["pdfsig", "-nssdir", f"sql:{nss}", str(final)], capture_output=True, text=True, check=True
    ).stdout
    assert "Total document signed" in said
    assert "Signature is Valid" in said
    assert "Certificate is Trusted" in said
    out = folder / "attached"
    out.mkdir()
    subprocess.run(["pdfdetach", "-saveall", "-o", str(out), str(final)], check=True, capture_output=True)
    assert sorted(path.name for path in out.iterdir()) == [
        "crl.pem", "record.json", "record.json.p7s", "record.json.p7s.tsr", "record.json.tlog-proof",
    ]  # fmt: skip
    assert (out / "record.json").read_bytes() == (final.parent / "record.json").read_bytes()
    stamped = subprocess.run(
        ["openssl", "ts", "-verify", "-data", "record.json.p7s", "-in", "record.json.p7s.tsr", "-CAfile", str(shop.root)],
        cwd=out, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Verification: OK" in stamped.stdout, stamped.stderr


def _second_record_names_the_head(bench, shop: Shop, evidence: Path, proven: RegistryProcess) -> None:
    first = record_folders(evidence)
    machine = bench("office-pc", size_mib=16, pace=0)
    desk = [*shop.desk(evidence), "--machine", machine, "--registry", proven.url, "--json"]
    ardoise("sanitize", "--all", "--confirm", *serials(machine), *desk)
    (folder,) = set(record_folders(evidence)) - set(first)
    head = json.loads((folder / "record.json").read_bytes())["time"]["not_before_checkpoint"]
    assert head["origin"] == "log.example/ardoise"
    assert head["size"] == "1"
