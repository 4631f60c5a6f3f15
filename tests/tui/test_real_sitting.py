"""The screen over the real thing: a simulated laptop is erased by keys alone, to the certificate on stable storage."""

from collections.abc import Callable

from agent.model.record import Headline
from agent.tui.app import ArdoiseApp
from agent.tui.confirm_screen import ConfirmScreen
from agent.tui.confirmation_gate import GateTimes
from agent.tui.plan_screen import PlanScreen
from agent.tui.result_screen import ResultScreen
from agent.workflow.view import Stage
from tests.tui.helpers import inspected, until, until_shown
from tests.unit.workflow.conftest import clock, desk, machine, sit, station

__all__ = ["clock", "desk", "machine", "sit", "station"]

_QUICK = GateTimes(arm_seconds=0.1, settle_seconds=0.1, countdown_seconds=0.5)


async def _erase_everything(pilot) -> None:
    app = pilot.app
    await inspected(pilot)
    await pilot.press("t", "enter")
    await until(pilot, lambda: isinstance(app.screen, PlanScreen), "plan")
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(app.screen, ConfirmScreen) and app.screen.gate.phase == "typing", "armed")
    for letter in app.screen._plans.code.lower():
        await pilot.press(letter)
        await pilot.pause(0.15)


async def test_a_laptop_from_inspection_to_certificate(sit: Callable, machine: Callable) -> None:
    sitting = sit(machine("laptop"))
    app = ArdoiseApp(sitting, gate_times=_QUICK, pull_seconds=0.1)
    async with app.run_test(size=(80, 24)) as pilot:
        await _erase_everything(pilot)
        for _ in range(6):
            if isinstance(app.screen, ResultScreen):
                break
            sitting.wait(5)
            await pilot.pause(0.3)
        shown = await until_shown(
            pilot, "HAND OVER", "Record is on stable storage at", "Certificate: certificate.pdf"
        )
        assert "on this stick only" in shown
    evidence = sitting.view().evidence
    assert evidence.headline is Headline.SANITIZED
    assert evidence.document.is_file()


async def test_a_machine_without_a_drive_is_recorded(sit: Callable, machine: Callable) -> None:
    sitting = sit(machine("no-drive"))
    app = ArdoiseApp(sitting, pull_seconds=0.1)
    async with app.run_test(size=(80, 24)) as pilot:
        await inspected(pilot)
        await until_shown(pilot, "No drive was found")
        await pilot.press("enter")
        await until_shown(pilot, "Make the record")
        await pilot.press("right", "enter")
        await until(pilot, lambda: sitting.view().stage is not Stage.READY, "started")
        sitting.wait(20)
        await until_shown(pilot, "LOOK", "Record (no certificate): record.pdf")
    assert sitting.view().evidence.headline is Headline.NO_MEDIUM_FOUND
