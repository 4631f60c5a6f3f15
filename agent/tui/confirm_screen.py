"""Step 3: what dies, what does not, and the code; the rules are those of `confirmation_gate`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget

from agent.errors import AgentError
from agent.text import N_, _, ngettext
from agent.tui.confirm_text import dies_content, stays_content
from agent.tui.confirmation_gate import ConfirmationGate, GateTimes, Phase, Remark
from agent.tui.dialogs import error_content
from agent.tui.glyphs import ACT, FULL_BLOCK, LIGHT_SHADE
from agent.tui.page import Parts
from agent.tui.widgets import HoldButton, PushButton, Words

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult, RenderResult

    from agent.workflow.sitting import Sitting
    from agent.workflow.view import Inspection, PlanSet

_REMARKS: dict[Remark, str] = {
    Remark.TOO_EARLY: N_("Read first: the code is accepted in a moment."),
    Remark.TOO_FAST: N_(
        "That came too fast for a person (a scanner? a stuck key?). Nothing was changed, the field was cleared."
    ),
    Remark.WRONG_CODE: N_("That is not the code. The field was cleared."),
    Remark.ENTER_IS_NOTHING: N_("Enter confirms nothing. Type the code."),
    Remark.LET_GO: N_("Let go too early. Nothing was changed."),
    Remark.STOPPED: N_("Stopped. Nothing was written. Type the code again, or cancel."),
}
_TICK_SECONDS = 0.1


class CodeField(Widget, can_focus=True):
    """The slots for the code's letters."""

    def __init__(self, length: int) -> None:
        super().__init__(id="code-field")
        self._length = length
        self.typed = ""

    def show(self, typed: str) -> None:
        """Show these letters."""
        if typed != self.typed:
            self.typed = typed
            self.refresh()

    def render(self) -> RenderResult:
        """Letters, then empty slots."""
        letters = self.typed.ljust(self._length, "_")
        return Content(" " + " ".join(letters) + " ")


class ConfirmScreen(Parts, ModalScreen[bool]):
    """A confirmation; ends with True when what it confirms has begun, with False when it was cancelled."""

    BINDINGS: ClassVar = [
        Binding("escape", "cancel", show=False),
        Binding("right,down", "app.focus_next", show=False),
        Binding("left,up", "app.focus_previous", show=False),
    ]

    def __init__(
        self,
        sitting: Sitting,
        code: str,
        times: GateTimes,
        clock: Callable[[], float] | None,
    ) -> None:
        super().__init__()
        self._sitting = sitting
        self._code = code
        self._times = times
        self._clock = clock
        self._over = False
        self.gate = ConfirmationGate(code, self._now(), times)

    def title_words(self) -> str:
        """What is at stake, in one line."""
        raise NotImplementedError

    def dies(self) -> Content:
        """What will be lost."""
        raise NotImplementedError

    def stays(self) -> Content:
        """What will not be touched."""
        raise NotImplementedError

    def begin(self) -> None:
        """Begin what was confirmed; raises AgentError."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """What dies, what stays, the code, the ways out."""
        with Vertical(id="confirm"):
            yield Words(Content.styled(f" {ACT} {self.title_words()} {ACT} ", "bold"), id="confirm-title")
            with VerticalScroll(id="confirm-drives", can_focus=True):
                yield Words(self.dies(), id="dies")
            with VerticalScroll(id="confirm-stays", can_focus=False):
                yield Words(self.stays(), id="stays")
            with Horizontal(id="confirm-code"):
                yield Words(self._code_line(), id="code-shown")
                yield CodeField(len(self._code))
            yield Words(id="confirm-remark")
            with Horizontal(classes="dialog-buttons"):
                yield PushButton(_("Cancel"), id="cancel")
                yield HoldButton(_("Hold for {n} s to erase").format(n=round(self._times.hold_seconds)), id="hold")

    def on_mount(self) -> None:
        """Focus Cancel; let time pass."""
        self.part("#cancel", Widget).focus()
        self.set_interval(_TICK_SECONDS, self.tick)
        self._draw()

    # what happens -------------------------------------------------------------------------------------------------

    def take_key(self, event: events.Key) -> bool:
        """See a key before any binding; True where it must do nothing else."""
        at = self._now(event.time)
        if self._over:
            return False
        character = event.character if event.is_printable else None
        taken = self.gate.key(character, at, is_enter=event.key == "enter")
        if taken and self.gate.typed:
            self.part("#code-field", Widget).focus()
        self._draw()
        return taken

    def tick(self) -> None:
        """Let time pass; start the work at the end of the countdown."""
        if self._over:
            return
        if self.gate.tick(self._now()):
            self._start()
        else:
            self._draw()

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Any tap stops the countdown."""
        self.gate.stop(self._now(event.time))

    def on_paste(self, event: events.Paste) -> None:
        """Pasted text is nothing that a person typed."""
        event.stop()
        for character in event.text[:14]:
            self.gate.key(character, self._now(event.time))
        self._draw()

    @on(HoldButton.Held)
    def _held(self, message: HoldButton.Held) -> None:
        at = self._now(message.at)
        (self.gate.press if message.down else self.gate.release)(at)
        self._draw()

    @on(PushButton.Pressed)
    def action_cancel(self) -> None:
        """Leave; nothing has happened."""
        if self._over or not self.gate.stop(self._now()):
            self.dismiss(False)
        self._draw()

    def _start(self) -> None:
        self._over = True
        try:
            self.begin()
        except AgentError as error:
            self._show_refusal(error)
            return
        self.dismiss(True)

    def _show_refusal(self, error: AgentError) -> None:
        self.part("#dies", Words).show(error_content(error))
        self.part("#stays", Words).show(Content.styled(_("Nothing was written."), "bold"))
        for name in ("#confirm-code", "#hold", "#confirm-remark"):
            self.query_one(name).display = False
        self.part("#confirm-title", Words).show(Content.styled(f" {ACT} {_('Not started')} ", "bold"))
        self.part("#cancel", Widget).focus()

    def _now(self, event_time: float | None = None) -> float:
        if self._clock is not None:
            return self._clock()
        return time.monotonic() if event_time is None else event_time

    # drawing ------------------------------------------------------------------------------------------------------

    def _code_line(self) -> Content:
        code = Content.styled(" " + " ".join(self._code) + " ", "bold $act-text on $act-back")
        return Content.assemble(_("To erase, type this code:"), " ", code)

    def _draw(self) -> None:
        if self._over or not self.is_mounted:
            return
        self.part("#code-field", CodeField).show(self.gate.typed)
        remark = self.part("#confirm-remark", Words)
        counting = self.gate.phase is Phase.COUNTDOWN
        self.set_class(counting, "-counting")
        if counting:
            remark.show(self._countdown_line())
        elif self.gate.phase is Phase.HOLDING:
            remark.show(self._hold_line())
        else:
            remark.show(self._remark_line())

    def _countdown_line(self) -> Content:
        left = self.gate.remaining_seconds(self._now())
        words = _("Starting in {n} s. Any key stops it.").format(n=int(left + 0.999))
        width = max(10, min(40, self.part("#confirm-remark", Widget).size.width - 2))
        filled = int(width * left / self._times.countdown_seconds) if self._times.countdown_seconds else 0
        return Content.assemble(f"{words}\n", FULL_BLOCK * filled + LIGHT_SHADE * (width - filled))

    def _hold_line(self) -> Content:
        left = self.gate.remaining_seconds(self._now())
        width = 30
        filled = int(width * (1 - left / self._times.hold_seconds)) if self._times.hold_seconds else width
        return Content.assemble(_("Keep holding …"), "\n", FULL_BLOCK * filled + LIGHT_SHADE * (width - filled))

    def _remark_line(self) -> Content:
        if self.gate.remark is not Remark.NONE:
            return Content.styled(_(_REMARKS[self.gate.remark]), "bold $act")
        if self.gate.phase is Phase.ARMING:
            return Content.styled(_("Read what will be lost. The code is accepted in a moment."), "$quiet")
        return Content.styled(
            _("Type slowly. Enter is not needed; after the code there are {n} s to stop.").format(
                n=round(self._times.countdown_seconds)
            ),
            "$quiet",
        )


class PlansConfirmScreen(ConfirmScreen):
    """The confirmation of plans; ends with True when the sitting has started."""

    def __init__(
        self,
        sitting: Sitting,
        plans: PlanSet,
        inspection: Inspection | None,
        times: GateTimes,
        clock: Callable[[], float] | None,
    ) -> None:
        self._plans = plans
        self._inspection = inspection
        super().__init__(sitting, plans.code, times, clock)

    def title_words(self) -> str:
        """How many drives."""
        count = len(self._plans.plans)
        return ngettext(
            "Everything on this drive will be lost for good",
            "Everything on these {n} drives will be lost for good",
            count,
        ).format(n=count)

    def dies(self) -> Content:
        """Each drive that is erased."""
        return dies_content(self._plans)

    def stays(self) -> Content:
        """The stick, and what was not chosen."""
        return stays_content(self._plans, self._inspection)

    def begin(self) -> None:
        """Start the sitting; raises AgentError."""
        self._sitting.confirm_and_start(self._plans, self._plans.code)
