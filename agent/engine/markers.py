"""Markers: unpredictable bytes planted on a medium before the drive's own erase, which must all be different afterwards.

Without them a drive that does nothing, one that loses writes, or a disk that was blank already would prove anything
(DESIGN section 6). They are many, so that a gap that a few probes miss shows (peers-faults.md 3.5).
"""

import errno
import hashlib
import os
import threading
from dataclasses import dataclass

from agent.engine.blocks import Block, Region
from agent.engine.buffers import AlignedBuffer
from agent.engine.means import Means
from agent.engine.pass_keys import PassKey
from agent.engine.stream import RandomStream
from agent.engine.transfer import LISTED
from agent.engine.verification import SECTIONS, Comparison, compare_regions, sampled_regions
from agent.errors import MediaError
from agent.host.machine import Medium
from agent.model.firmware import MarkerCheck

_MARKER_BYTES = 4096
_KEY_CHANGE_SHARE = 40
"""Two places of a fortieth: 5 % of each section (IEEE 2883 for cryptographic erase, as trust.md A2 has it)."""


@dataclass(frozen=True)
class MarkerPlan:
    """Where markers stand and what they are; the key stays in memory."""

    seed: bytes
    regions: tuple[Region, ...]
    stream: RandomStream


def plan_markers(size: int, sector: int, *, key_change: bool) -> MarkerPlan:
    """Draw the places: two in each of 1,000 sections, and the first and the last block.

    They are single blocks, or 5 % of the medium where its key is changed and nothing else can be asked afterwards.
    """
    seed = os.urandom(16)
    regions = (
        sampled_regions(size, sector, seed, _KEY_CHANGE_SHARE) if key_change else _single_blocks(size, sector, seed)
    )
    return MarkerPlan(seed, regions, RandomStream(PassKey(os.urandom(32))))


def _single_blocks(size: int, sector: int, seed: bytes) -> tuple[Region, ...]:
    block = max(_MARKER_BYTES, sector)
    blocks = size // block
    if blocks <= 2 * SECTIONS:
        return sampled_regions(size, sector, seed)
    places = {0, blocks - 1}
    for section in range(SECTIONS):
        start, end = blocks * section // SECTIONS, blocks * (section + 1) // SECTIONS
        digest = hashlib.sha256(seed + section.to_bytes(4, "big")).digest()
        first = int.from_bytes(digest[:16], "big") % (end - start)
        # Another place than the first, all others being equally likely.
        second = (first + 1 + int.from_bytes(digest[16:], "big") % (end - start - 1)) % (end - start)
        places |= {start + first, start + second}
    # The last sectors of a medium that is no whole number of blocks belong to the last marker.
    last_bytes = size - (blocks - 1) * block
    return tuple((place * block, last_bytes if place == blocks - 1 else block) for place in sorted(places))


def plant(plan: MarkerPlan, medium: Medium, means: Means, later: int) -> MarkerCheck:
    """Write, flush and read back every marker; raises MediaError where one was not stored, MediaVanished, and what stops a job."""
    total = sum(length for _, length in plan.regions)
    writing = means.transfer(medium, medium.write_at, errno.EIO)
    means.begin(total, total + later)

    def write(block: Block, room: AlignedBuffer) -> None:
        writing.block(block.offset, plan.stream.block(block.offset, block.length, room))

    means.crew(means.queue(plan.regions), write, lambda: writing.errors.sectors)
    means.flush(medium)
    reading = means.transfer(medium, medium.read_at, errno.ENXIO)
    comparison = Comparison()
    means.begin(total, later)
    compare_regions(
        plan.regions,
        plan.stream,
        name=means.name,
        pace=means.pace(),
        transfer=reading,
        comparison=comparison,
        sector=medium.logical_sector_bytes,
        report=means.report,
    )
    if writing.errors.sectors or writing.moved != total:
        raise MediaError("Markers could not be written everywhere: nothing could be proven afterwards.")
    if comparison.sectors or reading.errors.sectors or reading.moved != total:
        raise MediaError("Markers do not read back as they were written: nothing could be proven afterwards.")
    sectors = total // medium.logical_sector_bytes
    return MarkerCheck(plan.seed.hex(), total, sectors, sectors, 0, 0, ())


def check_changed(plan: MarkerPlan, planted: MarkerCheck, medium: Medium, means: Means, later: int) -> MarkerCheck:
    """How many marker sectors are different now; raises MediaVanished, MediaError and what stops a job."""
    sector = medium.logical_sector_bytes
    total = sum(length for _, length in plan.regions)
    reading = means.transfer(medium, medium.read_at, errno.ENXIO)
    unchanged, lock = list[int](), threading.Lock()

    def look(block: Block, room: AlignedBuffer) -> None:
        # What a read leaves unfilled must not count as changed: the marker itself stands there before it.
        plan.stream.fill(room.view[: block.length], block.offset)
        gaps = reading.block(block.offset, room.view[: block.length])
        unread = {p for start, length in gaps for p in range(start, start + length, sector)}
        wrong = set(plan.stream.wrong_sectors(room, block.offset, block.length, sector))
        same = [p for p in range(0, block.length, sector) if p not in wrong and p not in unread]
        with lock:
            unchanged.extend((block.offset + p) // sector for p in same)

    means.begin(total, later)
    means.crew(means.queue(plan.regions), look, lambda: reading.errors.sectors + len(unchanged))
    unreadable = reading.errors.sectors
    changed = max(0, reading.moved // sector - len(unchanged))
    return MarkerCheck(
        planted.seed,
        planted.bytes_total,
        planted.planted,
        planted.confirmed,
        changed,
        unreadable,
        tuple(sorted(unchanged)[:LISTED]),
    )
