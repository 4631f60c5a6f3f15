"""The drive's own work between commands: an erase that goes on by the clock, and what its faults make of it."""

from __future__ import annotations

import time
from typing import Protocol

from tests.lab.drives import faults as fault
from tests.lab.drives.faults import Faults
from tests.lab.drives.medium import Medium
from tests.lab.drives.state import COMPLETED, FAILED, Erase, State

STEP_SECONDS = 0.02


class Clock(Protocol):
    """The drive's sense of time."""

    def now(self) -> float:
        """Seconds, monotonic."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        ...


class RealClock:
    """The host's monotonic clock, faster by a factor: an hour's erase in seconds, its progress as slow as ever."""

    def __init__(self, factor: float = 1.0) -> None:
        self._factor = factor

    def now(self) -> float:
        """Seconds, monotonic."""
        return time.monotonic() * self._factor

    def sleep(self, seconds: float) -> None:
        """Let time pass; the step is the host's."""
        time.sleep(seconds)


class Eraser:
    """Carries out the erase that the drive's state holds, as far as the clock has come; time without power doesn't count."""

    def __init__(self, medium: Medium, state: State, faults: Faults, clock: Clock) -> None:
        self._medium = medium
        self._state = state
        self._faults = faults
        self._clock = clock
        self._seen = clock.now()

    def begin(self, erase: Erase) -> None:
        """Start; returns at once."""
        self._seen = self._clock.now()
        self._state.erase = erase
        self._state.save()

    def advance(self) -> str | None:
        """Erase up to now; COMPLETED or FAILED when it ended by this, with the erase gone from the state."""
        erase = self._state.erase
        now, before = self._clock.now(), self._seen
        self._seen = now
        if erase is None:
            return None
        how = self._faults.of(erase.technique)
        seconds = self._faults.erase_seconds * len(erase.values)
        share = (now - before) / seconds if seconds > 0 else 1.0
        stop = self._faults.stop if how in {fault.FAILS, fault.HANGS} else 1.0
        new = max(erase.done, min(erase.done + share, stop))
        self._carry_out(erase, how, new)
        if new == erase.done and new < 1.0 and how == fault.HANGS:
            return None
        erase.done = new
        ended = self._end(how, new, stop)
        if ended:
            self._state.erase = None
        self._state.save()
        return ended

    @staticmethod
    def _end(how: str, done: float, stop: float) -> str | None:
        if how == fault.FAILS and done >= stop:
            return FAILED
        return COMPLETED if done >= 1.0 else None

    def _carry_out(self, erase: Erase, how: str, new: float) -> None:
        """What lies between the old share and the new one, pass by pass."""
        passes = len(erase.values)
        for number, value in enumerate(erase.values):
            begin = min(max(erase.done * passes - number, 0.0), 1.0)
            end = min(max(new * passes - number, 0.0), 1.0)
            self._pass(int(begin * erase.sectors), int(end * erase.sectors), erase.sectors, how, value)

    def _pass(self, begin: int, end: int, sectors: int, how: str, value: str) -> None:
        for first, last in self._reached(how, sectors):
            self._medium.erase(max(begin, first), min(end, last), value)

    def _reached(self, how: str, sectors: int) -> list[tuple[int, int]]:
        if how == fault.NOTHING:
            return []
        if how == fault.HALF:
            return [(0, sectors // 2)]
        if how == fault.GAP:
            low, high = (int(share * sectors) for share in self._faults.gap)
            return [(0, low), (high, sectors)]
        return [(0, sectors)]
