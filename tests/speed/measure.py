"""One program on one device: active seconds by the kernel's counters, processor seconds and memory of the program."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from tests.speed.targets import Target

_GIB = 1 << 30
_LOOK_SECONDS = 0.004


@dataclass(frozen=True)
class Figure:
    """What one run took; bytes are those that went over the device, both ways."""

    seconds: float
    cpu_seconds: float
    moved_bytes: int
    peak_bytes: int

    @property
    def rate(self) -> float:
        """GiB per second, both ways."""
        return self.moved_bytes / _GIB / self.seconds

    @property
    def cpu(self) -> float:
        """Processor seconds for each GiB."""
        return self.cpu_seconds / (self.moved_bytes / _GIB)


class Watch:
    """Notes the first and the last change of a device's counters."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._stop = threading.Event()
        self._first: float | None = None
        self._last = 0.0
        self._before = self._sectors()
        self._start = self._before
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def end(self) -> tuple[float, int]:
        """Active seconds and bytes moved."""
        self._stop.set()
        self._thread.join()
        moved = (sum(self._sectors()) - sum(self._start)) * 512
        return self._last - (self._first or self._last), moved

    def _look(self) -> None:
        while not self._stop.wait(_LOOK_SECONDS):
            now, seen = time.monotonic(), self._sectors()
            if seen != self._before:
                self._first = self._first or now - _LOOK_SECONDS
                self._last, self._before = now, seen

    def _sectors(self) -> tuple[int, int]:
        fields = self._target.stat.read_text().split()
        return int(fields[2]), int(fields[6])


def run(argv: Sequence[str], target: Target, least_bytes: int) -> Figure:
    """Run one program to its end; raises CalledProcessError, AssertionError where less went over the device than the job has."""
    watch = Watch(target)
    child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert child.stdout is not None
    said = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    seconds, moved = watch.end()
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, list(argv), said)
    assert moved >= least_bytes, f"{argv[0]} moved {moved} of {least_bytes} bytes: {said.decode(errors='replace')}"
    # The engine says what its work alone took: half a second of Python's start would count as hundredths for each GiB.
    own = json.loads(said)["cpu_seconds"] if said.startswith(b'{"seconds"') else usage.ru_utime + usage.ru_stime
    return Figure(seconds, own, moved, usage.ru_maxrss * 1024)


def median(figures: Sequence[Figure]) -> Figure:
    """Each figure's median over the rounds."""
    return Figure(
        statistics.median(f.seconds for f in figures),
        statistics.median(f.cpu_seconds for f in figures),
        round(statistics.median(f.moved_bytes for f in figures)),
        round(statistics.median(f.peak_bytes for f in figures)),
    )
