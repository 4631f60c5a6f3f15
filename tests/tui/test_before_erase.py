"""From a refused drive to its plan: one key, one dialog, and never more than a person meant."""

import asyncio
from dataclasses import replace

import pytest

from agent.errors import MediaBusy, Refused
from agent.model.drive import HiddenAreas, HiddenAreaState
from agent.model.preparation import PreparationOutcome
from agent.model.session import InspectedDrive
from agent.tui.before_erase import StepScreen
from agent.tui.confirmation_gate import GateTimes
from agent.tui.dialogs import AskScreen
from agent.tui.plan_screen import PlanScreen
from agent.tui.psid_screen import PsidScreen, RevertScreen
from tests.tui.fake_before import CODE, drive_that_hides, encrypting_drive
from tests.tui.fake_sitting import GB, FakeSitting, make_drive
from tests.tui.helpers import inspected, make_app, until, until_shown
from tests.tui.pictures import screen_lines

PSID = "ABCDEFGH23456789JKLMNPQR23456789"
_QUICK = GateTimes(arm_seconds=0.05, settle_seconds=0.05, countdown_seconds=0.3, burst_seconds=0.0)


async def planned(pilot) -> None:
    await inspected(pilot)
    await pilot.press("t", "enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, PlanScreen), "plan")
    await pilot.pause(0.2)


async def shows(pilot, screen: type) -> None:
    await until(pilot, lambda: isinstance(pilot.app.screen, screen), screen.__name__)


def whole() -> InspectedDrive:
    """The disk that hid a part, as it is found afterwards under another name."""
    areas = HiddenAreas(HiddenAreaState.NONE_FOUND, 1_953_525_168, 1_953_525_168)
    return InspectedDrive(make_drive(0, node="/dev/sdq", hidden_areas=areas, capacity_bytes=1001 * GB), None)


# hidden areas ------------------------------------------------------------------------------------------------


async def test_a_hidden_part_is_given_back_and_the_plan_is_new() -> None:
    sitting = FakeSitting((drive_that_hides(0),))
    sitting.before.inspection = replace(sitting.inspection, drives=(whole(),))
    async with make_app(sitting).run_test(size=(100, 30)) as pilot:
        await planned(pilot)
        await until_shown(pilot, "press G", "G  give back")
        await pilot.press("g")
        await until_shown(pilot, "Nothing is erased by this", "changed for good")
        await pilot.press("right", "enter")
        await shows(pilot, StepScreen)
        assert sitting.before.told == ["hidden areas given back /dev/sda"]
        await until_shown(pilot, "The drive is being changed")
        await pilot.press("escape", "enter")
        assert isinstance(pilot.app.screen, StepScreen), "not left half-way"
        sitting.inspection = sitting.before.inspection
        sitting.before.finish("/dev/sdq")
        await until(pilot, lambda: isinstance(pilot.app.screen, PlanScreen), "plan again")
        shown = await until_shown(pilot, "sdq", "reaches Clear")
        assert "press G" not in shown
        assert pilot.app.selected == {"/dev/sdq"}


@pytest.mark.parametrize("keys", [("enter",), ("escape",)])
async def test_the_harmless_answer_changes_nothing(keys: tuple[str, ...]) -> None:
    sitting = FakeSitting((drive_that_hides(0),))
    async with make_app(sitting).run_test() as pilot:
        await planned(pilot)
        await pilot.press("g")
        await shows(pilot, AskScreen)
        await pilot.press(*keys)
        await shows(pilot, PlanScreen)
        assert sitting.before.told == []


async def test_a_touch_does_what_the_key_does() -> None:
    sitting = FakeSitting((drive_that_hides(0),))
    async with make_app(sitting).run_test(size=(140, 45)) as pilot:
        await planned(pilot)
        hints = [h for h in pilot.app.screen.query("KeyHint") if h.action.key == "G"]
        await pilot.click(hints[0])
        await shows(pilot, AskScreen)
        await pilot.click("#answer-go")
        await until(pilot, lambda: sitting.before.told, "begun")


async def test_the_words_of_a_power_cycle() -> None:
    sitting = FakeSitting((drive_that_hides(0),))
    sitting.before.outcome = PreparationOutcome.NOT_DONE
    async with make_app(sitting).run_test() as pilot:
        await planned(pilot)
        await pilot.press("g")
        await shows(pilot, AskScreen)
        await pilot.press("right", "enter")
        await shows(pilot, StepScreen)
        sitting.before.finish()
        await until_shown(pilot, "wait ten seconds", "Back")
        await pilot.press("enter")
        await shows(pilot, PlanScreen)
        await until_shown(pilot, "press G")


async def test_an_error_is_told_with_its_remedy() -> None:
    sitting = FakeSitting((drive_that_hides(0),))
    sitting.before.error = MediaBusy("It is mounted.", "Unmount it.")
    async with make_app(sitting).run_test() as pilot:
        await planned(pilot)
        await pilot.press("g")
        await shows(pilot, AskScreen)
        await pilot.press("right", "enter")
        await shows(pilot, StepScreen)
        sitting.before.finish()
        await until_shown(pilot, "It is mounted.", "Unmount it.")


async def test_a_refusal_to_begin_is_told() -> None:
    sitting = FakeSitting((drive_that_hides(0),))
    sitting.before.refuses = Refused("This machine is already being worked on.")
    async with make_app(sitting).run_test() as pilot:
        await planned(pilot)
        await pilot.press("g")
        await shows(pilot, AskScreen)
        await pilot.press("right", "enter")
        await until_shown(pilot, "already being worked on")


async def test_nobody_quits_while_a_drive_is_changed() -> None:
    sitting = FakeSitting((drive_that_hides(0),))
    async with make_app(sitting).run_test() as pilot:
        await planned(pilot)
        await pilot.press("g")
        await shows(pilot, AskScreen)
        await pilot.press("right", "enter")
        await shows(pilot, StepScreen)
        await pilot.press("ctrl+q")
        await until_shown(pilot, "Not now")
        assert pilot.app.return_value is None


async def test_machines_that_need_no_step_offer_none() -> None:
    async with make_app(FakeSitting()).run_test() as pilot:
        await planned(pilot)
        await pilot.press("g", "k")
        assert isinstance(pilot.app.screen, PlanScreen)
        assert "give back" not in screen_lines(pilot.app)


# PSID --------------------------------------------------------------------------------------------------------


async def type_psid(pilot, typed: str = PSID, *, enter: bool = True) -> None:
    await pilot.press("k")
    await shows(pilot, PsidScreen)
    await pilot.press(*typed.lower(), *(["enter"] if enter else []))


async def test_a_scanner_ends_with_enter_and_reverts_nothing() -> None:
    sitting = FakeSitting((encrypting_drive(),))
    async with make_app(sitting, gate_times=_QUICK).run_test() as pilot:
        await planned(pilot)
        await type_psid(pilot)
        await shows(pilot, RevertScreen)
        assert sitting.before.psids["/dev/sdb"].reveal() == PSID
        await pilot.press("enter", "enter")
        await asyncio.sleep(0.5)
        assert sitting.before.told == []
        assert not isinstance(pilot.app.screen, StepScreen)


async def test_the_code_begins_the_revert_and_the_plan_follows() -> None:
    sitting = FakeSitting((encrypting_drive(),))
    sitting.before.inspection = replace(sitting.inspection, drives=(encrypting_drive(locked=False),))
    async with make_app(sitting, gate_times=_QUICK).run_test(size=(100, 30)) as pilot:
        await planned(pilot)
        await until_shown(pilot, "then press K")
        await type_psid(pilot)
        await shows(pilot, RevertScreen)
        await until(pilot, lambda: pilot.app.screen.gate.phase == "typing", "armed")
        for letter in CODE.lower():
            await pilot.press(letter)
            await pilot.pause(0.05)
        await shows(pilot, StepScreen)
        assert sitting.before.told == ["opal psid revert /dev/sdb"]
        sitting.inspection = sitting.before.inspection
        sitting.before.finish()
        await shows(pilot, PlanScreen)
        await until_shown(pilot, "reaches Clear")
        assert PSID not in screen_lines(pilot.app)


async def test_cancelling_the_revert_forgets_the_psid() -> None:
    sitting = FakeSitting((encrypting_drive(),))
    async with make_app(sitting, gate_times=_QUICK).run_test() as pilot:
        await planned(pilot)
        await type_psid(pilot)
        await shows(pilot, RevertScreen)
        await pilot.press("escape")
        await shows(pilot, PlanScreen)
        assert sitting.before.psids == {}
        assert sitting.before.told == []


async def test_a_refused_psid_is_typed_again() -> None:
    sitting = FakeSitting((encrypting_drive(),))
    sitting.before.outcome = PreparationOutcome.REFUSED
    async with make_app(sitting, gate_times=_QUICK).run_test() as pilot:
        await planned(pilot)
        await type_psid(pilot)
        await shows(pilot, RevertScreen)
        await until(pilot, lambda: pilot.app.screen.gate.phase == "typing", "armed")
        for letter in CODE.lower():
            await pilot.press(letter)
            await pilot.pause(0.05)
        await shows(pilot, StepScreen)
        sitting.before.finish()
        await until_shown(pilot, "Refused by the drive", "may count attempts")
        await pilot.press("right", "enter")
        await shows(pilot, PsidScreen)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (PSID[:-1], "these are 31"),
        (PSID + "A", "these are 33"),
        (PSID[:-1] + "!", "from A to Z and digits"),
        ("", "these are 0"),
    ],
)
async def test_what_is_no_psid_is_told_at_once(typed: str, words: str) -> None:
    sitting = FakeSitting((encrypting_drive(),))
    async with make_app(sitting).run_test() as pilot:
        await planned(pilot)
        await type_psid(pilot, typed.replace("!", ""), enter=False)
        if typed.endswith("!"):
            await pilot.press("exclamation_mark")
        await pilot.press("enter")
        await until_shown(pilot, words)
        assert sitting.before.psids == {}


async def test_blanks_and_hyphens_do_not_count() -> None:
    sitting = FakeSitting((encrypting_drive(),))
    async with make_app(sitting).run_test() as pilot:
        await planned(pilot)
        await pilot.press("k")
        await shows(pilot, PsidScreen)
        await pilot.press(*"abcd", "minus", *"efgh", "space", *"2345")
        await until_shown(pilot, "12 of 32")


async def test_it_can_be_tapped() -> None:
    sitting = FakeSitting((encrypting_drive(locked=False),))
    async with make_app(sitting).run_test(size=(140, 45)) as pilot:
        await planned(pilot)
        await pilot.press("k")
        await shows(pilot, PsidScreen)
        caps = {c.what: c for c in pilot.app.screen.query("KeyCap")}
        for what in ("a", "b", "back", "space", "7"):
            await pilot.click(caps[what])
        await until_shown(pilot, "2 of 32")
        await pilot.click(caps["enter"])
        await until_shown(pilot, "these are 2")


async def test_an_unlocked_drive_gets_it_into_its_plan_and_out_again() -> None:
    sitting = FakeSitting((encrypting_drive(locked=False),))
    async with make_app(sitting).run_test(size=(100, 30)) as pilot:
        await planned(pilot)
        assert "Opal revert by PSID" not in screen_lines(pilot.app)
        await type_psid(pilot)
        await shows(pilot, PlanScreen)
        await until_shown(pilot, "1. the drive erases itself: Opal revert by PSID", "2. only if that fails")
        assert PSID not in screen_lines(pilot.app)
        await pilot.press("k")
        await shows(pilot, PsidScreen)
        await pilot.click("#psid-forget")
        await shows(pilot, PlanScreen)
        await until(pilot, lambda: "Opal revert by PSID" not in screen_lines(pilot.app), "without it")
        assert sitting.before.psids == {}


async def test_leaving_the_question_keeps_nothing() -> None:
    sitting = FakeSitting((encrypting_drive(),))
    async with make_app(sitting).run_test() as pilot:
        await planned(pilot)
        await type_psid(pilot, enter=False)
        await pilot.press("escape")
        await shows(pilot, PlanScreen)
        assert sitting.before.psids == {}
