"""Whether a medium still holds what an interrupted session says that it wrote last."""

import errno
from collections.abc import Callable

from agent.engine.blocks import BlockQueue, Region
from agent.engine.crew import Pace
from agent.engine.stream import BLOCK_BYTES, Stream
from agent.engine.transfer import Transfer
from agent.engine.verification import Comparison, compare_regions
from agent.host.machine import Medium
from agent.model.sanitization import Resumption

TAIL_BYTES = 64 << 20


def tail_region(resumption: Resumption, size: int) -> Region:
    """The last bytes that were written before the place to go on at: in the pass under way, or at the end of the one before."""
    end = resumption.offset_bytes or size
    # At most a sixteenth of the medium: where a pass had begun that no mark tells of, its end is still as it was.
    length = min(end, TAIL_BYTES, max(BLOCK_BYTES, size // 16 // BLOCK_BYTES * BLOCK_BYTES))
    start = (end - length) // BLOCK_BYTES * BLOCK_BYTES
    return start, end - start


def holds_tail(
    medium: Medium,
    region: Region,
    stream: Stream,
    *,
    name: str,
    pace: Pace,
    transfer: Callable[[Callable[[int, memoryview], int], int], Transfer],
    check_stop: Callable[[], None],
) -> bool:
    """Read the tail and compare every byte; raises MediaVanished, MediaError and what `check_stop` raises."""
    reading = transfer(medium.read_at, errno.ENXIO)
    comparison = Comparison()

    def report(_queue: BlockQueue, _wrong: Callable[[], int]) -> None:
        check_stop()

    compare_regions(
        [region],
        stream,
        name=name,
        pace=pace,
        transfer=reading,
        comparison=comparison,
        sector=medium.logical_sector_bytes,
        report=report,
    )
    return not comparison.sectors and reading.moved == region[1]
