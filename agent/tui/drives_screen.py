"""Step 1: the machine, its drives, their health, what excludes them; the person chooses."""

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList

from agent.errors import AgentError
from agent.model.health import HealthReport, SelfTestKind, SelfTestState
from agent.model.session import InspectedDrive
from agent.text import _, ngettext
from agent.tui.dialogs import AskScreen, error_content, error_screen
from agent.tui.drive_detail import detail, exclusion_text, serial_tail, short_node, verdict_line
from agent.tui.figures import size
from agent.tui.glyphs import DASH, FAILED, RUNNING, fit, screen_text
from agent.tui.machine_line import looked_at, machine_line
from agent.tui.page import Page
from agent.tui.plan_screen import PlanScreen
from agent.tui.thaw import offer_all, offer_once, thaw_actions, with_lock_note
from agent.tui.widgets import Action, RowList, Words
from agent.tui.words import QUIET_STYLE, type_words

_FOLLOW_SECONDS = 10.0


class DrivesScreen(Page):
    """The drives of this machine."""

    STEP = 0
    stage_is_ready: ClassVar[bool] = True
    AUTO_FOCUS = "#rows"
    BINDINGS: ClassVar = [
        Binding("enter", "proceed", show=False),
        Binding("t,T", "toggle_all", show=False),
        Binding("i,I,f5", "inspect", show=False),
        Binding("s,S", "self_test('short')", show=False),
        Binding("e,E", "self_test('extended')", show=False),
        Binding("b,B", "abort_self_test", show=False),
        Binding("d,D", "focus_detail", show=False),
        Binding("u,U", "thaw", show=False),
    ]

    def body(self) -> ComposeResult:
        """Machine, list, detail."""
        yield Words(id="machine")
        with Container(id="split"):
            with Container(id="left", classes="framed"):
                yield Words(id="head", classes="head")
                yield RowList(id="rows", markup=False)
            with VerticalScroll(id="detail", classes="framed"):
                yield Words(id="detail-text")

    def actions(self) -> Sequence[Action]:
        """What can be done with the drives."""
        if self._nothing_on_offer():
            again = Action("I", _("inspect again"), "inspect")
            return (
                Action("Enter", _("Record"), "proceed", primary=True),
                again,
                Action("H", _("help"), "app.help"),
            )
        return (
            Action("Enter", _("Plan"), "proceed", primary=True),
            Action(_("Space"), _("choose"), "choose"),
            Action("T", _("all"), "toggle_all"),
            *thaw_actions(self),
            Action("S", _("self-test"), "self_test('short')"),
            Action("I", _("again"), "inspect"),
            Action("H", _("help"), "app.help"),
        )

    def on_mount(self) -> None:
        """Look at the machine unless that was done."""
        if self.ardoise.inspection is None and self.ardoise.inspect_error is None:
            self.ardoise.start_inspection()
        self.set_interval(_FOLLOW_SECONDS, self._follow_self_tests)

    def draw(self) -> None:
        """Draw what is known."""
        appears = self.has_class("-empty") and bool(self.ardoise.found_drives)
        self.set_class(not self.ardoise.found_drives, "-empty")
        self._draw_machine()
        self._draw_rows()
        self._draw_detail()
        self.call_later(self.show_actions)
        if appears:
            # While the machine was looked at the list was hidden, and a hidden list loses the focus.
            self.call_after_refresh(self.part("#rows", RowList).focus)

    # drawing ------------------------------------------------------------------------------------------------

    def _draw_machine(self) -> None:
        inspection = self.ardoise.inspection
        text = machine_line(inspection.inventory, self.size.width - 2) if inspection else Content("")
        self.part("#machine", Words).show(text)

    def _draw_rows(self) -> None:
        inspection = self.ardoise.inspection
        rows = self.part("#rows", RowList)
        width = max(40, rows.scrollable_content_region.width - 2)
        left = self.part("#left", Widget)
        left.border_title = Content(_("Drives"))
        self.part("#head", Words).show(_head(width))
        if inspection is None:
            rows.show_rows([])
            return
        shown = [(d.drive.node, self._row(d, width)) for d in self.ardoise.found_drives]
        if inspection.boot_medium is not None:
            shown.append(("", _spared_row(InspectedDrive(inspection.boot_medium, None), width)))
        rows.show_rows(shown)
        count = len(self.ardoise.selected)
        left.border_subtitle = Content(ngettext("{n} drive chosen", "{n} drives chosen", count).format(n=count))

    def _row(self, found: InspectedDrive, width: int) -> Content:
        drive = found.drive
        if not drive.on_offer:
            state = Content.styled(
                f"{FAILED} " + _("not on offer: {why}").format(why=exclusion_text(drive)), "$act"
            )
            return _columns(found, Content.styled("    ", ""), state, width, QUIET_STYLE)
        chosen = drive.node in self.ardoise.selected
        box = Content.styled(f"[{RUNNING}] " if chosen else "[ ] ", "bold $primary" if chosen else "")
        return _columns(found, box, verdict_line(self._health(found)), width, "bold $strong" if chosen else "")

    def _draw_detail(self) -> None:
        pane = self.part("#detail-text", Words)
        frame = self.part("#detail", Widget)
        frame.border_title = Content(_("Detail"))
        width = frame.scrollable_content_region.width - 1
        inspection = self.ardoise.inspection
        if self.ardoise.inspect_error is not None:
            pane.show(error_content(self.ardoise.inspect_error))
        elif inspection is None:
            pane.show(Content(_("Looking at this machine …")))
        elif not self.ardoise.found_drives:
            pane.show(looked_at(inspection))
        else:
            found = self._highlighted()
            if found is not None:
                pane.show(with_lock_note(detail(found.drive, self._health(found), width), found))
            elif inspection.boot_medium is not None:
                note = Content.styled(
                    _("This stick carries the running system. It is spared, whatever is chosen."), "bold $primary"
                )
                pane.show(Content.assemble(note, "\n", detail(inspection.boot_medium, None, width)))

    # choosing -------------------------------------------------------------------------------------------------

    def _highlighted(self) -> InspectedDrive | None:
        option = self.part("#rows", RowList).highlighted_option
        drives = self.ardoise.found_drives
        return next((d for d in drives if option is not None and d.drive.node == option.id), None)

    def _health(self, found: InspectedDrive) -> HealthReport | None:
        return self.ardoise.health.get(found.drive.node, found.health)

    @on(OptionList.OptionHighlighted)
    def _row_highlighted(self) -> None:
        self._draw_detail()
        self.part("#detail", VerticalScroll).scroll_home(animate=False)

    @on(OptionList.OptionSelected)
    def action_choose(self) -> None:
        """Choose the highlighted drive, or no longer."""
        found = self._highlighted()
        if found is None or not found.drive.on_offer:
            self.app.bell()
            return
        self.ardoise.selected ^= {found.drive.node}
        self._draw_rows()

    def action_toggle_all(self) -> None:
        """Choose all drives on offer; none where all were chosen."""
        drives = self.ardoise.found_drives
        offered = {d.drive.node for d in drives if d.drive.on_offer}
        self.ardoise.selected = set() if self.ardoise.selected == offered else offered
        self._draw_rows()

    def action_proceed(self) -> None:
        """Go to the plan."""
        if self.ardoise.inspection is None:
            return
        if self._nothing_on_offer():
            self._ask_to_record_nothing()
            return
        if not self.ardoise.selected:
            self.notify(_("Choose at least one drive: Space chooses, T chooses all."), markup=False)
            return
        offer_once(self, lambda: self.ardoise.go(PlanScreen()))

    def action_thaw(self) -> None:
        """Offer the short sleep that unlocks drives."""
        offer_all(self)

    def _nothing_on_offer(self) -> bool:
        return self.ardoise.inspection is not None and not any(d.drive.on_offer for d in self.ardoise.found_drives)

    def _ask_to_record_nothing(self) -> None:
        def answered(answer: str | None) -> None:
            if answer == "record":
                self._record_nothing()

        text = Content(_("There is nothing to erase here. A record can say so, with what was looked at."))
        answers = [("back", _("Back")), ("record", _("Make the record"))]
        self.app.push_screen(AskScreen(_("Record what was found?"), text, answers), answered)

    def _record_nothing(self) -> None:
        try:
            plans = self.sitting.plan((), self.ardoise.policy)
            self.sitting.confirm_and_start(plans, plans.code)
        except AgentError as error:
            self.app.push_screen(error_screen(_("Not started"), error))
        else:
            self.ardoise.pull()

    def action_inspect(self) -> None:
        """Look at the machine again."""
        self.ardoise.start_inspection()
        self.pull()

    def action_focus_detail(self) -> None:
        """Move the focus between list and detail, so that the arrows scroll it."""
        pane = self.part("#detail", Widget)
        (self.part("#rows", Widget) if pane.has_focus else pane).focus()

    def on_resize(self, _event: events.Resize) -> None:
        """Draw again in the new width."""
        self.call_after_refresh(self.pull)

    # self-tests -------------------------------------------------------------------------------------------------

    def action_self_test(self, kind: str) -> None:
        """Start the drive's own self-test and follow it."""
        found = self._highlighted()
        if found is None:
            return
        node = found.drive.node

        def work() -> HealthReport | None:
            self.sitting.start_self_test(node, SelfTestKind(kind))
            return self.sitting.read_health(node)

        self.ardoise.following.add(node)
        self.ardoise.run_quietly(work, f"self-test {node}")

    def action_abort_self_test(self) -> None:
        """Abort the highlighted drive's running self-test."""
        found = self._highlighted()
        if found is None:
            return
        node = found.drive.node

        def work() -> HealthReport | None:
            self.sitting.abort_self_test(node)
            return self.sitting.read_health(node)

        self.ardoise.following.discard(node)
        self.ardoise.run_quietly(work, f"self-test {node}")

    def _follow_self_tests(self) -> None:
        for node in tuple(self.ardoise.following):
            health = self.ardoise.health.get(node)
            if health is not None and health.self_test.state is not SelfTestState.RUNNING:
                self.ardoise.following.discard(node)
                continue
            self.ardoise.run_quietly(partial(self.sitting.read_health, node), f"health {node}")


def _widths(width: int) -> tuple[int, int, int, int, int, int]:
    node, capacity, tail, kind = 9, 8, 8, 9
    rest = width - 4 - node - capacity - tail - kind
    model = max(8, min(30, rest * 45 // 100))
    return node, model, capacity, tail, kind, max(4, rest - model)


def _head(width: int) -> Content:
    words = (_("Node"), _("Model"), _("Size"), _("Serial"), _("Type"), _("State"))
    cells = "".join(fit(word, w - 1) + " " for word, w in zip(words, _widths(width), strict=True))
    return Content.styled("     " + cells, QUIET_STYLE)


def _columns(found: InspectedDrive, box: Content, state: Content, width: int, style: str) -> Content:
    drive = found.drive
    node, model, capacity, tail, kind, rest = _widths(width)
    place = (
        f"{screen_text(drive.bay, 4)} {short_node(drive.node)}"
        if drive.bay and len(drive.bay) <= 3
        else short_node(drive.node)
    )
    cells = (
        fit(place, node - 1) + " "
        + fit(screen_text(drive.identity.model) or DASH, model - 1) + " "
        + fit(size(drive.identity.capacity_bytes), capacity - 1) + " "
        + fit(serial_tail(drive), tail - 1) + " "
        + fit(type_words(drive), kind - 1) + " "
    )  # fmt: skip
    return Content.assemble(box, Content.styled(cells, style), state.truncate(rest, ellipsis=True))


def _spared_row(found: InspectedDrive, width: int) -> Content:
    return _columns(found, Content("    "), Content.styled(_("spared: this stick"), "$primary"), width, QUIET_STYLE)
