"""The confirmation as a person, a scanner and a finger meet it (Show 8)."""

import pytest
from textual import events
from textual.pilot import Pilot

from agent.errors import Refused
from agent.tui.confirm_screen import ConfirmScreen
from agent.tui.confirmation_gate import Phase, Remark
from agent.tui.drives_screen import DrivesScreen
from agent.tui.plan_screen import PlanScreen
from agent.tui.progress_screen import ProgressScreen
from tests.tui.fake_sitting import CODE, FakeSitting
from tests.tui.helpers import SIZES, inspected, make_app, until, until_shown


class FakeClock:
    """Monotonic seconds that a test moves."""

    def __init__(self) -> None:
        self.now = 500.0

    def __call__(self) -> float:
        return self.now


async def open_confirmation(pilot: Pilot) -> ConfirmScreen:
    await inspected(pilot)
    await pilot.press("t", "enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, PlanScreen), "plan")
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmScreen), "confirmation")
    await pilot.pause()
    return pilot.app.screen


async def press(pilot: Pilot, clock: FakeClock, keys: str, pause: float) -> None:
    for key in keys:
        clock.now += pause
        await pilot.press({"\r": "enter", " ": "space"}.get(key, key))


def pass_time(screen: ConfirmScreen, clock: FakeClock, seconds: float) -> None:
    for _ in range(round(seconds * 2)):
        clock.now += 0.5
        screen.tick()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


async def test_enter_alone_starts_nothing(clock: FakeClock) -> None:
    sitting = FakeSitting()
    async with make_app(sitting, clock=clock).run_test() as pilot:
        screen = await open_confirmation(pilot)
        pass_time(screen, clock, 3)
        assert screen.focused.id == "cancel"
        await press(pilot, clock, "\r", 0.3)
        await until(pilot, lambda: isinstance(pilot.app.screen, PlanScreen), "cancelled")
        assert not sitting.started


async def test_enter_and_space_on_everything_else_that_takes_the_focus_start_nothing(clock: FakeClock) -> None:
    sitting = FakeSitting()
    async with make_app(sitting, clock=clock).run_test() as pilot:
        screen = await open_confirmation(pilot)
        pass_time(screen, clock, 3)
        for name in ("#confirm-drives", "#code-field", "#hold"):
            screen.query_one(name).focus()
            await press(pilot, clock, "\r \r", 0.3)
            pass_time(screen, clock, 15)
            assert pilot.app.screen is screen
        assert not sitting.started


@pytest.mark.parametrize("scan", ["5cd1234abcxyz9", (CODE * 4)[:14].lower()])
async def test_fourteen_keys_in_a_tenth_of_a_second_and_enter_change_nothing(clock: FakeClock, scan: str) -> None:
    sitting = FakeSitting()
    async with make_app(sitting, clock=clock).run_test() as pilot:
        screen = await open_confirmation(pilot)
        pass_time(screen, clock, 3)
        await press(pilot, clock, scan + "\r", 0.1 / 14)
        assert pilot.app.screen is screen
        assert screen.gate.remark is Remark.TOO_FAST
        await until_shown(pilot, "too fast for a person", "_ _ _ _")
        pass_time(screen, clock, 30)
        assert not sitting.started


async def test_four_fast_keys_are_no_confirmation(clock: FakeClock) -> None:
    sitting = FakeSitting()
    async with make_app(sitting, clock=clock).run_test() as pilot:
        screen = await open_confirmation(pilot)
        pass_time(screen, clock, 3)
        await press(pilot, clock, CODE.lower(), 0.03)
        pass_time(screen, clock, 30)
        assert not sitting.started


async def test_wrong_code_starts_nothing(clock: FakeClock) -> None:
    sitting = FakeSitting()
    async with make_app(sitting, clock=clock).run_test() as pilot:
        screen = await open_confirmation(pilot)
        pass_time(screen, clock, 3)
        await press(pilot, clock, "bcdf", 0.3)
        await until_shown(pilot, "That is not the code")
        pass_time(screen, clock, 30)
        assert not sitting.started


@pytest.mark.parametrize("size", SIZES)
async def test_right_code_slowly_starts_after_the_countdown(clock: FakeClock, size: tuple[int, int]) -> None:
    sitting = FakeSitting()
    async with make_app(sitting, clock=clock).run_test(size=size) as pilot:
        screen = await open_confirmation(pilot)
        pass_time(screen, clock, 3)
        await press(pilot, clock, CODE.lower(), 0.3)
        pass_time(screen, clock, 1)
        await until_shown(pilot, "Any key stops it", "K R T B")
        pass_time(screen, clock, 8)
        assert not sitting.started
        pass_time(screen, clock, 2)
        assert [code for _plans, code in sitting.started] == [CODE]
        await until(pilot, lambda: isinstance(pilot.app.screen, ProgressScreen), "progress")


async def test_any_key_stops_the_countdown_and_does_nothing_else(clock: FakeClock) -> None:
    sitting = FakeSitting()
    async with make_app(sitting, clock=clock).run_test() as pilot:
        screen = await open_confirmation(pilot)
        pass_time(screen, clock, 3)
        for key in ("x", "enter", "escape", "tab", "space", "up", "f10", "f1", "ctrl+q", "ctrl+c"):
            await press(pilot, clock, CODE.lower(), 0.3)
            pass_time(screen, clock, 2)
            assert screen.gate.phase is Phase.COUNTDOWN
            clock.now += 0.3
            await pilot.press(key)
            assert pilot.app.screen is screen, key
            assert screen.gate.remark is Remark.STOPPED, key
            pass_time(screen, clock, 15)
            assert not sitting.started, key
        await until_shown(pilot, "Stopped. Nothing was written.")


async def test_a_click_stops_the_countdown(clock: FakeClock) -> None:
    sitting = FakeSitting()
    async with make_app(sitting, clock=clock).run_test() as pilot:
        screen = await open_confirmation(pilot)
        pass_time(screen, clock, 3)
        await press(pilot, clock, CODE.lower(), 0.3)
        pass_time(screen, clock, 5)
        await pilot.click("#dies")
        assert screen.gate.remark is Remark.STOPPED
        pass_time(screen, clock, 60)
        assert not sitting.started


async def test_hold_to_confirm(clock: FakeClock) -> None:
    sitting = FakeSitting()
    async with make_app(sitting, clock=clock).run_test() as pilot:
        screen = await open_confirmation(pilot)
        pass_time(screen, clock, 3)
        await pilot.mouse_down("#hold")
        await until(pilot, lambda: screen.gate.phase is Phase.HOLDING, "holding")
        pass_time(screen, clock, 3.5)
        await pilot.mouse_up("#hold")
        await until_shown(pilot, "Any key stops it")
        assert not sitting.started
        pass_time(screen, clock, 11)
        assert sitting.started


async def test_a_click_on_the_hold_button_is_not_enough(clock: FakeClock) -> None:
    sitting = FakeSitting()
    async with make_app(sitting, clock=clock).run_test() as pilot:
        screen = await open_confirmation(pilot)
        pass_time(screen, clock, 3)
        for _ in range(3):
            await pilot.click("#hold")
        pass_time(screen, clock, 60)
        assert not sitting.started
        assert pilot.app.screen is screen


async def test_sliding_off_the_hold_button_lets_go(clock: FakeClock) -> None:
    sitting = FakeSitting()
    async with make_app(sitting, clock=clock).run_test() as pilot:
        screen = await open_confirmation(pilot)
        pass_time(screen, clock, 3)
        await pilot.mouse_down("#hold")
        await until(pilot, lambda: screen.gate.phase is Phase.HOLDING, "holding")
        await pilot.hover("#dies")
        await until(pilot, lambda: screen.gate.remark is Remark.LET_GO, "let go")
        pass_time(screen, clock, 60)
        assert not sitting.started


@pytest.mark.parametrize("size", SIZES)
async def test_it_names_what_dies_and_what_does_not(size: tuple[int, int]) -> None:
    sitting = FakeSitting()
    async with make_app(sitting).run_test(size=size) as pilot:
        await open_confirmation(pilot)
        shown = await until_shown(
            pilot, "these 3 drives", "KIOXIA KBG40ZNS256G  256 GB", "H2A4QX7M", "ST1000LM035-1RK172  1.0 TB"
        )
        assert "known by its node sdd  (the serial is the USB bridge's)" in shown
        assert "the stick this system runs from  SanDisk Ultra Fit" in shown
        assert "not on offer: mounted (/home)  Samsung SSD 860 EVO" in shown
        assert "the result will be INCOMPLETE" in shown


async def test_a_refusal_of_the_sitting_is_shown_with_its_remedy(clock: FakeClock) -> None:
    sitting = FakeSitting()
    sitting.start_error = Refused("The drives [/red] were looked at anew.", "Plan and confirm again.")
    async with make_app(sitting, clock=clock).run_test() as pilot:
        screen = await open_confirmation(pilot)
        pass_time(screen, clock, 3)
        await press(pilot, clock, CODE.lower(), 0.3)
        pass_time(screen, clock, 12)
        await until_shown(
            pilot,
            "Not started",
            "The drives [/red] were looked at anew.",
            "Plan and confirm again.",
            "Nothing was written.",
        )
        await press(pilot, clock, "\r", 0.3)
        await until(pilot, lambda: isinstance(pilot.app.screen, PlanScreen | DrivesScreen), "back")
        assert not sitting.started


async def test_pasted_text_is_not_typed(clock: FakeClock) -> None:
    sitting = FakeSitting()
    async with make_app(sitting, clock=clock).run_test() as pilot:
        screen = await open_confirmation(pilot)
        pass_time(screen, clock, 3)
        screen.post_message(events.Paste(CODE))
        await pilot.pause()
        pass_time(screen, clock, 60)
        assert not sitting.started
