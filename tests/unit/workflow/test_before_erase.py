"""Hidden areas and Opal locks in a sitting: the step before, the new plan, the record; and a PSID that is written nowhere."""

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from agent.certificate.verify import verify_document
from agent.errors import EvidenceError, IdentityChanged, MediaError, Refused
from agent.host.simulated import SimulatedMachine
from agent.model.drive import Drive, HiddenAreas, HiddenAreaState
from agent.model.firmware import TechniqueOffer
from agent.model.preparation import PreparationKind, PreparationOutcome
from agent.model.psid import Psid
from agent.model.record import Headline
from agent.model.sanitization import Policy, Technique
from agent.workflow import prepared
from agent.workflow.before_erase import StepView, needed_before
from agent.workflow.sitting import Sitting
from tests.samples import throwaway_pki
from tests.unit.simulated.test_before_erase import PSID, hide, lock

NODE = "/dev/sda"
WAIT = 60
WRONG = "B" * 32


def step(sitting: Sitting) -> StepView:
    assert sitting.before.wait(WAIT)
    view = sitting.before.view()
    assert view is not None
    assert not view.running
    return view


def revert(sitting: Sitting, typed: str = PSID) -> StepView:
    sitting.before.keep_psid(NODE, Psid(typed))
    sitting.before.revert(NODE, sitting.before.ask_revert(NODE).lower())
    return step(sitting)


def erase(sitting: Sitting, policy: Policy | None = None) -> dict:
    """Erase the disk; its entry in the record."""
    plans = sitting.plan([NODE], policy or Policy())
    assert not plans.refusals, plans.refusals
    sitting.confirm_and_start(plans, plans.code)
    assert sitting.wait(WAIT)
    evidence = sitting.view().evidence
    assert evidence is not None
    record = json.loads((evidence.folder / "record.json").read_bytes())
    return next(d for d in record["drives"] if d["node"] == NODE)


def refused(sitting: Sitting) -> tuple[str, ...]:
    (refusal,) = sitting.plan([NODE], Policy()).refusals
    return refusal.reasons


@pytest.fixture
def laptop(machine: Callable, tmp_path: Path) -> Callable[..., SimulatedMachine]:
    """The laptop, its disk prepared by `change(folder)` first."""

    def make(change: Callable[[Path], object]) -> SimulatedMachine:
        machine("laptop")
        change(tmp_path / "bench/laptop")
        return SimulatedMachine(tmp_path / "bench/laptop", pace=0)

    return make


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "evidence/journal/prepared.json"


# hidden areas ------------------------------------------------------------------------------------------------


def test_from_a_refusal_to_a_certificate_of_the_whole_drive(sit, laptop, desk, clock, kept) -> None:
    sitting = sit(laptop(hide))
    (found, _stick) = sitting.inspect().drives
    assert needed_before(found) is PreparationKind.HIDDEN_AREAS
    assert "hidden area (100 sectors)" in refused(sitting)[0]
    sitting.before.give_back(NODE)
    view = step(sitting)
    assert view.error is None
    assert view.preparation is not None
    assert view.preparation.outcome is PreparationOutcome.DONE
    assert kept.exists()
    whole = found.drive.identity.capacity_bytes + 100 * 512
    assert view.inspection is not None
    assert view.inspection.drives[0].drive.identity.capacity_bytes == whole
    entry = erase(sitting)
    assert entry["outcome"] == "sanitized"
    assert entry["passes"][0]["bytes_written"] == str(whole)
    (done,) = entry["preparations"]
    assert done["kind"] == "hidden areas given back"
    assert done["hidden_before"]["state"] == "present"
    assert done["hidden_after"]["state"] == "none found"
    assert done["tools"][0]["argv"][1] == "give hidden sectors back"
    assert entry["hidden_areas"]["state"] == entry["hidden_areas_after"]["state"] == "none found"
    evidence = sitting.view().evidence
    assert evidence is not None
    report = verify_document(evidence.document.read_bytes(), throwaway_pki().trust, clock.now())
    assert report.valid
    assert json.loads(kept.read_text())["preparations"] == []


def test_a_power_cycle_is_asked_for_and_the_next_sitting_still_knows(sit, laptop, tmp_path) -> None:
    sitting = sit(laptop(lambda folder: hide(folder, needs_power_cycle=True)))
    sitting.inspect()
    sitting.before.give_back(NODE)
    view = step(sitting)
    assert view.preparation is not None
    assert view.preparation.outcome is PreparationOutcome.NOT_DONE
    assert "take the drive's power away" in view.preparation.words
    assert "hidden area" in refused(sitting)[0]
    sitting.close()
    again = sit(SimulatedMachine(tmp_path / "bench/laptop", pace=0))
    again.inspect()
    entry = erase(again)
    assert entry["outcome"] == "sanitized"
    assert [p["outcome"] for p in entry["preparations"]] == ["not done"]


def test_a_drive_that_was_exchanged_since_is_left_alone(sit, laptop, tmp_path, kept) -> None:
    sitting = sit(laptop(hide))
    sitting.inspect()
    folder = tmp_path / "bench/laptop/drives/sda"
    identity = json.loads((folder / "identity.json").read_text())
    identity["identity"]["serial"] = "ANOTHER"
    (folder / "identity.json").write_text(json.dumps(identity))
    size = (folder / "image").stat().st_size
    sitting.before.give_back(NODE)
    view = step(sitting)
    assert isinstance(view.error, IdentityChanged)
    assert view.preparation is None
    assert (folder / "image").stat().st_size == size
    assert json.loads(kept.read_text())["preparations"] == []


def test_only_a_selectable_drive_that_hides_something_is_changed(sit, machine) -> None:
    sitting = sit(machine("laptop"))
    sitting.inspect()
    for node in (NODE, "/dev/sdb", "/dev/nope"):
        with pytest.raises(Refused):
            sitting.before.give_back(node)
    assert sitting.before.view() is None


def test_nothing_is_changed_where_it_can_not_be_noted(sit, laptop, tmp_path, monkeypatch) -> None:
    sitting = sit(laptop(hide))
    sitting.inspect()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(prepared, "write_durably", full)
    sitting.before.give_back(NODE)
    assert isinstance(step(sitting).error, EvidenceError)
    assert SimulatedMachine(tmp_path / "bench/laptop").discover()[0].hidden_areas.state is HiddenAreaState.PRESENT


def test_no_step_while_drives_are_worked_on_and_no_start_while_one_runs(sit, machine) -> None:
    sitting = sit(machine("laptop", pace=4 * 1024 * 1024))
    sitting.inspect()
    plans = sitting.plan([NODE], Policy())
    sitting.before._view = StepView(PreparationKind.HIDDEN_AREAS, NODE)
    with pytest.raises(Refused, match="being prepared"):
        sitting.confirm_and_start(plans, plans.code)
    sitting.before._view = None
    sitting.confirm_and_start(plans, plans.code)
    with pytest.raises(Refused, match="already"):
        sitting.before.give_back(NODE)
    sitting.cancel()
    assert sitting.wait(WAIT)


class ChangesItsMind(SimulatedMachine):
    """A machine whose disk hides sectors again once it was erased."""

    after = HiddenAreas(HiddenAreaState.PRESENT, 1, 2)

    def read_hidden_areas(self, drive: Drive) -> HiddenAreas:
        return self.after


@pytest.mark.parametrize("state", [HiddenAreaState.PRESENT, HiddenAreaState.NOT_EXAMINED])
def test_what_hid_sectors_before_and_does_not_show_all_of_them_after_has_failed(
    sit, laptop, tmp_path, kept, state
) -> None:
    laptop(hide)
    machine = ChangesItsMind(tmp_path / "bench/laptop", pace=0)
    machine.after = replace(machine.after, state=state)
    sitting = sit(machine)
    sitting.inspect()
    sitting.before.give_back(NODE)
    step(sitting)
    entry = erase(sitting)
    assert (entry["outcome"], entry["state"], entry["level_reached"]) == ("failed", "failed", "none")
    assert entry["reason"]
    evidence = sitting.view().evidence
    assert evidence is not None
    assert evidence.headline is Headline.INCOMPLETE
    # The next record has to say it, too.
    assert len(json.loads(kept.read_text())["preparations"]) == 1


# PSID --------------------------------------------------------------------------------------------------------


def all_files(folder: Path) -> bytes:
    return b"".join(p.read_bytes() for p in folder.rglob("*") if p.is_file())


def test_a_locked_drive_is_reverted_planned_anew_and_erased(sit, laptop, desk, clock, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    machine = laptop(lock)
    sitting = sit(machine)
    (found, _stick) = sitting.inspect().drives
    assert needed_before(found) is PreparationKind.PSID_REVERT
    assert "PSID on its label" in refused(sitting)[0]
    view = revert(sitting)
    assert view.preparation is not None
    assert view.preparation.outcome is PreparationOutcome.DONE
    assert not machine.has_psid(found.drive), "used up"
    written = all_files(desk.evidence)
    entry = erase(sitting)
    assert entry["outcome"] == "sanitized"
    assert entry["technique"] == "overwrite"
    assert entry["level_reached"] == "clear"
    (done,) = entry["preparations"]
    assert (done["kind"], done["outcome"]) == ("opal psid revert", "done")
    assert done["tools"][0]["argv"] == ["simulated", "opal psid revert", "PSID"]
    written += all_files(desk.evidence)
    assert PSID.encode() not in written.upper()
    assert PSID not in caplog.text.upper()
    assert PSID not in repr((view, sitting.view(), vars(sitting.before), machine)).upper()


def test_a_wrong_psid_is_no_dead_end(sit, laptop, tmp_path) -> None:
    sitting = sit(laptop(lock))
    sitting.inspect()
    image = tmp_path / "bench/laptop/drives/sda/image"
    before = image.read_bytes()
    view = revert(sitting, WRONG)
    assert view.preparation is not None
    assert view.preparation.outcome is PreparationOutcome.REFUSED
    assert "may count attempts" in view.preparation.words
    assert image.read_bytes() == before
    assert "PSID on its label" in refused(sitting)[0]
    with pytest.raises(Refused, match="code"):
        sitting.before.revert(NODE, "")
    assert revert(sitting).preparation.outcome is PreparationOutcome.DONE  # type: ignore[union-attr]
    entry = erase(sitting)
    assert [p["outcome"] for p in entry["preparations"]] == ["refused by the drive", "done"]


@pytest.mark.parametrize("code", ["", "\n", "BBBBB", "wxyz"])
def test_a_wrong_code_reverts_nothing(sit, laptop, code) -> None:
    sitting = sit(laptop(lock))
    sitting.inspect()
    sitting.before.keep_psid(NODE, Psid(PSID))
    with pytest.raises(Refused):
        sitting.before.revert(NODE, code)
    sitting.before.ask_revert(NODE)
    with pytest.raises(Refused, match="code"):
        sitting.before.revert(NODE, code)
    with pytest.raises(Refused, match="confirmed"):
        sitting.before.revert_named(NODE, "/dev/sdb", tuple(f.drive for f in sitting.inspect().drives))
    assert sitting.before.view() is None


def test_a_code_is_for_the_drive_that_it_was_shown_for(sit, laptop, tmp_path) -> None:
    sitting = sit(laptop(lock))
    sitting.inspect()
    code = sitting.before.ask_revert(NODE)
    identity = tmp_path / "bench/laptop/drives/sda/identity.json"
    entry = json.loads(identity.read_text())
    entry["identity"]["serial"] = "ANOTHER"
    identity.write_text(json.dumps(entry))
    sitting.inspect()
    with pytest.raises(Refused, match="code"):
        sitting.before.revert(NODE, code)


def test_without_a_psid_nothing_is_reverted(sit, laptop, kept) -> None:
    sitting = sit(laptop(lock))
    sitting.inspect()
    sitting.before.revert(NODE, sitting.before.ask_revert(NODE))
    view = step(sitting)
    assert isinstance(view.error, Refused)
    assert not kept.exists()


def test_a_drive_without_a_psid_is_given_none(sit, machine) -> None:
    sitting = sit(machine("laptop"))
    sitting.inspect()
    with pytest.raises(Refused):
        sitting.before.keep_psid(NODE, Psid(PSID))
    with pytest.raises(Refused):
        sitting.before.ask_revert(NODE)


def test_a_revert_of_which_nothing_is_known_is_not_called_done(sit, laptop) -> None:
    sitting = sit(laptop(lambda folder: lock(folder, ends="not told")))
    sitting.inspect()
    view = revert(sitting)
    assert view.preparation is not None
    assert view.preparation.outcome is PreparationOutcome.UNKNOWN


def test_an_unlocked_drive_is_reverted_as_a_technique_of_its_plan(sit, laptop, desk) -> None:
    sitting = sit(laptop(lambda folder: lock(folder, locked=False)))
    sitting.inspect()
    assert sitting.plan([NODE], Policy()).plans[0].technique is Technique.OVERWRITE
    sitting.before.keep_psid(NODE, Psid(PSID))
    plan = sitting.plan([NODE], Policy()).plans[0]
    assert [r.technique for r in plan.rungs] == [Technique.OPAL_PSID_REVERT, Technique.OVERWRITE]
    entry = erase(sitting)
    assert (entry["outcome"], entry["technique"], entry["level_reached"]) == (
        "sanitized",
        "opal psid revert",
        "clear",
    )
    assert "preparations" not in entry
    assert PSID.encode() not in all_files(desk.evidence)


def test_a_wrong_psid_in_a_plan_is_refused_by_the_drive_and_the_overwrite_follows(sit, laptop) -> None:
    sitting = sit(laptop(lambda folder: lock(folder, locked=False)))
    sitting.inspect()
    sitting.before.keep_psid(NODE, Psid(WRONG))
    entry = erase(sitting)
    assert (entry["outcome"], entry["technique"]) == ("sanitized", "overwrite")
    assert entry["attempts"][0]["reason"] == "the drive refused the PSID"
    sitting.new_round()
    sitting.inspect()
    assert sitting.plan([NODE], Policy()).plans[0].technique is Technique.OVERWRITE, "forgotten"


def test_a_psid_that_was_taken_back_is_in_no_plan(sit, laptop) -> None:
    sitting = sit(
        laptop(lambda folder: lock(folder, locked=False, offers=(TechniqueOffer(Technique.MMC_SANITIZE),)))
    )
    sitting.inspect()
    sitting.before.keep_psid(NODE, Psid(PSID))
    sitting.before.keep_psid(NODE, None)
    assert sitting.plan([NODE], Policy()).plans[0].technique is Technique.OVERWRITE


# notes -------------------------------------------------------------------------------------------------------


def test_a_step_that_the_power_cut_off_is_told_as_begun(sit, laptop, tmp_path, monkeypatch) -> None:
    sitting = sit(laptop(hide))
    sitting.inspect()

    class PowerCutError(BaseException):
        pass

    def cut(*_: object) -> None:
        raise PowerCutError

    monkeypatch.setattr(SimulatedMachine, "restore_hidden_areas", cut)
    with pytest.raises(PowerCutError):
        sitting.before._give_back(sitting.inspect().drives[0].drive)
    monkeypatch.undo()
    sitting.close()
    again = sit(SimulatedMachine(tmp_path / "bench/laptop", pace=0))
    (found, _stick) = again.inspect().drives
    assert [p.outcome for p in found.preparations] == [PreparationOutcome.BEGUN]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"environment": "host", "preparations": []}'])
def test_notes_that_can_not_be_read_stop_nobody(sit, laptop, kept, desk, content) -> None:
    kept.parent.mkdir()
    kept.write_bytes(content)
    sitting = sit(laptop(hide))
    assert sitting.inspect().drives[0].preparations == ()


def test_a_drive_that_dies_of_it_is_told(sit, laptop, monkeypatch) -> None:
    sitting = sit(laptop(hide))
    sitting.inspect()

    def dies(*_: object) -> None:
        raise MediaError("gone")

    monkeypatch.setattr(SimulatedMachine, "restore_hidden_areas", dies)
    sitting.before.give_back(NODE)
    assert str(step(sitting).error) == "gone"


def test_a_defect_is_no_silence(sit, laptop, monkeypatch) -> None:
    sitting = sit(laptop(hide))
    sitting.inspect()

    def breaks(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(SimulatedMachine, "restore_hidden_areas", breaks)
    sitting.before.give_back(NODE)
    assert "ZeroDivisionError" in str(step(sitting).error)
