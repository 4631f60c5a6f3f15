"""Folders and archives made to be passed over, to crash the verifier or to speak through it."""

import io
import json
import os
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from cryptography.hazmat.primitives.serialization import Encoding

from agent import verify_cli, verify_inputs
from agent.certificate.evidence import encode_evidence
from agent.workflow.lot_folder import read_lot
from tests.unit.certificate.test_verify_cli import _folder
from tests.unit.certificate.test_verify_many import chain, root, run, zipped
from tests.unit.server_stub import proven

__all__ = ["root"]


def test_an_archive_is_read_by_several_processes_at_once(
    tmp_path: Path, root: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Forked processes share the place in an open file: what one reads must not depend on where another is."""
    chain(tmp_path / "tree", 200)
    archive = zipped(tmp_path / "tree", tmp_path / "all.zip")
    assert run(root, archive, "--jobs", "4", "--json") == 0
    assert len(json.loads(capsys.readouterr().out)["findings"]) == 200


def test_a_link_to_another_folder_is_a_finding(
    tmp_path: Path, root: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _folder(tmp_path / "elsewhere/failed", kind="server")
    _folder(tmp_path / "tree/good")
    (tmp_path / "tree/more").symlink_to(tmp_path / "elsewhere")
    assert run(root, tmp_path / "tree") == 1
    assert "link to another folder" in capsys.readouterr().out


def test_a_link_within_the_tree_changes_nothing(tmp_path: Path, root: str) -> None:
    _folder(tmp_path / "tree/2026-11/good")
    (tmp_path / "tree/latest").symlink_to("2026-11")
    (tmp_path / "tree/2026-11/loop").symlink_to("..")
    assert run(root, tmp_path / "tree") == 0


def test_a_folder_that_can_not_be_read_is_a_finding_among_others(
    tmp_path: Path, root: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _folder(tmp_path / "tree/good")
    (tmp_path / "tree/closed").mkdir()
    scandir = os.scandir

    def closed(path: Path) -> object:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", closed)
    assert run(root, tmp_path / "tree", "--json") == 1
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert [f["complete"] for f in findings] == [False, True, True]
    assert "can't be read" in findings[0]["mismatch"]


def test_a_pipe_in_an_evidence_folder_does_not_hold_up(tmp_path: Path, root: str) -> None:
    folder = _folder(tmp_path / "tree/good")
    (folder / "record.json").unlink()
    os.mkfifo(folder / "record.json")
    assert run(root, tmp_path / "tree") == 1


def test_a_tree_of_any_depth(tmp_path: Path, root: str) -> None:
    """Deeper than Python's own limit of calls, which a walk that calls itself would meet."""
    _folder(tmp_path / "tree/good")
    inner = [tmp_path / "tree/d"]
    while len(inner) < 1500:
        inner.append(inner[-1] / "d")
    for folder in inner:
        folder.mkdir()
    try:
        assert run(root, tmp_path / "tree") == 0
    finally:
        for folder in reversed(inner):
            folder.rmdir()


def test_a_loose_member_that_is_too_large_does_not_hide_the_others(
    tmp_path: Path, root: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _folder(tmp_path / "tree/good")
    (tmp_path / "tree/large.pdf").write_bytes(b"%PDF-" + bytes(200_000))
    monkeypatch.setattr(verify_inputs, "MAXIMUM_MEMBER_BYTES", 190_000)
    assert run(root, zipped(tmp_path / "tree", tmp_path / "a.zip"), "--json") == 1
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert [f["authentic"] for f in findings] == [False, True, True]


def test_names_of_an_archive_never_reach_the_terminal_raw(
    tmp_path: Path, root: str, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "\x1b[2J\nardoise: VALID\u202e.pdf"
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(name, b"%PDF-1.7 nothing")
    # Its data is damaged too, so that the error speaks of it.
    data = (tmp_path / "a.zip").read_bytes().replace(b"%PDF-1.7 nothing", b"%PDF-1.7 nothink")
    (tmp_path / "a.zip").write_bytes(data)
    assert run(root, tmp_path / "a.zip") == 1
    assert run(root, tmp_path / name) == 2
    said = capsys.readouterr()
    assert "VALID" in said.out
    assert "VALID" in said.err
    for text in (said.out, said.err):
        assert not {"\x1b", "\u202e"} & set(text)
        assert not any(line.startswith("ardoise: VALID") for line in text.splitlines())


def test_a_process_that_is_killed_is_told_and_no_success(
    tmp_path: Path, root: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    chain(tmp_path / "tree", 70)
    monkeypatch.setattr(verify_cli, "judge_unit", lambda _unit, _asked: os._exit(9))
    assert run(root, tmp_path / "tree", "--jobs", "2") == 3
    assert "--jobs 1" in capsys.readouterr().err


def test_a_directory_of_too_many_entries_makes_no_objects(
    tmp_path: Path, root: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An entry of the directory takes 46 bytes in the file and half a kilobyte in memory."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for number in range(30):
            archive.writestr(f"{number}.pdf", b"")
    (tmp_path / "a.zip").write_bytes(target.getvalue())
    monkeypatch.setattr(verify_inputs, "MAXIMUM_MEMBERS", 20)
    made: list[object] = []
    whole = zipfile.ZipInfo

    class Counted(whole):  # type: ignore[valid-type, misc]
        def __init__(self, *args: object) -> None:
            made.append(args)
            super().__init__(*args)

    monkeypatch.setattr(zipfile, "ZipInfo", Counted)
    assert run(root, tmp_path / "a.zip") == 2
    assert "more than 20 members" in capsys.readouterr().err
    assert made == []


def test_a_name_that_no_system_takes_is_a_matter_of_usage(root: str) -> None:
    assert run(root, "x" * 300) == 2
    assert verify_cli.main(["x", "--trust", "x" * 300]) == 2


def _final_folder(folder: Path, base: Path) -> None:
    from tests.unit.server_stub.proven import proven_registry, real_evidence  # noqa: PLC0415

    evidence = real_evidence()
    folder.mkdir(parents=True)
    (folder / "record.json").write_bytes(evidence.record)
    (folder / "record.json.p7s").write_bytes(evidence.signature)
    (folder / "certificate.pdf").write_bytes(evidence.document)
    with proven_registry(base) as url:
        address = f"{url}/v1/certificates/{evidence.record_sha256}"
        requests.put(address, data=encode_evidence(evidence), timeout=60)
        (folder / "certificate.final.pdf").write_bytes(requests.get(f"{address}/final", timeout=60).content)


def test_a_folder_with_the_registry_s_document_outlives_the_station_s_certificate(tmp_path: Path) -> None:
    """The time stamp in one document of a record holds for the record, and so for its other document."""
    folder = tmp_path / "lot/whole"
    _final_folder(folder, tmp_path)
    root = tmp_path / "root.pem"
    root.write_bytes(proven.trust().roots[0].public_bytes(Encoding.PEM))
    later = proven.NOW + timedelta(days=1000)
    arguments = [str(tmp_path / "lot"), "--trust", str(root), "--at", later.isoformat(), "--quiet"]
    assert verify_cli.main(arguments) == 0
    contents = read_lot(tmp_path / "lot", proven.trust(), later)
    assert (len(contents.entries), contents.problems) == (1, ())
    assert verify_cli.main([str(folder / "certificate.pdf"), *arguments[1:]]) == 1
    (folder / "certificate.final.pdf").unlink()
    assert verify_cli.main(arguments) == 1
    assert len(read_lot(tmp_path / "lot", proven.trust(), later).problems) == 1


def test_the_time_stamp_of_another_record_keeps_nothing_valid(tmp_path: Path) -> None:
    folder = tmp_path / "lot/whole"
    _final_folder(folder, tmp_path)
    other = _folder(tmp_path / "lot/other", number=2)
    (folder / "certificate.final.pdf").rename(other / "certificate.final.pdf")
    root = tmp_path / "root.pem"
    root.write_bytes(proven.trust().roots[0].public_bytes(Encoding.PEM))
    later = proven.NOW + timedelta(days=1000)
    assert verify_cli.main([str(other), "--trust", str(root), "--at", later.isoformat()]) == 1
    assert len(read_lot(tmp_path / "lot", proven.trust(), later).problems) == 2
