"""Waiting for conditions and reading screens, for tests."""

import asyncio
from collections.abc import Callable

from textual.pilot import Pilot

from agent.tui.app import ArdoiseApp
from tests.tui.fake_sitting import FakeSitting
from tests.tui.pictures import screen_lines

SIZES = [(80, 24), (140, 45)]


async def until(pilot: Pilot, condition: Callable[[], object], what: str = "") -> None:
    """Wait until the condition holds; fails after five seconds."""
    for _ in range(250):
        await pilot.pause()
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"never happened: {what}\n{screen_lines(pilot.app)}")


async def until_shown(pilot: Pilot, *texts: str) -> str:
    """Wait until all texts are on the screen; the screen."""
    await until(pilot, lambda: all(t in screen_lines(pilot.app) for t in texts), f"{texts} on the screen")
    return screen_lines(pilot.app)


def make_app(sitting: FakeSitting, **options: object) -> ArdoiseApp:
    """An application that pulls often."""
    return ArdoiseApp(sitting, pull_seconds=0.1, **options)


async def inspected(pilot: Pilot) -> None:
    """Wait until the drives are shown."""
    await until(pilot, lambda: pilot.app.inspection is not None, "inspection")
    await pilot.pause()
