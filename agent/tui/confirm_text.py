"""What the confirmation says: which drives die, which do not, and how each is told from the others; pure."""

from textual.content import Content

from agent.model.drive import Drive, SerialSource, is_placeholder
from agent.model.sanitization import Plan
from agent.text import _, ngettext
from agent.tui.drive_detail import exclusion_text, serial_tail, short_node
from agent.tui.figures import size
from agent.tui.glyphs import FAILED, fit, screen_text
from agent.tui.words import type_words
from agent.workflow.view import Inspection, PlanSet

_MANY = 4
"""More drives than these get one line each, so that what stays is in sight as well."""


def dies_content(plans: PlanSet) -> Content:
    """One line for each drive that will be erased: model, size, end of serial; the node where the serial does not tell it."""
    lines = []
    short = len(plans.plans) > _MANY
    for number, (plan, is_node) in enumerate(zip(plans.plans, plans.name_is_node, strict=True), 1):
        if short and not is_node:
            lines.append(_short_line(number, plan))
            continue
        lines.append(_drive_line(number, plan))
        lines.append(_name_line(plan, is_node=is_node))
    return Content("\n").join(lines)


def _short_line(number: int, plan: Plan) -> Content:
    drive = plan.drive
    tail = Content.styled(serial_tail(drive, 8), "bold")
    model = Content.styled(fit(screen_text(drive.identity.model) or _("model unknown"), 25), "bold $strong")
    rest = f" {fit(size(drive.identity.capacity_bytes), 8)}{fit(type_words(drive), 9)} {_('serial')} "
    shape = Content.styled(f"{number:>2} {FAILED} ", "bold $failed")
    return Content.assemble(shape, model, rest, tail, Content.styled(f"  {short_node(drive.node)}", "$quiet"))


def _drive_line(number: int, plan: Plan) -> Content:
    drive = plan.drive
    model = screen_text(drive.identity.model, 40) or _("model unknown")
    rest = f"  {size(drive.identity.capacity_bytes)}  {type_words(drive)}"
    return Content.assemble(
        Content.styled(f"{number:>2} {FAILED} ", "bold $failed"), Content.styled(model, "bold $strong"), rest
    )


def _name_line(plan: Plan, *, is_node: bool) -> Content:
    drive = plan.drive
    if not is_node:
        tail = serial_tail(drive, 8)
        return Content.assemble(
            "     ",
            _("serial ends in"),
            " ",
            Content.styled(tail, "bold"),
            Content.styled(f"   {short_node(drive.node)}", "$quiet"),
        )
    why = _why_node(plan)
    node = Content.styled(short_node(drive.node), "bold $act")
    return Content.assemble("     ", _("known by its node"), " ", node, Content.styled(f"  ({why})", "$act"))


def _why_node(plan: Plan) -> str:
    identity = plan.drive.identity
    serial = screen_text(identity.serial, 20)
    if not serial:
        return _("it has no serial number")
    if identity.serial_source is SerialSource.BRIDGE:
        return _("the serial is the USB bridge's")
    if is_placeholder(identity.serial):
        return _("the serial “{serial}” is a placeholder").format(serial=serial)
    return _("the serial “{serial}” is not unique or not the drive's own").format(serial=serial)


def _stays_line(drive: Drive, words: str) -> Content:
    name = (
        f"{screen_text(drive.identity.model, 30)}  {size(drive.identity.capacity_bytes)}  {short_node(drive.node)}"
    )
    return Content.assemble("   ", words, Content.styled(f"  {name}", "$quiet"))


def stays_content(plans: PlanSet, inspection: Inspection | None) -> Content:
    """What will not be touched: the stick, what was not chosen, what is not on offer."""
    lines = [Content.styled(_("Not touched:"), "bold $primary")]
    stick = inspection.boot_medium if inspection is not None else None
    if stick is not None:
        lines.append(_stays_line(stick, _("the stick this system runs from")))
    excluded = [d for d in plans.spared if not d.is_boot_medium]
    count = len(plans.not_selected) + len(plans.refusals) + len(excluded)
    if count:
        words = ngettext(
            "{n} drive keeps its data: the result will be INCOMPLETE.",
            "{n} drives keep their data: the result will be INCOMPLETE.",
            count,
        )
        lines.append(Content.styled("   " + words.format(n=count), "$act"))
    lines += [_stays_line(d, _("not chosen")) for d in plans.not_selected]
    lines += [_stays_line(r.drive, _("refused")) for r in plans.refusals]
    lines += [_stays_line(d, _("not on offer: {why}").format(why=exclusion_text(d))) for d in excluded]
    if len(lines) == 1:
        lines.append(Content("   " + _("nothing else is in this machine")))
    return Content("\n").join(lines)
