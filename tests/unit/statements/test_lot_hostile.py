"""A lot's folder made to hide something, or hit by an accident: nothing that has a say is passed over."""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from agent.__main__ import main
from agent.certificate.trust import load_trust
from agent.model.machine import Environment
from agent.workflow import lot_folder
from agent.workflow.lot_folder import read_lot
from tests.samples import AT, throwaway_pki
from tests.unit.statements.conftest import Workshop, evidence_files
from tests.unit.statements.test_lot_commands import CSV, _intake, _lot, _seal, _verify


def _accept(shop: Workshop, folder: Path, decision: str, *more: str) -> int:
    options = ["--validator", "val-2", "--decision", decision, "--reason", "seen", *more]
    return main(["accept", str(folder), *options, *shop.signing, *shop.trusting])


def _stops(shop: Workshop, capsys: pytest.CaptureFixture[str], words: str, code: int = 1) -> None:
    capsys.readouterr()
    assert _seal(shop) == code
    assert words in capsys.readouterr().err
    assert not (shop.lot / "lot.json").exists()


def test_a_folder_behind_a_link_stops_the_seal(workshop: Workshop, tmp_path: Path, capsys) -> None:
    workshop.add(workshop.laptop())
    failed = workshop.add(workshop.laptop(2, "server"))
    failed.rename(tmp_path / "elsewhere")
    (workshop.lot / "more").symlink_to(tmp_path / "elsewhere")
    _stops(workshop, capsys, "link to another folder")


def test_a_folder_that_can_not_be_read_stops_the_seal(workshop: Workshop, monkeypatch, capsys) -> None:
    workshop.add(workshop.laptop())
    closed = workshop.add(workshop.laptop(2, "server"))
    scandir = os.scandir

    def refusing(path: Path) -> object:
        if Path(path) == closed:
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    _stops(workshop, capsys, "Permission denied")


@pytest.mark.parametrize("lost", ["record.json", "record.json.p7s", "record.pdf", "certificate.pdf"])
def test_evidence_that_lacks_a_part_stops_the_seal(lost: str, workshop: Workshop, capsys) -> None:
    workshop.add(workshop.laptop())
    folder = workshop.add(workshop.laptop(2, "no-drive" if lost == "record.pdf" else "server"))
    (folder / lost).unlink()
    _stops(workshop, capsys, folder.name)


def test_a_link_that_leads_nowhere_stops_the_seal(workshop: Workshop, capsys) -> None:
    folder = workshop.add(workshop.laptop())
    (folder / "record.json").unlink()
    (folder / "record.json").symlink_to("gone")
    _stops(workshop, capsys, "can't be read")


def test_two_documents_beside_a_record_stop_the_seal(workshop: Workshop, capsys) -> None:
    folder = workshop.add(workshop.laptop())
    shutil.copy(folder / "certificate.pdf", folder / "record.pdf")
    _stops(workshop, capsys, "two documents")


def test_the_journal_of_a_session_without_a_record_stops_the_seal(workshop: Workshop, capsys) -> None:
    done, lost = workshop.laptop(), workshop.laptop(2)
    workshop.add(done)
    (workshop.lot / "journal").mkdir()
    (workshop.lot / "journal" / f"{done.record_id}.jsonl").write_text("{}")
    assert read_lot(workshop.lot, load_trust(workshop.root.read_bytes()), AT).problems == ()
    (workshop.lot / "journal" / f"{lost.record_id}.jsonl").write_text("{}")
    _stops(workshop, capsys, "session that has no record")


@pytest.mark.parametrize("first", ["a", "z"])
def test_a_rejection_beside_a_copy_of_the_record_is_not_lost(first: str, workshop: Workshop, capsys) -> None:
    folder = workshop.add(workshop.laptop(), "m")
    shutil.copytree(folder, workshop.lot / first)
    assert _accept(workshop, folder, "accept") == 0
    assert _accept(workshop, workshop.lot / first, "reject") == 0
    _stops(workshop, capsys, "another decision")


@pytest.mark.parametrize("first", ["a", "z"])
def test_one_decision_counts_whichever_copy_carries_it(first: str, workshop: Workshop) -> None:
    folder = workshop.add(workshop.laptop(), "m")
    shutil.copytree(folder, workshop.lot / first)
    assert _accept(workshop, workshop.lot / first, "reject") == 0
    assert _seal(workshop) == 1
    assert [each["kind"] for each in _lot(workshop)["exceptions"]] == ["rejected"]


def test_a_rejection_that_lies_elsewhere_in_the_lot_counts(workshop: Workshop) -> None:
    folder = workshop.add(workshop.laptop())
    assert _accept(workshop, folder, "reject", "--out", str(workshop.lot / "decisions/1")) == 0
    assert _seal(workshop) == 1
    assert [each["kind"] for each in _lot(workshop)["exceptions"]] == ["rejected"]


def test_a_decision_on_a_record_that_is_not_there_stops_the_seal(
    workshop: Workshop, tmp_path: Path, capsys
) -> None:
    workshop.add(workshop.laptop())
    gone = workshop.add(workshop.laptop(2))
    assert _accept(workshop, gone, "reject", "--out", str(workshop.lot / "decision")) == 0
    gone.rename(tmp_path / "gone")
    _stops(workshop, capsys, "record that is not there")


@pytest.mark.parametrize("lost", ["intake.json", "intake.json.p7s"])
def test_half_a_receipt_stops_the_seal(lost: str, workshop: Workshop, capsys) -> None:
    """Without the receipt nothing is missing: it must not be lost in silence."""
    workshop.add(workshop.laptop())
    assert _intake(workshop, CSV + "CD35-2;NEVER1;laptop;;;\r\n") == 0
    (workshop.lot / "intake" / lost).unlink()
    _stops(workshop, capsys, "intake")


def test_a_receipt_s_page_is_looked_at_too(workshop: Workshop, capsys) -> None:
    workshop.add(workshop.laptop())
    assert _intake(workshop, CSV) == 0
    page = workshop.lot / "intake/intake.pdf"
    page.write_bytes(page.read_bytes()[:-1] + b"!")
    _stops(workshop, capsys, "intake.pdf")


def test_a_copy_of_the_receipt_counts_once(workshop: Workshop) -> None:
    workshop.add(workshop.laptop())
    assert _intake(workshop, CSV) == 0
    shutil.copytree(workshop.lot / "intake", workshop.lot / "intake again")
    assert _seal(workshop) == 0


def test_the_summary_in_the_folder_has_to_be_the_manifest_s(workshop: Workshop, tmp_path: Path, capsys) -> None:
    workshop.add(workshop.laptop())
    assert _seal(workshop, "--out", str(tmp_path / "good")) == 0
    failed = workshop.add(workshop.laptop(2, "server"))
    assert _seal(workshop) == 1
    assert _verify(workshop, workshop.lot) == 1
    assert "VALID lot: INCOMPLETE" in capsys.readouterr().out
    shutil.rmtree(failed)
    for name in ("lot.json", "lot.json.p7s"):
        shutil.copy(tmp_path / "good" / name, workshop.lot / name)
    assert _verify(workshop, workshop.lot) == 1
    assert "carries another statement" in capsys.readouterr().out
    shutil.copy(tmp_path / "good/lot.pdf", workshop.lot / "lot.pdf")
    assert _verify(workshop, workshop.lot) == 0


def test_specimens_are_no_part_of_a_real_lot(workshop: Workshop, tmp_path: Path, capsys) -> None:
    """Whoever trusts both roots could be shown a simulated machine as a real one."""
    test = throwaway_pki()
    record = replace(workshop.laptop(), issuer=test.station.issuer)
    record = replace(record, environment=Environment.SIMULATED, specimen=True)
    folder = workshop.lot / "specimen"
    folder.mkdir()
    for name, data in evidence_files(test, record).items():
        (folder / name).write_bytes(data)
    both = tmp_path / "both.pem"
    both.write_bytes(workshop.root.read_bytes() + test.root.certificate.public_bytes(Encoding.PEM))
    options = ["--lot", "L-1", "--donor", "d-1", *workshop.signing, "--trust", str(both)]
    assert main(["lot", "seal", str(workshop.lot), *options]) == 1
    assert "Specimens" in capsys.readouterr().err
    workshop.add(workshop.laptop(2))
    assert main(["lot", "seal", str(workshop.lot), *options]) == 1
    assert "among records of real machines" in capsys.readouterr().err


def test_a_killed_process_is_told(workshop: Workshop, monkeypatch, capsys) -> None:
    for number in (1, 2):
        workshop.add(workshop.laptop(number))
    monkeypatch.setattr(lot_folder, "MANY", 2)
    monkeypatch.setattr(lot_folder.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(lot_folder, "_read_one", lambda _reading, _folder: os._exit(9))
    _stops(workshop, capsys, "ended before its time", code=3)


def test_a_fork_is_said(workshop: Workshop, capsys) -> None:
    for number in (1, 2):
        workshop.add(replace(workshop.laptop(number), station_link=workshop.laptop(1).station_link))
    assert _seal(workshop) == 0
    assert "FORK" in capsys.readouterr().err
    assert _verify(workshop, workshop.lot, "--json") == 0
    assert any("FORK" in remark for remark in json.loads(capsys.readouterr().out)["remarks"])


@pytest.mark.parametrize("torn", ["lot.json.p7s", "lot.pdf", "lot.json"])
def test_a_full_disk_leaves_nothing_behind_and_the_next_attempt_works(
    torn: str, workshop: Workshop, monkeypatch, capsys
) -> None:
    workshop.add(workshop.laptop())
    write = os.write
    paths: list[str] = []

    def full(descriptor: int, data: memoryview) -> int:
        name = Path(f"/proc/self/fd/{descriptor}").resolve().name
        if name != torn:
            return write(descriptor, data)
        paths.append(name)
        if len(paths) > 1:
            raise OSError(28, "No space left on device")
        return write(descriptor, data[:100])

    monkeypatch.setattr(os, "write", full)
    assert _seal(workshop) == 3
    assert "No space left" in capsys.readouterr().err
    assert not list(workshop.lot.glob("lot.*"))
    monkeypatch.setattr(os, "write", write)
    assert _seal(workshop) == 0


def test_a_manifest_shows_only_once_all_that_belongs_to_it_is_durable(workshop: Workshop, monkeypatch) -> None:
    """A power cut may keep any of the entries that were not synced: the statement must be the last of them."""
    workshop.add(workshop.laptop())
    seen: list[str] = []
    fsync, opened = os.fsync, os.open

    def noting(descriptor: int) -> None:
        seen.append(f"sync {Path(f'/proc/self/fd/{descriptor}').resolve().name}")
        fsync(descriptor)

    def opening(path: str, flags: int, *more: int) -> int:
        if flags & os.O_CREAT:
            seen.append(f"create {Path(path).name}")
        return opened(path, flags, *more)

    monkeypatch.setattr(os, "fsync", noting)
    monkeypatch.setattr(os, "open", opening)
    assert _seal(workshop, "--out", str(workshop.lot.parent / "new/er")) == 0
    last = seen.index("create lot.json")
    assert {"sync lot.pdf", "sync lot.json.p7s", "sync er", "sync new"} <= set(seen[:last])
    assert seen[last - 1] == "sync er"
    assert seen[-2:] == ["sync lot.json", "sync er"]


def test_what_a_cut_off_writing_left_is_named_for_what_it_is(workshop: Workshop, capsys) -> None:
    workshop.add(workshop.laptop())
    (workshop.lot / "lot.pdf").write_bytes(b"")
    assert _seal(workshop) == 3
    assert "without lot.json" in capsys.readouterr().err
