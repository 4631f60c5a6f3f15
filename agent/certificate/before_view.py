"""What was done to a medium before its erase, and what it hid before and after, as facts of the page."""

from agent.certificate.page_text import shown
from agent.model.drive import HiddenAreas, HiddenAreaState
from agent.model.preparation import Preparation, PreparationKind
from agent.model.record import DriveRecord

_MOST_SHOWN = 4
_STATES = {
    HiddenAreaState.NOT_APPLICABLE: "not applicable to this kind of medium",
    HiddenAreaState.NONE_FOUND: "none found (HPA, DCO, AMA)",
    HiddenAreaState.PRESENT: "present, and not reached",
    HiddenAreaState.NOT_EXAMINED: "not examined",
}


def before_facts(drive: DriveRecord) -> list[tuple[str, str]]:
    """One fact for each step, the newest last; how many there were where not all are shown."""
    steps = drive.preparations
    left_out = len(steps) - _MOST_SHOWN
    facts = [("Before", f"{left_out} earlier steps: see the record")] if left_out > 0 else []
    return facts + [("Before", _step_words(step)) for step in steps[-_MOST_SHOWN:]]


def hidden_words(drive: DriveRecord) -> str:
    """What was found before and, where it was asked again, after."""
    words = _STATES[drive.hidden_areas.state]
    after = drive.hidden_areas_after
    if after is None:
        return words
    again = "found afterwards, and not reached" if after.state is HiddenAreaState.PRESENT else _STATES[after.state]
    return f"{words}; asked again afterwards: {again}"


def _step_words(step: Preparation) -> str:
    if step.kind is PreparationKind.HIDDEN_AREAS:
        return f"{step.kind.value} ({_sectors(step.hidden_before)} hidden before): {step.outcome.value}"
    return f"{step.kind.value}: {step.outcome.value}; no level is claimed for it"


def _sectors(areas: HiddenAreas | None) -> str:
    if areas is None or areas.native_sectors is None or areas.accessible_sectors is None:
        return "an unknown number of sectors"
    return shown(f"{areas.native_sectors - areas.accessible_sectors} sectors")
