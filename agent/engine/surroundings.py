"""What all jobs of a sitting share."""

from dataclasses import dataclass

from agent.engine.course import COURSE, Course
from agent.engine.crew import PACE, Pace
from agent.engine.journal import Journal
from agent.engine.transfer import Patience
from agent.errors import AgentError
from agent.host.machine import Machine
from agent.model.clock import Clock


class Cancelled(AgentError):
    """The job was told to stop; the message says by whom."""


@dataclass(frozen=True)
class Surroundings:
    """What all jobs of a sitting share."""

    machine: Machine
    clock: Clock
    journal: Journal
    patience: Patience
    pace: Pace = PACE
    course: Course = COURSE
