"""Blocks to and from a medium that may refuse parts of them: short counts are continued, errors narrowed to sectors."""

import bisect
import errno
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass

from agent.errors import MediaError, MediaVanished
from agent.model.passes import SectorError

LISTED = 64

# What Linux returns for errors of one place on a medium (block/blk-core.c, blk_errors); all others mean that the
# medium itself is gone, has shrunk or may not be written to.
NARROWABLE = frozenset(
    {
        errno.EIO,
        errno.ENODATA,
        errno.EREMOTEIO,
        errno.EILSEQ,
        errno.ETIMEDOUT,
        errno.ETIME,
        errno.ENOLINK,
        errno.EBADE,
        errno.ENOMEM,
        errno.EBUSY,
        errno.EAGAIN,
    }
)


# A disk that was deleted has size 0: writes to it end in ENOSPC, reads in ENXIO (scsi_debug, `delete`; tests/lab).
_GONE = frozenset({errno.ENOSPC, errno.ENXIO, errno.ENODEV})


@dataclass(frozen=True)
class Patience:
    """How long a failing medium is put up with; bytes and seconds.

    `attempts` are made at a single sector. A medium is given up after `dead_bytes` in a row of which nothing was moved,
    or after `total_seconds` spent on errors; narrowing within one block ends after `block_seconds`.
    """

    attempts: int = 2
    dead_bytes: int = 64 << 20
    block_seconds: float = 120.0
    total_seconds: float = 1800.0


PATIENCE = Patience()


class ErrorList:
    """Sectors that were refused: all counted, the lowest ranges listed."""

    def __init__(self) -> None:
        self.sectors = 0
        self._ranges: list[SectorError] = []

    def add(self, lba: int, count: int, error: str) -> None:
        """Count a range that was not counted before; it is joined to its neighbours where they touch."""
        self.sectors += count
        at = bisect.bisect(self._ranges, lba, key=lambda r: r.lba)
        self._ranges.insert(at, SectorError(lba, count, error))
        self._join(at)
        self._join(at - 1)
        del self._ranges[LISTED:]

    def _join(self, at: int) -> None:
        if not 0 <= at < len(self._ranges) - 1:
            return
        one, next_one = self._ranges[at : at + 2]
        if one.lba + one.sector_count == next_one.lba and one.error == next_one.error:
            joined = SectorError(one.lba, one.sector_count + next_one.sector_count, one.error)
            self._ranges[at : at + 2] = [joined]

    @property
    def first(self) -> tuple[SectorError, ...]:
        """The lowest ranges, in order."""
        return tuple(self._ranges)


class Transfer:
    """One direction of one pass; `move` is a medium's write_at or read_at.

    `moved` counts each byte once that the medium accepted or delivered. `no_progress` is the errno that a count of
    zero stands for: EIO when writing, ENXIO (the medium ends here) when reading.
    """

    def __init__(
        self,
        move: Callable[[int, memoryview], int],
        sector_bytes: int,
        *,
        monotonic: Callable[[], float],
        check_stop: Callable[[], None],
        no_progress: int,
        patience: Patience = PATIENCE,
    ) -> None:
        self._move = move
        self._sector = sector_bytes
        self._monotonic = monotonic
        self._check_stop = check_stop
        self._no_progress = no_progress
        self._patience = patience
        self._dead_bytes = 0
        self._error_seconds = 0.0
        self._narrow_until = 0.0
        self._gaps: list[tuple[int, int]] = []
        # Held for whole blocks that fail: a medium in trouble is asked one thing at a time.
        self._trouble = threading.Lock()
        self._counting = threading.Lock()
        self.moved = 0
        self.errors = ErrorList()

    def block(self, offset: int, view: memoryview) -> tuple[tuple[int, int], ...]:
        """Move one block and return its gaps as (start within the block, length); any thread may.

        Raises MediaVanished or MediaError where going on makes no sense, and whatever `check_stop` raises.
        """
        done, error = self._attempt(offset, view)
        if error is None:
            self._dead_bytes = 0
            return ()
        with self._trouble:
            return self._in_parts(offset, view, done, error)

    def _in_parts(self, offset: int, view: memoryview, done: int, error: OSError) -> tuple[tuple[int, int], ...]:
        self._gaps = []
        started = self._monotonic()
        self._narrow_until = started + self._patience.block_seconds
        self._narrow(offset + done, view[done:], error)
        self._error_seconds += self._monotonic() - started
        refused = sum(length for _, length in self._gaps)
        self._dead_bytes = 0 if refused < len(view) else self._dead_bytes + len(view)
        self._give_up_on_the_dead(offset, error)
        return tuple((start - offset, length) for start, length in self._gaps)

    def _attempt(self, offset: int, view: memoryview) -> tuple[int, OSError | None]:
        self._check_stop()
        done = idle = 0
        while done < len(view):
            try:
                count = self._move(offset + done, view[done:])
            except OSError as error:
                return done, error
            # Part of a sector counts for nothing: the whole sector is moved again.
            whole = count - count % self._sector if 0 < count <= len(view) - done else 0
            idle = 0 if whole else idle + 1
            if idle > self._patience.attempts:
                return done, OSError(self._no_progress, "the medium takes no more bytes")
            done += whole
            with self._counting:
                self.moved += whole
        return done, None

    def _narrow(self, offset: int, view: memoryview, error: OSError) -> None:
        if error.errno not in NARROWABLE:
            raise MediaVanished(f"The medium is lost at LBA {offset // self._sector}: {describe(error)}.")
        if len(view) <= self._sector:
            self._retry(offset, view, error)
            return
        if self._monotonic() > self._narrow_until:
            self._record(offset, len(view), error)
            return
        half = (len(view) // self._sector + 1) // 2 * self._sector
        for start, part in ((offset, view[:half]), (offset + half, view[half:])):
            done, again = self._attempt(start, part)
            if again is not None:
                self._narrow(start + done, part[done:], again)

    def _retry(self, offset: int, view: memoryview, error: OSError) -> None:
        for _ in range(self._patience.attempts - 1):
            _, again = self._attempt(offset, view)
            if again is None:
                return
            error = again
        if error.errno not in NARROWABLE:
            raise MediaVanished(f"The medium is lost at LBA {offset // self._sector}: {describe(error)}.")
        self._record(offset, len(view), error)

    def _record(self, offset: int, length: int, error: OSError) -> None:
        self._gaps.append((offset, length))
        self.errors.add(offset // self._sector, length // self._sector, describe(error))

    def _give_up_on_the_dead(self, offset: int, error: OSError) -> None:
        where = f"at LBA {offset // self._sector}: {describe(error)}"
        if self._dead_bytes >= self._patience.dead_bytes:
            raise MediaError(
                f"The medium no longer answers; given up after {self._dead_bytes >> 20} MiB in a row {where}."
            )
        if self._error_seconds > self._patience.total_seconds:
            raise MediaError(
                f"The medium fails too slowly; given up after {self._error_seconds:.0f} s of errors {where}."
            )


def describe(error: OSError) -> str:
    """The system's words for an error, without paths; its words for a full file system would mislead about a medium."""
    if error.errno in _GONE:
        return "the medium ends here or is gone"
    return os.strerror(error.errno) if error.errno else "input/output error"
