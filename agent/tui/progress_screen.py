"""Step 4: all drives at work; the total readable from three metres."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container, VerticalScroll
from textual.content import Content

from agent.model.job import JobSnapshot, JobState
from agent.text import _, ngettext
from agent.tui.block_font import block_lines
from agent.tui.dialogs import AskScreen
from agent.tui.drive_detail import short_node
from agent.tui.figures import duration, phase_fraction, rate, total_fraction, total_remaining_seconds
from agent.tui.glyphs import DASH, bar, fit, prose, screen_text
from agent.tui.page import Page
from agent.tui.widgets import Action, RowList, Words
from agent.tui.words import JOB_SIGNS, QUIET_STYLE, stick_line
from agent.workflow.view import Stage

_GOOD = frozenset({JobState.SANITIZED})
_STATE_WIDTH = 15
_LOG_LINES = 200
_LEAST_BAR = 6


class ProgressScreen(Page):
    """The running jobs."""

    STEP = 2
    stage_is_ready: ClassVar[bool] = False
    AUTO_FOCUS = "#rows"
    BINDINGS: ClassVar = [Binding("s,S", "stop", show=False)]

    def __init__(self) -> None:
        super().__init__()
        self._states: dict[str, JobState] = {}
        self._log: list[Content] = []

    def body(self) -> ComposeResult:
        """Huge state, summary, rows, log."""
        yield Words(id="huge")
        yield Words(id="summary")
        with Container(id="left", classes="framed"):
            yield RowList(id="rows", markup=False)
        with VerticalScroll(id="log", classes="framed", can_focus=False):
            yield Words(id="log-text")

    def actions(self) -> Sequence[Action]:
        """Stop, look around."""
        return (
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
        self._note_changes(jobs)

    def _draw_huge(self, jobs: tuple[JobSnapshot, ...], *, recording: bool) -> None:
        height = self.app.size.height
        text = huge_text(jobs, recording=recording)
        lines = block_lines(text, self.app.size.width - 4, max(5, height * 25 // 100), height)
        self.part("#huge", Words).show(Content("\n".join(lines)))

    def _note_changes(self, jobs: tuple[JobSnapshot, ...]) -> None:
        for job in jobs:
            if self._states.get(job.job_id) is not job.state:
                self._states[job.job_id] = job.state
                self._log.append(_event_line(job))
        del self._log[:-_LOG_LINES]
        pane = self.part("#log", VerticalScroll)
        pane.border_title = Content(_("Events"))
        self.part("#log-text", Words).show(Content("\n").join(reversed(self._log)))

    def action_stop(self) -> None:
        """Ask what is to be stopped."""
        jobs = [j for j in self.sitting.snapshots() if not j.state.is_final]
        if not jobs:
            return
        answers = [("back", _("Keep going"))]
        option = self.part("#rows", RowList).highlighted_option
        chosen = next((j for j in jobs if option is not None and j.job_id == option.id), None)
        if chosen is not None and len(jobs) > 1:
            answers.append(("one", _("Stop {node}").format(node=short_node(chosen.node))))
        answers.append(("all", _("Stop all")))
        text = Content(
            _("A stopped drive is half erased: it is recorded as interrupted, and its data is lost all the same.")
        )

        def answered(answer: str | None) -> None:
            if answer == "all":
                self.sitting.cancel()
            elif answer == "one" and chosen is not None:
                self.sitting.cancel(chosen.node)

        self.app.push_screen(AskScreen(_("Stop?"), text, answers), answered)


def huge_text(jobs: tuple[JobSnapshot, ...], *, recording: bool) -> str:
    """The state of the whole machine in one word and a percentage; never 100 % before the end."""
    if recording:
        return _("RECORDING")
    running = {j.state for j in jobs if not j.state.is_final}
    percent = min(99, int(100 * total_fraction(jobs)))
    if running and running <= {JobState.VERIFYING}:
        return f"{_('VERIFYING')} {percent}%"
    return f"{_('SANITIZING')} {percent}%" if running & {JobState.SANITIZING, JobState.VERIFYING} else _("CHECKING")


def summary(jobs: tuple[JobSnapshot, ...], *, recording: bool) -> Content:
    """How many are done, failed, running; how long it will take."""
    if recording:
        return Content(_("All drives are finished; the record is being signed and saved."))
    done = sum(j.state in _GOOD for j in jobs)
    bad = sum(j.state.is_final and j.state not in _GOOD for j in jobs)
    parts = [ngettext("{n} drive", "{n} drives", len(jobs)).format(n=len(jobs)), _("{n} sanitized").format(n=done)]
    content = Content(" · ".join(parts))
    if bad:
        content = Content.assemble(
            content, " · ", Content.styled(_("{n} not sanitized").format(n=bad), "bold $failed")
        )
    left = total_remaining_seconds(jobs)
    if left:
        content = Content.assemble(content, " · ", _("about {time} left").format(time=duration(left)))
    return content


def job_row(job: JobSnapshot, width: int) -> Content:
    """One job in one line."""
    sign = JOB_SIGNS[job.state]
    node, model_width = 9, max(10, min(30, (width - 62) // 2 + 8))
    rest = width - _STATE_WIDTH - 1 - node - model_width
    head: list[Content | str] = [sign.pill(_STATE_WIDTH), " ", fit(short_node(job.node), node - 1), " "]
    head += [
        Content.styled(
            fit(screen_text(job.model) or DASH, model_width - 1) + " ",
            "" if not job.state.is_final else QUIET_STYLE,
        )
    ]
    if job.state.is_final or not job.progress.total_bytes:
        style = "bold $failed" if job.state.is_final and job.state not in _GOOD else QUIET_STYLE
        return Content.assemble(*head, Content.styled(fit(prose(_(job.reason), 200), rest), style))
    return Content.assemble(*head, _running_cells(job, rest))


def _running_cells(job: JobSnapshot, width: int) -> Content:
    progress = job.progress
    fraction = phase_fraction(job)
    passes = _("check") if job.state is JobState.VERIFYING else f"{progress.pass_number}/{progress.pass_count}"
    percent = f" {100 if fraction >= 1 else min(99, int(100 * fraction)):>3} %"
    count = progress.error_count
    errors = " " + ngettext("{n} error", "{n} errors", count).format(n=count) if count else ""
    room = width - 6 - len(percent) - len(errors)
    more = ""
    for cell in (f" {rate(progress.rate_bytes_per_second):>8}", f" {duration(progress.eta_seconds):>10}"):
        if room - len(cell) >= _LEAST_BAR:
            more += cell
            room -= len(cell)
    filled = Content.styled(bar(fraction, max(0, room)), "$primary")
    return Content.assemble(
        Content.styled(fit(passes, 6), QUIET_STYLE), filled, percent, more, Content.styled(errors, "bold $failed")
    )


def _event_line(job: JobSnapshot) -> Content:
    now = datetime.now().astimezone().strftime("%H:%M:%S")
    sign = JOB_SIGNS[job.state]
    style = "bold $failed" if job.state.is_final and job.state not in _GOOD else ""
    line = f"{now}  {fit(short_node(job.node), 9)} {sign.shape} {_(sign.word)}" + (
        f"  {prose(_(job.reason), 160)}" if job.reason else ""
    )
    return Content.styled(line, style)
