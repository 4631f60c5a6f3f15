"""Drives as files: every sector planted with a text of its own, and what is left of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

SECTOR = 512
MIB = 1 << 20
_CHUNK = 8 * MIB


def planted(number: int) -> bytes:
    """What sector `number` holds before the run."""
    return (f"PLANTED-SECRET {number:012d} of a donor. " * 16).encode()[:SECTOR]


def plant(path: Path, sectors: int) -> None:
    """Make the drive."""
    with path.open("wb") as file:
        for start in range(0, sectors, _CHUNK // SECTOR):
            file.write(b"".join(planted(n) for n in range(start, min(start + _CHUNK // SECTOR, sectors))))


@dataclass(frozen=True)
class Left:
    """Sectors that still hold something of what was planted, of all that there are."""

    sectors: tuple[int, ...]
    of: int

    @property
    def bytes(self) -> int:
        """Planted bytes that are left."""
        return len(self.sectors) * SECTOR

    @property
    def share(self) -> float:
        """Of the whole drive."""
        return len(self.sectors) / self.of


def left(path: Path, sectors: int) -> Left:
    """Look at the first so many sectors of the file, whoever's text it is that they hold."""
    found, number = [], 0
    with path.open("rb") as file:
        while number < sectors and (chunk := file.read(min(_CHUNK, (sectors - number) * SECTOR))):
            found += [number + n for n in _holding(chunk)]
            number += len(chunk) // SECTOR
    return Left(tuple(found), number)


def left_in(data: bytes) -> int:
    """Bytes of all sectors that hold something of what was planted."""
    return len(list(_holding(data))) * SECTOR


def _holding(chunk: bytes) -> Iterator[int]:
    at = chunk.find(b"PLANTED-SECRET")
    while at >= 0:
        sector = at // SECTOR
        yield sector
        at = chunk.find(b"PLANTED-SECRET", (sector + 1) * SECTOR)


def ranges(sectors: Sequence[int]) -> str:
    """Sector numbers as ranges: 8-15, 100."""
    found: list[list[int]] = []
    for number in sorted(sectors):
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in found)
