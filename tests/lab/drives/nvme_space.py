"""A namespace at work: its blocks, and the faults that sit in them."""

from __future__ import annotations

from collections.abc import Iterable

from tests.lab.drives.nvme_config import Drive, Ranges
from tests.lab.drives.nvme_medium import Medium, pattern_of
from tests.lab.drives.nvme_state import State
from tests.lab.drives.nvme_words import Refused, Status

Parts = tuple[tuple[float, float], ...]
WHOLE: Parts = ((0.0, 1.0),)
# Progress moves in whole sectors, whatever the format is.
_GRAIN = 512


class Space:
    """One namespace of a drive; blocks are counted in its present format."""

    def __init__(self, config: Drive, state: State, number: int) -> None:
        self.number = number
        self._config = config
        self._faults = config.faults
        self._state = state
        self._healed: set[int] = set()
        self.namespace = config.namespaces[number - 1]
        path = config.place / (self.namespace.file or f"namespace-{number}")
        self.medium = Medium(path, self.namespace.bytes, cached=config.capabilities.volatile_cache)
        if config.before.trimmed and state.starts == 1:
            self.medium.fill(0, self.namespace.bytes, pattern_of(config.erased.deallocated or "00"))

    @property
    def lba_bytes(self) -> int:
        """Size of a block."""
        return self._state.lba_bytes[self.number - 1]

    @property
    def blocks(self) -> int:
        """Number of blocks."""
        return self.namespace.bytes // self.lba_bytes

    @property
    def attached(self) -> bool:
        """Whether the namespace is attached to the controllers."""
        return self._state.attached[self.number - 1]

    def check(self, first: int, count: int) -> None:
        """Refuse blocks that do not exist."""
        if first + count > self.blocks:
            raise Refused(Status.LBA_OUT_OF_RANGE)

    def read(self, first: int, count: int) -> bytes:
        """Blocks; raises Refused at a bad one."""
        self.check(first, count)
        if self._meets(self._faults.bad_reads, first, count):
            self._state.media_errors += 1
            raise Refused(Status.UNRECOVERED_READ)
        self._state.reads += 1
        self._state.read_blocks += count * self.lba_bytes // _GRAIN
        return self.medium.read(first * self.lba_bytes, count * self.lba_bytes)

    def write(self, first: int, data: bytes, *, through: bool = False) -> None:
        """Take blocks, or say so."""
        size = self.lba_bytes
        count = len(data) // size
        self.check(first, count)
        if self._meets(self._faults.bad_writes, first, count):
            self._state.media_errors += 1
            raise Refused(Status.WRITE_FAULT)
        self._state.writes += 1
        self._state.written_blocks += count * size // _GRAIN
        self._state.global_erased = False
        if self._faults.heals and self._faults.bad_reads:
            self._healed.update(range(first, first + count))
        for start, end in _kept(first, first + count, self._faults.drop_writes):
            self.medium.write(start * size, data[(start - first) * size : (end - first) * size], through=through)

    def deallocate(self, first: int, count: int) -> None:
        """Blocks that the host no longer needs read as the drive's deallocated value."""
        self.check(first, count)
        self._state.global_erased = False
        for start, end in _kept(first, first + count, self._faults.drop_writes):
            pattern = pattern_of(self._config.erased.deallocated or "00")
            self.medium.fill(start * self.lba_bytes, end * self.lba_bytes, pattern)

    def erase(self, start: float, end: float, parts: Parts, pattern: bytes | None) -> None:
        """Let the fractions of the medium that are both in this span and in the parts read as a pattern."""
        size = self.namespace.bytes
        for first, last in parts:
            low, high = max(start, first), min(end, last)
            if low < high:
                self.medium.fill(_grain(low, size), _grain(high, size), pattern)

    def bad_block(self) -> int | None:
        """The first block that can't be read."""
        return min((first for first, _ in self._faults.bad_reads if first < self.blocks), default=None)

    def _meets(self, bad: Ranges, first: int, count: int) -> bool:
        for low, high in bad:
            start, end = max(first, low), min(first + count, high + 1)
            if start < end and not (self._healed and self._healed.issuperset(range(start, end))):
                return True
        return False


def _grain(fraction: float, size: int) -> int:
    return size if fraction >= 1 else int(fraction * size) // _GRAIN * _GRAIN


def _kept(start: int, end: int, dropped: Ranges) -> Iterable[tuple[int, int]]:
    pieces = [(start, end)]
    for low, high in dropped:
        pieces = [
            piece
            for at, stop in pieces
            for piece in ((at, min(stop, low)), (max(at, high + 1), stop))
            if piece[0] < piece[1]
        ]
    return pieces


def parts_of(fault: str, gap: tuple[float, float]) -> Parts:
    """The parts of a medium that an erase with this fault reaches."""
    if fault in {"nothing", "lies"}:
        return ()
    if fault == "half":
        return ((0.0, 0.5),)
    return ((0.0, gap[0]), (gap[1], 1.0)) if fault == "gap" else WHOLE
