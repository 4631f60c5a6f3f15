"""Everything that is known of one drive, as text; pure."""

import textwrap

from textual.content import Content

from agent.model.drive import Drive, SerialSource, is_placeholder
from agent.model.health import HealthReport, SelfTestState, Verdict
from agent.text import _
from agent.tui.figures import size
from agent.tui.glyphs import DASH, FAILED, fit, prose, screen_text
from agent.tui.told import told
from agent.tui.words import EXCLUSION_WORDS, HIDDEN_WORDS, MEDIA_WORDS, SELF_TEST_WORDS, VERDICT_SIGNS, type_words

_LABEL_WIDTH = 14


def short_node(node: str) -> str:
    """The node without /dev/."""
    return screen_text(node.removeprefix("/dev/"), 20)


def serial_tail(drive: Drive, length: int = 6) -> str:
    """The end of the serial, as it is found on the drive's label."""
    serial = screen_text(drive.identity.serial, 80)
    if not serial:
        return _("none")
    return serial if len(serial) <= length + 1 else "…" + serial[-length:]


def verdict_line(health: HealthReport | None, width: int = 0) -> Content:
    """Shape, verdict, first reason."""
    verdict = health.verdict if health else Verdict.UNKNOWN
    shape, style = VERDICT_SIGNS[verdict]
    reason = prose(told(health.reasons[0])) if health and health.reasons else ("" if health else _("not read"))
    text = f"{shape} {_(verdict.value)}" + (f" · {reason}" if reason else "")
    return Content.styled(fit(text, width) if width else text, style)


def exclusion_text(drive: Drive) -> str:
    """Why the drive is not on offer, each reason with its detail."""
    parts = []
    for exclusion in drive.exclusions:
        detail = prose(exclusion.detail, 200)
        parts.append(_(EXCLUSION_WORDS[exclusion.reason]) + (f" ({detail})" if detail else ""))
    return ", ".join(parts)


def detail(drive: Drive, health: HealthReport | None, width: int) -> Content:
    """All lines for a detail pane of so many cells."""
    lines = [_title(drive)]
    if drive.exclusions:
        lines.append(
            Content.styled(f"{FAILED} " + _("Not on offer: {why}").format(why=exclusion_text(drive)), "bold $act")
        )
    lines += [_row(width, *row) for row in (*_health_rows(health), *_identity_rows(drive))]
    return Content("\n").join(lines)


def _title(drive: Drive) -> Content:
    identity = drive.identity
    model = screen_text(identity.model) or _("model unknown")
    return Content.assemble(
        Content.styled(model, "bold $strong"),
        f"  {size(identity.capacity_bytes)}  ",
        Content.styled(type_words(drive), "$quiet"),
    )


def _row(width: int, label: str, text: str, style: str = "") -> Content:
    indent = " " * (_LABEL_WIDTH + 1)
    lines = textwrap.wrap(text, width - len(indent)) if width > len(indent) + 8 else [text]
    return Content.assemble(
        Content.styled(fit(label, _LABEL_WIDTH) + " ", "$quiet"), Content.styled(("\n" + indent).join(lines), style)
    )


def _health_rows(health: HealthReport | None) -> list[tuple[str, ...]]:
    if health is None:
        return [(_("Health"), _("not read"))]
    shape, style = VERDICT_SIGNS[health.verdict]
    reasons = "; ".join(prose(told(r)) for r in health.reasons)
    lines: list[tuple[str, ...]] = [
        (_("Health"), f"{shape} {_(health.verdict.value)}" + (f" · {reasons}" if reasons else ""), style)
    ]
    figures = _figures(health)
    if figures:
        lines.append((_("SMART"), figures))
    lines.append((_("Self-test"), self_test_text(health)))
    return lines


def _figures(health: HealthReport) -> str:
    known = (
        (health.power_on_hours, _("{n} h powered on")),
        (health.temperature_celsius, _("{n} °C")),
        (health.percentage_used, _("{n} % worn")),
        (health.reallocated_sectors, _("{n} reallocated")),
        (health.pending_sectors, _("{n} pending")),
        (health.uncorrectable_errors, _("{n} uncorrectable")),
        (health.media_errors, _("{n} media errors")),
    )
    return " · ".join(words.format(n=value) for value, words in known if value is not None)


def self_test_text(health: HealthReport) -> str:
    """The newest self-test in words."""
    test = health.self_test
    words = _(SELF_TEST_WORDS[test.state])
    if test.kind is not None:
        words += f" ({_(test.kind.value)})"
    if test.state is SelfTestState.RUNNING and test.remaining_percent is not None:
        words += " · " + _("{n} % left").format(n=test.remaining_percent)
    if test.state is SelfTestState.RUNNING and test.expected_minutes is not None:
        words += " · " + _("takes about {n} min").format(n=test.expected_minutes)
    return words + (f" · {prose(test.detail, 120)}" if test.detail else "")


def _identity_rows(drive: Drive) -> list[tuple[str, ...]]:
    identity = drive.identity
    serial = screen_text(identity.serial, 80) or _("none")
    if identity.serial_source is SerialSource.BRIDGE:
        serial += " " + _("(of the USB bridge, not of the drive)")
    elif is_placeholder(identity.serial):
        serial += " " + _("(a placeholder)")
    place = [short_node(drive.node), screen_text(drive.bay), _("soldered to the board") if drive.soldered else ""]
    signatures = ", ".join(screen_text(s) for s in drive.signatures) or _("none found")
    sectors = f"{identity.logical_sector_bytes} / {identity.physical_sector_bytes} B"
    lines: list[tuple[str, ...]] = [
        (_("Serial"), serial),
        (_("Found on it"), signatures),
        (_("Place"), " · ".join(p for p in place if p)),
        (
            _("Medium"),
            _(MEDIA_WORDS[drive.media_type]) + (f" · {drive.rotation_rpm} rpm" if drive.rotation_rpm else ""),
        ),
        (_("Hidden areas"), _(HIDDEN_WORDS[drive.hidden_areas.state])),
        (_("Firmware"), screen_text(identity.firmware) or DASH),
        (_("Sectors"), sectors),
    ]
    if identity.wwn:
        lines.append(("WWN", screen_text(identity.wwn)))
    return lines
