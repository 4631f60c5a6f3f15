"""The medium: a sparse file, its bad sectors, writes that it drops, and a write cache that the power cut takes."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

from tests.lab.drives.faults import Faults, Range
from tests.lab.drives.state import State

NOISE = "noise"
_CHUNK = 1 << 20
_CACHE_BYTES = 8 << 20


class MediaError(Exception):
    """A sector that can't be read or written."""

    def __init__(self, sector: int) -> None:
        super().__init__(f"sector {sector}")
        self.sector = sector


class Medium:
    """Sectors by number; whether a host may reach one is its caller's to say."""

    def __init__(self, path: Path, sectors: int, sector_bytes: int, faults: Faults, state: State) -> None:
        self.sectors = sectors
        self.sector_bytes = sector_bytes
        self._faults = faults
        self._state = state
        self._cache: dict[int, bytes] = {}
        # Without such faults a write needs no look at each sector.
        self._plain = not (
            faults.write_cache or faults.drops_all_writes or faults.drops_writes or faults.bad_sectors
        )
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        size = sectors * sector_bytes
        # A disk that was trimmed before it came here: nothing on it, and nothing that a marker-less check could miss.
        if faults.blank and state.power_cycles == 0:
            os.ftruncate(self._file, 0)
        if os.fstat(self._file).st_size != size:
            os.ftruncate(self._file, size)

    def close(self) -> None:
        """Let go of the file; what was not flushed is lost."""
        os.close(self._file)

    def read(self, first: int, count: int) -> bytes:
        """Sectors as the host sees them, the cache's over the medium's; raises MediaError."""
        bad = self._first_in(first, count, self._bad())
        if bad is not None:
            raise MediaError(bad)
        return self._stored(first, count)

    def write(self, first: int, data: bytes, *, through: bool = False) -> None:
        """Take sectors: into the cache if there is one and it is on; raises MediaError."""
        size = self.sector_bytes
        bad = self._first_in(first, len(data) // size, self._faults.write_errors)
        if bad is not None:
            raise MediaError(bad)
        if self._plain and not self._cache:
            os.pwrite(self._file, data, first * size)
            return
        taken = {}
        for at in range(0, len(data), size):
            sector = first + at // size
            if not self._faults.drops_all_writes and not _within(sector, self._faults.drops_writes):
                taken[sector] = data[at : at + size]
                self._heal(sector)
        if self._faults.write_cache and self._state.write_cache and not through:
            self._cache.update(taken)
            if len(self._cache) * size > _CACHE_BYTES:
                self.flush()
            return
        self._put(taken)
        for sector in taken:
            self._cache.pop(sector, None)

    def flush(self) -> None:
        """FLUSH CACHE and SYNCHRONIZE CACHE: everything taken is on the medium."""
        self._put(self._cache)
        self._cache.clear()

    def trim(self, first: int, count: int) -> None:
        """Deallocate: it reads as zeros from now on (ACS-4 word 69 bits 14 and 5)."""
        if self._faults.drops_all_writes:
            return
        self.fill(first, first + count, "00")

    def erase(self, begin: int, end: int, value: str) -> None:
        """The firmware's own work: bad sectors that can be written are retired by it."""
        self.fill(begin, end, value)
        retired = [s for s in self.bad() if begin <= s < end and not _within(s, self._faults.write_errors)]
        self._state.healed += retired

    def fill(self, begin: int, end: int, value: str) -> None:
        """Make [begin, end) hold a repeated hex value or noise, whatever the faults of the host's writes."""
        if begin >= end:
            return
        for sector in [each for each in self._cache if begin <= each < end]:
            del self._cache[sector]
        size = self.sector_bytes
        for at, length in self._extents(begin * size, end * size, value):
            os.pwrite(self._file, content(value, at, length), at)

    def verify(self, first: int, count: int) -> int | None:
        """The first bad sector of a range, or None."""
        return self._first_in(first, count, self._bad())

    def bad(self) -> list[int]:
        """Sectors that can't be read now."""
        return sorted(sector for first, count in self._bad() for sector in range(first, first + count))

    def _put(self, sectors: dict[int, bytes]) -> None:
        """Onto the medium, neighbours together."""
        run: list[bytes] = []
        begin = 0
        for sector in sorted(sectors):
            if run and sector != begin + len(run):
                os.pwrite(self._file, b"".join(run), begin * self.sector_bytes)
                run = []
            begin = begin if run else sector
            run.append(sectors[sector])
        if run:
            os.pwrite(self._file, b"".join(run), begin * self.sector_bytes)

    def _stored(self, first: int, count: int) -> bytes:
        size = self.sector_bytes
        data = os.pread(self._file, count * size, first * size)
        held = [sector for sector in self._cache if first <= sector < first + count] if self._cache else []
        if not held:
            return data
        mixed = bytearray(data)
        for sector in held:
            mixed[(sector - first) * size : (sector - first + 1) * size] = self._cache[sector]
        return bytes(mixed)

    def _bad(self) -> list[Range]:
        healed = set(self._state.healed)
        ranges = [r for r in self._faults.bad_sectors if not healed.intersection(range(r[0], r[0] + r[1]))]
        split = [r for r in self._faults.bad_sectors if r not in ranges]
        return ranges + [(s, 1) for first, count in split for s in range(first, first + count) if s not in healed]

    def _heal(self, sector: int) -> None:
        """A write to a bad sector makes the drive put a spare one in its place."""
        if _within(sector, self._faults.bad_sectors) and sector not in self._state.healed:
            self._state.healed.append(sector)
            self._state.save()

    @staticmethod
    def _first_in(first: int, count: int, ranges: list[Range] | tuple[Range, ...]) -> int | None:
        met = [max(first, begin) for begin, length in ranges if begin < first + count and first < begin + length]
        return min(met, default=None)

    def _extents(self, begin: int, end: int, value: str) -> Iterator[tuple[int, int]]:
        """Where to write: for zeros only where the file holds data, so that a large sparse medium stays sparse."""
        at = begin
        while at < end:
            stop = end
            if value != NOISE and not any(bytes.fromhex(value)):
                try:
                    at = max(at, os.lseek(self._file, at, os.SEEK_DATA))
                    stop = min(end, os.lseek(self._file, at, os.SEEK_HOLE))
                except OSError as e:
                    if e.errno != errno.ENXIO:
                        raise
                    return
                if at >= end:
                    return
            length = min(stop - at, _CHUNK)
            yield at, length
            at += length


def content(value: str, at: int, length: int) -> bytes:
    """What a medium filled with `value` holds from byte `at`; noise is new each time."""
    if value == NOISE:
        return os.urandom(length)
    pattern = bytes.fromhex(value)
    turn = at % len(pattern)
    return (pattern * (length // len(pattern) + 2))[turn : turn + length]


def _within(sector: int, ranges: tuple[Range, ...]) -> bool:
    return any(first <= sector < first + count for first, count in ranges)
