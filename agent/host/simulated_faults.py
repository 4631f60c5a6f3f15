"""Faults of a simulated drive: they live in its medium only, never in the program that meets them."""

import errno
import os
from dataclasses import dataclass
from typing import Any

from agent.errors import EnvironmentLacks

_KNOWN = {
    "write_error_from_fraction",
    "vanish_at_fraction",
    "bad_sectors_write",
    "bad_sectors_read",
    "drop_writes",
    "short_writes",
    "stall_seconds",
    "stall_at_fraction",
    "heats_per_second",
    "cools_per_second",
}


@dataclass(frozen=True)
class Faults:
    """What goes wrong, as faults.json says it (docs/simulated-machines.md); fractions are of the capacity, sectors are LBAs."""

    write_error_from_fraction: float | None = None
    vanish_at_fraction: float | None = None
    bad_sectors_write: frozenset[int] = frozenset()
    bad_sectors_read: frozenset[int] = frozenset()
    drop_writes: tuple[tuple[int, int], ...] = ()
    short_writes: int = 0
    stall_seconds: float = 0.0
    stall_at_fraction: float = 0.0
    heats_per_second: float = 0.0
    cools_per_second: float = 1.0

    @property
    def fails_self_test(self) -> bool:
        """Whether the drive's own self-test would meet the fault."""
        return self.write_error_from_fraction is not None or bool(self.bad_sectors_read)

    def first_bad_lba(self, sectors: int) -> int:
        """Where a self-test stops; only meaningful where `fails_self_test`."""
        dying = [] if self.write_error_from_fraction is None else [int(sectors * self.write_error_from_fraction)]
        return min([*dying, *self.bad_sectors_read])


NO_FAULTS = Faults()


def parse_faults(document: dict[str, Any]) -> Faults:
    """Faults from faults.json; raises EnvironmentLacks for a word that is not known, so that no fault is left out silently."""
    unknown = sorted(set(document) - _KNOWN)
    if unknown:
        raise EnvironmentLacks(
            f"faults.json names unknown faults: {', '.join(unknown)}.", f"Known are: {', '.join(sorted(_KNOWN))}."
        )
    try:
        return Faults(
            write_error_from_fraction=_fraction(document.get("write_error_from_fraction")),
            vanish_at_fraction=_fraction(document.get("vanish_at_fraction")),
            bad_sectors_write=frozenset(int(lba) for lba in document.get("bad_sectors_write", ())),
            bad_sectors_read=frozenset(int(lba) for lba in document.get("bad_sectors_read", ())),
            drop_writes=tuple((int(first), int(last)) for first, last in document.get("drop_writes", ())),
            short_writes=int(document.get("short_writes", 0)),
            stall_seconds=float(document.get("stall_seconds", 0)),
            stall_at_fraction=float(document.get("stall_at_fraction", 0)),
            heats_per_second=float(document.get("heats_per_second", 0)),
            cools_per_second=float(document.get("cools_per_second", 1)),
        )
    except (TypeError, ValueError) as error:
        raise EnvironmentLacks(f"faults.json is malformed: {error}.") from error


def _fraction(value: object) -> float | None:
    return None if value is None else float(str(value))


@dataclass(frozen=True)
class Request:
    """One read or write of whole sectors, in LBAs."""

    first: int
    count: int

    @property
    def end(self) -> int:
        """The LBA after the last one."""
        return self.first + self.count

    def touches(self, bad: frozenset[int]) -> bool:
        """Whether one of these sectors belongs to the request."""
        return any(self.first <= lba < self.end for lba in bad)


def io_error() -> OSError:
    """What the kernel says of a sector that the drive refuses."""
    return OSError(errno.EIO, os.strerror(errno.EIO))


def gone_error() -> OSError:
    """What the kernel says of a drive that is no longer there."""
    return OSError(errno.ENXIO, os.strerror(errno.ENXIO))
