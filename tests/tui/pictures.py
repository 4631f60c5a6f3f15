"""Draws every screen with sample data into a folder: `python -m tests.tui.pictures docs/images`."""

import asyncio
import re
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from textual.pilot import Pilot

from agent.model.health import Heat
from agent.model.job import JobState, PauseReason, Progress
from agent.model.preparation import PreparationOutcome
from agent.model.record import Headline, Outcome
from agent.model.session import InspectedDrive
from agent.text import _, use_language
from agent.tui.app import ArdoiseApp
from agent.tui.before_erase import StepScreen
from agent.tui.confirmation_gate import GateTimes
from agent.tui.theme import SLATE
from agent.workflow.view import UploadState
from tests.tui.fake_before import CODE as STEP_CODE
from tests.tui.fake_before import drive_that_hides, encrypting_drive
from tests.tui.fake_sitting import CODE, FakeSitting, make_drive, make_evidence, make_health, make_job, make_medium
from tests.tui.frozen import cautious_sitting, frozen_sitting, sleepless_sitting

SIZES = ((80, 24), (140, 45))
Steps = Callable[[Pilot, FakeSitting], Awaitable[None]]


async def settle(pilot: Pilot) -> None:
    """Wait until worker threads and messages have come to rest."""
    await pilot.app.workers.wait_for_complete()
    await pilot.pause(0.08)
    await pilot.pause()


async def _drives(pilot: Pilot, _sitting: FakeSitting) -> None:
    await pilot.press("space", "down", "space")


async def _no_drive(_pilot: Pilot, _sitting: FakeSitting) -> None:
    return


async def _plan(pilot: Pilot, sitting: FakeSitting) -> None:
    await pilot.press("t", "enter")


def own_erase_sitting() -> FakeSitting:
    """A machine whose flash can erase itself."""
    sitting = FakeSitting()
    sitting.own_erase = True
    return sitting


async def _thawed(pilot: Pilot, _sitting: FakeSitting) -> None:
    await pilot.press("t", "enter")
    await settle(pilot)
    await pilot.press("right", "enter")


async def _confirm(pilot: Pilot, sitting: FakeSitting) -> None:
    await pilot.press("t", "enter")
    await settle(pilot)
    await pilot.press("enter")


async def _countdown(pilot: Pilot, sitting: FakeSitting) -> None:
    await _confirm(pilot, sitting)
    await pilot.pause(0.2)
    for letter in CODE.lower():
        await pilot.press(letter)
        await pilot.pause(0.06)
    await pilot.pause(0.6)


def server_jobs() -> tuple:
    """Eight drives of a server in every state."""
    slow = Progress(1, 1, 310 * 10**9, 1000 * 10**9, 41e6, 16800.0, 3)
    return (
        make_job(0, done=0.42), make_job(1, done=0.44), make_job(2, JobState.VERIFYING, 0.08),
        make_job(3, JobState.SANITIZED, reason="every sector overwritten and read back"), make_job(4, done=0.43),
        make_job(5, JobState.FAILED, reason="write error at LBA 976773168: the drive no longer answers"),
        make_job(6, JobState.SANITIZING, progress=slow), make_job(7, JobState.CHECKING),
    )  # fmt: skip


async def _progress(_pilot: Pilot, sitting: FakeSitting) -> None:
    sitting.run(*server_jobs())


def standing_jobs() -> tuple:
    """Eight drives of which one is paused by hand, one too hot, one silent, and two wait for their turn."""
    still = replace(make_job(0, done=0.42).progress, rate_bytes_per_second=None, eta_seconds=None)
    return (
        make_job(0, done=0.44, heat=Heat(41, 60)), make_job(1, progress=still, pause=PauseReason.OPERATOR, heat=Heat(39, 60)),
        make_job(2, JobState.VERIFYING, progress=still, pause=PauseReason.TEMPERATURE, heat=Heat(61, 60)),
        make_job(3, progress=still, silent_seconds=125.0, heat=Heat(44, 60)), make_job(4, JobState.SANITIZED),
        make_job(5, done=0.12, heat=Heat(43, 68)), make_job(6, JobState.CONFIRMED), make_job(7, JobState.CONFIRMED),
    )  # fmt: skip


async def _own_erase_progress(_pilot: Pilot, sitting: FakeSitting) -> None:
    slow = replace(make_job(2, done=0.6).progress, pass_number=0, pass_count=0, eta_seconds=4100.0)
    sitting.run(
        make_job(0, done=0.26, progress=replace(slow, done_bytes=260 * 10**9)),
        make_job(1, JobState.VERIFYING, reason="nvme sanitize block erase", done=0.89),
        make_job(2, progress=slow, heat=Heat(44, 60)),
        make_job(3, done=0.31),
    )


async def _paused(pilot: Pilot, sitting: FakeSitting) -> None:
    sitting.run(*standing_jobs())
    await settle(pilot)
    await pilot.press("down", "down", "down")


async def _pausing(pilot: Pilot, sitting: FakeSitting) -> None:
    await _paused(pilot, sitting)
    await pilot.press("up", "p")


async def _result(_pilot: Pilot, sitting: FakeSitting) -> None:
    sitting.record(make_evidence(media=(make_medium(0), make_medium(1))))


async def _incomplete(_pilot: Pilot, sitting: FakeSitting) -> None:
    bad = make_medium(5, Outcome.FAILED, "write error: the drive no longer answers", 976773168)
    media = (*(make_medium(n) for n in range(5)), bad, make_medium(6), make_medium(7))
    sitting.record(make_evidence(Headline.INCOMPLETE, UploadState.PENDING, media=media, name="certificate.pdf"))


async def _unrecorded(_pilot: Pilot, sitting: FakeSitting) -> None:
    sitting.fail_to_record(
        "The evidence folder is full.", "Put a second stick in or free space on this one, then save again."
    )


async def _records(pilot: Pilot, sitting: FakeSitting) -> None:
    states = (
        UploadState.ARCHIVED,
        UploadState.PENDING,
        UploadState.QUARANTINED,
        UploadState.REJECTED,
        UploadState.UPLOADING,
    )
    for number, state in enumerate(states):
        headline = Headline.INCOMPLETE if number == 3 else Headline.SANITIZED
        sitting.records += (make_evidence(headline, state, number + 1),)
    await pilot.press("r")


async def _help(pilot: Pilot, _sitting: FakeSitting) -> None:
    await pilot.press("h")


def server_sitting() -> FakeSitting:
    """A server whose eight drives are all on offer."""
    return FakeSitting(tuple(InspectedDrive(make_drive(n), make_health()) for n in range(8)))


def preparing_sitting() -> FakeSitting:
    """A disk that hides a part of itself, and a self-encrypting drive that somebody locked."""
    return FakeSitting((drive_that_hides(0), encrypting_drive(1)))


async def _give_back(pilot: Pilot, sitting: FakeSitting) -> None:
    await _plan(pilot, sitting)
    await settle(pilot)
    await pilot.press("g")


async def _psid(pilot: Pilot, sitting: FakeSitting) -> None:
    await _plan(pilot, sitting)
    await settle(pilot)
    await pilot.press("k", *"abcd-efgh-2345")


async def _psid_refused(pilot: Pilot, sitting: FakeSitting) -> None:
    sitting.before.outcome = PreparationOutcome.REFUSED
    sitting.before.revert("/dev/sdb", STEP_CODE)
    await _plan(pilot, sitting)
    await settle(pilot)
    pilot.app.push_screen(StepScreen(sitting.before, _("Revert by PSID")))
    await settle(pilot)
    sitting.before.finish()
    await pilot.pause(0.5)


async def _revert(pilot: Pilot, sitting: FakeSitting) -> None:
    await _plan(pilot, sitting)
    await settle(pilot)
    await pilot.press("k", *"abcdefgh23456789jklmnpqr23456789", "enter")


SCREENS: dict[str, tuple[Callable[[], FakeSitting], Steps]] = {
    "drives": (FakeSitting, _drives),
    "no-drive": (lambda: FakeSitting(()), _no_drive),
    "plan": (FakeSitting, _plan),
    "plan-own-erase": (own_erase_sitting, _plan),
    "plan-cautions": (cautious_sitting, _plan),
    "frozen": (frozen_sitting, _plan),
    "frozen-no-sleep": (sleepless_sitting, _plan),
    "thawed": (lambda: frozen_sitting(False, False, True), _thawed),
    "plan-steps": (preparing_sitting, _plan),
    "give-back": (preparing_sitting, _give_back),
    "psid": (preparing_sitting, _psid),
    "psid-refused": (preparing_sitting, _psid_refused),
    "revert": (preparing_sitting, _revert),
    "confirm": (FakeSitting, _confirm),
    "confirm-many": (server_sitting, _confirm),
    "countdown": (FakeSitting, _countdown),
    "progress": (FakeSitting, _progress),
    "progress-own-erase": (FakeSitting, _own_erase_progress),
    "paused": (FakeSitting, _paused),
    "pausing": (FakeSitting, _pausing),
    "result": (FakeSitting, _result),
    "incomplete": (FakeSitting, _incomplete),
    "unrecorded": (FakeSitting, _unrecorded),
    "records": (FakeSitting, _records),
    "help": (FakeSitting, _help),
}


async def draw(name: str, size: tuple[int, int], theme: str = SLATE.name) -> tuple[ArdoiseApp, str, str]:
    """The application, the screen as SVG and as text."""
    make, steps = SCREENS[name]
    sitting = make()
    app = ArdoiseApp(sitting, gate_times=GateTimes(arm_seconds=0.1, settle_seconds=0.1), pull_seconds=0.05)
    async with app.run_test(size=size) as pilot:
        app.theme = theme
        await settle(pilot)
        await steps(pilot, sitting)
        await settle(pilot)
        await pilot.pause(0.15)
        return app, app.export_screenshot(title="ardoise"), screen_lines(app)


def screen_lines(app: ArdoiseApp) -> str:
    """What is on the screen, as plain lines."""
    width, height = app.size
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(s.text for s in strip)[:width].rstrip() for strip in strips[:height])


def without_addresses(svg: str) -> str:
    """The picture without the web fonts that rich names: no picture of ours fetches anything."""
    svg = re.sub(r"<!-- Generated.*?-->", "", svg)
    return re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL).replace("Fira Code", "DejaVu Sans Mono")


def main() -> None:
    """Write all pictures."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    only = sys.argv[2:]
    use_language("en")
    for name in only or SCREENS:
        for size in SIZES:
            _app, svg, _text = asyncio.run(draw(name, size))
            (folder / f"screen-{name}-{size[0]}x{size[1]}.svg").write_text(without_addresses(svg), encoding="utf-8")


if __name__ == "__main__":
    main()
