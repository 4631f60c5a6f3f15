"""Drives whose erase the machine's firmware has locked: the offer of a short sleep, the sleep, and what it came to."""

from collections.abc import Callable, Sequence
from typing import ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static
from textual.worker import Worker, WorkerState

from agent.errors import AgentError
from agent.model.session import InspectedDrive
from agent.model.sleep import SleepEnding, SleepObstacle
from agent.text import N_, _, ngettext
from agent.tui.dialogs import AskScreen, error_screen
from agent.tui.drive_detail import short_node
from agent.tui.glyphs import ACT, FAILED
from agent.tui.page import Page
from agent.tui.widgets import Action
from agent.workflow.thawing import Rest, Thawed, frozen_nodes

_OBSTACLES: dict[SleepObstacle, str] = {
    SleepObstacle.NOT_PERMITTED: N_("this is not the live system"),
    SleepObstacle.NO_S3: N_("it has no sleep that switches the drives off (S3)"),
    SleepObstacle.NO_PROGRAM: N_("the program rtcwake is not there"),
    SleepObstacle.NO_ALARM: N_("its clock can't wake it"),
    SleepObstacle.RUNS_FROM_STICK: N_("the system runs from the stick, which a sleep may cut off"),
}


def thaw_actions(page: Page) -> tuple[Action, ...]:
    """The key for it, where a drive is locked."""
    return (Action("U", _("unlock"), "thaw"),) if frozen_nodes(page.ardoise.found_drives) else ()


def with_lock_note(text: Content, found: InspectedDrive) -> Content:
    """A drive's detail, with what its firmware's lock means where there is one."""
    if not frozen_nodes([found]):
        return text
    note = _("Its own erase is locked by this machine's firmware; a short sleep of the machine often unlocks it.")
    return Content.assemble(Content.styled(f"{ACT} {note}", "bold $act"), "\n", text)


def offer_once(page: Page, otherwise: Callable[[], None]) -> None:
    """Before the plan: ask for a sleep where a chosen drive is locked and that was not asked yet; else go on."""
    chosen = page.ardoise.selected
    locked = frozenset(n for n in frozen_nodes(page.ardoise.found_drives) if n in chosen)
    if not locked or locked == page.ardoise.asked_to_sleep:
        otherwise()
        return
    page.ardoise.asked_to_sleep = locked
    offer_sleep(page, sorted(locked), otherwise)


def offer_all(page: Page) -> None:
    """By its key: for every locked drive, chosen or not."""
    locked = frozen_nodes(page.ardoise.found_drives)
    if locked:
        offer_sleep(page, locked, lambda: None)


def offer_sleep(page: Page, locked: Sequence[str], otherwise: Callable[[], None]) -> None:
    """Ask whether the machine may sleep, or say why it can't; `otherwise` goes on without. After a sleep the drives are shown again."""
    try:
        obstacle = page.sitting.rest.obstacle()
    except AgentError as error:
        page.app.push_screen(error_screen(_("Locked drives"), error), lambda _answer: otherwise())
        return
    if obstacle is not None:
        answers = [("go-on", _("Continue"))]
        page.app.push_screen(
            AskScreen(_("Locked drives"), _cannot(locked, obstacle), answers), lambda _answer: otherwise()
        )
        return

    def answered(answer: str | None) -> None:
        if answer == "sleep":
            page.app.push_screen(SleepScreen(page.sitting.rest), lambda result: _show_result(page, result))
        else:
            otherwise()

    text = Content.assemble(
        _locked_words(locked), "\n\n",
        _("Nothing is lost: the machine sleeps for ten seconds, wakes by itself and looks at its drives again. Leave the stick in."),
    )  # fmt: skip
    question = _("Let the machine sleep for ten seconds?")
    page.app.push_screen(AskScreen(question, text, [("no", _("Not now")), ("sleep", _("Sleep"))]), answered)


class SleepScreen(ModalScreen[Thawed | AgentError]):
    """Nothing can be done while the machine is let sleep; the work is a thread's, for it takes long."""

    BINDINGS: ClassVar = [Binding("escape,enter,space", "nothing", show=False)]

    def __init__(self, rest: Rest) -> None:
        super().__init__()
        self._rest = rest

    def compose(self) -> ComposeResult:
        """One line."""
        with Vertical(classes="dialog"):
            yield Static(Content.styled(_("The machine goes to sleep …"), "bold $strong"), classes="dialog-title")
            yield Static(_("It wakes by itself. Touch nothing, leave the stick in."), classes="dialog-text")

    def on_mount(self) -> None:
        """Begin."""
        self.run_worker(self._rest.thaw, name="thaw", thread=True, exit_on_error=False)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Hand over what came of it."""
        event.stop()
        if event.state is WorkerState.SUCCESS:
            self.dismiss(cast("Thawed", event.worker.result))
        elif event.state in {WorkerState.ERROR, WorkerState.CANCELLED}:
            error = event.worker.error
            self.dismiss(error if isinstance(error, AgentError) else AgentError(repr(error)))

    def action_nothing(self) -> None:
        """A key that would end a dialog does nothing here."""


def _show_result(page: Page, result: Thawed | AgentError | None) -> None:
    if isinstance(result, Thawed):
        page.ardoise.take_inspection(result.inspection)
        page.pull()
        page.app.push_screen(AskScreen(_title(result), thawed_content(result), [("back", _("Continue"))]))
    elif result is not None:
        page.ardoise.start_inspection()
        page.app.push_screen(error_screen(_("After the sleep"), result))


def _title(thawed: Thawed) -> str:
    if thawed.slept.ending is SleepEnding.NEVER_SLEPT:
        return _("The machine did not sleep")
    return _("The machine is awake again")


def thawed_content(thawed: Thawed) -> Content:
    """What a sleep came to, and what to try next in its order; pure."""
    lines = []
    if thawed.slept.ending is SleepEnding.NEVER_SLEPT:
        lines.append(Content(_("Its firmware woke it at once.")))
    elif thawed.slept.ending is SleepEnding.WOKE_EARLY:
        seconds = thawed.slept.asleep_ms // 1000
        words = ngettext("It woke after {n} second already.", "It woke after {n} seconds already.", seconds)
        lines.append(Content(words.format(n=seconds)))
    if thawed.freed:
        lines.append(
            Content.styled(_("No longer locked: {names}").format(names=_names(thawed.freed)), "bold $done")
        )
    if thawed.missing:
        lines.append(
            Content.styled(
                f"{FAILED} " + _("Did not come back: {names}").format(names=_names(thawed.missing)), "bold $failed"
            )
        )
    if thawed.frozen_after:
        lines.append(
            Content.styled(_("Still locked: {names}").format(names=_names(thawed.frozen_after)), "bold $act")
        )
        lines.append(_next_steps())
    return Content("\n\n").join(lines)


def _cannot(locked: Sequence[str], obstacle: SleepObstacle) -> Content:
    why = _("A sleep could unlock them, but this machine can't: {why}.").format(why=_(_OBSTACLES[obstacle]))
    return Content.assemble(_locked_words(locked), "\n\n", why, "\n\n", _next_steps())


def _locked_words(locked: Sequence[str]) -> str:
    count = len(locked)
    return ngettext(
        "This machine's firmware has locked the erase command of {n} drive: {names}.",
        "This machine's firmware has locked the erase commands of {n} drives: {names}.",
        count,
    ).format(n=count, names=_names(locked))


def _next_steps() -> Content:
    steps = (
        _("Leave the machine on. Unplug the drive's cable, wait ten seconds, plug it in again, then press I."),
        _("Not possible, or still locked? Continue: the plan uses the next best technique."),
    )
    lines = [Content(_("What to try, in this order:"))]
    lines += [Content(f"{number}. {step}") for number, step in enumerate(steps, start=1)]
    return Content("\n").join(lines)


def _names(nodes: Sequence[str]) -> str:
    return ", ".join(short_node(n) for n in nodes)
