"""The bytes of a namespace: a sparse file, and in front of it a write cache that a power cut empties."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from pathlib import Path

_CHUNK = 1 << 20
_CACHE_BYTES = 8 << 20


class Medium:
    """One file; a pattern of None is random bytes. What is cached lives in this process only: killing it is the power cut."""

    def __init__(self, path: Path, size: int, *, cached: bool) -> None:
        self.size = size
        self.cached = cached
        self._cache: deque[tuple[int, bytes]] = deque()
        self._held = 0
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if os.fstat(self._file).st_size != size:
            os.ftruncate(self._file, size)

    def close(self) -> None:
        """Let go of the file; what is cached is lost."""
        os.close(self._file)

    def read(self, offset: int, length: int) -> bytes:
        """Bytes as the host sees them, the cached ones included."""
        data = os.pread(self._file, length, offset)
        overlaps = [(at, held) for at, held in self._cache if at < offset + length and offset < at + len(held)]
        if not overlaps:
            return data
        seen = bytearray(data)
        for at, held in overlaps:
            first, last = max(at, offset), min(at + len(held), offset + length)
            seen[first - offset : last - offset] = held[first - at : last - at]
        return bytes(seen)

    def write(self, offset: int, data: bytes, *, through: bool = False) -> None:
        """Take bytes; `through` is Force Unit Access."""
        if not self.cached or through:
            # What is cached is older than these bytes: it must not come after them.
            self.flush()
            os.pwrite(self._file, data, offset)
            return
        self._cache.append((offset, data))
        self._held += len(data)
        while self._held > _CACHE_BYTES:
            self._evict()

    def flush(self) -> None:
        """Bring to the medium what is cached."""
        while self._cache:
            self._evict()

    def forget(self) -> None:
        """Drop what is cached."""
        self._cache.clear()
        self._held = 0

    def fill(self, start: int, end: int, pattern: bytes | None) -> None:
        """Make a part of the medium read as a pattern, repeated from the medium's first byte on."""
        self.flush()
        if pattern is not None and not any(pattern):
            self._zero(start, end)
            return
        for at in range(start, end, _CHUNK):
            length = min(_CHUNK, end - at)
            os.pwrite(self._file, _bytes(pattern, at, length), at)

    def _zero(self, start: int, end: int) -> None:
        if start == 0 and end == self.size:
            os.ftruncate(self._file, 0)
            os.ftruncate(self._file, self.size)
            return
        # A drive of a terabyte is mostly holes: only what holds something is written.
        for first, last in self._held_parts(start, end):
            for at in range(first, last, _CHUNK):
                os.pwrite(self._file, bytes(min(_CHUNK, last - at)), at)

    def _held_parts(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        at = start
        while at < end:
            try:
                first = os.lseek(self._file, at, os.SEEK_DATA)
            except OSError:
                return
            if first >= end:
                return
            at = min(os.lseek(self._file, first, os.SEEK_HOLE), end)
            yield first, at

    def _evict(self) -> None:
        at, data = self._cache.popleft()
        self._held -= len(data)
        os.pwrite(self._file, data, at)


def _bytes(pattern: bytes | None, at: int, length: int) -> bytes:
    if pattern is None:
        return os.urandom(length)
    phase = at % len(pattern)
    return (pattern * (length // len(pattern) + 2))[phase : phase + length]


def pattern_of(word: str) -> bytes | None:
    """A pattern as the configuration says it: hex digits, or "random"."""
    return None if word == "random" else bytes.fromhex(word)
