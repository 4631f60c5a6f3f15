"""Whether a drive answers: requests that are under way, and how long none of them has come back."""

import threading
from collections.abc import Callable
from typing import ParamSpec, TypeVar

NOTICED_SECONDS = 10.0
"""A drive that spins up or writes its cache back takes its time; what takes longer is told."""
_P = ParamSpec("_P")
_R = TypeVar("_R")


class Pulse:
    """Requests of one job; any method may be called from any thread."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._under_way = 0
        self._since = 0.0

    def heard(self, ask: Callable[_P, _R]) -> Callable[_P, _R]:
        """The same request, listened to; that it fails is an answer too."""

        def asked(*arguments: _P.args, **named: _P.kwargs) -> _R:
            self._count(1)
            try:
                return ask(*arguments, **named)
            finally:
                self._count(-1)

        return asked

    @property
    def silent_seconds(self) -> float | None:
        """How long all requests have been left unanswered; None below NOTICED_SECONDS, and where nothing was asked."""
        with self._lock:
            if not self._under_way:
                return None
            seconds = self._monotonic() - self._since
        return seconds if seconds >= NOTICED_SECONDS else None

    def _count(self, change: int) -> None:
        with self._lock:
            # A request that joins others does not make a silence younger; an answer ends it for all of them.
            if not self._under_way or change < 0:
                self._since = self._monotonic()
            self._under_way += change
