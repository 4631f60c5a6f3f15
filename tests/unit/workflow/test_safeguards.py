"""What would only show once drives are erased is asked before; and what was stored is never lost or stored twice."""

import threading
import time
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from agent.engine.journal import Journal
from agent.errors import EnvironmentLacks, Refused, StationError, UsageError
from agent.model.drive import Exclusion, ExclusionReason, confirmable_name
from agent.model.machine import Environment
from agent.model.record import Headline, Outcome, SessionEnd, StationLink
from agent.model.sanitization import Policy
from agent.workflow import sequence
from agent.workflow import sitting as sitting_module
from agent.workflow.confirmation import check_names
from agent.workflow.desk import Desk, make_header
from agent.workflow.recording import Ending, build_record, public_exclusion
from agent.workflow.sitting import Sitting
from agent.workflow.uploads import Registry
from agent.workflow.view import Stage, UploadState
from tests.unit.workflow.test_sitting import WAIT, images, run_all


def begin(sitting: Sitting, *nodes: str) -> None:
    """Start these drives by the shown code."""
    sitting.inspect()
    plans = sitting.plan(list(nodes), Policy())
    sitting.confirm_and_start(plans, plans.code)


def test_stopping_one_drive_does_not_stop_the_others(sit, machine) -> None:
    sitting = sit(machine("server", pace=6 * 1024 * 1024))
    sitting.silence_seconds = 0.5
    begin(sitting, "/dev/sda", "/dev/sdb")
    sitting.cancel("/dev/sda")
    assert not sitting.wait(2)
    assert sitting.wait(WAIT)
    evidence = sitting.view().evidence
    assert evidence is not None
    outcomes = {m.node: m.outcome for m in evidence.media if m.node in {"/dev/sda", "/dev/sdb"}}
    assert outcomes == {"/dev/sda": Outcome.INTERRUPTED, "/dev/sdb": Outcome.SANITIZED}


@pytest.mark.parametrize("damage", ["torn", "folder", "gone"])
def test_a_numbering_that_can_not_be_kept_is_found_before_anything_is_touched(machine, desk, clock, damage) -> None:
    folder = desk.station.folder
    if damage == "torn":
        (folder / "sequence.json").write_text("{")
    elif damage == "folder":
        (folder / ".sequence.lock").mkdir()
    else:
        folder.rmdir()
    with pytest.raises(StationError):
        Sitting(machine("no-drive"), desk, clock)


def test_a_numbering_that_is_damaged_meanwhile_is_found_before_the_start(sit, machine, desk, tmp_path) -> None:
    sitting = sit(machine("laptop"))
    before = images(tmp_path)
    (desk.station.folder / "sequence.json").write_text("{")
    with pytest.raises(StationError):
        begin(sitting, "/dev/sda")
    assert images(tmp_path) == before


@pytest.mark.parametrize(
    ("url", "has_key", "error"),
    [("http://registry.example", True, UsageError), ("https://registry.example", False, EnvironmentLacks)],
)
def test_a_registry_that_can_not_be_used_is_found_before_anything_is_touched(
    machine, desk, clock, url, has_key, error
) -> None:
    public = Ed25519PrivateKey.generate().public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo) if has_key else None
    with pytest.raises(error):
        Sitting(machine("no-drive"), Desk(desk.station, desk.operator, desk.evidence, Registry(url, pem)), clock)


def test_a_failed_start_lets_the_evidence_folder_go(machine, desk, clock, monkeypatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(sitting_module, "recover", lambda *_: (_ for _ in ()).throw(StationError("no", "none")))
        with pytest.raises(StationError):
            Sitting(machine("no-drive"), desk, clock)
    Sitting(machine("no-drive"), desk, clock).close()


def leave_a_journal(sitting: Sitting, simulated, desk: Desk, clock) -> str:
    """A session that died right after its header."""
    inspection = sitting.inspect()
    header = make_header(simulated, desk, inspection, sitting.plan(["/dev/sda"], Policy()), clock.now())
    Journal.create(desk.evidence / "journal", header).close()
    sitting.close()
    return header.record_id


def test_a_damaged_record_beside_its_journal_is_made_again(sit, machine, desk, clock) -> None:
    simulated = machine("laptop")
    record_id = leave_a_journal(sit(simulated), simulated, desk, clock)
    torn = desk.evidence / record_id
    torn.mkdir()
    (torn / "record.json").write_bytes(b"{")
    again = sit(simulated)
    assert [v.record_id for v in again.recovered()] == [record_id]
    assert len(list((desk.evidence / "set-aside").iterdir())) == 1


def test_a_session_that_this_station_may_not_sign_for_does_not_block_the_folder(sit, machine, desk, clock) -> None:
    simulated = machine("laptop")
    first = leave_a_journal(sit(simulated), simulated, desk, clock)
    path = desk.evidence / "journal" / f"{first}.jsonl"
    kept = path.read_bytes()
    real = sitting_module.recover

    def under_a_real_root(folder, station, outbox, at):
        key = replace(station.key, chain=replace(station.key.chain, root=station.key.chain.issuing_ca))
        return real(folder, replace(station, key=key), outbox, at)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sitting_module, "recover", under_a_real_root)
        sitting = sit(simulated)
        assert sitting.recovered() == ()
        assert any(first in notice for notice in sitting.notices())
        sitting.close()
    assert path.read_bytes() == kept
    assert [v.record_id for v in sit(simulated).recovered()] == [first]


def test_a_record_that_is_there_is_not_made_twice(sit, machine, monkeypatch) -> None:
    sitting = sit(machine("laptop"))
    settle = sequence.Reservation.settle

    def fails_once(self, *arguments: str) -> None:
        monkeypatch.setattr(sequence.Reservation, "settle", settle)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(sequence.Reservation, "settle", fails_once)
    run_all(sitting)
    assert sitting.view().stage is Stage.RECORD_FAILED
    sitting.retry_record()
    assert sitting.wait(WAIT)
    view = sitting.view()
    assert view.stage is Stage.RECORDED
    assert view.evidence is not None
    assert view.evidence.headline is Headline.SANITIZED


def test_the_screen_is_answered_while_health_is_read(sit, machine, monkeypatch) -> None:
    sitting = sit(machine("laptop"))
    let_go = threading.Event()
    monkeypatch.setattr(sitting_module, "read_health", lambda *_: let_go.wait(WAIT) and None)
    begin(sitting, "/dev/sda")
    deadline = time.monotonic() + WAIT
    while sitting.view().stage is not Stage.RECORDING:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    asked = time.monotonic()
    sitting.view()
    assert time.monotonic() - asked < 1
    let_go.set()
    assert sitting.wait(WAIT)


def test_a_defect_while_health_is_read_can_be_tried_again(sit, machine, monkeypatch) -> None:
    sitting = sit(machine("laptop"))
    with monkeypatch.context() as broken:
        broken.setattr(sitting_module, "read_health", lambda *_: 1 / 0)
        begin(sitting, "/dev/sda")
        assert sitting.wait(WAIT)
        assert sitting.view().stage is Stage.RECORD_FAILED
    sitting.retry_record()
    assert sitting.wait(WAIT)
    assert sitting.view().stage is Stage.RECORDED


def test_a_serial_that_looks_like_a_node_confirms_nothing(sit, machine) -> None:
    drives = [f.drive for f in sit(machine("server")).inspect().drives][:2]
    one = replace(drives[0], identity=replace(drives[0].identity, serial=drives[1].node))
    two = replace(drives[1], identity=replace(drives[1].identity, serial=""))
    assert [confirmable_name(d, (one, two)) for d in (one, two)] == [one.node, two.node]


def test_one_name_never_confirms_two_drives(sit, machine) -> None:
    sitting = sit(machine("laptop"))
    sitting.inspect()
    plans = sitting.plan(["/dev/sda"], Policy())
    double = replace(plans, plans=plans.plans * 2, names=plans.names * 2)
    with pytest.raises(Refused):
        check_names(double, plans.names)


@pytest.mark.parametrize(
    ("detail", "shown"),
    [("/", "/"), ("/boot/efi", "/boot/efi"), ("/media/alice.dupont/HR SALARIES 2025", ""), ("/run/media/x/Y", "")],
)
def test_a_mount_point_of_a_person_reaches_no_record(sit, machine, desk, clock, detail, shown) -> None:
    assert public_exclusion(Exclusion(ExclusionReason.MOUNTED, detail)).detail == shown
    simulated = machine("laptop")
    sitting = sit(simulated)
    inspection = sitting.inspect()
    drives = tuple(
        replace(f, drive=replace(f.drive, exclusions=(Exclusion(ExclusionReason.MOUNTED, detail),)))
        for f in inspection.drives
    )
    header = make_header(
        simulated, desk, replace(inspection, drives=drives), sitting.plan([], Policy()), clock.now()
    )
    ending = Ending(SessionEnd.COMPLETED, (), {}, clock.now())
    record = build_record(header, ending, StationLink(1, ""), desk.station.key.issuer)
    told = replace(ending, clock_source="system, not synchronized")
    assert (
        build_record(header, told, StationLink(1, ""), desk.station.key.issuer).time.clock_source
        == told.clock_source
    )
    assert ("alice" in repr(record)) is False
    assert all(d.outcome is Outcome.REFUSED for d in record.drives)
    assert record.environment is Environment.SIMULATED


def test_an_upload_that_breaks_is_said(sit, machine, desk, monkeypatch) -> None:
    sitting = sit(machine("no-drive"))
    monkeypatch.setattr(sitting._uploads, "_registry", Registry("https://registry.example", b"key"))
    monkeypatch.setattr(sitting._uploads, "run_now", lambda: 1 / 0)
    begin(sitting)
    assert sitting.wait(WAIT)
    assert sitting.upload_settled(10)
    evidence = sitting.view().evidence
    assert evidence is not None
    assert evidence.upload is UploadState.PENDING
    assert "unexpectedly" in evidence.upload_detail
