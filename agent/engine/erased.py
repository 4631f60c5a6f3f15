"""Reading back after the drive's own erase: every sector must hold one of the values that an erase leaves."""

import errno
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agent.engine.blocks import Block, Region
from agent.engine.buffers import AlignedBuffer
from agent.engine.means import Means
from agent.engine.stream import PatternStream
from agent.engine.verification import Comparison
from agent.host.machine import Medium
from agent.model.firmware import ErasedReadBack
from agent.model.sanitization import VerificationKind


class Values:
    """Bytes that hold each accepted value, counted by any thread; sectors with anything else."""

    def __init__(self, accepted: Sequence[str], sector: int) -> None:
        self._patterns = {value: PatternStream(bytes.fromhex(value)) for value in accepted}
        self._sector = sector
        self._lock = threading.Lock()
        self.counted = dict.fromkeys(accepted, 0)
        self.refused = Comparison()

    @property
    def accepted_bytes(self) -> int:
        """Bytes in sectors that hold an accepted value."""
        return sum(self.counted.values())

    def judge(self, block: Block, room: AlignedBuffer, gaps: Sequence[tuple[int, int]]) -> None:
        """Count one block; the gaps were not read."""
        sector = self._sector
        unread = {p for start, length in gaps for p in range(start, start + length, sector)}
        open_places = [p for p in range(0, block.length, sector) if p not in unread] if unread else None
        counts: dict[str, int] = {}
        # What most of the medium holds is asked first: a block that is all of it is compared at once.
        for value in sorted(self._patterns, key=lambda v: -self.counted[v]):
            wrong = self._patterns[value].wrong_sectors(room, block.offset, block.length, sector)
            if not wrong and open_places is None:
                counts[value], open_places = block.length, []
                break
            others = set(wrong)
            places = range(0, block.length, sector) if open_places is None else open_places
            left = [p for p in places if p in others]
            counts[value] = (len(places) - len(left)) * sector
            open_places = left
        with self._lock:
            for value, count in counts.items():
                self.counted[value] += count
        if open_places is None:
            open_places = list(range(0, block.length, sector))
        if open_places:
            self.refused.add([(block.offset + p) // sector for p in open_places])


@dataclass(frozen=True)
class ReadBackPlan:
    """What is read and how; the seed of a sample is drawn after the erase."""

    kind: VerificationKind
    regions: tuple[Region, ...]
    seed: bytes
    accepted: tuple[str, ...]


def read_erased(plan: ReadBackPlan, medium: Medium, means: Means, since: Callable[[], int]) -> ErasedReadBack:
    """Read every region and judge it; raises MediaVanished, MediaError and what stops a job."""
    sector = medium.logical_sector_bytes
    total = sum(length for _, length in plan.regions)
    reading = means.transfer(medium, medium.read_at, errno.ENXIO)
    values = Values(plan.accepted, sector)

    def look(block: Block, room: AlignedBuffer) -> None:
        # Neither 00 nor FF nor a pattern: a read that fills nothing can't pass.
        room.poison(block.length)
        values.judge(block, room, reading.block(block.offset, room.view[: block.length]))

    means.begin(total, 0)
    means.crew(means.queue(plan.regions), look, lambda: reading.errors.sectors + values.refused.sectors)
    return ErasedReadBack(
        kind=plan.kind,
        bytes_expected=total,
        bytes_read=reading.moved,
        bytes_accepted=values.accepted_bytes,
        values=tuple(f"{value}: {count}" for value, count in values.counted.items() if count),
        refused_sectors=values.refused.sectors,
        first_refused=values.refused.first,
        unreadable_sectors=reading.errors.sectors,
        first_unreadable=reading.errors.first,
        direct_io=medium.direct_io,
        sample_seed=plan.seed.hex(),
        duration_ms=since(),
    )
