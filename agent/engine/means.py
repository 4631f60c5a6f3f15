"""What a job lends to the steps that work on its medium: its names, its patience, its stop flag, its progress."""

from collections.abc import Callable
from dataclasses import dataclass

from agent.engine.blocks import BlockQueue, Region, Report
from agent.engine.crew import Crew, Pace
from agent.engine.transfer import Transfer
from agent.host.machine import Medium

Mover = Callable[[int, memoryview], int]


@dataclass(frozen=True)
class Means:
    """`transfer` takes a medium, its read_at or write_at, and the errno that no progress stands for.

    `begin` is told how many bytes a phase has and how many come after it; `look_around` may raise to stop; `since` gives
    milliseconds since a monotonic time.
    """

    name: str
    pace: Callable[[], Pace]
    transfer: Callable[[Medium, Mover, int], Transfer]
    begin: Callable[[int, int], None]
    report: Report
    flush: Callable[[Medium], None]
    look_around: Callable[[], None]

    def crew(self, queue: BlockQueue, work: Callable[..., None], count_errors: Callable[[], int]) -> None:
        """Work through a queue; raises what the medium, the stop flag or the journal raise."""
        Crew(self.name, queue, work, self.pace()).run(lambda: self.report(queue, count_errors))

    def queue(self, regions: tuple[Region, ...]) -> BlockQueue:
        """The blocks of a phase."""
        return BlockQueue(regions, self.pace().ladder[0].block_bytes)
