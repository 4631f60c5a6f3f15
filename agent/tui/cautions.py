"""What to know before confirming, in words: power, health, controllers that hide drives; pure."""

from collections.abc import Sequence

from textual.content import Content

from agent.text import N_, _
from agent.tui.glyphs import ACT, FAILED, prose
from agent.workflow.view import Caution, CautionKind

_WORDS: dict[CautionKind, str] = {
    CautionKind.ON_BATTERY: N_("This machine runs on its battery. Plug it in before you start."),
    CautionKind.BATTERY_TOO_LOW: N_(
        "The battery is too low: the drive's own erase can't be stopped and will not be started. Plug the machine in first."
    ),
    CautionKind.BAD_HEALTH: N_("This drive reports that it is failing: its erase may fail or never end."),
    CautionKind.RAID_MODE: N_(
        "A controller is in RAID mode: drives may be hidden. Switch it to AHCI in the machine's setup, or the result is INCOMPLETE."
    ),
    CautionKind.NO_DRIVER: N_("A controller has no driver: drives may be hidden, and the result is INCOMPLETE."),
}
_LOUD = frozenset({CautionKind.BATTERY_TOO_LOW, CautionKind.BAD_HEALTH})


def caution_parts(cautions: Sequence[Caution], node: str) -> list[tuple[str, str, str]]:
    """Sign, text and style of each caution of one drive; of the machine as a whole where `node` is empty."""
    return [(_sign(c), _text(c), _style(c)) for c in cautions if c.node == node]


def machine_block(cautions: Sequence[Caution]) -> list[Content]:
    """One block above the plans, or none."""
    lines = [Content.styled(f"{sign} {text}", style) for sign, text, style in caution_parts(cautions, "")]
    return [Content("\n").join(lines)] if lines else []


def _text(caution: Caution) -> str:
    words = _(_WORDS[caution.kind])
    return f"{words} ({prose(caution.detail)})" if caution.detail else words


def _sign(caution: Caution) -> str:
    return FAILED if caution.kind in _LOUD else ACT


def _style(caution: Caution) -> str:
    return "bold $failed" if caution.kind in _LOUD else "bold $act"
