"""Folders of any depth, archives, the station's numbering, and other moments than now."""

import hashlib
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from agent import verify_cli, verify_inputs
from agent.certificate.cades import sign_detached
from agent.certificate.record import encode_record
from agent.model.record import StationLink
from tests.samples import AT, sample_record, throwaway_pki
from tests.unit.certificate.test_verify_cli import _folder

MOMENT = ["--at", AT.isoformat()]


@pytest.fixture
def root(tmp_path: Path) -> str:
    path = tmp_path / "root.pem"
    path.write_bytes(throwaway_pki().root.certificate.public_bytes(Encoding.PEM))
    return str(path)


def run(root: str, *arguments: object) -> int:
    return verify_cli.main([*map(str, arguments), "--trust", root, *MOMENT])


def zipped(folder: Path, target: Path, method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(target, "w", method) as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, file.relative_to(folder))
    return target


def record_files(folder: Path, link: StationLink, number: int) -> str:
    """One signed record at this place of the sequence; its digest."""
    data = encode_record(replace(sample_record(number=number), station_link=link))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{number}.json").write_bytes(data)
    (folder / f"{number}.json.p7s").write_bytes(sign_detached(data, throwaway_pki().station, AT))
    return hashlib.sha256(data).hexdigest()


def chain(folder: Path, count: int) -> list[str]:
    """So many records that follow one another; their digests."""
    digests = [""]
    for number in range(1, count + 1):
        digests.append(record_files(folder, StationLink(number, digests[-1]), number))
    return digests


def test_a_tree_and_its_archive_say_the_same(tmp_path: Path, root: str, capsys: pytest.CaptureFixture[str]) -> None:
    tree = tmp_path / "tree"
    for number in (1, 2):
        _folder(tree / f"deep/er{number}", number=number)
    (tree / "deep" / "notes.txt").write_text("of no interest")
    (tree / "lone.pdf").write_bytes(next(tree.rglob("certificate.pdf")).read_bytes())
    forms = []
    for place in (tree, zipped(tree, tmp_path / "all.zip"), zipped(tree, tmp_path / "a", zipfile.ZIP_STORED)):
        # Both samples call themselves the station's first record.
        assert run(root, place, "--json") == 1
        said = json.loads(capsys.readouterr().out)
        forms.append([(f["record_sha256"], f["complete"], f["headline"]) for f in said["findings"]])
    assert len(forms[0]) == 5
    assert {complete for _, complete, _ in forms[0]} == {True}
    assert sorted(forms[0]) == sorted(forms[1]) == sorted(forms[2])


def test_a_folder_that_lacks_its_signature_is_a_finding_among_others(
    tmp_path: Path, root: str, capsys: pytest.CaptureFixture[str]
) -> None:
    tree = tmp_path / "tree"
    _folder(tree / "a")
    broken = _folder(tree / "b", number=2)
    (broken / "record.json.p7s").unlink()
    assert run(root, tree) == 1
    said = capsys.readouterr().out
    assert "can't be read" in said
    assert "3 verified: 2 complete, 0 authentic but not complete, 1 not valid." in said


def test_two_documents_beside_a_record(tmp_path: Path, root: str, capsys: pytest.CaptureFixture[str]) -> None:
    folder = _folder(tmp_path)
    (folder / "record.pdf").write_bytes((folder / "certificate.pdf").read_bytes())
    assert run(root, folder) == 1
    assert "two documents" in capsys.readouterr().out


@pytest.mark.parametrize("jobs", [1, 2])
def test_many_on_several_cores(
    tmp_path: Path, root: str, jobs: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify_cli, "_FEW", 2)
    chain(tmp_path / "many", 5)
    assert run(root, tmp_path / "many", "--jobs", jobs, "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert [f["sequence"] for f in said["findings"]] == [1, 2, 3, 4, 5]
    assert said["stations"] == [
        {
            "root": "Ardoise TEST root",
            "organisation": "Ateliers du Léman",
            "station": "stick-a",
            "first": 1,
            "last": 5,
            "records": 5,
            "gaps": [],
            "forks": [],
        }
    ]


def test_a_gap_is_said_and_counts_only_where_it_is_asked(
    tmp_path: Path, root: str, capsys: pytest.CaptureFixture[str]
) -> None:
    chain(tmp_path / "gap", 5)
    for number in (2, 3):
        (tmp_path / "gap" / f"{number}.json").unlink()
        (tmp_path / "gap" / f"{number}.json.p7s").unlink()
    assert run(root, tmp_path / "gap") == 0
    assert "GAP: numbers 2 to 3 are not here" in capsys.readouterr().out
    assert run(root, tmp_path / "gap", "--require-sequence") == 1


def test_a_fork_is_no_success(tmp_path: Path, root: str, capsys: pytest.CaptureFixture[str]) -> None:
    digests = chain(tmp_path / "fork", 3)
    record_files(tmp_path / "fork", StationLink(3, digests[2]), 4)
    assert run(root, tmp_path / "fork") == 1
    assert "FORK: 2 records have the number 3" in capsys.readouterr().out


def test_a_predecessor_that_is_another_is_a_fork(
    tmp_path: Path, root: str, capsys: pytest.CaptureFixture[str]
) -> None:
    digests = chain(tmp_path / "fork", 2)
    record_files(tmp_path / "fork", StationLink(3, digests[1]), 3)
    assert run(root, tmp_path / "fork") == 1
    said = capsys.readouterr().out
    assert "follow the same record" in said
    assert "does not follow the record 2 that is here" in said


def test_one_record_in_several_files_is_no_fork(tmp_path: Path, root: str) -> None:
    folder = _folder(tmp_path)
    assert run(root, folder, folder / "record.json", folder / "certificate.pdf") == 0


def test_years_ahead(tmp_path: Path, root: str, capsys: pytest.CaptureFixture[str]) -> None:
    folder = _folder(tmp_path)
    for moment, code in (("2026-11-22", 0), ("2036-11-21", 1), ("2036-11-21T14:30:00+01:00", 1), ("2020-01-01", 1)):
        assert verify_cli.main([str(folder), "--trust", root, "--at", moment]) == code
    assert "expired" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        verify_cli.main([str(folder), "--trust", root, "--at", "soon"])


def test_only_what_is_no_success_is_said(tmp_path: Path, root: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(root, _folder(tmp_path), "--quiet") == 0
    assert capsys.readouterr().out == "2 verified: 2 complete, 0 authentic but not complete, 0 not valid.\n"


def test_what_is_trusted_may_be_a_folder(tmp_path: Path, root: str) -> None:
    trust = tmp_path / "trust"
    trust.mkdir()
    folder = _folder(tmp_path)
    assert verify_cli.main([str(folder), "--trust", str(trust), *MOMENT]) == 2
    (trust / "root.pem").write_bytes(Path(root).read_bytes())
    assert verify_cli.main([str(folder), "--trust", str(trust), *MOMENT]) == 0
    (revoking,) = throwaway_pki().revoking().crls
    (trust / "crl.pem").write_bytes(revoking.public_bytes(Encoding.PEM))
    assert verify_cli.main([str(folder), "--trust", str(trust), *MOMENT]) == 1


# --- foreign archives


def test_a_bomb_is_refused(tmp_path: Path, root: str, capsys: pytest.CaptureFixture[str]) -> None:
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("record.json", bytes(verify_inputs.MAXIMUM_MEMBER_BYTES + 1))
        archive.writestr("record.json.p7s", b"")
        archive.writestr("certificate.pdf", b"")
    assert bomb.stat().st_size < 100_000
    assert run(root, bomb) == 1
    assert "larger than any certificate" in capsys.readouterr().out


def test_a_bomb_that_lies_about_its_size(tmp_path: Path, root: str, capsys: pytest.CaptureFixture[str]) -> None:
    bomb, size = tmp_path / "bomb.zip", 40_000_000
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("certificate.pdf", bytes(size))
    data = bomb.read_bytes()
    assert data.count(size.to_bytes(4, "little")) == 2
    bomb.write_bytes(data.replace(size.to_bytes(4, "little"), (1000).to_bytes(4, "little")))
    assert run(root, bomb) == 1
    assert "damaged" in capsys.readouterr().out


def test_names_that_lead_elsewhere_stay_names(
    tmp_path: Path, root: str, capsys: pytest.CaptureFixture[str]
) -> None:
    source = _folder(tmp_path)
    archive = tmp_path / "up.zip"
    with zipfile.ZipFile(archive, "w") as made:
        for file in sorted(source.iterdir()):
            made.writestr(f"../../\x1b[31mup/{file.name}", file.read_bytes())
    before = sorted(tmp_path.rglob("*"))
    assert run(root, archive) == 0
    assert sorted(tmp_path.rglob("*")) == before
    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.parametrize("what", ["twice", "lzma", "garbage", "empty", "too many", "too much"])
def test_odd_archives_are_a_matter_of_usage(
    what: str, tmp_path: Path, root: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "odd.zip"
    method = zipfile.ZIP_LZMA if what == "lzma" else zipfile.ZIP_STORED
    with zipfile.ZipFile(path, "w", method) as archive:
        for _ in range(2 if what == "twice" else 1):
            if what != "empty":
                with pytest.warns(UserWarning, match="Duplicate") if _ else _nothing():
                    archive.writestr("certificate.pdf", b"%PDF-")
    if what == "garbage":
        path.write_bytes(b"PK\x03\x04" + bytes(50))
    if what == "too many":
        monkeypatch.setattr(verify_inputs, "MAXIMUM_MEMBERS", 0)
    if what == "too much":
        monkeypatch.setattr(verify_inputs, "MAXIMUM_ARCHIVE_BYTES", 4)
    assert run(root, path) == 2


def _nothing() -> object:
    from contextlib import nullcontext  # noqa: PLC0415

    return nullcontext()
