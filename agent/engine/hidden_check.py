"""Whether a drive hides sectors once its erase has ended: what is hidden then was not reached (DESIGN section 6)."""

from agent.errors import AgentError
from agent.host.machine import Machine
from agent.model.drive import Drive, HiddenAreas, HiddenAreaState
from agent.model.job import SUCCESSES, JobState
from agent.model.preparation import hidden_shortcoming

Ending = tuple[JobState, str]


def hidden_afterwards(machine: Machine, drive: Drive, ending: Ending) -> HiddenAreas | None:
    """What the drive hides now; None where its erase did not succeed anyway, or its kind can't hide anything."""
    if ending[0] not in SUCCESSES or drive.hidden_areas.state is HiddenAreaState.NOT_APPLICABLE:
        return None
    try:
        return machine.read_hidden_areas(drive)
    except AgentError:
        return HiddenAreas(HiddenAreaState.NOT_EXAMINED)


def judged_with(ending: Ending, after: HiddenAreas | None) -> Ending:
    """The ending, or a failure where something is hidden."""
    missing = hidden_shortcoming((), after)
    return (JobState.FAILED, missing) if missing else ending
