"""The application: which screen stands for the sitting's stage, the pull twice a second, the guarded way out."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import App
from textual.binding import Binding
from textual.content import Content
from textual.worker import Worker, WorkerState

from agent.errors import AgentError
from agent.model.health import HealthReport
from agent.model.sanitization import Policy
from agent.model.session import InspectedDrive
from agent.text import _, next_language
from agent.tui.confirm_screen import ConfirmScreen, PlansConfirmScreen
from agent.tui.confirmation_gate import GateTimes
from agent.tui.dialogs import AskScreen
from agent.tui.drives_screen import DrivesScreen
from agent.tui.glyphs import prose
from agent.tui.help_screen import HelpScreen
from agent.tui.page import Page
from agent.tui.progress_screen import ProgressScreen
from agent.tui.records_screen import RecordsScreen
from agent.tui.result_screen import ResultScreen
from agent.tui.thaw import SleepScreen
from agent.tui.theme import SLATE, dress
from agent.tui.words import STICK_MISSING
from agent.workflow.view import Inspection, PlanSet, Stage

if TYPE_CHECKING:
    from collections.abc import Callable

    from agent.workflow.sitting import Sitting

_STAGE_PAGES: dict[Stage, type[Page]] = {
    Stage.READY: DrivesScreen,
    Stage.RUNNING: ProgressScreen,
    Stage.RECORDING: ProgressScreen,
    Stage.RECORDED: ResultScreen,
    Stage.RECORD_FAILED: ResultScreen,
}
_CHANGE_LANGUAGE = "language:"


class ArdoiseApp(App[str]):
    """The screen of one sitting; it holds nothing that would be lost with it."""

    CSS_PATH = "ardoise.tcss"
    ENABLE_COMMAND_PALETTE = False
    TITLE = "ardoise"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (118, "-wide")]  # noqa: RUF012 - typed by App
    VERTICAL_BREAKPOINTS = [(0, "-low"), (34, "-tall")]  # noqa: RUF012 - typed by App
    BINDINGS: ClassVar = [
        Binding("ctrl+q", "request_quit", show=False, priority=True),
        Binding("ctrl+c", "request_quit", show=False, priority=True),
        Binding("f10", "request_quit", show=False),
        Binding("f1,h,H", "help", show=False),
        Binding("f2,r,R", "records", show=False),
        Binding("f8,l,L", "language", show=False),
    ]

    def __init__(
        self,
        sitting: Sitting,
        *,
        crashed: str = "",
        reopened: bool = False,
        gate_times: GateTimes | None = None,
        clock: Callable[[], float] | None = None,
        pull_seconds: float = 0.5,
    ) -> None:
        super().__init__()
        self.sitting = sitting
        self.gate_times = gate_times or GateTimes()
        self.clock = clock
        self.inspection: Inspection | None = None
        self.inspect_error: AgentError | None = None
        self.selected: set[str] = set()
        self.asked_to_sleep: frozenset[str] = frozenset()
        self.policy = Policy()
        self.health: dict[str, HealthReport] = {}
        self.following: set[str] = set()
        self._noticed: tuple[str, ...] = ()
        self._crashed = crashed
        self._reopened = reopened or bool(crashed)
        self._pull_seconds = pull_seconds

    async def on_mount(self) -> None:
        """Dress, show the screen for the stage, start pulling."""
        dress(self)
        self.push_screen(self._page_for_stage())
        self._show_notices()
        self.set_interval(self._pull_seconds, self.pull)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """The colours that the style sheet names and Textual does not know."""
        return dict(SLATE.variables)

    # the way through ----------------------------------------------------------------------------------------

    def pull(self) -> None:
        """Show the sitting's present state; change the screen where its stage asks for it."""
        wanted = _STAGE_PAGES[self.sitting.view().stage]
        page = self.page
        if page is None:
            # The application is about to end: its screens went before its timers.
            return
        if type(page) is wanted or (wanted is DrivesScreen and page.stage_is_ready):
            page.pull()
        elif not isinstance(self.screen, HelpScreen | RecordsScreen):
            self.go(wanted())

    @property
    def page(self) -> Page | None:
        """The main screen, below any dialog."""
        return next((s for s in self.screen_stack if isinstance(s, Page)), None)

    @property
    def found_drives(self) -> tuple[InspectedDrive, ...]:
        """The drives of this machine without the stick that it runs from."""
        found = self.inspection.drives if self.inspection else ()
        return tuple(d for d in found if not d.drive.is_boot_medium)

    def go(self, page: Page) -> None:
        """Make this the main screen; dialogs over the old one go with it."""
        while len(self.screen_stack) > 2:
            self.pop_screen()
        self.switch_screen(page)

    def confirm(self, plans: PlanSet) -> None:
        """Ask for the confirmation of these plans."""
        self.push_screen(
            PlansConfirmScreen(self.sitting, plans, self.inspection, self.gate_times, self.clock), self._confirmed
        )

    def _confirmed(self, started: bool | None) -> None:
        if started:
            self.call_later(self.pull)

    def _page_for_stage(self) -> Page:
        return _STAGE_PAGES[self.sitting.view().stage]()

    # inspection and health, the only slow things a screen asks for ----------------------------------------------

    def start_inspection(self) -> None:
        """Look at the machine again, in a thread of its own."""
        self.inspection = None
        self.inspect_error = None
        self.health.clear()
        self.run_worker(self.sitting.inspect, name="inspect", group="inspect", thread=True, exit_on_error=False)

    def take_inspection(self, found: Inspection) -> None:
        """Show these drives; what is no longer on offer is no longer chosen."""
        self.inspection = found
        self.selected &= {d.drive.node for d in found.drives if d.drive.on_offer}

    def run_quietly(self, work: Callable[[], object], name: str) -> None:
        """Run something short that may block (a self-test command) in a thread; its end is a message."""
        self.run_worker(work, name=name, group=name, thread=True, exit_on_error=False)

    @on(Worker.StateChanged)
    def _worker_ended(self, event: Worker.StateChanged) -> None:
        worker = event.worker
        if event.state is WorkerState.ERROR:
            self._worker_failed(worker.name, worker.error)
        elif event.state is WorkerState.SUCCESS:
            self._worker_succeeded(worker.name, worker.result)

    def _worker_failed(self, name: str, error: BaseException | None) -> None:
        shown = error if isinstance(error, AgentError) else AgentError(repr(error))
        if name == "inspect":
            self.inspect_error = shown
        else:
            self.following.discard(name.partition(" ")[2])
            self.notify(prose(str(shown)), severity="error", markup=False, timeout=12)
        self._refresh_page()

    def _worker_succeeded(self, name: str, result: object) -> None:
        if name == "inspect" and isinstance(result, Inspection):
            self.take_inspection(result)
            self._show_new_notices()
        elif isinstance(result, HealthReport):
            self.health[name.partition(" ")[2]] = result
        self._refresh_page()

    def _refresh_page(self) -> None:
        if self.page is not None:
            self.page.pull()

    # keys that work everywhere --------------------------------------------------------------------------------

    def action_help(self) -> None:
        """Show the keys."""
        if isinstance(self.screen, Page):
            self.push_screen(HelpScreen())

    def action_records(self) -> None:
        """Show all records of the evidence folder."""
        if isinstance(self.screen, Page):
            self.push_screen(RecordsScreen())

    def action_language(self) -> None:
        """Leave, and come back in the next language."""
        if isinstance(self.screen, Page):
            self.exit(_CHANGE_LANGUAGE + next_language())

    def action_request_quit(self) -> None:
        """Leave, unless drives are being worked on."""
        if isinstance(self.screen, ConfirmScreen):
            self.screen.action_cancel()
            return
        if isinstance(self.screen, SleepScreen):
            return
        view = self.sitting.view()
        stage = view.stage
        if view.stick_missing:
            # What is in memory only would be lost with this program.
            self._refuse_to_quit(_(STICK_MISSING))
        elif stage in {Stage.RUNNING, Stage.RECORDING} or self._is_preparing():
            self._refuse_to_quit(_("Drives are being worked on. Wait until all are done, or stop them first."))
        elif stage is Stage.RECORD_FAILED:
            self._ask_to_quit_unrecorded()
        else:
            self.exit("")

    def _is_preparing(self) -> bool:
        step = self.sitting.before.view()
        return step is not None and step.running

    def _refuse_to_quit(self, text: str) -> None:
        if not isinstance(self.screen, AskScreen):
            self.push_screen(AskScreen(_("Not now"), Content(text), [("back", _("Back"))]))

    def _ask_to_quit_unrecorded(self) -> None:
        text = Content(_("The record of this machine is not saved. Whoever quits now may lose it."))
        answers = [("back", _("Back")), ("quit", _("Quit without record"))]
        if not isinstance(self.screen, AskScreen):
            self.push_screen(AskScreen(_("Record not saved"), text, answers), self._quit_answered)

    def _quit_answered(self, answer: str | None) -> None:
        # The stick may have been pulled while the question stood there.
        if answer == "quit" and not self.sitting.view().stick_missing:
            self.exit("")

    # the world outside ----------------------------------------------------------------------------------------

    async def on_event(self, event: events.Event) -> None:
        """Let the confirmation see every key before any binding does."""
        confirming = isinstance(self.screen, ConfirmScreen) if self.screen_stack else False
        if confirming and isinstance(event, events.Key) and not event.is_forwarded and self._take_key(event):
            return
        await super().on_event(event)

    def _take_key(self, event: events.Key) -> bool:
        return isinstance(self.screen, ConfirmScreen) and self.screen.take_key(event)

    @property
    def crash_text(self) -> str:
        """The error that ended this application; empty where none did."""
        return repr(self._exception) if self._exception else ""

    def _show_new_notices(self) -> None:
        """What the inspection brought to light: a drive that was left locked, and what became of it."""
        known, self._noticed = self._noticed, self.sitting.notices()
        lines = [Content(prose(notice)) for notice in self._noticed if notice not in known]
        if lines:
            self.push_screen(
                AskScreen(_("Found on this machine"), Content("\n\n").join(lines), [("back", _("Continue"))])
            )

    def _show_notices(self) -> None:
        self._noticed = self.sitting.notices()
        lines = [prose(notice) for notice in self._noticed]
        words = _("An interrupted run was found and recorded as interrupted: {record}")
        lines += [words.format(record=r.record_id) for r in self.sitting.recovered()]
        if lines and not self._reopened:
            found = Content("\n\n").join([Content(line) for line in lines])
            self.push_screen(AskScreen(_("Before you start"), found, [("back", _("Continue"))]))
        if self._crashed:
            text = _("The screen was restarted after an error; the drives went on. {error}").format(
                error=prose(self._crashed, 200)
            )
            self.notify(text, severity="error", markup=False, timeout=30)


def language_change(result: str | None) -> str:
    """The language that the application ended for; empty where it simply ended."""
    return result.removeprefix(_CHANGE_LANGUAGE) if result and result.startswith(_CHANGE_LANGUAGE) else ""
