"""A machine whose sleep comes to what a test sets."""

from dataclasses import dataclass, field

from agent.errors import AgentError, Refused
from agent.model.sleep import SleepObstacle
from agent.workflow.thawing import Thawed


@dataclass
class FakeRest:
    """`came_to` is what a sleep comes to; without it, it is refused."""

    stands_against: SleepObstacle | AgentError | None = None
    came_to: Thawed | AgentError = field(default_factory=lambda: Refused("Not now.", "Later."))
    slept: int = 0

    def obstacle(self) -> SleepObstacle | None:
        if isinstance(self.stands_against, AgentError):
            raise self.stands_against
        return self.stands_against

    def thaw(self) -> Thawed:
        self.slept += 1
        if isinstance(self.came_to, AgentError):
            raise self.came_to
        return self.came_to
