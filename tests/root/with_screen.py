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
from agent.workflow.sitting import Sitting
from agent.workflow.view import Stage

_PAUSE_SECONDS = 0.4

_follow = cli._follow_jobs


async def _press_keys(sitting: Sitting) -> list[float]:
    """Seconds from a key to the end of all that it set off, over and over until the jobs have ended."""
    found = []
    app = ArdoiseApp(sitting, reopened=True)
    async with app.run_test(size=(140, 45)) as pilot:
        await pilot.pause(1)
        while sitting.view().stage is Stage.RUNNING:
            begun = time.monotonic()
            await pilot.press("down" if len(found) % 40 < 20 else "up")
            found.append(time.monotonic() - begun)
            await pilot.pause(_PAUSE_SECONDS)
    return found


def _follow_on_screen(latencies: Path, sitting: Sitting, interrupted: list[int]) -> None:
    latencies.write_text(json.dumps(asyncio.run(_press_keys(sitting))))
    _follow(sitting, interrupted)


if __name__ == "__main__":
    cli._follow_jobs = partial(_follow_on_screen, Path(sys.argv[1]))
    sys.exit(main(sys.argv[2:]))
