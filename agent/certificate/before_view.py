"""What was done to a medium before its erase, and what it hid before and after, as facts of the page."""

from agent.certificate.words import Words
from agent.model.drive import HiddenAreas
from agent.model.preparation import Preparation, PreparationKind
from agent.model.record import DriveRecord

_MOST_SHOWN = 6


def before_facts(drive: DriveRecord, words: Words) -> list[tuple[str, str]]:
    """One fact for each step, the newest last; how many there were where not all are shown."""
    steps = drive.preparations
    left_out = len(steps) - _MOST_SHOWN
    facts = [("\u2026", words.say("more", count=left_out))] if left_out > 0 else []
    return facts + [(words.moment(step.at), _step_words(step, words)) for step in steps[max(0, left_out) :]]


def hidden_facts(drive: DriveRecord, words: Words) -> list[tuple[str, str]]:
    """What was found before and, where it was asked again, after."""
    after = drive.hidden_areas_after
    return [
        (words.say("hidden before"), _areas(drive.hidden_areas, words)),
        (words.say("hidden after"), words.say("not asked again") if after is None else _areas(after, words)),
    ]


def _areas(areas: HiddenAreas, words: Words) -> str:
    state = words.term(areas.state)
    if areas.accessible_sectors is None or areas.native_sectors is None:
        return state
    return words.say(
        "sector counts",
        state=state,
        accessible=words.grouped(areas.accessible_sectors),
        native=words.grouped(areas.native_sectors),
    )


def _step_words(step: Preparation, words: Words) -> str:
    kind, outcome = words.term(step.kind), words.term(step.outcome)
    if step.kind is PreparationKind.HIDDEN_AREAS:
        return words.say("step words", kind=kind, hidden=_sectors(step.hidden_before, words), outcome=outcome)
    return words.say("step plain", kind=kind, outcome=outcome)


def _sectors(areas: HiddenAreas | None, words: Words) -> str:
    if areas is None or areas.native_sectors is None or areas.accessible_sectors is None:
        return words.say("sectors unknown")
    return words.say("sectors hidden", count=words.grouped(areas.native_sectors - areas.accessible_sectors))
