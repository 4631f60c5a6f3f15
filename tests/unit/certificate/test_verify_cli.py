"""`ardoise verify` ends with 0 for complete success and nothing else."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from agent import verify_cli, verify_findings
from agent.certificate.cades import sign_detached
from agent.certificate.page import render_page
from agent.certificate.pki import make_crl
from agent.certificate.record import encode_record
from agent.certificate.seal import seal_page
from agent.certificate.verify import verify_record
from agent.model.machine import Environment
from agent.model.record import document_kind
from tests.conftest import Allow
from tests.samples import AT, sample_record, throwaway_pki


@pytest.fixture(autouse=True)
def _today(monkeypatch: pytest.MonkeyPatch) -> None:
    class Frozen(verify_cli.datetime):
        @classmethod
        def now(cls, tz=None):  # type: ignore[no-untyped-def]  # noqa: ARG003
            return AT

    monkeypatch.setattr(verify_cli, "datetime", Frozen)


@pytest.fixture
def root(tmp_path: Path) -> str:
    path = tmp_path / "root.pem"
    path.write_bytes(throwaway_pki().root.certificate.public_bytes(Encoding.PEM))
    return str(path)


def _folder(parent: Path, kind: str = "laptop", *, name: str | None = None, **options: object) -> Path:
    record = sample_record(kind, **options)  # type: ignore[arg-type]
    data = encode_record(record)
    signature = sign_detached(data, throwaway_pki().station, AT)
    pdf = seal_page(render_page(record, data, signature), throwaway_pki().station, AT)
    folder = parent / "evidence" / record.record_id
    folder.mkdir(parents=True)
    (folder / "record.json").write_bytes(data)
    (folder / "record.json.p7s").write_bytes(signature)
    (folder / (name or document_kind(record).file_name)).write_bytes(pdf)
    return folder


def test_folder_record_and_document_of_a_good_certificate(
    tmp_path: Path, root: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = _folder(tmp_path)
    for path in (folder, folder.parent, folder / "record.json", folder / "certificate.pdf"):
        assert verify_cli.main([str(path), "--trust", root]) == 0
    said = capsys.readouterr().out
    for words in (
        "1. record form",
        "18. page",
        "VALID certificate: SANITIZED",
        "serial S3TNNX0K000001",
        "claimed:",
        "not checked no CRL",
    ):
        assert words in said


@pytest.mark.parametrize("kind", ["server", "no-drive", "excluded"])
def test_an_authentic_record_of_less_is_no_success(
    tmp_path: Path, root: str, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify_cli.main([str(_folder(tmp_path, kind)), "--trust", root]) == 1
    said = capsys.readouterr().out
    assert "Authentic" in said
    assert "NOT a certificate" in said
    assert "VALID" not in said


def test_a_specimen_says_so(tmp_path: Path, root: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify_cli.main([str(_folder(tmp_path, environment=Environment.SIMULATED)), "--trust", root]) == 0
    said = capsys.readouterr().out
    assert "SPECIMEN of a certificate" in said
    assert "VALID" not in said


def test_another_record_beside_the_document_is_refused(
    tmp_path: Path, root: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, other = _folder(tmp_path), _folder(tmp_path, number=2)
    for name in ("record.json", "record.json.p7s"):
        (folder / name).write_bytes((other / name).read_bytes())
    assert verify_cli.main([str(folder), "--trust", root]) == 1
    assert "another record" in capsys.readouterr().out


def test_a_record_named_certificate_is_refused(
    tmp_path: Path, root: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify_cli.main([str(_folder(tmp_path, "no-drive", name="certificate.pdf")), "--trust", root]) == 1
    assert "is called certificate.pdf" in capsys.readouterr().out


def test_one_bad_file_among_good_ones_fails_all(
    tmp_path: Path, root: str, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = _folder(tmp_path), _folder(tmp_path, number=2)
    record = bad / "record.json"
    record.write_bytes(record.read_bytes().replace(b"laptop", b"tablet").replace(b"op-7f3a", b"op-7f3b"))
    assert verify_cli.main([str(good), str(bad), "--trust", root]) == 1
    said = capsys.readouterr().out
    assert "FAILED" in said
    assert "NOT VALID at step 2 (signature)" in said


@pytest.mark.parametrize("degree", ["timestamped", "logged", "witnessed"])
def test_more_proof_than_there_is_fails(
    tmp_path: Path, root: str, degree: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = _folder(tmp_path)
    assert verify_cli.main([str(folder), "--trust", root, "--require-proof", "signed"]) == 0
    assert verify_cli.main([str(folder), "--trust", root, "--require-proof", degree]) == 1
    assert f"required: {degree}" in capsys.readouterr().out


def test_a_revoked_station(tmp_path: Path, root: str) -> None:
    folder, crl = _folder(tmp_path), tmp_path / "crl.pem"
    pki = throwaway_pki()
    crl.write_bytes(make_crl(pki.issuing_ca, (), 1, AT).public_bytes(Encoding.PEM))
    assert verify_cli.main([str(folder), "--trust", root, "--crl", str(crl)]) == 0
    (revoking,) = pki.revoking().crls
    crl.write_bytes(revoking.public_bytes(Encoding.DER))
    assert verify_cli.main([str(folder), "--trust", root, "--crl", str(crl)]) == 1


def test_the_report_as_json(tmp_path: Path, root: str, capsys: pytest.CaptureFixture[str]) -> None:
    folder = _folder(tmp_path, "hostile")
    assert verify_cli.main([str(folder), "--trust", root, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    record, document = said["findings"]
    assert said["form"] == "ardoise-verification/1"
    assert (record["complete"], document["complete"], document["headline"]) == (True, True, "SANITIZED")
    assert [step["number"] for step in document["steps"]] == list(range(1, 19))
    assert document["media"][0]["model"] == "[/red]"


def test_hostile_text_does_not_reach_the_terminal(
    tmp_path: Path, root: str, capsys: pytest.CaptureFixture[str]
) -> None:
    verify_cli.main([str(_folder(tmp_path, "hostile")), "--trust", root])
    said = capsys.readouterr().out
    assert "[/red]" in said
    assert all(c.isprintable() or c == "\n" for c in said)


def test_what_can_not_be_read_is_a_matter_of_usage(
    tmp_path: Path, root: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = _folder(tmp_path)
    (tmp_path / "empty").mkdir()
    for argv in (
        [str(tmp_path / "absent.pdf"), "--trust", root],
        [str(folder), "--trust", str(tmp_path / "absent.pem")],
        [str(folder), "--trust", str(folder / "record.json")],
        [str(folder), "--trust", root, "--crl", str(folder / "record.json")],
        [str(tmp_path / "empty"), "--trust", root],
    ):
        assert verify_cli.main(argv) == 2
    (folder / "record.json.p7s").unlink()
    assert verify_cli.main([str(folder / "record.json"), "--trust", root]) == 2
    assert "can't be read" in capsys.readouterr().err
    for argv in ([], [str(folder)], [str(folder), "--trust", root, "--require-proof", "much"]):
        with pytest.raises(SystemExit) as ended:
            verify_cli.main(argv)
        assert ended.value.code == 2


def test_a_leaf_is_no_root(tmp_path: Path) -> None:
    folder, leaf = _folder(tmp_path), tmp_path / "leaf.pem"
    for certificate in (throwaway_pki().station.chain.leaf, throwaway_pki().issuing_ca.certificate):
        leaf.write_bytes(certificate.public_bytes(Encoding.PEM))
        assert verify_cli.main([str(folder), "--trust", str(leaf)]) == 2


def test_garbage_is_refused_and_nothing_crashes(tmp_path: Path, root: str) -> None:
    for number, data in enumerate(
        (b"", b"%PDF-1.7\n", b"%PDF-" + b"/ByteRange [0 1 2 3]" * 50, b"\0" * 1000, b"{}")
    ):
        file = tmp_path / f"x{number}"
        file.write_bytes(data)
        file.with_name(file.name + ".p7s").write_bytes(data)
        assert verify_cli.main([str(file), "--trust", root]) == 1


def test_the_verifier_drags_in_nothing_of_the_machine(allow_programs: Allow) -> None:
    allow_programs(Path(sys.executable).name)
    code = "import sys, agent.verify_cli; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    heavy = {
        "textual",
        "pyudev",
        "pySMART",
        "psutil",
        "sqlalchemy",
        "fastapi",
        "requests",
        "typst",
        "pyhanko",
        "subprocess",
    }
    assert loaded & heavy == set()
    inside = {name for name in done.stdout.split() if name.startswith("agent.")}
    allowed = ("agent.certificate", "agent.model", "agent.errors", "agent.tree", "agent.verify_")
    assert [name for name in inside if not name.startswith(allowed)] == []


def test_findings_are_complete_only_with_every_part() -> None:
    finding = verify_findings.Finding("x", report=verify_record(b"", b"", throwaway_pki().trust, AT))
    assert not finding.authentic
    assert not replace(finding, mismatch="other").complete
