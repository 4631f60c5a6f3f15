"""The blocks of one phase: claimed by workers in order, finished in any order."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Region = tuple[int, int]
"""Offset and length in bytes."""


@dataclass(frozen=True)
class Block:
    """A piece of a medium; `position` is where it stands among all bytes of the phase."""

    offset: int
    length: int
    position: int


class BlockQueue:
    """Hands out regions block by block, to any number of threads."""

    def __init__(self, regions: Sequence[Region], block_bytes: int) -> None:
        """`block_bytes` may be changed while blocks are being claimed."""
        self.block_bytes = block_bytes
        self._lock = threading.Lock()
        self._regions = list(regions)
        self._region = self._within = self._claimed = 0
        self._open: dict[int, int] = {}
        self.total_bytes = sum(length for _, length in regions)
        self.done_bytes = 0

    def claim(self) -> Block | None:
        """The next block; None where nothing is left to claim."""
        with self._lock:
            while self._region < len(self._regions):
                start, length = self._regions[self._region]
                left = length - self._within
                if left > 0:
                    offset = start + self._within
                    # Up to the next multiple, so that blocks stay aligned however the size changes.
                    count = min(self.block_bytes - offset % self.block_bytes, left)
                    block = Block(offset, count, self._claimed)
                    self._within += count
                    self._claimed += count
                    self._open[block.position] = count
                    return block
                self._region, self._within = self._region + 1, 0
            return None

    def finish(self, block: Block) -> None:
        """Note that a block has been dealt with."""
        with self._lock:
            del self._open[block.position]
            self.done_bytes += block.length

    @property
    def contiguous_bytes(self) -> int:
        """How much of the phase, from its beginning, has been dealt with without a hole."""
        with self._lock:
            return min(self._open, default=self._claimed)

    @property
    def exhausted(self) -> bool:
        """Whether nothing is left to claim."""
        with self._lock:
            return self._claimed == self.total_bytes


Report = Callable[[BlockQueue, Callable[[], int]], None]
"""Told, a few times a second and at the end, the queue of a phase and how to ask for the sectors that were refused or differ.

Asked after the bytes that are done, the count is never older than they are.
"""
