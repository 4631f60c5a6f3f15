"""The drive's self-test, by the clock: it reads the medium, so it finds what is bad there."""

from __future__ import annotations

from tests.lab.drives.erasing import Clock
from tests.lab.drives.faults import Faults
from tests.lab.drives.medium import Medium
from tests.lab.drives.state import SelfTest, State

PASSED, ABORTED_BY_HOST, INTERRUPTED, READ_FAILED, IN_PROGRESS = 0, 1, 2, 7, 15
_KEPT = 21


class SelfTests:
    """The one that runs, and those that the drive remembers, newest first."""

    def __init__(self, medium: Medium, state: State, faults: Faults, clock: Clock) -> None:
        self._medium = medium
        self._state = state
        self._faults = faults
        self._clock = clock
        self._begun = clock.now()
        # One that the power cut ended.
        self.close(INTERRUPTED)

    @property
    def running(self) -> SelfTest | None:
        """The self-test that runs."""
        return self._state.self_test

    @property
    def all(self) -> list[SelfTest]:
        """Ended ones, newest first."""
        return self._state.self_tests

    def begin(self, kind: int, hours: int) -> None:
        """Start one; one that runs is given up for it."""
        self.close(ABORTED_BY_HOST)
        self._begun = self._clock.now()
        self._state.self_test = SelfTest(kind, IN_PROGRESS, hours, remaining=1.0)
        self._state.save()

    def advance(self) -> None:
        """Bring it up to now."""
        test = self.running
        if test is None:
            return
        spent = self._clock.now() - self._begun
        test.remaining = max(0.0, 1 - spent / max(self._faults.self_test_seconds, 1e-9))
        if test.remaining == 0:
            bad = self._medium.bad()
            test.sector = bad[0] if bad else None
            self.close(READ_FAILED if bad else PASSED)

    def close(self, result: int) -> None:
        """End the one that runs, if one does."""
        test = self.running
        if test is not None:
            test.result, test.remaining = result, 0.0
            self._state.self_tests = [test, *self.all][:_KEPT]
            self._state.self_test = None
            self._state.save()
