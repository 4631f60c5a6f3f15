"""The first screen of a stick: who works, and the passphrase that opens the station's key; by keys or by touch alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import App
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static
from textual.worker import Worker, WorkerState

from agent.text import _, next_language
from agent.tui.glyphs import prose
from agent.tui.key_board import BACK, ENTER, SPACE, KeyBoard, KeyCap
from agent.tui.theme import SLATE, dress
from agent.tui.widgets import Action, KeyLine, Words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.app import ComposeResult

_OPERATOR = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")


@dataclass(frozen=True)
class Unlocked:
    """The key is open, and this operator works with it."""

    operator: str


@dataclass(frozen=True)
class LanguageChange:
    """The person asked for this language."""

    code: str


class UnlockApp(App[Unlocked | LanguageChange]):
    """Ends with what opens the station, with a change of language, or with nothing."""

    CSS_PATH = "ardoise.tcss"
    ENABLE_COMMAND_PALETTE = False
    VERTICAL_BREAKPOINTS = [(0, "-low"), (34, "-tall")]  # noqa: RUF012 - typed by App
    BINDINGS: ClassVar = [
        Binding("f8", "language", show=False, priority=True),
        Binding("escape,f10,ctrl+q,ctrl+c", "leave", show=False, priority=True),
    ]

    def __init__(self, operator: str, opens: Callable[[bytes], bool], remarks: Sequence[str] = ()) -> None:
        """`opens` says whether a passphrase opens the key; it may take seconds."""
        super().__init__()
        self._operator = operator
        self._opens = opens
        self._remarks = tuple(remarks)

    def compose(self) -> ComposeResult:
        """Name, questions, keyboard, keys."""
        yield Static(Content.styled(" ardoise ", "bold $strong on $lit-strong"), id="top")
        with VerticalScroll(id="unlock", can_focus=False):
            for remark in self._remarks:
                yield Static(Content.styled(prose(_(remark), 300), "$act"), classes="unlock-line")
            with Vertical(id="questions"):
                if not self._operator:
                    yield Static(Content(_("Your operator id (no name)")), classes="unlock-line")
                    yield Input(id="operator", max_length=32)
                yield Static(Content(_("Passphrase of this stick")), classes="unlock-line")
                yield Input(id="passphrase", password=True, max_length=256)
                yield Words(id="unlock-remark")
            yield KeyBoard()
        yield KeyLine(
            [
                Action("Enter", _("open"), "app.submit", primary=True),
                Action("F8", _("language"), "app.language"),
                Action("F10", _("quit"), "app.leave"),
            ]
        )

    def on_mount(self) -> None:
        """Dress; the first question has the focus."""
        dress(self)
        self.query(Input).first().focus()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """The colours that the style sheet names and Textual does not know."""
        return dict(SLATE.variables)

    # what happens -------------------------------------------------------------------------------------------------

    @on(KeyCap.Tapped)
    def _tapped(self, message: KeyCap.Tapped) -> None:
        focused = self.focused if isinstance(self.focused, Input) else self.query_one("#passphrase", Input)
        if message.what == ENTER:
            self.action_submit()
        elif message.what == BACK:
            focused.action_delete_left()
        else:
            focused.insert_text_at_cursor(" " if message.what == SPACE else message.what)

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.action_submit()

    def action_submit(self) -> None:
        """Go to the next question, or try to open the key."""
        passphrase = self.query_one("#passphrase", Input)
        if not _OPERATOR.fullmatch(self._given_operator()):
            self._say(_("Up to 32 letters, digits, '.', '_' or '-'; no name."))
            self.query_one("#operator", Input).focus()
        elif not passphrase.value:
            passphrase.focus()
        elif not passphrase.disabled:
            passphrase.disabled = True
            self._say(_("Opening …"), "$quiet")
            data = passphrase.value.encode()
            self.run_worker(lambda: self._opens(data), name="open", thread=True, exit_on_error=True)

    def action_language(self) -> None:
        """Ask for the next language."""
        self.exit(LanguageChange(next_language()))

    def action_leave(self) -> None:
        """End with nothing."""
        self.exit(None)

    @on(Worker.StateChanged)
    def _tried(self, event: Worker.StateChanged) -> None:
        if event.state is not WorkerState.SUCCESS:
            return
        passphrase = self.query_one("#passphrase", Input)
        if event.worker.result is True:
            self.exit(Unlocked(self._given_operator()))
            return
        passphrase.disabled = False
        passphrase.value = ""
        passphrase.focus()
        self._say(_("That is not the passphrase."))

    def _given_operator(self) -> str:
        return self._operator or self.query_one("#operator", Input).value.strip()

    def _say(self, text: str, style: str = "bold $act") -> None:
        self.query_one("#unlock-remark", Words).show(Content.styled(text, style))
