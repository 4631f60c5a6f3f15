"""The way through the screens, by keys and by mouse."""

import asyncio
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from agent.errors import EnvironmentLacks
from agent.model.drive import Exclusion, ExclusionReason
from agent.model.health import SelfTestState
from agent.model.job import JobState
from agent.model.machine import StorageController
from agent.model.record import Headline
from agent.model.sanitization import Method, Resumption
from agent.model.session import InspectedDrive
from agent.text import use_language
from agent.tui.app import ArdoiseApp, language_change
from agent.tui.chooser import MachineChooser
from agent.tui.confirmation_gate import ALPHABET
from agent.tui.dialogs import AskScreen
from agent.tui.drives_screen import DrivesScreen
from agent.tui.glyphs import ALLOWED
from agent.tui.help_screen import HelpScreen
from agent.tui.plan_screen import PlanScreen
from agent.tui.progress_screen import ProgressScreen
from agent.tui.records_screen import RecordsScreen
from agent.tui.result_screen import ResultScreen
from agent.workflow.view import Stage, UploadState
from tests.tui.fake_sitting import (
    GB,
    HOSTILE_MODEL,
    FakeSitting,
    hostile_drives,
    make_drive,
    make_evidence,
    make_job,
)
from tests.tui.helpers import SIZES, inspected, make_app, until, until_shown
from tests.tui.pictures import screen_lines


async def test_keys_choose_only_what_is_on_offer() -> None:
    sitting = FakeSitting()
    async with make_app(sitting).run_test() as pilot:
        await inspected(pilot)
        await pilot.press("space", "down", "down", "space")
        assert pilot.app.selected == {"/dev/nvme0n1"}
        await pilot.press("t")
        assert pilot.app.selected == {"/dev/nvme0n1", "/dev/sdb", "/dev/sdd"}
        await pilot.press("end", "space")
        assert "/dev/sdz" not in pilot.app.selected
        await pilot.press("t")
        assert pilot.app.selected == set()


async def test_keys_reach_the_list_however_long_the_machine_was_looked_at() -> None:
    sitting = FakeSitting()
    let_go = threading.Event()
    quick = sitting.inspect
    sitting.inspect = lambda: (let_go.wait(20), quick())[1]  # type: ignore[method-assign]
    async with make_app(sitting).run_test() as pilot:
        await until_shown(pilot, "Looking at this machine")
        await asyncio.sleep(0.5)
        await pilot.press("down", "space")
        let_go.set()
        await inspected(pilot)
        await until(
            pilot, lambda: pilot.app.focused is not None and pilot.app.focused.id == "rows", "focus on the list"
        )
        await pilot.press("space")
        assert pilot.app.selected == {"/dev/nvme0n1"}


async def test_a_click_chooses_and_the_key_line_is_clickable() -> None:
    sitting = FakeSitting()
    async with make_app(sitting).run_test() as pilot:
        await inspected(pilot)
        await pilot.click("#rows", offset=(5, 1))
        await until(pilot, lambda: pilot.app.selected == {"/dev/sdb"}, "clicked row chosen")
        await pilot.click("KeyHint")
        await until(pilot, lambda: isinstance(pilot.app.screen, PlanScreen), "plan")


async def test_no_plan_without_a_choice() -> None:
    sitting = FakeSitting()
    async with make_app(sitting).run_test(notifications=True) as pilot:
        await inspected(pilot)
        await pilot.press("enter")
        await until_shown(pilot, "Choose at least one drive")
        assert isinstance(pilot.app.screen, DrivesScreen)


@pytest.mark.parametrize("size", SIZES)
async def test_an_overwrite_that_was_cut_off_goes_on_or_starts_again(size: tuple[int, int]) -> None:
    sitting = FakeSitting()
    sitting.cut_off = Resumption("019ab4c2-77d1-7c3e-9a41-6f20c4d8e001", (), 105 * GB, "00" * 32)
    async with make_app(sitting).run_test(size=size) as pilot:
        await inspected(pilot)
        await pilot.press("space", "enter")
        await until_shown(pilot, "Cut off", "goes on with pass 1 of 1, 41 % of it done before")
        await pilot.press("c")
        await until_shown(pilot, "anew")
        assert not any("goes on" in line for line in screen_lines(pilot.app))
        await pilot.click("#resume")
        await until_shown(pilot, "goes on with pass 1 of 1")


async def test_nothing_is_asked_where_nothing_was_cut_off() -> None:
    async with make_app(FakeSitting()).run_test() as pilot:
        await inspected(pilot)
        await pilot.press("space", "enter", "c")
        await until_shown(pilot, "random (AES-256-CTR)")
        assert not any("Cut off" in line for line in screen_lines(pilot.app))
        assert pilot.app.policy.resume


async def test_plan_follows_the_choices_and_shows_refusals() -> None:
    sitting = FakeSitting()
    async with make_app(sitting).run_test(notifications=True) as pilot:
        await inspected(pilot)
        await pilot.press("space", "enter")
        await until_shown(pilot, "random (AES-256-CTR)", "full read-back")
        await pilot.press("p")
        await until_shown(pilot, "pattern 0x00")
        await pilot.press("p")
        await until_shown(pilot, "refused: more than one pass only wears out flash")
        await pilot.press("enter")
        await until_shown(pilot, "There is nothing to erase")
        await pilot.press("p", "v", "n")
        await until_shown(pilot, "sampled read-back", "reaches Clear, required is Purge")
        assert pilot.app.policy.required is Method.PURGE
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, DrivesScreen), "drives")
        assert pilot.app.selected == {"/dev/nvme0n1"}


@pytest.mark.parametrize("size", SIZES)
async def test_hostile_device_text_is_shown_as_text(size: tuple[int, int]) -> None:
    sitting = FakeSitting(hostile_drives())
    sitting.notes = ("[/red] [bold]set aside",)
    async with make_app(sitting).run_test(size=size) as pilot:
        await inspected(pilot)
        await until_shown(pilot, "Before you start", "[/red] [bold]set aside")
        await pilot.press("enter")
        await until_shown(pilot, HOSTILE_MODEL, "✗ FAIL", "[/]")
        await pilot.press("down", "down", "t", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, PlanScreen), "plan")
        await until_shown(pilot, HOSTILE_MODEL)
        await pilot.press("enter")
        await until_shown(pilot, HOSTILE_MODEL, "it has no serial number")
        job = make_job(0, JobState.FAILED, model=HOSTILE_MODEL, reason="[/red]\n[link='x']")
        sitting.run(job, make_job(1, model="{0} \x1b[31m"))
        await until_shown(pilot, "[/red] [link='x']" if size[0] > 100 else HOSTILE_MODEL)
        sitting.fail_to_record("[/red] no space", "[bold]free {some}[/bold]")
        await until_shown(pilot, "[/red] no space", "[bold]free {some}[/bold]")


async def test_inspection_error_is_shown_with_its_remedy_and_can_be_repeated() -> None:
    sitting = FakeSitting()
    sitting.inspect_error = EnvironmentLacks("smartctl is not installed.", "Install smartmontools [now].")
    async with make_app(sitting).run_test() as pilot:
        await until_shown(pilot, "smartctl is not installed.", "Install smartmontools [now].")
        sitting.inspect_error = None
        await pilot.press("i")
        await until_shown(pilot, "KIOXIA")
        assert sitting.told.count("inspect") == 2


async def test_self_test_is_started_followed_and_aborted() -> None:
    sitting = FakeSitting()
    async with make_app(sitting).run_test() as pilot:
        await inspected(pilot)
        await pilot.press("down", "e")
        await until_shown(pilot, "running (short) · 60 % left · takes about 2 min")
        assert "self-test /dev/sdb extended" in sitting.told
        await pilot.press("b")
        await until_shown(pilot, "aborted")
        assert pilot.app.health["/dev/sdb"].self_test.state is SelfTestState.ABORTED
        assert "abort /dev/sdb" in sitting.told


async def test_a_machine_without_drives_can_be_recorded() -> None:
    sitting = FakeSitting(())
    async with make_app(sitting).run_test() as pilot:
        await inspected(pilot)
        await until_shown(pilot, "No drive was found", "Record")
        await pilot.press("enter")
        await until_shown(pilot, "Make the record")
        await pilot.press("enter")
        assert not sitting.started
        await pilot.press("enter")
        await until_shown(pilot, "Make the record")
        await pilot.press("right", "enter")
        await until(pilot, lambda: sitting.started, "started")


async def test_hidden_drives_are_named_where_none_is_found() -> None:
    sitting = FakeSitting(())
    inventory = replace(
        sitting.inspection.inventory, controllers=(StorageController("00:17.0", "Intel RST", "ahci", True),)
    )
    sitting.inspection = replace(sitting.inspection, inventory=inventory)
    async with make_app(sitting).run_test() as pilot:
        await until_shown(pilot, "RAID mode: drives may be hidden")


async def test_excluded_drive_says_the_whole_reason() -> None:
    drive = make_drive(0, exclusions=(Exclusion(ExclusionReason.LVM, "dm-0"), Exclusion(ExclusionReason.READ_ONLY)))
    async with make_app(FakeSitting((InspectedDrive(drive, None),))).run_test() as pilot:
        await until_shown(pilot, "Not on offer: held by LVM (dm-0), read-only")


@pytest.mark.parametrize("key", ["f10", "ctrl+q", "ctrl+c"])
async def test_quitting_is_refused_while_drives_are_worked_on(key: str) -> None:
    sitting = FakeSitting()
    sitting.run(make_job(0))
    async with make_app(sitting).run_test() as pilot:
        await until(pilot, lambda: isinstance(pilot.app.screen, ProgressScreen), "progress")
        await pilot.press(key)
        await until_shown(pilot, "Wait until all are done")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, ProgressScreen), "back")
        assert pilot.app.is_running
        assert sitting.told == []


@pytest.mark.parametrize("code", ["en", "fr", "de"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("failed", [False, True])
async def test_a_missing_stick_is_loud_and_keeps_the_screen(code: str, size: tuple[int, int], failed: bool) -> None:
    use_language(code)
    sitting = FakeSitting()
    sitting.run(make_job(0))
    app = make_app(sitting)
    loud = {"en": "The stick was pulled out.", "fr": "La clé a été retirée.", "de": "Der Stick wurde gezogen."}[
        code
    ]
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: isinstance(app.screen, ProgressScreen), "progress")
        assert loud not in screen_lines(app)
        if failed:
            sitting.fail_to_record("gone", "put it back")
        sitting.state = replace(sitting.state, stick_missing=True)
        await until(pilot, lambda: isinstance(app.screen, ResultScreen) is failed, "the stage's screen")
        shown = await until_shown(pilot, loud)
        assert set(shown) - {"\n"} <= ALLOWED
        await pilot.press("f10")
        await until(pilot, lambda: isinstance(app.screen, AskScreen), "the refusal")
        await until_shown(pilot, {"en": "Not now", "fr": "Pas maintenant", "de": "Nicht jetzt"}[code])
        await pilot.press("right", "enter")
        await until(pilot, lambda: not isinstance(app.screen, AskScreen), "back")
        assert app.is_running
        sitting.state = replace(sitting.state, stick_missing=False)
        await until(pilot, lambda: loud not in screen_lines(app), "the line goes")


async def test_a_stick_that_is_pulled_while_quitting_is_asked_for_keeps_the_screen() -> None:
    sitting = FakeSitting()
    sitting.fail_to_record("full", "make room")
    app = make_app(sitting)
    async with app.run_test() as pilot:
        await until(pilot, lambda: isinstance(app.screen, ResultScreen), "result")
        await pilot.press("f10")
        await until(pilot, lambda: isinstance(app.screen, AskScreen), "question")
        sitting.state = replace(sitting.state, stick_missing=True)
        await pilot.press("right", "enter")
        await until(pilot, lambda: not isinstance(app.screen, AskScreen), "answered")
        assert app.is_running


async def test_quitting_when_nothing_runs() -> None:
    app = make_app(FakeSitting())
    async with app.run_test() as pilot:
        await inspected(pilot)
        await pilot.press("f10")
        await pilot.pause()
    assert app.return_value == ""


async def test_quitting_without_a_record_asks_first() -> None:
    sitting = FakeSitting()
    sitting.fail_to_record("Full.", "Free space.")
    app = make_app(sitting)
    async with app.run_test() as pilot:
        await until_shown(pilot, "FIX")
        await pilot.press("f10", "enter")
        await until_shown(pilot, "There is NO record")
        await pilot.press("s")
        assert sitting.told == ["retry record"]
        await pilot.press("f10", "right", "enter")
        await pilot.pause()
    assert app.return_value == ""


async def test_stopping_asks_and_the_harmless_answer_has_the_focus() -> None:
    sitting = FakeSitting()
    sitting.run(make_job(0), make_job(1))
    async with make_app(sitting).run_test() as pilot:
        await until(pilot, lambda: isinstance(pilot.app.screen, ProgressScreen), "progress")
        await pilot.press("down", "s")
        await until_shown(pilot, "Stop sdb", "Stop all")
        await pilot.press("enter")
        assert sitting.told == []
        await pilot.press("s")
        await until_shown(pilot, "Stop sdb")
        await pilot.press("right", "enter")
        await pilot.press("s")
        await until_shown(pilot, "Stop sdb")
        await pilot.press("right", "right", "enter")
        assert sitting.told == ["cancel /dev/sdb", "cancel None"]


async def test_stable_storage_is_said_only_after_it_is_true() -> None:
    sitting = FakeSitting()
    sitting.run(make_job(0, JobState.SANITIZED))
    async with make_app(sitting).run_test() as pilot:
        sitting.state = type(sitting.state)(Stage.RECORDING, None, "", "")
        shown = await until_shown(pilot, "the record is being signed and saved")
        assert "stable storage" not in shown
        sitting.record(make_evidence(upload=UploadState.UPLOADING))
        shown = await until_shown(pilot, "Record is on stable storage at", "uploading")
        assert "archived" not in shown
        sitting.state = type(sitting.state)(Stage.RECORDED, make_evidence(), "", "")
        await until_shown(pilot, "● archived", "receipt 1482 checked")


async def test_upload_is_repeated_and_a_new_round_begins() -> None:
    sitting = FakeSitting()
    sitting.record(make_evidence(upload=UploadState.PENDING))
    async with make_app(sitting).run_test() as pilot:
        await until(pilot, lambda: isinstance(pilot.app.screen, ResultScreen), "result")
        await until_shown(pilot, "CONNECT", "upload now")
        await pilot.press("u", "n")
        await until(pilot, lambda: isinstance(pilot.app.screen, DrivesScreen), "drives")
        await inspected(pilot)
        assert sitting.told == ["upload", "new round", "inspect"]


async def test_records_and_help_stay_until_closed() -> None:
    sitting = FakeSitting()
    sitting.records = (make_evidence(), make_evidence(Headline.INCOMPLETE, UploadState.PENDING, 2))
    sitting.run(make_job(0))
    async with make_app(sitting).run_test() as pilot:
        await until(pilot, lambda: isinstance(pilot.app.screen, ProgressScreen), "progress")
        await pilot.press("r")
        await until_shown(pilot, "2 records · 1 waits for upload")
        await pilot.press("u", "down")
        assert sitting.told == ["upload"]
        sitting.record(make_evidence(number=3))
        await pilot.pause(0.3)
        assert isinstance(pilot.app.screen, RecordsScreen)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, ResultScreen), "result")
        await pilot.press("h")
        await until(pilot, lambda: isinstance(pilot.app.screen, HelpScreen), "help")
        await pilot.press("escape")


async def test_a_question_gives_way_when_the_jobs_end() -> None:
    sitting = FakeSitting()
    sitting.run(make_job(0))
    async with make_app(sitting).run_test() as pilot:
        await until(pilot, lambda: isinstance(pilot.app.screen, ProgressScreen), "progress")
        await pilot.press("s")
        await until(pilot, lambda: isinstance(pilot.app.screen, AskScreen), "question")
        sitting.record(make_evidence())
        await until(pilot, lambda: isinstance(pilot.app.screen, ResultScreen), "result")


async def test_the_language_key_ends_the_application_for_the_next_language() -> None:
    app = make_app(FakeSitting())
    async with app.run_test() as pilot:
        await inspected(pilot)
        await pilot.press("f8")
        await pilot.pause()
    assert language_change(app.return_value) == "fr"


def test_every_letter_key_is_the_same_on_all_keyboards() -> None:
    pages = (ArdoiseApp, DrivesScreen, PlanScreen, ProgressScreen, ResultScreen, RecordsScreen, HelpScreen)
    keys = {
        key
        for page in pages
        for binding in page.BINDINGS
        if page.__module__.startswith("agent")
        for key in binding.key.split(",")
    }
    letters = {k.upper() for k in keys if len(k) == 1}
    assert letters <= set(ALPHABET)
    assert letters


async def test_chooser_names_the_machine() -> None:
    app = MachineChooser([("hostile", "PC [/red]", "[bold] says\nwhat"), ("laptop", "Laptop", "one disk")])
    async with app.run_test() as pilot:
        await pilot.pause()
        assert "PC [/red]" in screen_lines(app)
        await pilot.press("down", "enter")
        await pilot.pause()
    assert app.return_value == "laptop"


async def test_palette_and_screenshots_of_textual_are_off() -> None:
    async with make_app(FakeSitting()).run_test() as pilot:
        await inspected(pilot)
        await pilot.press("ctrl+p")
        await pilot.pause()
        assert isinstance(pilot.app.screen, DrivesScreen)
    assert Path(ArdoiseApp.CSS_PATH).name == "ardoise.tcss"
