"""Reading back: the expected stream is made again and compared with what the medium delivers."""

import hashlib
import os
import threading
from collections.abc import Sequence

from agent.engine.blocks import Block, BlockQueue, Region, Report
from agent.engine.buffers import AlignedBuffer
from agent.engine.crew import Crew, Pace
from agent.engine.stream import BLOCK_BYTES, Stream
from agent.engine.transfer import LISTED, Transfer
from agent.model.sanitization import Plan, VerificationKind

SECTIONS = 1000
_SHARE = 20  # one twentieth, 5 %


class Comparison:
    """Sectors that read back other than they were written: all counted, the first ones located."""

    def __init__(self) -> None:
        self.sectors = 0
        self._lock = threading.Lock()
        self._first: list[int] = []

    def add(self, lbas: Sequence[int]) -> None:
        """Count these sectors; any thread may."""
        with self._lock:
            self.sectors += len(lbas)
            self._first = sorted([*self._first, *lbas[:LISTED]])[:LISTED]

    @property
    def first(self) -> tuple[int, ...]:
        """The lowest LBAs that mismatch."""
        return tuple(self._first)


def full_regions(size: int) -> tuple[Region, ...]:
    """The whole medium."""
    return ((0, size),)


def sampled_regions(size: int, sector: int, seed: bytes, share: int = _SHARE) -> tuple[Region, ...]:
    """A sample after NIST SP 800-88r1 4.7.2, in order and without overlap.

    The first and the last block, and in each of 1,000 equal sections two places that don't overlap, each of at least
    one part in `share` of the section (5 %), at pseudorandom positions derived from the seed. Small media get fewer sections.
    """
    sectors = size // sector
    edge = min(sectors, max(1, BLOCK_BYTES // sector))
    found = [(0, edge), (sectors - edge, edge)]
    count = max(1, min(SECTIONS, sectors // _SHARE))
    for section in range(count):
        start, end = sectors * section // count, sectors * (section + 1) // count
        found += _two_places(start, end - start, seed + section.to_bytes(4, "big"), share)
    return tuple((first * sector, length * sector) for first, length in _merged(found))


def planned_regions(plan: Plan) -> tuple[tuple[Region, ...], bytes]:
    """What is to be read back, and the seed of a sample.

    Called after the last pass: a medium that stores only what will be sampled can't know where.
    """
    identity = plan.drive.identity
    if plan.verification is VerificationKind.FULL:
        return full_regions(identity.capacity_bytes), b""
    seed = os.urandom(16)
    return sampled_regions(identity.capacity_bytes, identity.logical_sector_bytes, seed), seed


def planned_bytes(plan: Plan) -> int:
    """How much will be read back, nearly."""
    size = plan.drive.identity.capacity_bytes
    return size if plan.verification is VerificationKind.FULL else size // 10


def compare_regions(
    regions: Sequence[Region],
    stream: Stream,
    *,
    name: str,
    pace: Pace,
    transfer: Transfer,
    comparison: Comparison,
    sector: int,
    report: Report,
) -> None:
    """Read every region and compare; `report` is told how far it is, with the sectors unreadable or different.

    Ends early by MediaVanished, MediaError or a stop; `transfer` and `comparison` are whole even then.
    """
    queue = BlockQueue(regions, pace.ladder[0].block_bytes)

    def compare(block: Block, room: AlignedBuffer) -> None:
        stream.prepare(room, block.length)
        gaps = transfer.block(block.offset, room.view[: block.length])
        wrong = stream.wrong_sectors(room, block.offset, block.length, sector)
        if wrong:
            unread = {p for start, length in gaps for p in range(start, start + length, sector)}
            comparison.add([(block.offset + p) // sector for p in wrong if p not in unread])

    Crew(name, queue, compare, pace).run(
        lambda: report(queue, lambda: transfer.errors.sectors + comparison.sectors)
    )


def _two_places(start: int, length: int, seed: bytes, share: int) -> list[tuple[int, int]]:
    piece = max(1, -(-length // share))
    room = length - 2 * piece
    if room <= 0:
        return [(start, length)]
    digest = hashlib.sha256(seed).digest()
    places = sorted(int.from_bytes(half, "big") % (room + 1) for half in (digest[:16], digest[16:]))
    return [(start + places[0], piece), (start + places[1] + piece, piece)]


def _merged(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, length in sorted(ranges):
        if merged and start <= merged[-1][0] + merged[-1][1]:
            first, old = merged[-1]
            merged[-1] = (first, max(old, start + length - first))
        else:
            merged.append((start, length))
    return merged
