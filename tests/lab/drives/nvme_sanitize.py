"""The sanitize operation of an NVM subsystem: NVMe Base 2.1, 5.1.22 (command), 8.1.24 (states), 5.1.12.3.1 (log page 81h)."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator, Sequence

from tests.lab.drives.nvme_config import BLOCK_ERASE, CRYPTO_ERASE, NO_DEALLOCATE_INHIBITED, OVERWRITE, Drive
from tests.lab.drives.nvme_medium import pattern_of
from tests.lab.drives.nvme_space import Space, parts_of
from tests.lab.drives.nvme_state import State
from tests.lab.drives.nvme_words import Refused, Status

NEVER, COMPLETED, IN_PROGRESS, FAILED, COMPLETED_DEALLOCATED = range(5)
_EXIT_FAILURE, _BLOCK, _OVERWRITE, _CRYPTO = 1, 2, 3, 4
_NEEDS = {_BLOCK: BLOCK_ERASE, _OVERWRITE: OVERWRITE, _CRYPTO: CRYPTO_ERASE}
_AUSE, _INVERT, _NO_DEALLOCATE = 1 << 3, 1 << 8, 1 << 9
_NO_ESTIMATE = 0xFFFFFFFF
# The log's progress is in 65,536ths; what is kept for a power cut need not be finer than this.
_STEP = 1 / 256


class Sanitizer:
    """Begins, carries on and reports; `advance` is called again and again, its time is `now`."""

    def __init__(self, config: Drive, state: State, spaces: Sequence[Space], now: Callable[[], float]) -> None:
        self._config = config
        self._fault = config.faults.sanitize
        self._state = state
        self._spaces = spaces
        self._now = now
        self._parts = parts_of(self._fault, config.faults.gap)
        # A sanitize that was running as the power went goes on by itself (8.1.24.3.2).
        self._from = state.sanitize_progress
        self._begun = now()

    @property
    def busy(self) -> bool:
        """Whether other commands must be refused; a drive that says too early that it is done takes them."""
        return self._state.sanitizing and self._fault != "early"

    @property
    def failed(self) -> bool:
        """Whether the subsystem is in the Restricted or Unrestricted Failure state."""
        return bool(self._state.sanitize_failure)

    def command(self, cdw10: int, cdw11: int) -> None:
        """Take a Sanitize command; it only starts the operation."""
        capabilities = self._config.capabilities.sanicap
        if self._fault == "invalid-opcode" or not capabilities & 7:
            raise Refused(Status.INVALID_OPCODE)
        if self._fault == "invalid-field":
            raise Refused(Status.INVALID_FIELD)
        if self.busy:
            raise Refused(Status.SANITIZE_IN_PROGRESS)
        action = cdw10 & 7
        if action == _EXIT_FAILURE:
            self._exit_failure()
            return
        if not _NEEDS.get(action, 0) & capabilities:
            raise Refused(Status.INVALID_FIELD)
        if cdw10 & _AUSE and self._state.sanitize_failure == "restricted":
            raise Refused(Status.SANITIZE_FAILED)
        inhibited = capabilities & NO_DEALLOCATE_INHIBITED and not self._state.warns_of_deallocation
        if cdw10 & _NO_DEALLOCATE and inhibited:
            raise Refused(Status.INVALID_FIELD)
        if self._fault != "ignored":
            self._start(cdw10, cdw11)

    def advance(self) -> None:
        """Do what is due by now."""
        state = self._state
        if not state.sanitizing:
            return
        faults = self._config.faults
        seconds = max(self._config.timing.sanitize * self._config.timing.factor, 1e-6)
        due = min(1.0, self._from + (self._now() - self._begun) / seconds)
        if self._fault == "hangs":
            due = min(due, faults.hangs_at / 65536)
        if self._fault == "fails":
            due = min(due, faults.fails_at)
        self._erase(state.sanitize_progress, due)
        kept = math.floor(state.sanitize_progress / _STEP)
        state.sanitize_progress = max(due, state.sanitize_progress)
        if self._fault == "fails" and due >= faults.fails_at:
            self._end(FAILED)
        elif due >= 1:
            self._end(COMPLETED)
        elif math.floor(due / _STEP) > kept:
            state.save(durably=False)

    def log(self) -> bytes:
        """Log page 81h: SPROG, SSTAT, SCDW10, six estimates; 512 bytes."""
        state = self._state
        status, word, passes = state.sanitize_status, state.sanitize_cdw10, state.sanitize_passes
        if self._fault == "early" and state.sanitizing:
            status = COMPLETED
        if self._fault == "forgets":
            status, word, passes = NEVER, 0, 0
        progress = min(int(state.sanitize_progress * 65536), 0xFFFE) if status == IN_PROGRESS else 0xFFFF
        sstat = status | passes << 3 | state.global_erased << 8
        return struct.pack("<HHI6I", progress, sstat, word, *self._estimates()).ljust(512, b"\0")

    def _estimates(self) -> list[int]:
        seconds = math.ceil(self._config.timing.sanitize * self._config.timing.factor)
        kinds = (OVERWRITE, BLOCK_ERASE, CRYPTO_ERASE)
        found = [seconds if self._config.capabilities.sanicap & kind else _NO_ESTIMATE for kind in kinds]
        return [*found, *found]

    def _exit_failure(self) -> None:
        # A restricted failure is left by a restricted sanitize only (8.1.24.3.3).
        if self._state.sanitize_failure == "restricted":
            raise Refused(Status.SANITIZE_FAILED)
        self._state.sanitize_failure = ""
        self._state.save()

    def _start(self, cdw10: int, cdw11: int) -> None:
        state = self._state
        state.sanitize_cdw10, state.sanitize_pattern = cdw10, cdw11
        state.sanitize_status, state.sanitize_passes, state.sanitize_progress = IN_PROGRESS, 0, 0.0
        state.sanitizing, state.global_erased = True, False
        self._from, self._begun = 0.0, self._now()
        for space in self._spaces:
            space.medium.flush()
        if self._fault == "lies":
            self._end(COMPLETED)
        state.save()

    def _end(self, status: int) -> None:
        state = self._state
        state.sanitizing = False
        state.sanitize_status = status
        if status == FAILED:
            state.sanitize_failure = "unrestricted" if state.sanitize_cdw10 & _AUSE else "restricted"
        else:
            state.sanitize_failure = ""
            state.global_erased, state.erased_once = True, True
            self._finish()
        state.save()

    def _finish(self) -> None:
        state = self._state
        inhibited = bool(self._config.capabilities.sanicap & NO_DEALLOCATE_INHIBITED)
        if state.sanitize_cdw10 & 7 == _OVERWRITE:
            state.sanitize_passes = self._passes() & 0x1F
        if state.sanitize_cdw10 & _NO_DEALLOCATE:
            if not inhibited:
                return
            state.sanitize_status = COMPLETED_DEALLOCATED
        if self._config.erased.deallocated:
            for space in self._spaces:
                space.erase(0, 1, self._parts, pattern_of(self._config.erased.deallocated))

    def _passes(self) -> int:
        # A count of 0 is 16 passes (5.1.22: OWPASS).
        return (self._state.sanitize_cdw10 >> 4 & 0xF or 16) if self._state.sanitize_cdw10 & 7 == _OVERWRITE else 1

    def _erase(self, start: float, end: float) -> None:
        passes = self._passes()
        for number, low, high in spans(start, end, passes):
            for space in self._spaces:
                space.erase(low, high, self._parts, self._pattern(number, passes))
        if self._state.sanitize_cdw10 & 7 == _OVERWRITE:
            self._state.sanitize_passes = int(end * passes) & 0x1F

    def _pattern(self, number: int, passes: int) -> bytes | None:
        action = self._state.sanitize_cdw10 & 7
        if action != _OVERWRITE:
            return pattern_of(self._config.erased.crypto if action == _CRYPTO else self._config.erased.pattern)
        # The last pass writes the pattern itself: with an even count the first one is inverted (8.1.24: overwrite mechanism).
        inverted = self._state.sanitize_cdw10 & _INVERT and (passes - 1 - number) % 2
        return struct.pack("<I", self._state.sanitize_pattern ^ (0xFFFFFFFF if inverted else 0))


def spans(start: float, end: float, passes: int) -> Iterator[tuple[int, float, float]]:
    """The passes that lie between two progresses of the whole, each with its part of the medium."""
    for number in range(passes):
        low, high = max(start * passes - number, 0.0), min(end * passes - number, 1.0)
        if low < high:
            yield number, low, high
