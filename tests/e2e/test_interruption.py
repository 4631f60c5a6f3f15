"""SIGKILL at random moments: never a certificate of success, always a record on the next start."""

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from agent import verify_cli
from tests.e2e.conftest import ardoise, record_folders, serials

KILLS = 20
MIB = 1024 * 1024
PACE = 8 * MIB


@pytest.mark.parametrize("number", range(KILLS))
def test_a_killed_run_leaves_a_record_and_no_certificate(bench, shop, evidence: Path, number: int) -> None:
    machine = bench("laptop", size_mib=16, pace=PACE)
    argv = [
        sys.executable, "-m", "agent", "sanitize", "--all", "--confirm", *serials(machine), *shop.desk(evidence), "--machine", machine,
    ]  # fmt: skip
    process = subprocess.Popen(
        list(map(str, argv)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
    )
    begun = time.monotonic()
    while not list((evidence / "journal").glob("*.jsonl")) and process.poll() is None:
        time.sleep(0.005)
        assert time.monotonic() - begun < 60
    # 16 MiB are written and read back at 8 MiB/s: four seconds, of which the record takes the end.
    time.sleep(random.Random(number).uniform(0, 4.2))
    process.send_signal(signal.SIGKILL)
    process.wait()

    complete = [f for f in record_folders(evidence) if (f / "certificate.pdf").exists()]
    if complete:
        # The kill came after the record was on stable storage: then it must be whole and true.
        assert verify_cli.main([str(complete[0]), "--trust", str(shop.root)]) == 0
        return
    assert record_folders(evidence) == []

    none = bench("no-drive")
    ardoise("sanitize", "--all", *shop.desk(evidence), "--machine", none)
    records = [json.loads((f / "record.json").read_text()) for f in record_folders(evidence)]
    interrupted = [r for r in records if r["ended"] == "interrupted"]
    assert len(interrupted) == 1
    assert interrupted[0]["headline"] == "INCOMPLETE"
    assert not list(evidence.glob("*/certificate.pdf"))
    folder = next(f for f in record_folders(evidence) if f.name == interrupted[0]["record_id"])
    assert verify_cli.main([str(folder), "--trust", str(shop.root)]) == 1
    kept = {p.stem for p in (evidence / "journal").glob("*.jsonl")}
    assert kept == {p.stem for p in (evidence / "journal").glob("*.keys")}
    assert kept <= {folder.name}

    done = ardoise("sanitize", "--all", "--confirm", *serials(machine), *shop.desk(evidence), "--machine", machine)
    assert done.code == 0, done.err
    (certified,) = [f for f in record_folders(evidence) if (f / "certificate.pdf").exists()]
    (drive,) = json.loads((certified / "record.json").read_text())["drives"]
    assert drive.get("resumed_from", "") == "".join(kept)
    assert [p.get("carried_over_bytes", "0") != "0" for p in drive["passes"]] == [bool(kept)]
    assert verify_cli.main([str(certified), "--trust", str(shop.root)]) == 0
    assert not list((evidence / "journal").iterdir())


def test_stopping_by_hand_is_recorded_as_cancelled(bench, shop, evidence: Path) -> None:
    machine = bench("laptop", size_mib=16, pace=PACE)
    argv = [
        sys.executable, "-m", "agent", "sanitize", "--all", "--confirm", *serials(machine), *shop.desk(evidence), "--machine", machine,
    ]  # fmt: skip
    process = subprocess.Popen(
        list(map(str, argv)), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL
    )
    begun = time.monotonic()
    while not list((evidence / "journal").glob("*.jsonl")):
        time.sleep(0.01)
        assert time.monotonic() - begun < 60
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, words = process.communicate(timeout=60)
    assert process.returncode == 1, words
    assert b"Traceback" not in words
    (folder,) = record_folders(evidence)
    record = json.loads((folder / "record.json").read_text())
    assert record["ended"] == "cancelled"
    assert [d["outcome"] for d in record["drives"]] == ["interrupted"]
    assert record["headline"] == "INCOMPLETE"


def test_a_damaged_journal_is_kept_aside_and_reported(bench, shop, evidence: Path) -> None:
    journal = evidence / "journal"
    journal.mkdir()
    (journal / "01234567-89ab-7def-8123-456789abcdef.jsonl").write_text('{"not": "a journal"}\n{}\n')
    done = ardoise("sanitize", "--all", *shop.desk(evidence), "--machine", bench("no-drive"))
    assert "kept aside" in done.err
    assert len(list((evidence / "set-aside").iterdir())) == 1
    assert len(record_folders(evidence)) == 1


def test_two_sittings_never_share_an_evidence_folder(bench, shop, evidence: Path) -> None:
    machine = bench("laptop", size_mib=16, pace=MIB)
    argv = [
        sys.executable, "-m", "agent", "sanitize", "--all", "--confirm", *serials(machine), *shop.desk(evidence), "--machine", machine,
    ]  # fmt: skip
    process = subprocess.Popen(
        list(map(str, argv)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
    )
    while not list((evidence / "journal").glob("*.jsonl")):
        time.sleep(0.01)
    done = ardoise("sanitize", "--all", *shop.desk(evidence), "--machine", bench("no-drive"))
    assert done.code == 3
    assert "Another session" in done.err
    process.send_signal(signal.SIGKILL)
    process.wait()
