"""Pausing by key and by touch, and what the lines say of drives that stand still, are too hot or do not answer."""

from dataclasses import replace

import pytest

from agent.model.health import Heat
from agent.model.job import NO_PROGRESS, JobState, PauseReason
from agent.tui.job_rows import job_line, job_row, remark
from agent.tui.progress_screen import ProgressScreen, huge_text, summary
from agent.tui.widgets import KeyHint
from tests.tui.fake_sitting import FakeSitting, make_job
from tests.tui.helpers import make_app, until, until_shown

OPERATOR, TEMPERATURE = PauseReason.OPERATOR, PauseReason.TEMPERATURE


def still(number: int, **changes: object):
    job = make_job(number)
    progress = replace(job.progress, rate_bytes_per_second=None, eta_seconds=None)
    return replace(job, progress=progress, **changes)


async def started(pilot) -> None:
    await until(pilot, lambda: isinstance(pilot.app.screen, ProgressScreen), "progress")
    await pilot.pause()


async def test_the_only_drive_is_paused_and_continued_without_a_question() -> None:
    sitting = FakeSitting()
    sitting.run(make_job(0))
    async with make_app(sitting).run_test() as pilot:
        await started(pilot)
        await pilot.press("p")
        assert sitting.told == ["pause /dev/sda"]
        sitting.run(still(0, pause=OPERATOR))
        await until_shown(pilot, "▲ PAUSED", "by hand, P continues", "continue …")
        await pilot.press("P")
        assert sitting.told == ["pause /dev/sda", "proceed /dev/sda"]
        sitting.run(make_job(0))
        await until_shown(pilot, "■ SANITIZING", "187 MB/s", "pause …")


async def test_of_several_one_or_all_and_the_harmless_answer_has_the_focus() -> None:
    sitting = FakeSitting()
    sitting.run(make_job(0), make_job(1))
    async with make_app(sitting).run_test() as pilot:
        await started(pilot)
        await pilot.press("down", "p")
        await until_shown(pilot, "Pause sdb", "Pause all")
        await pilot.press("enter")
        await pilot.press("p", "right", "enter")
        await pilot.press("p", "right", "right", "enter")
        assert sitting.told == ["pause /dev/sdb", "pause None"]
        sitting.run(make_job(0), still(1, pause=OPERATOR))
        await until_shown(pilot, "1 paused")
        await pilot.press("p")
        await until_shown(pilot, "Continue sdb", "Continue all")
        await pilot.press("right", "right", "enter")
        await pilot.press("p", "right", "enter")
        assert sitting.told[2:] == ["proceed None", "proceed /dev/sdb"]


async def test_by_touch() -> None:
    sitting = FakeSitting()
    sitting.run(make_job(0), make_job(1))
    async with make_app(sitting).run_test(size=(140, 45)) as pilot:
        await started(pilot)
        hint = next(h for h in pilot.app.screen.query(KeyHint) if h.action.key == "P")
        await pilot.click(hint)
        await until_shown(pilot, "Pause sda", "Pause all")
        await pilot.click("#answer-all")
        await until(pilot, lambda: sitting.told, "told")
        assert sitting.told == ["pause None"]


async def test_a_drive_that_is_too_hot_is_not_let_go_on_by_one_key() -> None:
    sitting = FakeSitting()
    sitting.run(still(0, pause=TEMPERATURE, heat=Heat(61, 60)))
    async with make_app(sitting).run_test() as pilot:
        await started(pilot)
        await until_shown(pilot, "▲ TOO HOT", "61 °C, goes on at 55 °C", "61 °C (limit 60 °C)")
        await pilot.press("p")
        await until_shown(pilot, "Continue sda", "once it has cooled down")
        assert sitting.told == []
        await pilot.press("right", "enter")
        assert sitting.told == ["proceed /dev/sda"]


async def test_after_the_end_there_is_nothing_to_pause() -> None:
    sitting = FakeSitting()
    sitting.run(make_job(0, JobState.SANITIZED), make_job(1, JobState.FAILED))
    async with make_app(sitting).run_test() as pilot:
        await started(pilot)
        await pilot.press("p")
        await pilot.pause()
        assert isinstance(pilot.app.screen, ProgressScreen)
        assert sitting.told == []


async def test_silence_is_told_and_goes_away() -> None:
    sitting = FakeSitting()
    sitting.run(make_job(0), make_job(1, silent_seconds=25.0))
    async with make_app(sitting).run_test(size=(140, 45)) as pilot:
        await started(pilot)
        shown = await until_shown(pilot, "1 not answering", "not answering for 25 s")
        (row,) = [line for line in shown.splitlines() if "sdb" in line and "%" in line]
        assert "MB/s" not in row
        sitting.run(make_job(0), make_job(1))
        await until(pilot, lambda: "not answering" not in "".join(_rows(pilot)), "silence over")


def _rows(pilot) -> list[str]:
    rows = pilot.app.screen.query_one("#rows")
    return [str(o.prompt) for o in rows.options]


STANDING = [
    still(1, pause=OPERATOR),
    still(2, pause=TEMPERATURE, heat=Heat(61, 60)),
    still(3, silent_seconds=599.9),
    make_job(4, JobState.CONFIRMED, progress=NO_PROGRESS),
]


@pytest.mark.parametrize("width", [74, 90, 134, 200])
@pytest.mark.parametrize("job", STANDING, ids=lambda j: j.job_id)
def test_a_line_says_why_at_every_width(job, width: int) -> None:
    line = job_row(job, width)
    assert remark(job) in line.plain
    assert line.cell_length <= width
    assert len(job_line(job, 60).plain) <= 60


def test_a_line_with_errors_and_a_reason_fits_too() -> None:
    job = still(3, silent_seconds=599.9)
    row = job_row(replace(job, progress=replace(job.progress, error_count=12345)), 74)
    assert row.cell_length <= 74
    assert "12345 errors" in row.plain


def test_the_whole_machine_is_paused_when_nothing_moves() -> None:
    jobs = (
        still(0, pause=OPERATOR),
        still(1, pause=TEMPERATURE, heat=Heat(61, 60)),
        make_job(2, JobState.SANITIZED),
    )
    assert huge_text(jobs, recording=False).startswith("PAUSED")
    assert huge_text((*jobs, make_job(3)), recording=False).startswith("SANITIZING")
    assert "2 paused" in summary(jobs, recording=False).plain
    assert "left" not in summary(jobs, recording=False).plain


def test_text_of_a_device_stays_text() -> None:
    job = still(0, model="[/red]", serial="[bold]x", heat=Heat(20, 60))
    assert "[bold]x" in job_line(job, 90).plain
    assert "[/red]" in job_line(job, 90).plain
