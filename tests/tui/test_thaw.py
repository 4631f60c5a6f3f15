"""Locked drives: the offer of a sleep comes once, before the plan, and its harmless answer has the focus."""

import threading

from agent.errors import EnvironmentLacks, EvidenceError
from agent.model.sleep import SleepObstacle
from agent.text import use_language
from agent.tui.dialogs import AskScreen
from agent.tui.drives_screen import DrivesScreen
from agent.tui.plan_screen import PlanScreen
from agent.tui.thaw import SleepScreen
from tests.tui.fake_sitting import FakeSitting
from tests.tui.frozen import frozen_sitting
from tests.tui.helpers import inspected, make_app, until, until_shown


async def test_the_offer_comes_once_and_not_now_goes_on() -> None:
    use_language("en")
    sitting = frozen_sitting()
    async with make_app(sitting).run_test() as pilot:
        await inspected(pilot)
        await pilot.press("t", "enter")
        await until_shown(pilot, "Let the machine sleep for ten seconds?")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, PlanScreen), "plan")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, DrivesScreen), "drives")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, PlanScreen), "plan without a question")
        assert sitting.rest.slept == 0


async def test_only_chosen_drives_are_asked_for() -> None:
    sitting = FakeSitting()
    async with make_app(sitting).run_test() as pilot:
        await inspected(pilot)
        await pilot.press("u")
        assert isinstance(pilot.app.screen, DrivesScreen)
        await pilot.press("t", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, PlanScreen), "plan")


async def test_after_the_sleep_the_drives_are_those_that_were_found_then() -> None:
    use_language("en")
    sitting = frozen_sitting(False, False, False)
    async with make_app(sitting).run_test() as pilot:
        await inspected(pilot)
        await pilot.press("u")
        await until_shown(pilot, "erase commands of 3 drives", "Leave the stick in")
        await pilot.press("right", "enter")
        await until_shown(pilot, "No longer locked: sda, sdb, sdc")
        assert "What to try" not in await until_shown(pilot, "awake again")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, DrivesScreen), "drives")
        assert pilot.app.inspection is sitting.rest.came_to.inspection
        assert sitting.told == ["inspect"]
        await pilot.press("t", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, PlanScreen), "no question any more")


async def test_no_key_does_anything_while_the_machine_goes_to_sleep() -> None:
    use_language("en")
    sitting = frozen_sitting()
    let_go = threading.Event()
    thaw = sitting.rest.thaw

    def slow():
        let_go.wait(10)
        return thaw()

    sitting.rest.thaw = slow
    async with make_app(sitting).run_test() as pilot:
        await inspected(pilot)
        await pilot.press("t", "u")
        await pilot.press("right", "enter")
        await until_shown(pilot, "goes to sleep")
        await pilot.press("escape", "enter", "space", "h", "r", "l", "ctrl+q")
        assert isinstance(pilot.app.screen, SleepScreen)
        let_go.set()
        await until_shown(pilot, "Still locked: sda, sdb, sdc", "Unplug the drive's cable")


async def test_a_machine_that_did_not_sleep() -> None:
    use_language("en")
    async with make_app(frozen_sitting(asleep_ms=40)).run_test() as pilot:
        await inspected(pilot)
        await pilot.press("u")
        await pilot.press("right", "enter")
        await until_shown(pilot, "The machine did not sleep", "woke it at once", "Still locked")


async def test_a_machine_that_can_not_sleep_says_why_and_goes_on() -> None:
    use_language("en")
    sitting = frozen_sitting()
    sitting.rest.stands_against = SleepObstacle.RUNS_FROM_STICK
    async with make_app(sitting).run_test() as pilot:
        await inspected(pilot)
        await pilot.press("t", "enter")
        await until_shown(pilot, "from the stick, which a sleep may cut off", "What to try, in this order")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, PlanScreen), "plan")


async def test_errors_are_told_and_the_drives_are_looked_at_again() -> None:
    use_language("en")
    sitting = frozen_sitting()
    sitting.rest.came_to = EvidenceError("The stick did not come back after the sleep.", "Plug it in.")
    async with make_app(sitting).run_test() as pilot:
        await inspected(pilot)
        await pilot.press("u")
        await pilot.press("right", "enter")
        await until_shown(pilot, "The stick did not come back", "Plug it in.")
        assert isinstance(pilot.app.screen, AskScreen)
        await until(pilot, lambda: sitting.told == ["inspect", "inspect"], "looked again")


async def test_captures_that_say_nonsense_are_told() -> None:
    use_language("en")
    sitting = frozen_sitting()
    sitting.rest.stands_against = EnvironmentLacks("machine.json knows no sleep 'x'.", "Mend it.")
    async with make_app(sitting).run_test() as pilot:
        await inspected(pilot)
        await pilot.press("u")
        await until_shown(pilot, "knows no sleep")
