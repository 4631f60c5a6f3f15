"""What was done to a drive before its erase was planned: hidden areas given back, locks reverted.

It reaches no level: that comes only from what is done afterwards, on the drive as it was inspected then.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from agent.model.drive import HiddenAreas, HiddenAreaState, Identity
from agent.model.firmware import DeviceStatus, ToolRun
from agent.model.json_form import LEFT_OUT


class PreparationKind(StrEnum):
    """Which step was taken."""

    HIDDEN_AREAS = "hidden areas given back"
    PSID_REVERT = "opal psid revert"


class PreparationOutcome(StrEnum):
    """What became of it; BEGUN where the program ended before it knew."""

    BEGUN = "begun"
    DONE = "done"
    REFUSED = "refused by the drive"
    NOT_DONE = "not done"
    UNKNOWN = "not known"


@dataclass(frozen=True)
class Preparation:
    """One step on one drive: its identity before, the programs that were run, and what the drive said before and after.

    `words` says the outcome to a person. The areas are those of a HIDDEN_AREAS step, `status` is that of a revert.
    """

    kind: PreparationKind
    identity: Identity
    outcome: PreparationOutcome
    words: str
    at: datetime
    tools: tuple[ToolRun, ...] = ()
    hidden_before: HiddenAreas | None = field(default=None, metadata=LEFT_OUT)
    hidden_after: HiddenAreas | None = field(default=None, metadata=LEFT_OUT)
    status: DeviceStatus | None = field(default=None, metadata=LEFT_OUT)


def is_same_drive(one: Identity, other: Identity) -> bool:
    """Whether both are one drive, whatever size it shows."""
    return (one.model, one.serial, one.wwn) == (other.model, other.serial, other.wwn)


def hidden_shortcoming(preparations: tuple[Preparation, ...], after: HiddenAreas | None) -> str:
    """Why what the drive hides keeps it from being sanitized; '' where nothing does.

    `after` was read after the erase, None where it was not. A drive that hid sectors before has to show that it no
    longer does.
    """
    if after is not None and after.state is HiddenAreaState.PRESENT:
        return "a hidden area was found after the erase: it was not reached"
    hid = any(p.kind is PreparationKind.HIDDEN_AREAS for p in preparations)
    if hid and (after is None or after.state is not HiddenAreaState.NONE_FOUND):
        return "the drive hid sectors before, and whether it does after the erase is not known"
    return ""
