"""Reading back: the expected stream is made again and compared with what the medium delivers."""

import hashlib
from collections.abc import Callable, Iterator, Sequence

from agent.engine.buffers import AlignedBuffer
from agent.engine.stream import BLOCK_BYTES, Stream
from agent.engine.transfer import LISTED, Transfer

Region = tuple[int, int]
"""Offset and length in bytes."""

SECTIONS = 1000
_SHARE = 20  # one twentieth, 5 %


class Comparison:
    """Sectors that read back other than they were written: all counted, the first ones located."""

    def __init__(self) -> None:
        self.sectors = 0
        self._first: list[int] = []

    def add(self, lba: int) -> None:
        """Count one sector."""
        self.sectors += 1
        if len(self._first) < LISTED:
            self._first.append(lba)

    @property
    def first(self) -> tuple[int, ...]:
        """LBAs of the first mismatches."""
        return tuple(self._first)


def full_regions(size: int) -> tuple[Region, ...]:
    """The whole medium."""
    return ((0, size),)


def sampled_regions(size: int, sector: int, seed: bytes) -> tuple[Region, ...]:
    """A sample after NIST SP 800-88r1 4.7.2, in order and without overlap.

    The first and the last block, and in each of 1,000 equal sections two places that don't overlap, each of at least
    5 % of the section, at pseudorandom positions derived from the seed. Small media get fewer sections.
    """
    sectors = size // sector
    edge = min(sectors, max(1, BLOCK_BYTES // sector))
    found = [(0, edge), (sectors - edge, edge)]
    count = max(1, min(SECTIONS, sectors // _SHARE))
    for section in range(count):
        start, end = sectors * section // count, sectors * (section + 1) // count
        found += _two_places(start, end - start, seed + section.to_bytes(4, "big"))
    return tuple((first * sector, length * sector) for first, length in _merged(found))


def compare_regions(
    regions: Sequence[Region],
    stream: Stream,
    buffers: tuple[AlignedBuffer, AlignedBuffer],
    *,
    transfer: Transfer,
    comparison: Comparison,
    sector: int,
    report: Callable[[int, int], None],
) -> None:
    """Read every region and compare; `report` is told the bytes gone over and the sectors unreadable or different.

    Ends early by MediaVanished, MediaError or a stop; `transfer` and `comparison` are whole even then.
    """
    got, expected = buffers
    done = 0
    for start, length in regions:
        for offset in range(start, start + length, BLOCK_BYTES):
            count = min(BLOCK_BYTES, start + length - offset)
            got.poison(count)
            gaps = transfer.block(offset, got.view[:count])
            stream.fill(expected.view[:count], offset)
            if gaps or not got.equals(expected, 0, count):
                for position in _differing(got, expected, count, gaps, sector=sector):
                    comparison.add((offset + position) // sector)
            done += count
            report(done, transfer.errors.sectors + comparison.sectors)


def _differing(
    got: AlignedBuffer, expected: AlignedBuffer, count: int, gaps: tuple[Region, ...], *, sector: int
) -> Iterator[int]:
    unread = {position for start, length in gaps for position in range(start, start + length, sector)}
    for position in range(0, count, sector):
        if position not in unread and not got.equals(expected, position, sector):
            yield position


def _two_places(start: int, length: int, seed: bytes) -> list[tuple[int, int]]:
    piece = max(1, -(-length // _SHARE))
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
