"""What an interrupted session leaves on the stick: offered to the right drive only, once, and gone when it was taken up."""

import json
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest

from agent.engine.engine import Engine
from agent.engine.journal import JournalContent, read_journal
from agent.engine.pass_keys import read_keys
from agent.engine.resumption import find_resumable
from agent.errors import EvidenceError, MediaBusy, Refused
from agent.model.drive import SerialSource
from agent.model.job import JobState
from agent.model.record import Headline
from agent.model.sanitization import Policy
from agent.workflow.plan_set import make_plan_set
from agent.workflow.resuming import job_for, kept_jobs
from agent.workflow.sitting import Sitting
from agent.workflow.view import PlanSet, Stage

WAIT = 60


def plan_all(sitting: Sitting, policy: Policy) -> PlanSet:
    nodes = [f.drive.node for f in sitting.inspect().drives if f.drive.on_offer]
    return sitting.plan(nodes, policy)


def run(sitting: Sitting, policy: Policy) -> dict:
    """Sanitize everything on offer; the one drive of the record."""
    plans = plan_all(sitting, policy)
    sitting.confirm_and_start(plans, plans.code)
    assert sitting.wait(WAIT)
    view = sitting.view()
    assert view.stage is Stage.RECORDED, view.problem
    assert view.evidence is not None
    assert view.evidence.headline is Headline.SANITIZED
    (drive,) = json.loads((view.evidence.folder / "record.json").read_bytes())["drives"]
    return drive


@pytest.fixture
def cut(sit, machine, desk, tmp_path: Path):
    """A machine, and an evidence folder as a power cut during the read-back leaves it; the bench is slow enough to look."""
    bench = machine("laptop", size_mib=16, pace=24 << 20)
    sitting = sit(bench)
    plans = plan_all(sitting, Policy())
    sitting.confirm_and_start(plans, plans.code)
    while not any(s.state is JobState.VERIFYING and s.progress.done_bytes for s in sitting.snapshots()):
        time.sleep(0.01)
    journal, copy = desk.evidence / "journal", tmp_path / "copy"
    shutil.copytree(journal, copy)
    assert sitting.wait(WAIT)
    sitting.close()
    record = sitting.view().evidence
    assert record is not None
    shutil.rmtree(record.folder)
    shutil.copytree(copy, journal, dirs_exist_ok=True)
    return bench


def test_the_next_session_goes_on_with_the_read_back(cut, sit, desk) -> None:
    sitting = sit(cut)
    (interrupted,) = sitting.recovered()
    assert interrupted.headline is Headline.INCOMPLETE
    plans = plan_all(sitting, Policy())
    assert plans.resumable == (plans.plans[0].drive.node,)
    assert plans.plans[0].resumption is not None
    drive = run(sitting, Policy())
    assert drive.get("resumed_from", "") == interrupted.record_id
    assert drive["passes"][0]["carried_over_bytes"] == drive["identity"]["capacity_bytes"]
    assert list((desk.evidence / "journal").iterdir()) == []
    assert plan_all_again(sitting).resumable == ()


def plan_all_again(sitting: Sitting) -> PlanSet:
    sitting.new_round()
    return plan_all(sitting, Policy())


def test_starting_again_is_a_choice_and_ends_the_offer(cut, sit, desk) -> None:
    sitting = sit(cut)
    plans = plan_all(sitting, Policy(resume=False))
    assert plans.resumable
    assert plans.plans[0].resumption is None
    drive = run(sitting, Policy(resume=False))
    assert drive.get("resumed_from", "") == ""
    assert "carried_over_bytes" not in drive["passes"][0]
    assert list((desk.evidence / "journal").iterdir()) == []


def test_the_offer_stays_until_it_is_taken_up(cut, sit, desk) -> None:
    first = sit(cut)
    first.close()
    second = sit(cut)
    assert second.recovered() == ()
    assert plan_all(second, Policy()).resumable


def test_a_drive_that_was_begun_anew_is_not_gone_on_with(cut, sit, desk, tmp_path: Path) -> None:
    """The power goes again, in a session that started this drive afresh: the older journal holds no more."""
    old = [p.name for p in (desk.evidence / "journal").iterdir()]
    sitting = sit(cut)
    plans = plan_all(sitting, Policy(resume=False))
    sitting.confirm_and_start(plans, plans.code)
    while sitting.snapshots()[0].state in {JobState.CONFIRMED, JobState.CHECKING}:
        time.sleep(0.005)
    copy = tmp_path / "second"
    shutil.copytree(desk.evidence / "journal", copy)
    assert sitting.wait(WAIT)
    kept = kept_jobs(copy, cut.environment)
    assert f"{Path(old[0]).stem}.job-1.retired" in {p.name for p in copy.iterdir()}
    assert Path(old[0]).stem not in {r.resumption.record_id for r in kept}


def test_another_drive_and_one_that_is_not_unique_start_anew(cut, sit, desk) -> None:
    sitting = sit(cut)
    drives = tuple(f.drive for f in sitting.inspect().drives)
    kept = kept_jobs(desk.evidence / "journal", cut.environment)
    assert len(kept) == 1
    drive = kept[0].plan.drive
    assert make_plan_set([drive], drives, Policy(), kept).resumable == (drive.node,)
    twin = replace(drive, node="/dev/twin")
    assert make_plan_set([drive], (*drives, twin), Policy(), kept).resumable == ()
    for changes in (
        {"serial": "OTHER"},
        {"serial": "0000"},
        {"capacity_bytes": drive.identity.capacity_bytes + 512},
        {"serial_source": SerialSource.BRIDGE},
    ):
        other = replace(drive, identity=replace(drive.identity, **changes))
        assert make_plan_set([other], (other,), Policy(), kept).resumable == ()


def test_the_keys_are_in_no_record_and_no_journal(cut, sit, desk) -> None:
    journal = desk.evidence / "journal"
    (path,) = journal.glob("*.jsonl")
    keys = read_keys(path.with_suffix(".keys"))
    assert path.with_suffix(".keys").stat().st_mode & 0o077 == 0
    sitting = sit(cut)
    assert find_resumable(read_journal(path), keys)
    run(sitting, Policy())
    evidence = sitting.view().evidence
    assert evidence is not None
    words = [key.hex().encode() for each in keys for key in each.values()]
    assert words
    for file in desk.evidence.rglob("*"):
        if file.is_file():
            assert not [w for w in words if w in file.read_bytes()], file


def test_a_drive_that_a_later_session_did_not_take_up_keeps_its_offer(cut, sit, desk) -> None:
    """A session of two drives is cut; the next takes up one of them, and is cut before it could say so."""
    sit(cut)
    (of_x,) = kept_jobs(desk.evidence / "journal", cut.environment)
    x = of_x.plan.drive
    y = replace(x, identity=replace(x.identity, serial="OTHER-SERIAL"))
    of_y = replace(of_x, plan=replace(of_x.plan, drive=y))
    later = replace(
        of_x,
        plan=replace(of_x.plan, resumption=of_x.resumption),
        resumption=replace(of_x.resumption, record_id="later"),
    )
    kept = (of_x, of_y, later)
    assert job_for(x, kept) is later
    assert job_for(y, kept) is of_y


def test_a_journal_that_cannot_be_read_keeps_no_session_from_starting(cut, sit, monkeypatch) -> None:
    def broken(_path: Path) -> JournalContent:
        raise EvidenceError("The journal can't be read: Input/output error.")

    monkeypatch.setattr("agent.workflow.recovery.read_journal", broken)
    monkeypatch.setattr("agent.workflow.resuming.read_journal", broken)
    sitting = sit(cut)
    assert any("Input/output error" in n for n in sitting.notices())
    assert plan_all(sitting, Policy()).resumable == ()


def test_a_key_is_printed_nowhere(cut, sit, desk) -> None:
    (keys,) = read_keys(next((desk.evidence / "journal").glob("*.keys")))
    assert repr(keys) == "{1: <key>}"


def test_a_drive_that_could_not_even_be_opened_keeps_its_offer(cut, sit, monkeypatch) -> None:
    sitting = sit(cut)

    def busy(_drive: object) -> None:
        raise MediaBusy("The drive is in use.", "Stop what uses it.")

    with monkeypatch.context() as held:
        held.setattr(sitting._machine, "open_medium", busy)
        plans = plan_all(sitting, Policy())
        assert plans.resumable
        sitting.confirm_and_start(plans, plans.code)
        assert sitting.wait(WAIT)
    assert sitting.view().stage is Stage.RECORDED
    assert plan_all_again(sitting).resumable == plans.resumable


def test_a_drive_that_was_written_to_does_not(cut, sit) -> None:
    sitting = sit(cut)
    plans = plan_all(sitting, Policy(resume=False))
    sitting.confirm_and_start(plans, plans.code)
    while not any(s.state is JobState.SANITIZING and s.progress.done_bytes for s in sitting.snapshots()):
        time.sleep(0.005)
    sitting.cancel()
    assert sitting.wait(WAIT)
    assert plan_all_again(sitting).resumable == ()


def test_a_start_that_fails_half_way_is_planned_anew_and_offers_nothing_twice(cut, sit, desk, monkeypatch) -> None:
    sitting = sit(cut)
    plans = plan_all(sitting, Policy())
    with monkeypatch.context() as pulled:
        pulled.setattr(Engine, "start", lambda *_: _pulled_out())
        with pytest.raises(EvidenceError):
            sitting.confirm_and_start(plans, plans.code)
    with pytest.raises(Refused, match="has changed"):
        sitting.confirm_and_start(plans, plans.code)
    drive = run(sitting, Policy())
    assert drive["passes"][0]["carried_over_bytes"] == drive["identity"]["capacity_bytes"]
    assert plan_all_again(sitting).resumable == ()
    sitting.close()
    sit(cut)
    assert list((desk.evidence / "journal").iterdir()) == []


def _pulled_out() -> None:
    raise EvidenceError("The stick is not there.")
