"""The screen is disposable: whatever becomes of it, jobs go on, and it comes back."""

import time
from dataclasses import replace

import pytest

from agent.text import language
from agent.tui import run
from agent.tui.app import ArdoiseApp
from agent.tui.progress_screen import ProgressScreen
from agent.workflow.view import Stage
from tests.tui.fake_sitting import FakeSitting, make_evidence, make_job
from tests.tui.helpers import make_app, until, until_shown


def open_headless(crashes: list[str], sitting: FakeSitting, opened: list[str]):
    """An opener that runs the real application without a terminal and presses keys from a list for each run."""

    def opener(_sitting: FakeSitting, crashed: str, reopened: bool) -> ArdoiseApp:
        opened.append(crashed)
        app = ArdoiseApp(sitting, crashed=crashed, reopened=reopened, pull_seconds=0.05)
        what = crashes.pop(0)

        async def pilot_work(pilot) -> None:
            await pilot.pause(0.1)
            if what == "crash":
                sitting.jobs = (object(),)
                await until(pilot, lambda: not app.is_running, "crash")
            elif what == "finish":
                sitting.jobs = (make_job(0),)
                sitting.record(make_evidence())
                app.exit("")
            else:
                app.exit(what)

        app.run(headless=True, auto_pilot=pilot_work)
        return app

    return opener


def test_a_crash_with_running_jobs_opens_the_screen_again(capfd: pytest.CaptureFixture[str]) -> None:
    sitting = FakeSitting()
    sitting.run(make_job(0))
    opened: list[str] = []
    real = run.keep_screen(sitting, "en", _mended(open_headless(["crash", "finish"], sitting, opened), sitting))
    assert real == 0
    assert opened[0] == ""
    assert "AttributeError" in opened[1]


def _mended(opener, sitting: FakeSitting):
    def open_with_sound_jobs(_sitting: FakeSitting, crashed: str, reopened: bool) -> ArdoiseApp:
        sitting.jobs = (make_job(0),)
        return opener(_sitting, crashed, reopened)

    return open_with_sound_jobs


def test_a_crash_without_jobs_ends_with_one(capfd: pytest.CaptureFixture[str]) -> None:
    sitting = FakeSitting()
    opened: list[str] = []

    def opener(_sitting: FakeSitting, crashed: str, reopened: bool) -> ArdoiseApp:
        opened.append(crashed)
        sitting.notes = (3,)
        app = ArdoiseApp(sitting)
        app.run(headless=True)
        return app

    assert run.keep_screen(sitting, "en", opener) == 1
    assert len(opened) == 1


def test_a_screen_that_ends_while_the_stick_is_out_opens_again() -> None:
    sitting = FakeSitting()
    sitting.fail_to_record("gone", "put it back")
    sitting.state = replace(sitting.state, stick_missing=True)
    opened: list[str] = []
    assert run.keep_screen(sitting, "en", open_headless(["", "finish"], sitting, opened)) == 0
    assert len(opened) == 2


def test_quitting_a_running_screen_by_force_opens_it_again() -> None:
    sitting = FakeSitting()
    sitting.run(make_job(0))
    opened: list[str] = []
    assert run.keep_screen(sitting, "en", open_headless(["", "finish"], sitting, opened)) == 0
    assert len(opened) == 2


def test_language_change_opens_the_screen_again() -> None:
    sitting = FakeSitting()
    opened: list[str] = []
    assert run.keep_screen(sitting, "en", open_headless(["language:de", ""], sitting, opened)) == 0
    assert opened == ["", ""]
    assert language() == "de"


def test_a_screen_that_cannot_be_shown_leaves_words_until_the_jobs_end(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sitting = FakeSitting()
    sitting.run(make_job(0))
    opened: list[str] = []

    class Broken:
        return_value, return_code, crash_text = None, 1, "MarkupError()"

    def opener(_sitting: FakeSitting, crashed: str, reopened: bool) -> Broken:
        opened.append(crashed)
        return Broken()

    monkeypatch.setattr(run.time, "sleep", lambda _seconds: sitting.record(make_evidence()))
    assert run.keep_screen(sitting, "en", opener) == 1
    assert len(opened) == 3
    said = capsys.readouterr().err
    assert "/dev/sda: sanitizing 42 %" in said
    assert "SANITIZED" in said


async def test_the_restarted_screen_says_so() -> None:
    sitting = FakeSitting()
    sitting.run(make_job(0))
    async with make_app(sitting, crashed="MarkupError('[/red]')").run_test(notifications=True) as pilot:
        await until_shown(pilot, "The screen was restarted", "MarkupError('[/red]')")


async def test_keys_are_answered_while_24_drives_report() -> None:
    sitting = FakeSitting()
    sitting.run(*(make_job(n) for n in range(24)))
    async with ArdoiseApp(sitting).run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(pilot.app.screen, ProgressScreen), "progress")
        rows = pilot.app.screen.query_one("#rows")
        spent = []
        for step in range(12):
            sitting.jobs = tuple(make_job(n, done=(step + n) / 40) for n in range(24))
            pilot.app.pull()
            before, started = rows.highlighted, time.process_time()
            await pilot.press("down")
            spent.append(time.process_time() - started)
            assert rows.highlighted == before + 1
        # CPU seconds, so that a busy test machine does not count.
        assert sorted(spent)[len(spent) // 2] < 0.3, spent
        assert sitting.view().stage is Stage.RUNNING
