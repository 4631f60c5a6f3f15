"""Progress of one job: written by its thread, read by anybody, as frozen values."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from agent.model.job import NO_PROGRESS, Progress

WINDOW_SECONDS = 10.0
_SAMPLE_SECONDS = 0.25


class Meter:
    """Counts bytes over a sliding window, so that a drive that stalls shows a falling rate."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._samples: deque[tuple[float, int]] = deque()
        self._now = NO_PROGRESS
        self._later_bytes = 0

    def begin(
        self,
        pass_number: int,
        pass_count: int,
        total_bytes: int,
        later_bytes: int,
        errors: int,
        *,
        done_bytes: int = 0,
    ) -> None:
        """Start a phase of which `done_bytes` were done before; `later_bytes` are those of the phases that follow it."""
        with self._lock:
            self._samples = deque([(self._monotonic(), done_bytes)])
            self._later_bytes = later_bytes
            self._now = Progress(pass_number, pass_count, done_bytes, total_bytes, None, None, errors)

    def advance(self, done_bytes: int, errors: int) -> None:
        """Say how far the phase has got."""
        now = self._monotonic()
        with self._lock:
            self._now = replace(self._now, done_bytes=done_bytes, error_count=errors)
            if now - self._samples[-1][0] >= _SAMPLE_SECONDS:
                self._samples.append((now, done_bytes))
            while len(self._samples) > 1 and self._samples[1][0] < now - WINDOW_SECONDS:
                self._samples.popleft()

    def end(self) -> None:
        """The job has ended: what was done stays, there is no rate any more."""
        with self._lock:
            self._samples.clear()

    def progress(self) -> Progress:
        """The progress at this moment; the estimate covers all phases that the job still has before it."""
        now = self._monotonic()
        with self._lock:
            p, samples, later = self._now, tuple(self._samples), self._later_bytes
        rate = _rate(samples, now, p.done_bytes)
        remaining = p.total_bytes - p.done_bytes + later
        eta = remaining / rate if rate else None
        return replace(p, rate_bytes_per_second=rate, eta_seconds=eta)


def _rate(samples: tuple[tuple[float, int], ...], now: float, done: int) -> float | None:
    if not samples or now - samples[0][0] < _SAMPLE_SECONDS:
        return None
    if now - samples[-1][0] > WINDOW_SECONDS:
        return 0.0
    start, before = samples[0]
    return (done - before) / (now - start)
