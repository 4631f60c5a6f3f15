"""The stick is pulled in the middle of a sitting: the drives go on, and putting it back is all that a person does."""

import errno
import os
import shutil
import time
from pathlib import Path

import pytest

from agent.engine.journal import Journal, ResultEvent
from agent.errors import AgentError, EvidenceError
from agent.model.record import Headline, Outcome
from agent.model.sanitization import Policy
from agent.workflow import recovery
from agent.workflow import sitting as sitting_module
from agent.workflow.recovery import only_sitting
from agent.workflow.sitting import Sitting
from agent.workflow.view import Stage

WAIT = 60


@pytest.fixture
def begun(sit, machine, desk, monkeypatch):
    """A sitting that overwrites one drive slowly enough to pull its stick."""
    monkeypatch.setattr(Sitting, "stick_seconds", 0.1)
    sitting = sit(machine("laptop", pace=12 << 20))
    start(sitting)
    until(lambda: sitting.snapshots()[0].progress.done_bytes > 0)
    return sitting


def start(sitting: Sitting) -> None:
    drive = next(f.drive for f in sitting.inspect().drives if f.drive.on_offer)
    plans = sitting.plan([drive.node], Policy())
    sitting.confirm_and_start(plans, plans.code)


def until(true, seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come to that in time"
        time.sleep(0.02)


def pull(evidence: Path) -> None:
    evidence.rename(evidence.with_name("pulled"))


def plug_in(evidence: Path) -> None:
    """As after a new mount: the same content in other files, so that nothing opened before is of any use."""
    shutil.copytree(evidence.with_name("pulled"), evidence)
    shutil.rmtree(evidence.with_name("pulled"))


def outcome_of(sitting: Sitting, node: str) -> Outcome:
    evidence = sitting.view().evidence
    assert evidence is not None
    return next(m.outcome for m in evidence.media if m.node == node)


def test_put_back_while_the_drive_is_overwritten(begun, desk) -> None:
    assert not begun.view().stick_missing
    pull(desk.evidence)
    assert begun.view().stick_missing
    until(lambda: begun._journal.away or begun.view().stage is Stage.RECORD_FAILED)
    plug_in(desk.evidence)
    until(lambda: begun.view().stage is Stage.RECORDED)
    assert begun.wait(WAIT)
    assert not begun.view().stick_missing
    assert outcome_of(begun, begun.snapshots()[0].node) is Outcome.SANITIZED
    assert not list((desk.evidence / "journal").glob("*.jsonl"))


def test_put_back_after_the_end_the_record_is_made_by_itself(begun, desk) -> None:
    pull(desk.evidence)
    until(lambda: begun.view().stage is Stage.RECORD_FAILED)
    view = begun.view()
    assert (view.problem, view.stick_missing, view.evidence) == ("The stick was pulled out.", True, None)
    begun.retry_record()
    assert begun.wait(WAIT)
    until(lambda: begun.view().stage is Stage.RECORD_FAILED)
    assert not desk.evidence.exists(), "nothing may take the stick's place"
    plug_in(desk.evidence)
    until(lambda: begun.view().stage is Stage.RECORDED)
    assert not begun.view().stick_missing
    assert outcome_of(begun, begun.snapshots()[0].node) is Outcome.SANITIZED


def test_pulled_between_the_last_line_and_the_record(sit, machine, desk, monkeypatch) -> None:
    monkeypatch.setattr(Sitting, "stick_seconds", 0.1)
    sitting = sit(machine("laptop"))
    real, tries = sitting_module.publish, []

    def pulled(*arguments):
        tries.append(1)
        if len(tries) == 1:
            pull(desk.evidence)
        return real(*arguments)

    monkeypatch.setattr(sitting_module, "publish", pulled)
    start(sitting)
    until(lambda: sitting.view().stage is Stage.RECORD_FAILED)
    assert sitting.view().stick_missing
    plug_in(desk.evidence)
    until(lambda: sitting.view().stage is Stage.RECORDED)
    assert len(tries) == 2


def test_a_medium_that_answers_with_errors_only(begun, desk, monkeypatch) -> None:
    real = os.write

    def dead(descriptor, data):
        if os.readlink(f"/proc/self/fd/{descriptor}").startswith(str(desk.evidence)):
            raise OSError(errno.EIO, "Input/output error")
        return real(descriptor, data)

    monkeypatch.setattr(os, "write", dead)
    until(lambda: begun.view().stage is Stage.RECORD_FAILED)
    assert begun.view().stick_missing
    assert begun._journal.lost_results()
    monkeypatch.setattr(os, "write", real)
    until(lambda: begun.view().stage is Stage.RECORDED)
    assert outcome_of(begun, begun.snapshots()[0].node) is Outcome.SANITIZED


def test_another_journal_comes_back_and_nothing_is_claimed(begun, desk) -> None:
    pull(desk.evidence)
    until(lambda: begun.view().stage is Stage.RECORD_FAILED)
    (journal,) = desk.evidence.with_name("pulled").glob("journal/*.jsonl")
    journal.write_bytes(b"another\n")
    plug_in(desk.evidence)
    until(lambda: begun.view().stage is Stage.RECORDED)
    assert outcome_of(begun, begun.snapshots()[0].node) is Outcome.INTERRUPTED
    evidence = begun.view().evidence
    assert evidence is not None
    assert evidence.headline is Headline.INCOMPLETE
    assert evidence.document.name == "record.pdf"


def test_a_power_cut_while_the_stick_is_out(begun, desk, clock, machine, sit) -> None:
    pull(desk.evidence)
    until(lambda: begun.view().stage is Stage.RECORD_FAILED)
    node = begun.snapshots()[0].node
    begun.close()
    plug_in(desk.evidence)
    after = sit(begun._machine)
    (found,) = after.recovered()
    assert next(m.outcome for m in found.media if m.node == node) is Outcome.INTERRUPTED
    time.sleep(0.3)
    assert begun.view().stage is Stage.RECORD_FAILED, "a closed sitting must not go on"


def test_no_new_job_while_the_stick_is_out(sit, machine, desk, tmp_path) -> None:
    sitting = sit(machine("laptop"))
    images = {p: p.read_bytes() for p in tmp_path.rglob("image")}
    drive = next(f.drive for f in sitting.inspect().drives if f.drive.on_offer)
    plans = sitting.plan([drive.node], Policy())
    pull(desk.evidence)
    with pytest.raises(EvidenceError):
        sitting.confirm_and_start(plans, plans.code)
    assert sitting.view().stage is Stage.READY
    assert {p: p.read_bytes() for p in tmp_path.rglob("image")} == images


def test_the_folder_is_held_again_after_it_came_back(begun, desk) -> None:
    pull(desk.evidence)
    until(lambda: begun._journal.away or begun.view().stage is Stage.RECORD_FAILED)
    plug_in(desk.evidence)
    until(lambda: begun.view().stage is Stage.RECORDED)
    with pytest.raises(AgentError, match="Another session"), only_sitting(desk.evidence):
        pass


def test_pulled_between_two_rounds(sit, machine, desk) -> None:
    sitting = sit(machine("laptop"))
    start(sitting)
    assert sitting.wait(WAIT)
    pull(desk.evidence)
    assert not sitting.view().stick_missing, "with its record durable nothing waits for the stick"
    plug_in(desk.evidence)
    sitting.new_round()
    with only_sitting(desk.evidence), pytest.raises(AgentError, match="Another session"):
        start(sitting)
    start(sitting)
    with pytest.raises(AgentError, match="Another session"), only_sitting(desk.evidence):
        pass
    assert sitting.wait(WAIT)
    assert sitting.view().stage is Stage.RECORDED


def test_a_folder_that_another_session_took_meanwhile_is_left_to_it(begun, desk) -> None:
    pull(desk.evidence)
    until(lambda: begun.view().stage is Stage.RECORD_FAILED)
    (journal,) = desk.evidence.with_name("pulled").glob("journal/*.jsonl")
    before = journal.read_bytes()
    shutil.copytree(desk.evidence.with_name("pulled"), desk.evidence.with_name("elsewhere"))
    with only_sitting(desk.evidence.with_name("elsewhere")):
        desk.evidence.with_name("elsewhere").rename(desk.evidence)
        time.sleep(0.5)
        assert begun.view().stage is Stage.RECORD_FAILED
        assert (desk.evidence / "journal" / journal.name).read_bytes() == before
    until(lambda: begun.view().stage is Stage.RECORDED)


@pytest.mark.parametrize(("in_memory", "may"), [(True, True), (False, False), (None, False)])
def test_it_may_be_pulled_only_with_a_record_and_the_system_in_memory(
    sit, machine, monkeypatch, in_memory, may
) -> None:
    made = machine("laptop", pace=12 << 20)
    monkeypatch.setattr(type(made), "runs_from_memory", in_memory)
    sitting = sit(made)
    assert sitting.view().may_pull is may
    start(sitting)
    assert not sitting.view().may_pull
    assert sitting.wait(WAIT)
    assert sitting.view().stage is Stage.RECORDED
    assert sitting.view().may_pull is may


def test_no_record_is_made_before_the_result_is_durable(begun, desk, monkeypatch) -> None:
    seen: list[bool] = []
    real = sitting_module.publish

    def look(record_id, *rest):
        content = recovery.read_journal(desk.evidence / "journal" / f"{record_id}.jsonl")
        seen.append(any(isinstance(e, ResultEvent) for e in content.events))
        return real(record_id, *rest)

    monkeypatch.setattr(sitting_module, "publish", look)
    pull(desk.evidence)
    until(lambda: begun.view().stage is Stage.RECORD_FAILED)
    assert seen == []
    assert isinstance(begun._journal, Journal)
    plug_in(desk.evidence)
    until(lambda: begun.view().stage is Stage.RECORDED)
    assert seen == [True]
