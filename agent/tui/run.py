"""Opens the screen and opens it again: whatever becomes of it, running jobs go on."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from agent.errors import AgentError, KeyLocked
from agent.text import N_, _, use_language
from agent.workflow.station import Station, open_station
from agent.workflow.view import Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    from agent.tui.app import ArdoiseApp
    from agent.workflow.sitting import Sitting

_BUSY = frozenset({Stage.RUNNING, Stage.RECORDING})
_QUICK_SECONDS = 10.0
_MOST_QUICK_CRASHES = 3

MEMORY_REMARK = N_("Little memory: leave the stick in until the machine is off.")


def run_screen(sitting: Sitting, language: str | None) -> int:
    """Show the sitting until the person leaves; returns 0, or 1 where the screen ended by a crash with no job running."""
    return keep_screen(sitting, language, _open)


def choose_machine(machines: Sequence[tuple[str, str, str]], language: str | None = None) -> str | None:
    """Let a person choose among (name, title, description); the name, or None."""
    from agent.tui.chooser import MachineChooser  # noqa: PLC0415 - the language is chosen before a screen is imported

    use_language(language)
    return MachineChooser(machines).run()


def unlock(
    operator: str, folder: Path, now: Callable[[], datetime], language: str | None, remarks: Sequence[str] = ()
) -> tuple[str, Station] | None:
    """Ask for what opens the station's key, by keys or by touch; None where the person left; raises StationError."""
    from agent.tui.unlock_screen import LanguageChange, UnlockApp  # noqa: PLC0415 - see choose_machine

    use_language(language)
    opened: list[Station] = []
    problems: list[AgentError] = []

    def opens(passphrase: bytes) -> bool:
        try:
            opened.append(open_station(folder, passphrase, now()))
        except KeyLocked:
            return False
        except AgentError as error:
            problems.append(error)
        return True

    while isinstance(answer := UnlockApp(operator, opens, remarks).run(), LanguageChange):
        use_language(answer.code)
    if problems:
        raise problems[0]
    return (answer.operator, opened[0]) if answer else None


def ask_at_end(text: str, language: str | None, *, may_switch_off: bool) -> str:
    """What a person wants after the screen has ended: "again", "restart" or "off"."""
    from agent.tui.end_screen import AGAIN, OFF, RESTART, EndApp  # noqa: PLC0415 - see choose_machine

    use_language(language)
    answers = [(AGAIN, _("Open the screen again"))]
    if may_switch_off:
        answers += [(RESTART, _("Restart (R)")), (OFF, _("Switch off (X)"))]
    return EndApp(text, answers).run() or AGAIN


def tell(text: str) -> None:
    """Show a problem until it is acknowledged, in the language in use."""
    from agent.tui.end_screen import EndApp  # noqa: PLC0415 - see choose_machine

    EndApp(text, [("again", _("Continue"))]).run()


def keep_screen(
    sitting: Sitting, language: str | None, open_screen: Callable[[Sitting, str, bool], ArdoiseApp]
) -> int:
    """The loop of `run_screen`; `open_screen(sitting, error of the last one, whether there was one)` runs one."""
    from agent.tui.app import language_change  # noqa: PLC0415 - the language is chosen before a screen is imported

    use_language(language)
    crashed = ""
    reopened = False
    quick_crashes = 0
    while True:
        opened_at = time.monotonic()
        app = open_screen(sitting, crashed, reopened)
        reopened = True
        changed = language_change(app.return_value)
        if changed:
            use_language(changed)
            crashed = ""
            continue
        crashed = app.crash_text
        busy = _is_busy(sitting)
        if not busy:
            return 1 if crashed or app.return_code else 0
        quick_crashes = quick_crashes + 1 if time.monotonic() - opened_at < _QUICK_SECONDS else 0
        if quick_crashes >= _MOST_QUICK_CRASHES:
            return _wait_in_plain_words(sitting, crashed)


def _is_busy(sitting: Sitting) -> bool:
    view = sitting.view()
    # With the stick away the record waits in this program's memory.
    return view.stage in _BUSY or view.stick_missing


def _open(sitting: Sitting, crashed: str, reopened: bool) -> ArdoiseApp:
    from agent.tui.app import ArdoiseApp  # noqa: PLC0415 - the language is chosen before a screen is imported

    app = ArdoiseApp(sitting, crashed=crashed, reopened=reopened)
    app.run()
    return app


def _wait_in_plain_words(sitting: Sitting, crashed: str, pause_seconds: float = 5.0) -> int:
    # The screen can't be shown at all; the drives matter more.
    sys.stderr.write(_("The screen cannot be shown; the drives go on. {error}").format(error=crashed) + "\n")
    while _is_busy(sitting):
        for job in sitting.snapshots():
            done, total = job.progress.done_bytes, job.progress.total_bytes
            sys.stderr.write(f"{job.node}: {job.state.value} {100 * done // total if total else 0} %\n")
        time.sleep(pause_seconds)
    view = sitting.view()
    sys.stderr.write(f"{view.stage.value} {view.evidence.headline.value if view.evidence else view.problem}\n")
    return 1
