"""The threads that work on one medium: each claims a block, prepares it and moves it, so that computing and I/O overlap."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from agent.engine.blocks import Block, BlockQueue
from agent.engine.buffers import AlignedBuffer
from agent.errors import MediaError

MIB = 1 << 20
MOST_BLOCK_BYTES = 16 * MIB
"""Bridges are known that call 65,535 sectors optimal: what is beyond this is no hint."""
_PAGE_BYTES = 4096
_FAST_BYTES_PER_SECOND = 400 * MIB
_WORTH = 1.03
_STEP_SECONDS = 0.2
TICK_SECONDS = 0.2


@dataclass(frozen=True)
class Setting:
    """Bytes of one block, and how many of them are under way at once."""

    block_bytes: int
    workers: int


@dataclass(frozen=True)
class Pace:
    """How a medium is worked on: the settings that are tried one after the other, and how long silence is borne, in seconds.

    Memory for one medium is at most block_bytes * workers of the last setting (16 MiB), 2 MiB for one that is slower
    than 400 MiB/s. `monotonic` gives the seconds that count: those of a job that stands still stand still too.
    """

    ladder: tuple[Setting, ...] = (Setting(MIB, 2), Setting(2 * MIB, 3), Setting(4 * MIB, 4))
    stall_seconds: float = 600.0
    ending_seconds: float = 60.0
    monotonic: Callable[[], float] = time.monotonic

    def fitted(self, optimal_bytes: int) -> "Pace":
        """The same for a medium that wants whole multiples of so many bytes; what can't be meant is left aside."""
        if optimal_bytes <= 0 or optimal_bytes % _PAGE_BYTES or optimal_bytes > MOST_BLOCK_BYTES:
            return self
        return replace(self, ladder=tuple(dict.fromkeys(_fitted(s, optimal_bytes) for s in self.ladder)))


def _fitted(setting: Setting, optimal_bytes: int) -> Setting:
    whole = -(-setting.block_bytes // optimal_bytes) * optimal_bytes
    if whole == setting.block_bytes or whole > MOST_BLOCK_BYTES:
        return setting
    # Two at least, so that computing and I/O still overlap; more only as far as memory allows.
    return Setting(whole, min(setting.workers, max(2, MOST_BLOCK_BYTES // whole)))


PACE = Pace()
SEQUENTIAL = Pace(ladder=(Setting(MIB, 1),))
"""One block after the other."""


class Tuner:
    """Climbs the ladder while the medium is fast and a step brings something, by the bytes of each second."""

    def __init__(self, ladder: tuple[Setting, ...], now: float) -> None:
        self._ladder = ladder
        self._step = 0
        self._settled = len(ladder) == 1
        self._since, self._before, self._best = now, 0, 0.0

    @property
    def setting(self) -> Setting:
        """What to work with now."""
        return self._ladder[self._step]

    def observe(self, now: float, done_bytes: int) -> None:
        """Look at the rate once a second until a setting is found."""
        if self._settled or now - self._since < _STEP_SECONDS:
            return
        rate = (done_bytes - self._before) / (now - self._since)
        self._since, self._before = now, done_bytes
        if self._step and rate < self._best * _WORTH:
            self._step -= 1
            self._settled = True
        elif rate < _FAST_BYTES_PER_SECOND or self._step + 1 == len(self._ladder):
            self._settled = True
        else:
            self._best = rate
            self._step += 1


class Crew:
    """Workers on one phase; `run` is called by the job's own thread, which looks after them."""

    def __init__(
        self, name: str, queue: BlockQueue, work: Callable[[Block, AlignedBuffer], None], pace: Pace
    ) -> None:
        self._name = name
        self._queue = queue
        self._work = work
        self._pace = pace
        self._tuner = Tuner(pace.ladder, pace.monotonic())
        self._changed = threading.Condition()
        self._stop = False
        self._failure: BaseException | None = None
        self._busy = 0
        self._started = 0

    def run(self, tick: Callable[[], None]) -> None:
        """Return when every block has been dealt with; `tick` is called a few times a second and may raise to stop.

        Raises what a worker or `tick` raised, MediaError where the medium has not answered for too long. Workers that
        are held by the kernel are left behind.
        """
        last, moved_at = -1, self._pace.monotonic()
        try:
            while not self._finished():
                tick()
                now = self._pace.monotonic()
                if self._queue.done_bytes != last:
                    last, moved_at = self._queue.done_bytes, now
                self._check_silence(now - moved_at)
                self._tune(now)
            tick()
        except BaseException as error:  # noqa: BLE001 - raised again below, once the workers have stopped
            self._end()
            # What a worker met says more than that the others were told to stop.
            raise (self._failure or error) from None
        if self._failure is not None:
            raise self._failure

    def _finished(self) -> bool:
        with self._changed:
            if self._busy:
                self._changed.wait_for(lambda: not self._busy, TICK_SECONDS)
            done = self._failure is not None or self._queue.done_bytes == self._queue.total_bytes
            return done and not self._busy

    def _check_silence(self, seconds: float) -> None:
        if seconds > self._pace.stall_seconds:
            raise MediaError(f"The medium has not answered for {seconds:.0f} s.")

    def _tune(self, now: float) -> None:
        self._tuner.observe(now, self._queue.done_bytes)
        setting = self._tuner.setting
        self._queue.block_bytes = setting.block_bytes
        with self._changed:
            while not self._stop and self._busy < setting.workers and not self._queue.exhausted:
                self._busy += 1
                self._started += 1
                name = f"{self._name}-{self._started}"
                threading.Thread(target=self._serve, name=name, daemon=True).start()

    def _serve(self) -> None:
        try:
            buffer = AlignedBuffer(self._pace.ladder[0].block_bytes)
            while (block := self._next()) is not None:
                if block.length > buffer.size:
                    buffer = AlignedBuffer(self._fitting(block.length))
                self._work(block, buffer)
                self._queue.finish(block)
        except BaseException as error:  # noqa: BLE001 - carried to the job's thread, which raises it
            with self._changed:
                self._failure = self._failure or error
                self._stop = True
                self._leave()

    def _fitting(self, length: int) -> int:
        """Bytes of the smallest buffer that a step of the ladder needs for so many."""
        return min((s.block_bytes for s in self._pace.ladder if s.block_bytes >= length), default=length)

    def _next(self) -> Block | None:
        with self._changed:
            superfluous = self._busy > self._tuner.setting.workers
            block = None if self._stop or superfluous else self._queue.claim()
            if block is None:
                self._leave()
            return block

    def _leave(self) -> None:
        self._busy -= 1
        self._changed.notify_all()

    def _end(self) -> None:
        with self._changed:
            self._stop = True
            self._changed.wait_for(lambda: not self._busy, self._pace.ending_seconds)
