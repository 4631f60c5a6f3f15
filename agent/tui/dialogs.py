"""Small questions and plain notices over a screen; the harmless answer has the focus."""

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from agent.errors import AgentError
from agent.text import _
from agent.tui.glyphs import prose
from agent.tui.widgets import PushButton


class AskScreen(ModalScreen[str]):
    """A question with a few answers as (id, label); the first is the harmless one: it has the focus, Escape means it."""

    BINDINGS: ClassVar = [
        Binding("escape", "harmless", show=False),
        Binding("right,down", "app.focus_next", show=False),
        Binding("left,up", "app.focus_previous", show=False),
    ]

    def __init__(self, title: str, text: Content, answers: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._title = title
        self._text = text
        self._answers = tuple(answers)

    def compose(self) -> ComposeResult:
        """Title, text, answers."""
        with Vertical(classes="dialog"):
            yield Static(Content.styled(self._title, "bold $strong"), classes="dialog-title")
            with VerticalScroll(classes="dialog-text", can_focus=False):
                yield Static(self._text)
            with Horizontal(classes="dialog-buttons"):
                for key, label in self._answers:
                    yield PushButton(label, id=f"answer-{key}")

    def on_mount(self) -> None:
        """Focus the harmless answer."""
        self.query(PushButton).first().focus()

    def action_harmless(self) -> None:
        """Answer with the first."""
        self.dismiss(self._answers[0][0])

    @on(PushButton.Pressed)
    def _answered(self, message: PushButton.Pressed) -> None:
        self.dismiss((message.button.id or "").removeprefix("answer-"))


def error_content(error: AgentError) -> Content:
    """What happened and what to do, as two paragraphs."""
    happened = Content.styled(prose(error.message), "bold $failed")
    if not error.remedy:
        return happened
    return Content.assemble(happened, "\n\n", Content.styled(prose(error.remedy), "$strong"))


def error_screen(title: str, error: AgentError) -> AskScreen:
    """A notice of an error with its remedy."""
    return AskScreen(title, error_content(error), [("back", _("Back"))])
