"""One text and a few large answers outside of a sitting: what a stick asks when its screen has ended; by keys or by touch."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import App
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from agent.tui.glyphs import prose
from agent.tui.theme import SLATE, dress
from agent.tui.widgets import PushButton

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

AGAIN, RESTART, OFF = "again", "restart", "off"


class EndApp(App[str]):
    """Ends with the chosen answer."""

    CSS_PATH = "ardoise.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar = [
        Binding("r,R", "end('restart')", show=False),
        Binding("x,X", "end('off')", show=False),
        Binding("right,down", "app.focus_next", show=False),
        Binding("left,up", "app.focus_previous", show=False),
    ]

    def __init__(self, text: str, answers: Sequence[tuple[str, str]]) -> None:
        """`answers` are (answer, label); the first has the focus."""
        super().__init__()
        self._text = text
        self._answers = tuple(answers)

    def compose(self) -> ComposeResult:
        """Name, text, buttons."""
        yield Static(Content.styled(" ardoise ", "bold $strong on $lit-strong"), id="top")
        with Vertical(id="end"):
            if self._text:
                yield Static(Content.styled("\n".join(prose(t, 300) for t in self._text.split("\n")), "bold $act"))
            with Horizontal(classes="dialog-buttons"):
                for answer, label in self._answers:
                    yield PushButton(label, id=answer)

    def on_mount(self) -> None:
        """Dress; the first answer has the focus."""
        dress(self)
        self.query(PushButton).first().focus()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """The colours that the style sheet names and Textual does not know."""
        return dict(SLATE.variables)

    @on(PushButton.Pressed)
    def _pressed(self, message: PushButton.Pressed) -> None:
        self.action_end(str(message.button.id))

    def action_end(self, answer: str) -> None:
        """End with this answer, unless it is not on offer."""
        if answer in dict(self._answers):
            self.exit(answer)
