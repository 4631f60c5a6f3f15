"""The keys, and what the shapes mean."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from agent.model.job import JobState
from agent.text import N_, _
from agent.tui.glyphs import fit
from agent.tui.words import JOB_SIGNS

_KEYS = (
    (N_("everywhere"), (("H  F1", N_("help")), ("R  F2", N_("records and uploads")), ("L  F8", "English · Français · Deutsch"), ("F10", N_("quit (not while drives are worked on)")))),
    (N_("Drives"), ((N_("Space"), N_("choose a drive")), ("T", N_("choose all, or none")), ("Enter", N_("go on to the plan")), ("I  F5", N_("inspect the machine again")), ("D  Tab", N_("scroll the detail")), ("S", N_("start a short self-test")), ("E", N_("start an extended self-test")), ("B", N_("abort the self-test")))),
    (N_("Plan"), (("P", N_("other passes")), ("V", N_("other verification")), ("N", N_("other level required")), ("C", N_("go on after an interruption, or start again")), ("G", N_("let a drive give its hidden part back")), ("K", N_("type the PSID on a drive's label")), ("Enter", N_("go on to the confirmation")), ("Esc", N_("back to the drives")))),
    (N_("Sanitization"), (("P", N_("pause one drive or all, or continue")), ("S", N_("stop one drive or all")))),
    (N_("Result"), (("U", N_("upload now")), ("N", N_("inspect this machine for another round")))),
)  # fmt: skip


class HelpScreen(ModalScreen[None]):
    """All keys on one page; any of Escape, Enter, H closes it."""

    BINDINGS: ClassVar = [Binding("escape,enter,h,H,f1", "back", show=False)]

    def compose(self) -> ComposeResult:
        """Keys, then shapes."""
        with Vertical(classes="dialog"):
            yield Static(Content.styled(_("Keys"), "bold $strong"), classes="dialog-title")
            with VerticalScroll(classes="dialog-text"):
                yield Static(help_content())
            yield Static(Content.styled(_("Esc closes this page"), "$quiet"), classes="dialog-foot")

    def on_mount(self) -> None:
        """Let the arrows scroll."""
        self.query_one(VerticalScroll).focus()

    def action_back(self) -> None:
        """Close."""
        self.dismiss(None)


def help_content() -> Content:
    """The keys of each screen, and the shapes of the states."""
    lines: list[Content] = []
    for title, keys in _KEYS:
        lines.append(Content.styled(_(title), "bold $primary"))
        lines += [
            Content.assemble(
                "  ", Content.styled(fit(_(key) if len(key) > 4 else key, 10), "bold $strong"), " ", _(words)
            )
            for key, words in keys
        ]
    lines += [Content(""), Content.styled(_("Shapes"), "bold $primary")]
    for state in (JobState.SANITIZING, JobState.SANITIZED, JobState.REFUSED, JobState.FAILED):
        lines.append(Content.assemble("  ", JOB_SIGNS[state].pill(18), " ", _(_MEANINGS[state])))
    return Content("\n").join(lines)


_MEANINGS = {
    JobState.SANITIZING: N_("at work: leave it alone"),
    JobState.SANITIZED: N_("done: every step has its evidence"),
    JobState.REFUSED: N_("act: something is up to you"),
    JobState.FAILED: N_("failed: the data may still be there"),
}
