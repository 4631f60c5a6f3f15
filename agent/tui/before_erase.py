"""On the plan: what to do about a drive that hides sectors or is locked by Opal, and the dialogs that do it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from agent.errors import AgentError
from agent.model.preparation import PreparationKind, PreparationOutcome
from agent.model.sanitization import Technique
from agent.text import N_, _, ngettext
from agent.tui.dialogs import AskScreen, error_content, error_screen
from agent.tui.drive_detail import serial_tail, short_node
from agent.tui.figures import size
from agent.tui.glyphs import ACT, prose, screen_text
from agent.tui.page import Page, Parts
from agent.tui.psid_screen import PsidScreen, RevertScreen
from agent.tui.widgets import Action, PushButton, Words
from agent.workflow.before_erase import is_opal_locked, needed_before, offers_revert

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from agent.model.preparation import Preparation
    from agent.model.session import InspectedDrive
    from agent.workflow.before_erase import BeforeErase, StepView
    from agent.workflow.view import PlanSet

STEP_KEYS = (Binding("g,G", "give_back", show=False), Binding("k,K", "psid", show=False))
_WHAT_TO_DO: dict[PreparationKind, str] = {
    PreparationKind.HIDDEN_AREAS: N_(
        "press G. The drive gives its hidden part back, which erases nothing; then the plan is made for the whole drive."
    ),
    PreparationKind.PSID_REVERT: N_(
        "read the PSID (32 letters and digits) from the drive's label, then press K. Without it nobody can erase this drive."
    ),
}
_TITLES: dict[PreparationKind, str] = {
    PreparationKind.HIDDEN_AREAS: N_("Hidden part of a drive"),
    PreparationKind.PSID_REVERT: N_("Revert by PSID"),
}
_ENDINGS: dict[tuple[PreparationKind, PreparationOutcome], str] = {
    (PreparationKind.HIDDEN_AREAS, PreparationOutcome.DONE): N_(
        "The hidden part was given back. The plan is for the whole drive now."
    ),
    (PreparationKind.HIDDEN_AREAS, PreparationOutcome.NOT_DONE): N_(
        "A part stays hidden until the drive loses its power: switch the machine off, wait ten seconds, start again, then press G once more."
    ),
    (PreparationKind.PSID_REVERT, PreparationOutcome.DONE): N_(
        "The lock is off and the key is new. This alone proves nothing: the plan for the erase follows."
    ),
    (PreparationKind.PSID_REVERT, PreparationOutcome.REFUSED): N_(
        "Refused by the drive: this is not its PSID. Compare each character with the label. The drive may count attempts, and refuse all of them until it was switched off and on."
    ),
    (PreparationKind.PSID_REVERT, PreparationOutcome.UNKNOWN): N_(
        "The drive does not tell what became of it. The drives were looked at again: see the plan."
    ),
}
_LOOK_SECONDS = 0.2


def hint(found: InspectedDrive | None) -> str:
    """What a person can do about this drive's refusal; '' where no step would help."""
    kind = needed_before(found) if found is not None else None
    return _WHAT_TO_DO[kind] if kind is not None else ""


class StepPage(Page):
    """What the plan screen needs to offer the steps; `_replan` makes its plans anew."""

    _plans: PlanSet | None = None

    def _replan(self) -> None:
        raise NotImplementedError

    def step_actions(self) -> Sequence[Action]:
        """The keys of the steps that would help one of the chosen drives."""
        shown = []
        if self._hiding():
            shown.append(Action("G", _("give back"), "give_back"))
        if self._reverting():
            shown.append(Action("K", _("PSID"), "psid"))
        return shown

    def found_at(self, node: str) -> InspectedDrive | None:
        """The drive as it was inspected last."""
        return next((f for f in self.ardoise.found_drives if f.drive.node == node), None)

    def _refused(self, kind: PreparationKind) -> list[InspectedDrive]:
        nodes = [r.drive.node for r in self._plans.refusals] if self._plans else []
        found = [f for f in map(self.found_at, nodes) if f is not None]
        return [f for f in found if needed_before(f) is kind]

    def _hiding(self) -> list[InspectedDrive]:
        return self._refused(PreparationKind.HIDDEN_AREAS)

    def _reverting(self) -> list[InspectedDrive]:
        """Drives whose PSID may be typed: those that are locked first, then those that have no plan with it yet."""
        if self._plans is None:
            return []
        plans = sorted(
            self._plans.plans, key=lambda p: Technique.OPAL_PSID_REVERT in {r.technique for r in p.rungs}
        )
        nodes = [*(p.drive.node for p in plans), *(r.drive.node for r in self._plans.refusals)]
        others = [f for f in map(self.found_at, nodes) if f is not None and offers_revert(f)]
        locked = self._refused(PreparationKind.PSID_REVERT)
        return [*locked, *(f for f in others if f not in locked and needed_before(f) is None)]

    # hidden areas ---------------------------------------------------------------------------------------------

    def action_give_back(self) -> None:
        """Say what giving back means, and do it where a person wants it."""
        if not (hiding := self._hiding()):
            return
        found = hiding[0]

        def answered(answer: str | None) -> None:
            if answer == "go":
                self._give_back(found.drive.node)

        answers = [("back", _("Back")), ("go", _("Give it back"))]
        title = _(_TITLES[PreparationKind.HIDDEN_AREAS])
        self.app.push_screen(AskScreen(title, give_back_content(found), answers), answered)

    def _give_back(self, node: str) -> None:
        try:
            self.sitting.before.give_back(node)
        except AgentError as error:
            self.app.push_screen(error_screen(_("Not started"), error))
        else:
            self._follow(PreparationKind.HIDDEN_AREAS)

    # PSID -----------------------------------------------------------------------------------------------------

    def action_psid(self) -> None:
        """Ask for the PSID of one drive."""
        if not (reverting := self._reverting()):
            return
        found = reverting[0]
        node, locked = found.drive.node, is_opal_locked(found)
        rungs = [
            r.technique for p in (self._plans.plans if self._plans else ()) if p.drive.node == node for r in p.rungs
        ]
        kept = Technique.OPAL_PSID_REVERT in rungs

        def answered(answer: str | None) -> None:
            if answer == "kept" and locked:
                self._confirm_revert(found)
            elif answer in {"kept", "forgotten"}:
                self._replan()

        self.app.push_screen(PsidScreen(self.sitting.before, found.drive, locked=locked, kept=kept), answered)

    def _confirm_revert(self, found: InspectedDrive) -> None:
        def answered(started: bool | None) -> None:
            if started:
                self._follow(PreparationKind.PSID_REVERT)
            else:
                self.sitting.before.keep_psid(found.drive.node, None)

        app = self.ardoise
        try:
            code = self.sitting.before.ask_revert(found.drive.node)
        except AgentError as error:
            app.push_screen(error_screen(_("Not started"), error))
            return
        app.push_screen(RevertScreen(self.sitting, found.drive, code, app.gate_times, app.clock), answered)

    # afterwards -----------------------------------------------------------------------------------------------

    def _follow(self, kind: PreparationKind) -> None:
        before = self.sitting.before.view()
        self.app.push_screen(
            StepScreen(self.sitting.before, _(_TITLES[kind])), lambda answer: self._ended(before, answer)
        )

    def _ended(self, begun: StepView | None, answer: str | None) -> None:
        """Show what was found after the step; the drive stays chosen wherever it is now."""
        view = self.sitting.before.view()
        if view is not None and view.inspection is not None:
            self.ardoise.inspection = view.inspection
            selected = self.ardoise.selected
            if begun is not None and begun.node in selected:
                selected = (selected - {begun.node}) | {view.node}
            self.ardoise.selected = selected & {f.drive.node for f in view.inspection.drives if f.drive.on_offer}
        self._replan()
        if answer == "again":
            self.action_psid()


def give_back_content(found: InspectedDrive) -> Content:
    """What giving back does and what it does not."""
    drive, areas = found.drive, found.drive.hidden_areas
    count = (areas.native_sectors or 0) - (areas.accessible_sectors or 0)
    hidden = size(count * drive.identity.logical_sector_bytes)
    name = f"{screen_text(drive.identity.model, 40)}  {size(drive.identity.capacity_bytes)}"
    lines = [
        Content.assemble(
            Content.styled(name, "bold $strong"),
            Content.styled(f"  {_('serial')} {serial_tail(drive)}  {short_node(drive.node)}", "$quiet"),
        ),
        Content(
            ngettext(
                "This drive hides {n} sector ({size}). An erase would not reach it.",
                "This drive hides {n} sectors ({size}). An erase would not reach them.",
                count,
            ).format(n=count, size=hidden)
        ),
        Content(f"{ACT} " + _("Nothing is erased by this.")),
        Content(
            f"{ACT} " + _("The drive's size setting is changed for good: from then on it shows all that it has.")
        ),
        Content(
            f"{ACT} " + _("Afterwards the drives are looked at again, and the plan is made for the whole drive.")
        ),
    ]
    return Content("\n\n").join([lines[0], lines[1], Content("\n").join(lines[2:])])


def _ending_words(done: Preparation) -> str:
    return _(_ENDINGS[done.kind, done.outcome]) if (done.kind, done.outcome) in _ENDINGS else prose(_(done.words))


class StepScreen(Parts, ModalScreen[str]):
    """Follows a running step to its end; a drive that is being changed can't be left alone half-way."""

    BINDINGS: ClassVar = [
        Binding("escape", "back", show=False),
        Binding("right,down", "app.focus_next", show=False),
        Binding("left,up", "app.focus_previous", show=False),
    ]

    def __init__(self, before: BeforeErase, title: str) -> None:
        super().__init__()
        self._before = before
        self._title = title
        self._over = False

    def compose(self) -> ComposeResult:
        """Title, text, and buttons for the end."""
        with Vertical(classes="dialog"):
            yield Static(Content.styled(self._title, "bold $strong"), classes="dialog-title")
            with VerticalScroll(classes="dialog-text", can_focus=False):
                yield Words(
                    Content(_("The drive is being changed. This can take a minute; leave it alone.")), id="step"
                )
            with Horizontal(classes="dialog-buttons"):
                yield PushButton(_("Back"), id="step-back")
                yield PushButton(_("Type it again"), id="step-again")

    def on_mount(self) -> None:
        """Nothing can be pressed before the end."""
        for name in ("#step-back", "#step-again"):
            self.query_one(name).display = False
        self.set_interval(_LOOK_SECONDS, self.look)

    def look(self) -> None:
        """Ask how far the step is."""
        view = self._before.view()
        if self._over or view is None or view.running:
            return
        self._over = True
        done = view.preparation
        if view.error is None and done is not None and done.outcome is PreparationOutcome.DONE:
            self.notify(_ending_words(done), markup=False, timeout=12)
            self.dismiss("done")
            return
        words = Content.styled(_ending_words(done), "bold $act") if done is not None else Content("")
        self.part("#step", Words).show(error_content(view.error) if view.error is not None else words)
        refused = done is not None and done.outcome is PreparationOutcome.REFUSED
        self.query_one("#step-again").display = refused
        self.query_one("#step-back").display = True
        self.query_one("#step-back").focus()

    @on(PushButton.Pressed)
    def _pressed(self, message: PushButton.Pressed) -> None:
        # A hidden button may have the focus.
        if self._over:
            self.dismiss("again" if message.button.id == "step-again" else "back")

    def action_back(self) -> None:
        """Leave, once it has ended."""
        if self._over:
            self.dismiss("back")
