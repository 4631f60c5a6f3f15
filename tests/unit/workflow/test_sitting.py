"""One sitting: what is asked before, what is refused, and what a record says afterwards."""

import json
import os
from datetime import timedelta
from pathlib import Path

import pytest

from agent.certificate.verify import verify_document
from agent.errors import AgentError, EvidenceError, Refused, UsageError
from agent.model.record import Headline, Outcome
from agent.model.sanitization import Policy
from agent.workflow import publishing
from agent.workflow import sitting as sitting_module
from agent.workflow.desk import Desk
from agent.workflow.sitting import Sitting
from agent.workflow.view import Stage, UploadState
from tests.samples import throwaway_pki
from tests.unit.workflow.conftest import THE_PAST

WAIT = 60


def run_all(sitting: Sitting) -> None:
    """Sanitize everything on offer and wait for the record."""
    drives = [f.drive for f in sitting.inspect().drives if f.drive.on_offer]
    plans = sitting.plan([d.node for d in drives], Policy())
    sitting.confirm_and_start(plans, plans.code)
    assert sitting.wait(WAIT)


def images(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in folder.rglob("image")}


def test_a_complete_run_is_a_certificate_on_stable_storage(sit, machine, desk, clock) -> None:
    sitting = sit(machine("laptop"))
    run_all(sitting)
    view = sitting.view()
    assert (view.stage, view.problem) == (Stage.RECORDED, "")
    assert view.evidence is not None
    assert view.evidence.headline is Headline.SANITIZED
    assert view.evidence.coverage_percent == "100"
    assert view.evidence.upload is UploadState.NOT_ASKED
    assert view.evidence.document.name == "certificate.pdf"
    assert not list((desk.evidence / "journal").glob("*.jsonl"))
    report = verify_document(view.evidence.document.read_bytes(), throwaway_pki().trust, clock.now())
    assert report.valid
    sitting.new_round()
    assert sitting.view().stage is Stage.READY


def test_the_boot_stick_is_spared_and_not_counted(sit, machine) -> None:
    sitting = sit(machine("laptop"))
    inspection = sitting.inspect()
    assert inspection.boot_medium is not None
    run_all(sitting)
    evidence = sitting.view().evidence
    assert evidence is not None
    assert inspection.boot_medium.node not in {m.node for m in evidence.media}


@pytest.mark.parametrize("code", ["", "\n", "WXYZ", "bcd", "12345678901234"])
def test_a_wrong_code_changes_nothing(sit, machine, tmp_path, code) -> None:
    sitting = sit(machine("laptop"))
    before = images(tmp_path)
    sitting.inspect()
    plans = sitting.plan(["/dev/sda"], Policy())
    if code.upper() == plans.code:
        code = "BBBB"
    with pytest.raises(Refused):
        sitting.confirm_and_start(plans, code)
    assert sitting.view().stage is Stage.READY
    assert images(tmp_path) == before


def test_a_plan_for_drives_that_changed_since_is_stale(sit, machine, tmp_path) -> None:
    sitting = sit(machine("laptop"))
    sitting.inspect()
    plans = sitting.plan(["/dev/sda"], Policy())
    identity = tmp_path / "bench/laptop/drives/sda/identity.json"
    entry = json.loads(identity.read_text())
    entry["identity"]["serial"] = "ANOTHER"
    identity.write_text(json.dumps(entry))
    sitting.inspect()
    before = images(tmp_path)
    with pytest.raises(Refused, match="anew"):
        sitting.confirm_and_start(plans, plans.code)
    assert images(tmp_path) == before


def test_a_drive_that_was_exchanged_after_the_plan_is_not_written_to(sit, machine, tmp_path) -> None:
    sitting = sit(machine("laptop"))
    sitting.inspect()
    plans = sitting.plan(["/dev/sda"], Policy())
    identity = tmp_path / "bench/laptop/drives/sda/identity.json"
    entry = json.loads(identity.read_text())
    entry["identity"]["serial"] = "ANOTHER"
    identity.write_text(json.dumps(entry))
    before = images(tmp_path)
    sitting.confirm_and_start(plans, plans.code)
    assert sitting.wait(WAIT)
    assert images(tmp_path) == before
    evidence = sitting.view().evidence
    assert evidence is not None
    assert [m.outcome for m in evidence.media] == [Outcome.FAILED]
    assert evidence.headline is Headline.INCOMPLETE


def test_no_drive_has_a_headline_of_its_own(sit, machine) -> None:
    sitting = sit(machine("no-drive"))
    inspection = sitting.inspect()
    assert inspection.inventory.looked_at
    plans = sitting.plan([], Policy())
    sitting.confirm_and_start(plans, plans.code)
    assert sitting.wait(WAIT)
    evidence = sitting.view().evidence
    assert evidence is not None
    assert evidence.headline is Headline.NO_MEDIUM_FOUND
    assert evidence.document.name == "record.pdf"


def test_nothing_chosen_is_refused_where_there_is_something(sit, machine) -> None:
    sitting = sit(machine("laptop"))
    sitting.inspect()
    plans = sitting.plan([], Policy())
    with pytest.raises(Refused):
        sitting.confirm_and_start(plans, plans.code)


def test_a_clock_in_2009_warns_and_loses_nothing(sit, machine, clock, desk) -> None:
    clock.value = THE_PAST
    sitting = sit(machine("laptop"))
    assert any("2009" in notice for notice in sitting.notices())
    run_all(sitting)
    evidence = sitting.view().evidence
    assert evidence is not None
    assert evidence.headline is Headline.SANITIZED
    record = json.loads((evidence.folder / "record.json").read_text())
    assert record["time"]["clock_plausible"] is False
    today = throwaway_pki().station.not_before + timedelta(days=1)
    assert verify_document(evidence.document.read_bytes(), throwaway_pki().trust, today).valid


def test_hostile_device_text_reaches_the_record_as_it_is(sit, machine) -> None:
    sitting = sit(machine("hostile"))
    run_all(sitting)
    evidence = sitting.view().evidence
    assert evidence is not None
    found = {d.drive.identity.serial for d in sitting.inspect().drives if not d.drive.is_boot_medium}
    record = json.loads((evidence.folder / "record.json").read_text())
    assert {d["identity"]["serial"] for d in record["drives"]} == found
    assert any("\n" in s for s in found)


def test_a_node_stands_in_for_a_serial_that_identifies_nothing(sit, machine) -> None:
    sitting = sit(machine("hostile"))
    drives = [f.drive for f in sitting.inspect().drives if f.drive.on_offer]
    plans = sitting.plan([d.node for d in drives], Policy())
    assert len(set(plans.names)) == len(plans.names)
    for plan, name, is_node in zip(plans.plans, plans.names, plans.name_is_node, strict=True):
        assert name == (plan.drive.node if is_node else plan.drive.identity.serial.strip())
    assert any(plans.name_is_node)


@pytest.mark.parametrize("operator", ["", "a b", "x" * 33, "../../etc", "[/red]", "Jeanne\n"])
def test_an_operator_is_an_opaque_id(machine, desk, clock, operator) -> None:
    with pytest.raises(UsageError):
        Sitting(machine("no-drive"), Desk(desk.station, operator, desk.evidence, desk.registry), clock)


def test_a_full_evidence_folder_refuses_to_start(machine, desk, clock, monkeypatch) -> None:
    def full(path: Path) -> os.statvfs_result:
        state = os.statvfs_result((4096, 4096, 10, 0, 0, 0, 0, 0, 0, 255))
        assert path
        return state

    monkeypatch.setattr(os, "statvfs", full)
    with pytest.raises(EvidenceError, match="MiB"):
        Sitting(machine("no-drive"), desk, clock)


def test_a_record_that_can_not_be_stored_is_said_and_tried_again(sit, machine, monkeypatch, desk) -> None:
    sitting = sit(machine("laptop"))
    real = publishing.publish

    def fails(*_: object) -> None:
        raise EvidenceError("The evidence folder is full.", "Make room.")

    monkeypatch.setattr(sitting_module, "publish", fails)
    run_all(sitting)
    view = sitting.view()
    assert view.stage is Stage.RECORD_FAILED
    assert view.problem == "The evidence folder is full."
    assert view.remedy == "Make room."
    assert view.evidence is None
    assert list((desk.evidence / "journal").glob("*.jsonl")), "the journal must outlive a record that failed"
    with pytest.raises(Refused):
        sitting.new_round()
    monkeypatch.setattr(sitting_module, "publish", real)
    sitting.retry_record()
    assert sitting.wait(WAIT)
    assert sitting.view().stage is Stage.RECORDED


def test_a_defect_while_recording_is_not_silence(sit, machine, monkeypatch) -> None:
    sitting = sit(machine("no-drive"))

    def breaks(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(sitting_module, "build_record", breaks)
    sitting.inspect()
    plans = sitting.plan([], Policy())
    sitting.confirm_and_start(plans, plans.code)
    assert sitting.wait(WAIT)
    assert sitting.view().stage is Stage.RECORD_FAILED


def test_a_record_that_fails_its_own_verification_is_not_published(sit, machine, desk, monkeypatch) -> None:
    sitting = sit(machine("laptop"))
    seal = publishing.seal_page
    monkeypatch.setattr(publishing, "seal_page", lambda *a: seal(*a)[:-1] + b"X")
    run_all(sitting)
    assert sitting.view().stage is Stage.RECORD_FAILED
    assert [p for p in desk.evidence.iterdir() if p.name not in {"journal", "set-aside"}] == []


def test_one_machine_is_worked_on_once(sit, machine) -> None:
    sitting = sit(machine("laptop", pace=4 * 1024 * 1024))
    sitting.inspect()
    plans = sitting.plan(["/dev/sda"], Policy())
    sitting.confirm_and_start(plans, plans.code)
    with pytest.raises(Refused, match="already"):
        sitting.confirm_and_start(plans, plans.code)
    sitting.cancel()
    assert sitting.wait(WAIT)
    evidence = sitting.view().evidence
    assert evidence is not None
    assert [m.outcome for m in evidence.media] == [Outcome.INTERRUPTED]
    assert evidence.headline is Headline.INCOMPLETE


def test_unknown_nodes_and_names_are_errors_in_words(sit, machine) -> None:
    sitting = sit(machine("laptop"))
    sitting.inspect()
    for nodes, policy in [
        (["/dev/nope"], Policy()),
        (["/dev/sda"], Policy(pass_set="magic")),
        (["/dev/sda"], Policy("x")),
    ]:
        with pytest.raises(AgentError) as caught:
            sitting.plan(nodes, policy)
        assert caught.value.remedy


def test_a_drive_that_hangs_does_not_keep_the_others_from_their_record(sit, machine, tmp_path) -> None:
    simulated = machine("server")
    faults = tmp_path / "bench/server/drives/sdb/faults.json"
    faults.write_text(json.dumps({"stall_seconds": 3600, "stall_at_fraction": 0.5}))
    sitting = sit(simulated)
    sitting.silence_seconds = 1.0
    drives = [f.drive for f in sitting.inspect().drives if f.drive.node in {"/dev/sda", "/dev/sdb"}]
    plans = sitting.plan([d.node for d in drives], Policy())
    sitting.confirm_and_start(plans, plans.code)
    assert not sitting.wait(3)
    sitting.cancel()
    assert sitting.wait(WAIT)
    evidence = sitting.view().evidence
    assert evidence is not None
    outcomes = {m.node: m.outcome for m in evidence.media if m.node in {"/dev/sda", "/dev/sdb"}}
    assert outcomes == {"/dev/sda": Outcome.SANITIZED, "/dev/sdb": Outcome.UNKNOWN}
    assert evidence.headline is Headline.INCOMPLETE
