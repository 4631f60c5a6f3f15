"""`ardoise sanitize` with the screen open over its jobs: `python -m tests.root.with_screen FILE ...` leaves how long each key took until all was drawn."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from functools import partial
from pathlib import Path

from agent import cli
from agent.__main__ import main
from agent.tui.app import ArdoiseApp
from agent.tui.widgets import RowList
from agent.workflow.sitting import Sitting
from agent.workflow.view import Stage

_PAUSE_SECONDS = 0.15
_LONGEST_SECONDS = 5.0

_follow = cli._follow_jobs


async def _press_keys(sitting: Sitting) -> list[float]:
    """Seconds from a key to the picture that it changes, over and over until the jobs have ended."""
    found: list[float] = []
    app = ArdoiseApp(sitting, reopened=True)
    async with app.run_test(size=(140, 45)):
        await asyncio.sleep(1)
        while sitting.view().stage is Stage.RUNNING:
            found.append(await _press(app, "down" if len(found) % 40 < 20 else "up"))
            await asyncio.sleep(_PAUSE_SECONDS)
    return found


async def _press(app: ArdoiseApp, key: str) -> float:
    rows, drawn = app.screen.query_one("#rows", RowList), asyncio.Event()
    before, begun = rows.highlighted, time.monotonic()
    app.simulate_key(key)
    while rows.highlighted == before and time.monotonic() - begun < _LONGEST_SECONDS:  # noqa: ASYNC110 - Textual has no event for it
        await asyncio.sleep(0.001)
    rows.call_after_refresh(drawn.set)
    await drawn.wait()
    return time.monotonic() - begun


def _follow_on_screen(latencies: Path, sitting: Sitting, interrupted: list[int]) -> None:
    latencies.write_text(json.dumps(asyncio.run(_press_keys(sitting))))
    _follow(sitting, interrupted)


if __name__ == "__main__":
    cli._follow_jobs = partial(_follow_on_screen, Path(sys.argv[1]))
    sys.exit(main(sys.argv[2:]))
