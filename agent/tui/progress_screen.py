"""Step 4: all drives at work; the total readable from three metres."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container, VerticalScroll
from textual.content import Content

from agent.model.job import JobSnapshot, JobState, PauseReason
from agent.text import _, ngettext
from agent.tui.block_font import block_lines
from agent.tui.dialogs import AskScreen
from agent.tui.drive_detail import short_node
from agent.tui.figures import duration, total_fraction, total_remaining_seconds
from agent.tui.glyphs import fit, prose
from agent.tui.job_rows import GOOD, job_line, job_row, remark
from agent.tui.page import Page
from agent.tui.told import told
from agent.tui.widgets import Action, RowList, Words
from agent.tui.words import job_sign, stick_line
from agent.workflow.view import Stage

_LOG_LINES = 200


class ProgressScreen(Page):
    """The running jobs."""

    STEP = 2
    stage_is_ready: ClassVar[bool] = False
    AUTO_FOCUS = "#rows"
    BINDINGS: ClassVar = [Binding("s,S", "stop", show=False), Binding("p,P", "pause", show=False)]

    def __init__(self) -> None:
        super().__init__()
        self._states: dict[str, tuple[JobState, PauseReason | None, bool]] = {}
        self._log: list[Content] = []
        self._foot = Content("")

    def body(self) -> ComposeResult:
        """Huge state, summary, rows, log."""
        yield Words(id="huge")
        yield Words(id="summary")
        with Container(id="left", classes="framed"):
            yield RowList(id="rows", markup=False)
        with VerticalScroll(id="log", classes="framed", can_focus=False):
            yield Words(id="log-text")

    def actions(self) -> Sequence[Action]:
        """Pause, stop, look around."""
        jobs = self._at_work()
        held = bool(jobs) and all(j.pause is PauseReason.OPERATOR for j in jobs)
        return (
            Action("P", _("continue …") if held else _("pause …"), "pause"),
            Action("S", _("stop …"), "stop"),
            Action("R", _("records"), "app.records"),
            Action("H", _("help"), "app.help"),
        )

    def on_resize(self, _event: events.Resize) -> None:
        """Draw again in the new size."""
        self.call_after_refresh(self.pull)

    def draw(self) -> None:
        """Draw the present snapshots."""
        jobs = self.sitting.snapshots()
        view = self.sitting.view()
        recording = view.stage is Stage.RECORDING
        self._draw_huge(jobs, recording=recording)
        text = summary(jobs, recording=recording)
        self.part("#summary", Words).show(
            Content.assemble(stick_line(), "\n", text) if view.stick_missing else text
        )
        rows = self.part("#rows", RowList)
        width = max(40, rows.scrollable_content_region.width - 2)
        rows.show_rows([(j.job_id, job_row(j, width)) for j in jobs])
        self._draw_detail(jobs)
        self.call_later(self.show_actions)
        self._note_changes(jobs)

    def _draw_huge(self, jobs: tuple[JobSnapshot, ...], *, recording: bool) -> None:
        height = self.app.size.height
        text = huge_text(jobs, recording=recording)
        lines = block_lines(text, self.app.size.width - 4, max(5, height * 25 // 100), height)
        self.part("#huge", Words).show(Content("\n".join(lines)))

    def _draw_detail(self, jobs: tuple[JobSnapshot, ...]) -> None:
        chosen = self._highlighted(jobs)
        frame = self.part("#left", Container)
        line = job_line(chosen, frame.size.width - 4) if chosen is not None else Content("")
        if not line.is_same(self._foot):
            self._foot = frame.border_subtitle = line

    def _at_work(self) -> list[JobSnapshot]:
        return [j for j in self.sitting.snapshots() if not j.state.is_final]

    def _highlighted(self, jobs: Sequence[JobSnapshot]) -> JobSnapshot | None:
        option = self.part("#rows", RowList).highlighted_option
        return next((j for j in jobs if option is not None and j.job_id == option.id), None)

    def _note_changes(self, jobs: tuple[JobSnapshot, ...]) -> None:
        for job in jobs:
            now = (job.state, job.pause, job.silent_seconds is not None)
            if self._states.get(job.job_id) != now:
                self._states[job.job_id] = now
                self._log.append(_event_line(job))
        del self._log[:-_LOG_LINES]
        pane = self.part("#log", VerticalScroll)
        pane.border_title = Content(_("Events"))
        self.part("#log-text", Words).show(Content("\n").join(reversed(self._log)))

    def action_stop(self) -> None:
        """Ask what is to be stopped."""
        jobs = self._at_work()
        if not jobs:
            return
        answers = [("back", _("Keep going"))]
        chosen = self._highlighted(jobs)
        if chosen is not None and len(jobs) > 1:
            answers.append(("one", _("Stop {node}").format(node=short_node(chosen.node))))
        answers.append(("all", _("Stop all")))
        text = Content(
            _("A stopped drive is half erased: it is recorded as interrupted, and its data is lost all the same.")
        )
        if any(_erases_itself(j) for j in jobs):
            more = _(
                "A drive that erases itself can't be stopped: it goes on when nobody watches, and is recorded as unknown."
            )
            text = Content("\n\n").join([text, Content(more)])

        def answered(answer: str | None) -> None:
            if answer == "all":
                self.sitting.cancel()
            elif answer == "one" and chosen is not None:
                self.sitting.cancel(chosen.node)

        self.app.push_screen(AskScreen(_("Stop?"), text, answers), answered)

    def action_pause(self) -> None:
        """Pause or continue the only drive, or ask which."""
        jobs = self._at_work()
        chosen = self._highlighted(jobs)
        if chosen is not None and len(jobs) == 1 and chosen.pause is not PauseReason.TEMPERATURE:
            self._turn(chosen.node, held=chosen.pause is not None)
        elif jobs:
            self._ask_whom_to_pause(jobs, chosen)

    def _ask_whom_to_pause(self, jobs: list[JobSnapshot], chosen: JobSnapshot | None) -> None:
        answers = [("back", _("Back"))]
        if chosen is not None:
            words = _("Pause {node}") if chosen.pause is None else _("Continue {node}")
            answers.append(("one", words.format(node=short_node(chosen.node))))
        held = any(j.pause is PauseReason.OPERATOR for j in jobs)
        if len(jobs) > 1:
            answers.append(("all", _("Continue all") if held else _("Pause all")))
        text = _("A paused drive loses nothing: it goes on where it stopped.")
        if any(j.pause is PauseReason.TEMPERATURE for j in jobs):
            text += " " + _("One that is too hot goes on by itself once it has cooled down.")

        def answered(answer: str | None) -> None:
            if answer == "all":
                self._turn(None, held=held)
            elif answer == "one" and chosen is not None:
                self._turn(chosen.node, held=chosen.pause is not None)

        self.app.push_screen(AskScreen(_("Pause or continue?"), Content(text), answers), answered)

    def _turn(self, node: str | None, *, held: bool) -> None:
        if held:
            self.sitting.proceed(node)
        else:
            self.sitting.pause(node)


def huge_text(jobs: tuple[JobSnapshot, ...], *, recording: bool) -> str:
    """The state of the whole machine in one word and a percentage; never 100 % before the end."""
    if recording:
        return _("RECORDING")
    running = {j.state for j in jobs if not j.state.is_final}
    percent = min(99, int(100 * total_fraction(jobs)))
    if running and all(j.pause for j in jobs if not j.state.is_final):
        return f"{_('PAUSED')} {percent}%"
    if running and running <= {JobState.VERIFYING}:
        return f"{_('VERIFYING')} {percent}%"
    return f"{_('SANITIZING')} {percent}%" if running & {JobState.SANITIZING, JobState.VERIFYING} else _("CHECKING")


def _erases_itself(job: JobSnapshot) -> bool:
    return job.state is JobState.SANITIZING and not job.progress.pass_number


def summary(jobs: tuple[JobSnapshot, ...], *, recording: bool) -> Content:
    """How many are done, failed, running; how long it will take."""
    if recording:
        return Content(_("All drives are finished; the record is being signed and saved."))
    done = sum(j.state in GOOD for j in jobs)
    bad = sum(j.state.is_final and j.state not in GOOD for j in jobs)
    parts = [ngettext("{n} drive", "{n} drives", len(jobs)).format(n=len(jobs)), _("{n} sanitized").format(n=done)]
    content = Content(" · ".join(parts))
    if bad:
        content = Content.assemble(
            content, " · ", Content.styled(_("{n} not sanitized").format(n=bad), "bold $failed")
        )
    paused, silent = sum(j.pause is not None for j in jobs), sum(j.silent_seconds is not None for j in jobs)
    for count, words in ((paused, _("{n} paused")), (silent, _("{n} not answering"))):
        if count:
            content = Content.assemble(content, " · ", Content.styled(words.format(n=count), "bold $act"))
    left = total_remaining_seconds(jobs)
    if left:
        content = Content.assemble(content, " · ", _("about {time} left").format(time=duration(left)))
    return content


def _event_line(job: JobSnapshot) -> Content:
    now = datetime.now().astimezone().strftime("%H:%M:%S")
    sign = job_sign(job)
    reason = remark(job) or prose(told(job.reason), 160)
    style = "bold $failed" if job.state.is_final and job.state not in GOOD else ""
    line = f"{now}  {fit(short_node(job.node), 9)} {sign.shape} {_(sign.word)}" + (f"  {reason}" if reason else "")
    return Content.styled(line, style)
