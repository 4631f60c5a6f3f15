"""The first and the last question of a stick: by keys, and by taps alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.app import App

from agent.text import use_language
from agent.tui.end_screen import AGAIN, OFF, EndApp
from agent.tui.key_board import KeyCap
from agent.tui.result_screen import stick_content
from agent.tui.unlock_screen import LanguageChange, UnlockApp, Unlocked
from agent.workflow.view import SittingView, Stage
from tests.tui.fake_sitting import FakeSitting

pytestmark = pytest.mark.asyncio


@pytest.fixture(autouse=True)
def _english() -> None:
    use_language("en")


def opens(passphrase: bytes) -> bool:
    return passphrase == b"brixon Lopic"


def result(app: App[object]) -> object:
    return app.return_value


async def tap(pilot: object, app: UnlockApp, what: str) -> None:
    cap = next(c for c in app.query(KeyCap) if c.what == what)
    await pilot.click(cap)  # type: ignore[attr-defined]
    await pilot.pause()  # type: ignore[attr-defined]


@pytest.mark.parametrize("size", [(80, 24), (140, 45)])
async def test_by_taps_alone(size: tuple[int, int]) -> None:
    app = UnlockApp("op-17", opens)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        for what in [*"brixon", "space", "shift", "L", "shift", *"opicx", "back", "enter"]:
            await tap(pilot, app, what)
        await app.workers.wait_for_complete()
        await pilot.pause()
    assert app.return_value == Unlocked("op-17")


async def test_a_wrong_passphrase_is_told_and_the_field_is_empty() -> None:
    app = UnlockApp("op-17", opens)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"wrong", "enter")
        await app.workers.wait_for_complete()
        await pilot.pause()
        field = app.query_one("#passphrase")
        assert field.value == ""  # type: ignore[attr-defined]
        assert "not the passphrase" in str(app.query_one("#unlock-remark").render())
        assert app.return_value is None
        await pilot.press(*"brixon", "space", *"Lopic", "enter")
        await app.workers.wait_for_complete()
        await pilot.pause()
    assert app.return_value == Unlocked("op-17")


async def test_the_operator_is_asked_for_and_a_name_is_refused() -> None:
    app = UnlockApp("", opens)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"Jean", "space", *"Petit", "enter")
        await pilot.pause()
        assert "no name" in str(app.query_one("#unlock-remark").render())
        await pilot.press(*["backspace"] * 12, *"op-3", "enter", *"brixon", "space", *"Lopic", "enter")
        await app.workers.wait_for_complete()
        await pilot.pause()
    assert app.return_value == Unlocked("op-3")


async def test_the_passphrase_is_not_shown() -> None:
    app = UnlockApp("op-17", opens, ["Leave the stick in."])
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"zyx987")
        await pilot.pause()
        assert "zyx987" not in app.export_screenshot()
        assert "Leave" in app.export_screenshot()


async def test_language_and_leaving() -> None:
    app = UnlockApp("op-17", opens)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("f8")
    assert isinstance(app.return_value, LanguageChange)
    other = UnlockApp("op-17", opens)
    async with other.run_test(size=(80, 24)) as pilot:
        await pilot.press("f10")
    assert other.return_value is None


async def test_the_end_by_tap_and_by_key() -> None:
    app = EndApp("Ended.", [(AGAIN, "Open again"), (OFF, "Switch off")])
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.click("#off")
    assert app.return_value == OFF
    kept = EndApp("The stick is out.", [(AGAIN, "Open again")])
    async with kept.run_test(size=(80, 24)) as pilot:
        await pilot.press("x")
        await pilot.pause()
        assert kept.return_value is None
        await pilot.press("enter")
    assert kept.return_value == AGAIN


@pytest.mark.parametrize(
    ("from_memory", "stage", "expected"),
    [
        (None, Stage.RECORDED, ""),
        (True, Stage.RECORDED, "may be pulled out now"),
        (True, Stage.RECORD_FAILED, "Leave the stick in"),
        (False, Stage.RECORDED, "Leave the stick in"),
    ],
)
async def test_the_stick_may_be_pulled_only_with_a_record_and_the_system_in_memory(
    from_memory: bool | None, stage: Stage, expected: str
) -> None:
    station = replace(FakeSitting().station, from_memory=from_memory)
    may_pull = from_memory is True and stage is Stage.RECORDED
    words = str(stick_content(SittingView(stage, None, "", "", may_pull=may_pull), station))
    assert expected in words if expected else not words
