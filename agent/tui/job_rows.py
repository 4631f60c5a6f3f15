"""One running drive in one line of the progress screen, and what the foot of the list says of the highlighted one."""

from textual.content import Content

from agent.model.job import JobSnapshot, JobState, PauseReason
from agent.text import _, ngettext
from agent.tui.drive_detail import short_node
from agent.tui.figures import duration, phase_fraction, rate
from agent.tui.glyphs import DASH, bar, fit, prose, screen_text
from agent.tui.told import told
from agent.tui.words import QUIET_STYLE, job_sign

GOOD = frozenset({JobState.SANITIZED})
_STATE_WIDTH = 15
_NODE_WIDTH = 9
_PASS_WIDTH = 6
_LEAST_BAR = 6


def job_row(job: JobSnapshot, width: int) -> Content:
    """One job in one line."""
    model_width = max(10, min(30, (width - 62) // 2 + 8))
    rest = width - _STATE_WIDTH - 1 - _NODE_WIDTH - model_width
    head: list[Content | str] = [
        job_sign(job).pill(_STATE_WIDTH), " ", fit(short_node(job.node), _NODE_WIDTH - 1), " ",
        Content.styled(
            fit(screen_text(job.model) or DASH, model_width - 1) + " ", QUIET_STYLE if job.state.is_final else ""
        ),
    ]  # fmt: skip
    if job.state.is_final or not job.progress.total_bytes:
        style = "bold $failed" if job.state.is_final and job.state not in GOOD else QUIET_STYLE
        return Content.assemble(
            *head, Content.styled(fit(remark(job) or prose(told(job.reason), 200), rest), style)
        )
    return Content.assemble(*head, _cells(job, rest))


def remark(job: JobSnapshot) -> str:
    """Why a drive does not move now; empty where it does, or has ended."""
    if job.pause is PauseReason.TEMPERATURE and job.heat is not None:
        words = _("{n} °C, goes on at {cool} °C")
        return words.format(n=job.heat.celsius, cool=job.heat.cool_celsius)
    if job.pause is not None:
        return _("by hand, P continues")
    if job.silent_seconds is not None:
        return _("not answering for {n} s").format(n=int(job.silent_seconds))
    return _("until another drive has ended") if job.state is JobState.CONFIRMED else ""


def job_line(job: JobSnapshot, width: int) -> Content:
    """What more is known of one job, in so many cells at most."""
    parts = [short_node(job.node), screen_text(job.serial)]
    if job.heat is not None and not job.state.is_final:
        parts.append(_("{n} °C (limit {limit} °C)").format(n=job.heat.celsius, limit=job.heat.limit_celsius))
    if job.silent_seconds is not None:
        parts.append(_("not answering for {n} s").format(n=int(job.silent_seconds)))
    parts.append(screen_text(job.model))
    text = " · ".join(part for part in parts if part)
    return Content(f" {text if len(text) <= width - 2 else fit(text, width - 2)} ")


def _cells(job: JobSnapshot, width: int) -> Content:
    fraction, count = phase_fraction(job), job.progress.error_count
    percent = f" {100 if fraction >= 1 else min(99, int(100 * fraction)):>3} %"
    errors = " " + ngettext("{n} error", "{n} errors", count).format(n=count) if count else ""
    told = remark(job)
    room = width - len(percent) - len(errors)
    more = f" {told}" if told else _speed(job, room - _PASS_WIDTH)
    room -= len(more)
    if room >= _PASS_WIDTH + _LEAST_BAR:
        front = Content.assemble(_passes(job), Content.styled(bar(fraction, room - _PASS_WIDTH), "$primary"))
    elif room >= _PASS_WIDTH:
        front = Content.assemble(_passes(job), " " * (room - _PASS_WIDTH))
    else:
        front = Content(" " * max(0, room))
        more = fit(more, len(more) + min(0, room))
    return Content.assemble(
        front, percent, Content.styled(more, "bold $act" if told else ""), Content.styled(errors, "bold $failed")
    )


def _passes(job: JobSnapshot) -> Content:
    progress = job.progress
    own = not progress.pass_number and job.state is JobState.SANITIZING
    words = f"{progress.pass_number}/{progress.pass_count}"
    if job.state is JobState.VERIFYING or own:
        words = _("drive") if own else _("check")
    return Content.styled(fit(words, _PASS_WIDTH), QUIET_STYLE)


def _speed(job: JobSnapshot, room: int) -> str:
    shown = ""
    for cell in (f" {rate(job.progress.rate_bytes_per_second):>8}", f" {duration(job.progress.eta_seconds):>10}"):
        if room - len(shown) - len(cell) >= _LEAST_BAR:
            shown += cell
    return shown
