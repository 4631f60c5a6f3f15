"""The PSID of one drive: typed, scanned or tapped; and the confirmation of a revert that comes before any plan.

A scanner ends with Enter: that only takes the PSID. What erases asks for the code like any other erase.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from agent.errors import AgentError
from agent.model.psid import PSID_CHARACTERS, Psid, plain_psid
from agent.text import _
from agent.tui.confirm_screen import ConfirmScreen
from agent.tui.dialogs import error_screen
from agent.tui.drive_detail import serial_tail, short_node
from agent.tui.figures import size
from agent.tui.glyphs import ACT, FAILED, screen_text
from agent.tui.key_board import BACK, ENTER, SPACE, KeyBoard, KeyCap
from agent.tui.page import Parts
from agent.tui.widgets import PushButton, Words
from agent.tui.words import type_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult

    from agent.model.drive import Drive
    from agent.tui.confirmation_gate import GateTimes
    from agent.workflow.before_erase import BeforeErase
    from agent.workflow.sitting import Sitting

_LONGEST = 80


class PsidScreen(Parts, ModalScreen[str]):
    """Ends with "kept" when a PSID of the right form was handed over, "forgotten", or "back"."""

    BINDINGS: ClassVar = [Binding("escape", "back", show=False)]

    def __init__(self, before: BeforeErase, drive: Drive, *, locked: bool, kept: bool) -> None:
        super().__init__()
        self._before = before
        self._drive = drive
        self._locked = locked
        self._has_one = kept

    def compose(self) -> ComposeResult:
        """The drive, what it is for, the field, the keyboard, the ways out."""
        with Vertical(classes="dialog", id="psid-dialog"):
            yield Static(
                Content.styled(_("PSID on the label of this drive"), "bold $strong"), classes="dialog-title"
            )
            with VerticalScroll(classes="dialog-text", can_focus=False):
                yield Static(self._text())
            yield Input(id="psid", max_length=_LONGEST)
            yield Words(id="psid-remark")
            yield KeyBoard(classes="-optional")
            with Horizontal(classes="dialog-buttons"):
                yield PushButton(_("Back"), id="psid-back")
                if self._has_one:
                    yield PushButton(_("Do without it"), id="psid-forget")
                yield PushButton(_("Use it"), id="psid-use")

    def on_mount(self) -> None:
        """Type at once."""
        self.query_one("#psid", Input).focus()
        self._draw()

    def _text(self) -> Content:
        what = (
            _(
                "It takes the lock off and changes the key: everything on the drive is lost. A code confirms it first."
            )
            if self._locked
            else _("It changes the drive's key. It comes after the stronger techniques of the plan.")
        )
        lines = [
            _name(self._drive),
            Content(_("Type the PSID or scan it: {n} letters and digits.").format(n=PSID_CHARACTERS) + " " + what),
            Content.styled(_("The drive may count wrong attempts. The PSID is stored nowhere."), "$quiet"),
        ]
        return Content("\n").join(lines)

    # what happens -------------------------------------------------------------------------------------------------

    @on(Input.Changed)
    def _draw(self) -> None:
        count = len(plain_psid(self.query_one("#psid", Input).value))
        words = _("{n} of {all} characters").format(n=count, all=PSID_CHARACTERS)
        self.part("#psid-remark", Words).show(
            Content.styled(words, "$quiet" if count < PSID_CHARACTERS else "bold")
        )

    @on(Input.Submitted)
    def action_use(self) -> None:
        """Hand the PSID over, where it has the form of one."""
        field = self.query_one("#psid", Input)
        try:
            psid = Psid(field.value)
        except AgentError:
            self._complain(len(plain_psid(field.value)))
            return
        field.clear()
        try:
            self._before.keep_psid(self._drive.node, psid)
        except AgentError as error:
            self.app.push_screen(error_screen(_("Not started"), error))
            return
        self.dismiss("kept")

    def _complain(self, count: int) -> None:
        words = _("A PSID has {all} letters and digits; these are {n} characters.")
        if count == PSID_CHARACTERS:
            words = _("A PSID has letters from A to Z and digits only.")
        text = words.format(n=count, all=PSID_CHARACTERS)
        self.part("#psid-remark", Words).show(Content.styled(f"{ACT} {text}", "bold $act"))
        self.query_one("#psid", Input).focus()

    @on(KeyCap.Tapped)
    def _tapped(self, message: KeyCap.Tapped) -> None:
        field = self.query_one("#psid", Input)
        if message.what == ENTER:
            self.action_use()
        elif message.what == BACK:
            field.action_delete_left()
        elif message.what != SPACE:
            field.insert_text_at_cursor(message.what)

    @on(PushButton.Pressed)
    def _pressed(self, message: PushButton.Pressed) -> None:
        if message.button.id == "psid-use":
            self.action_use()
        elif message.button.id == "psid-forget":
            self._before.keep_psid(self._drive.node, None)
            self.dismiss("forgotten")
        else:
            self.action_back()

    def action_back(self) -> None:
        """Leave; nothing has happened."""
        self.query_one("#psid", Input).clear()
        self.dismiss("back")


class RevertScreen(ConfirmScreen):
    """The confirmation of a revert; ends with True when it has begun."""

    def __init__(
        self,
        sitting: Sitting,
        drive: Drive,
        code: str,
        times: GateTimes,
        clock: Callable[[], float] | None,
    ) -> None:
        self._drive = drive
        super().__init__(sitting, code, times, clock)

    def title_words(self) -> str:
        """What is at stake."""
        return _("Everything on this drive will be lost for good")

    def dies(self) -> Content:
        """The one drive."""
        return Content.assemble(Content.styled(f" {FAILED} ", "bold $failed"), _name(self._drive))

    def stays(self) -> Content:
        """What this is and what it is not."""
        lines = [
            _("The drive's lock is taken off and its key changed, with the PSID from its label."),
            _("This alone proves nothing: afterwards the drives are looked at again and the erase is planned."),
        ]
        return Content("\n").join([Content("   " + line) for line in lines])

    def begin(self) -> None:
        """Begin the revert; raises AgentError."""
        self._sitting.before.revert(self._drive.node, self._code)


def _name(drive: Drive) -> Content:
    model = screen_text(drive.identity.model, 40) or _("model unknown")
    rest = f"  {size(drive.identity.capacity_bytes)}  {type_words(drive)}  {_('serial ends in')} "
    return Content.assemble(
        Content.styled(model, "bold $strong"),
        rest,
        Content.styled(serial_tail(drive, 8), "bold"),
        Content.styled(f"   {short_node(drive.node)}", "$quiet"),
    )
