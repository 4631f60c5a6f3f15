"""Step 2: what would be done to each chosen drive, why, and the level that it reaches; nothing is touched yet."""

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import ClassVar, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from agent.errors import AgentError
from agent.model.drive import Drive
from agent.model.sanitization import Method, Plan, Refusal, Resumption, VerificationKind
from agent.text import _, ngettext
from agent.tui.before_erase import STEP_KEYS, StepPage, hint
from agent.tui.cautions import caution_parts, machine_block
from agent.tui.dialogs import error_content
from agent.tui.drive_detail import exclusion_text, serial_tail, short_node
from agent.tui.figures import size
from agent.tui.glyphs import ACT, DASH, DONE, FAILED, prose, screen_text
from agent.tui.told import told
from agent.tui.widgets import Action, Words
from agent.tui.words import METHOD_WORDS, TECHNIQUE_WORDS, VERIFICATION_WORDS, type_words
from agent.workflow.view import Caution, PlanSet

T = TypeVar("T")
_REQUIRED = (Method.CLEAR, Method.PURGE)


class Choice(Static):
    """One thing that may be chosen otherwise; a click or its key goes to the next value."""

    def __init__(self, key: str, title: str, action: str, id: str) -> None:  # noqa: A002 - textual's own name
        super().__init__(id=id, classes="choice framed")
        self._key = key
        self._action = action
        self.border_title = Content(title)

    def show(self, value: str) -> None:
        """Show the value in use."""
        key = Content.styled(f" {self._key} ", "bold $strong on $lit-strong")
        self.update(Content.assemble(key, " ", Content.styled(value, "bold $strong")))

    async def on_click(self) -> None:
        """Go to the next value."""
        await self.screen.run_action(self._action)


class PlanScreen(StepPage):
    """The plan of each chosen drive."""

    STEP = 1
    stage_is_ready: ClassVar[bool] = True
    AUTO_FOCUS = "#plans"
    BINDINGS: ClassVar = [
        Binding("escape,d,D", "back", show=False),
        Binding("enter", "proceed", show=False),
        Binding("p,P", "next_pass_set", show=False),
        Binding("v,V", "next_verification", show=False),
        Binding("n,N", "next_level", show=False),
        Binding("c,C", "next_resume", show=False),
        *STEP_KEYS,
    ]

    def __init__(self) -> None:
        super().__init__()
        self._plans: PlanSet | None = None
        self._plan_error: AgentError | None = None

    def body(self) -> ComposeResult:
        """Choices, then the plans."""
        with Horizontal(id="choices"):
            yield Choice("P", _("Passes"), "next_pass_set", "pass-set")
            yield Choice("V", _("Verification"), "next_verification", "verification")
            yield Choice("N", _("Level required"), "next_level", "level")
            yield Choice("C", _("Cut off"), "next_resume", "resume")
        with VerticalScroll(id="plans", classes="framed"):
            yield Words(id="plans-text")

    def actions(self) -> Sequence[Action]:
        """Go on, or back."""
        return (
            Action("Enter", _("Erase …"), "proceed", primary=True),
            Action("Esc", _("back to drives"), "back"),
            # The foot of a narrow screen has no room for all of them.
            *(self.step_actions() or (Action("↑↓", _("scroll"), "scroll_on"),)),
            Action("H", _("help"), "app.help"),
        )

    def on_mount(self) -> None:
        """Make the plan."""
        self._plan()

    def on_resize(self, _event: events.Resize) -> None:
        """Draw again in the new width."""
        self.call_after_refresh(self.pull)

    def _replan(self) -> None:
        self._plan()

    def _plan(self) -> None:
        self._plans, self._plan_error = None, None
        try:
            self._plans = self.sitting.plan(sorted(self.ardoise.selected), self.ardoise.policy)
        except AgentError as error:
            self._plan_error = error
        self.pull()

    def draw(self) -> None:
        """Draw choices and plans."""
        policy = self.ardoise.policy
        title = next((p.title for p in self.sitting.pass_sets() if p.name == policy.pass_set), policy.pass_set)
        self.part("#pass-set", Choice).show(prose(_(title)))
        self.part("#verification", Choice).show(_(VERIFICATION_WORDS[policy.verification]))
        self.part("#level", Choice).show(_(METHOD_WORDS[policy.required]))
        resume = self.part("#resume", Choice)
        resume.show(_("goes on") if policy.resume else _("anew"))
        resume.display = bool(self._plans and self._plans.resumable)
        pane = self.part("#plans", VerticalScroll)
        pane.border_title = Content(_("Plan: nothing has been touched yet"))
        text = (
            error_content(self._plan_error)
            if self._plan_error
            else plans_content(self._plans, pane.scrollable_content_region.width, self._hint_for)
            if self._plans
            else Content("")
        )
        self.part("#plans-text", Words).show(text)
        self.call_later(self.show_actions)

    def _hint_for(self, drive: Drive) -> str:
        return hint(self.found_at(drive.node))

    def action_back(self) -> None:
        """Back to the drives."""
        from agent.tui.drives_screen import DrivesScreen  # noqa: PLC0415 - the two steps lead to each other

        self.ardoise.go(DrivesScreen())

    def action_scroll_on(self) -> None:
        """Show the next part of the plans."""
        self.part("#plans", Widget).scroll_page_down()

    def action_proceed(self) -> None:
        """Ask for the confirmation, where there is a plan to confirm."""
        if self._plans is None or not self._plans.plans:
            self.notify(_("There is nothing to erase: no chosen drive can be sanitized as asked."), markup=False)
            return
        self.ardoise.confirm(self._plans)

    def action_next_pass_set(self) -> None:
        """Use the next set of passes."""
        names = [p.name for p in self.sitting.pass_sets()]
        self.ardoise.policy = replace(self.ardoise.policy, pass_set=_after(names, self.ardoise.policy.pass_set))
        self._plan()

    def action_next_verification(self) -> None:
        """Use the other way of reading back."""
        kind = _after(list(VerificationKind), self.ardoise.policy.verification)
        self.ardoise.policy = replace(self.ardoise.policy, verification=kind)
        self._plan()

    def action_next_level(self) -> None:
        """Require the other level."""
        level = _after(list(_REQUIRED), self.ardoise.policy.required)
        self.ardoise.policy = replace(self.ardoise.policy, required=level)
        self._plan()

    def action_next_resume(self) -> None:
        """Go on where a power cut ended the overwrite, or start again."""
        if self._plans and self._plans.resumable:
            self.ardoise.policy = replace(self.ardoise.policy, resume=not self.ardoise.policy.resume)
            self._plan()


def _after(values: list[T], value: T) -> T:
    return values[(values.index(value) + 1) % len(values)] if value in values else values[0]


def plans_content(plans: PlanSet, width: int, hint_for: Callable[[Drive], str] = lambda _drive: "") -> Content:
    """Every plan, every refusal with what to do about it, and what stays as it is."""
    blocks = machine_block(plans.cautions)
    blocks += [_plan_block(p, width, plans.cautions) for p in plans.plans]
    blocks += [_refusal_block(r, width, hint_for(r.drive)) for r in plans.refusals]
    stays = [_stays_line(d, _("not chosen: makes the result INCOMPLETE")) for d in plans.not_selected]
    stays += [_stays_line(d, _stays_words(d)) for d in plans.spared]
    if stays:
        blocks.append(Content("\n").join(stays))
    return Content("\n\n").join(blocks)


def _stays_words(drive: Drive) -> str:
    if drive.is_boot_medium:
        return _("spared: this stick")
    return _("not on offer: {why}").format(why=exclusion_text(drive))


def _name(drive: Drive) -> Content:
    model = screen_text(drive.identity.model) or DASH
    rest = f"  {size(drive.identity.capacity_bytes)}  {type_words(drive)}  {serial_tail(drive)}"
    return Content.assemble(
        Content.styled(f"{short_node(drive.node)}  {model}", "bold $strong"), Content.styled(rest, "$quiet")
    )


def _plan_block(plan: Plan, width: int, cautions: Sequence[Caution] = ()) -> Content:
    enough = plan.level_reached.rank >= plan.level_required.rank
    level = _("reaches {reached}, required is {required}").format(
        reached=_(METHOD_WORDS[plan.level_reached]), required=_(METHOD_WORDS[plan.level_required])
    )
    lines = [
        Content.assemble(
            Content.styled(f"{DONE} " if enough else f"{ACT} ", "$done" if enough else "$act"), _name(plan.drive)
        )
    ]
    lines += [Content(f"  {words}") for words in _ladder_lines(plan)]
    if plan.resumption is not None:
        lines.append(Content.styled(f"  {ACT} {_resumption_words(plan, plan.resumption)}", "bold $act"))
    lines.append(Content.styled(f"  {level}", "bold $done" if enough else "bold $act"))
    lines += [_hanging(sign, text, width, style) for sign, text, style in caution_parts(cautions, plan.drive.node)]
    lines += [_hanging(_("why:"), r, width, "") for r in plan.reasons]
    lines += [_hanging(f"{ACT} {_('not covered:')}", n, width, "$act") for n in plan.not_covered]
    return Content("\n").join(lines)


def _ladder_lines(plan: Plan) -> list[str]:
    """What is done first, and what only if that fails."""
    if not plan.ladder:
        return [
            f"{_(TECHNIQUE_WORDS[plan.technique])} · {_written(plan)} · {_(VERIFICATION_WORDS[plan.verification])}"
        ]
    lines = []
    for number, rung in enumerate(plan.ladder, start=1):
        parts = [_(TECHNIQUE_WORDS[rung.technique])]
        parts += [] if rung.technique.by_firmware else [_written(plan)]
        parts.append(_("reaches {level}").format(level=_(METHOD_WORDS[rung.level])))
        if rung.minutes is not None:
            parts.append(ngettext("about {n} minute", "about {n} minutes", rung.minutes).format(n=rung.minutes))
        words = " · ".join(parts)
        first = _("1. the drive erases itself: {what}") if rung.technique.by_firmware else "1. {what}"
        later = _("{n}. only if that fails: {what}")
        lines.append((first if number == 1 else later).format(n=number, what=words))
    return lines


def _written(plan: Plan) -> str:
    passes = len(plan.pass_set.passes)
    written = ", ".join(p.title for p in plan.pass_set.passes) if passes <= 3 else prose(_(plan.pass_set.title))
    return f"{ngettext('{n} pass', '{n} passes', passes).format(n=passes)}: {written}"


def _resumption_words(plan: Plan, found: Resumption) -> str:
    count, done = len(plan.pass_set.passes), len(found.passes)
    if done == count:
        return _("goes on with the read-back: every pass was made before the interruption")
    return _("goes on with pass {number} of {count}, {percent} % of it done before the interruption").format(
        number=done + 1, count=count, percent=100 * found.offset_bytes // plan.drive.identity.capacity_bytes
    )


def _refusal_block(refusal: Refusal, width: int, what_to_do: str) -> Content:
    lines = [Content.assemble(Content.styled(f"{FAILED} ", "$failed"), _name(refusal.drive))]
    lines += [_hanging(_("refused:"), r, width, "bold $failed") for r in refusal.reasons]
    if what_to_do:
        lines.append(_hanging(f"{ACT} {_('what to do:')}", what_to_do, width, "bold $act"))
    return Content("\n").join(lines)


def _hanging(label: str, text: str, width: int, style: str) -> Content:
    indent = "  " + " " * len(label) + " "
    lines = (
        textwrap.wrap(prose(told(text)), width - len(indent)) if width > len(indent) + 10 else [prose(told(text))]
    )
    return Content.styled(f"  {label} " + ("\n" + indent).join(lines), style)


def _stays_line(drive: Drive, words: str) -> Content:
    return Content.assemble(
        "  ", _name(drive), Content.styled(f"  {words}", "$act" if not drive.is_boot_medium else "$primary")
    )
