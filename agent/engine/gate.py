"""Where a job stands still: workers wait here before they move anything, and the clocks that judge a medium stand still too."""

import threading
from collections.abc import Callable
from dataclasses import replace

from agent.engine.journal import PauseEvent
from agent.engine.pauses import PauseList
from agent.model.clock import Clock
from agent.model.health import Heat
from agent.model.job import JobSnapshot, Pause, PauseReason

_LOOK_SECONDS = 0.2
_TURN_SECONDS = 0.1


class StandingClock:
    """Seconds of a clock without those in which the gate was shut; made by the gate."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._left_out = 0.0
        self._stood_at: float | None = None

    def __call__(self) -> float:
        """The seconds that count."""
        with self._lock:
            now = self._monotonic() if self._stood_at is None else self._stood_at
            return now - self._left_out

    def stand(self) -> None:
        """Stop until `go`."""
        with self._lock:
            self._stood_at = self._monotonic()

    def go(self) -> None:
        """Count again."""
        with self._lock:
            if self._stood_at is not None:
                self._left_out += self._monotonic() - self._stood_at
                self._stood_at = None


class Gate:
    """The gate of one job; any method may be called from any thread.

    Several reasons may hold it at once. The one that came first is told; when it is lifted while another still holds, the
    other's pause begins, so that pauses never overlap.
    """

    def __init__(self, job_id: str, clock: Clock) -> None:
        self.heat: Heat | None = None
        self.closed = threading.Event()
        self._job_id = job_id
        self._clock = clock
        self._lock = threading.Lock()
        self._free = threading.Event()
        self._free.set()
        self._holds: dict[PauseReason, str] = {}
        self._told: tuple[PauseEvent, float] | None = None
        self._pauses = PauseList()
        self._events: list[PauseEvent] = []
        self._clocks: list[StandingClock] = []

    def clock(self, monotonic: Callable[[], float]) -> StandingClock:
        """A clock that stands still whenever the job does."""
        made = StandingClock(monotonic)
        with self._lock:
            self._clocks.append(made)
            if self._holds:
                made.stand()
        return made

    def hold(self, reason: PauseReason, detail: str = "") -> None:
        """Shut the gate; nothing happens where this reason holds it already, or the job has ended."""
        with self._lock:
            if reason not in self._holds and not self.closed.is_set():
                self._holds[reason] = detail
                self._turn()

    def lift(self, *reasons: PauseReason) -> None:
        """Take reasons away, all where none is named; the gate opens with the last one."""
        with self._lock:
            for reason in reasons or tuple(self._holds):
                self._holds.pop(reason, None)
            self._turn()

    def lift_told(self) -> None:
        """Lift the hold that is shown, and no other that a person has not seen."""
        told = self._told
        if told is not None:
            self.lift(told[0].reason)

    def pass_through(self, check: Callable[[], None]) -> None:
        """Wait until the gate is open; `check` is called before and meanwhile, and may raise to end the wait."""
        check()
        while not self._free.wait(_LOOK_SECONDS):
            check()

    def take_turn(self, turn: threading.Semaphore, check: Callable[[], None]) -> None:
        """Wait for a turn, which is not taken from others while the gate is shut; `check` as above."""
        while True:
            self.pass_through(check)
            if turn.acquire(timeout=_TURN_SECONDS):
                if self._free.is_set():
                    return
                turn.release()

    def events(self) -> tuple[PauseEvent, ...]:
        """What happened since somebody asked last, for the journal."""
        with self._lock:
            found = tuple(self._events)
            self._events.clear()
        return found

    def close(self) -> tuple[Pause, ...]:
        """The job has ended and nothing holds it any more; its pauses."""
        with self._lock:
            self.closed.set()
            self._holds.clear()
            self._turn()
            return self._pauses.listed

    def shown(self, snapshot: JobSnapshot) -> JobSnapshot:
        """The snapshot with what the gate knows: what stands still has neither rate nor estimate, what has ended is not silent."""
        if self.closed.is_set():
            return replace(snapshot, silent_seconds=None)
        told = self._told
        if told is None:
            return replace(snapshot, heat=self.heat)
        still = replace(snapshot.progress, rate_bytes_per_second=None, eta_seconds=None)
        return replace(snapshot, progress=still, pause=told[0].reason, heat=self.heat)

    def _turn(self) -> None:
        first = next(iter(self._holds.items()), None)
        if self._told is not None and (first is None or self._told[0].reason is not first[0]):
            self._end(*self._told)
        if self._told is None and first is not None:
            self._begin(*first)
        if first is None:
            self._free.set()

    def _begin(self, reason: PauseReason, detail: str) -> None:
        began = PauseEvent(self._job_id, reason, detail, began=True, at=self._clock.now())
        self._told = began, self._clock.monotonic()
        self._events.append(began)
        self._free.clear()
        for clock in self._clocks:
            clock.stand()

    def _end(self, began: PauseEvent, since: float) -> None:
        took = round((self._clock.monotonic() - since) * 1000)
        self._pauses.add(Pause(began.reason, began.detail, began.at, took))
        self._events.append(replace(began, began=False, at=self._clock.now()))
        self._told = None
        for clock in self._clocks:
            clock.go()
