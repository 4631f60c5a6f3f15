"""The clock as a value that is passed in: wall time is a claim, durations are monotonic."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Time as the engine and the workflow see it."""

    def now(self) -> datetime:
        """Wall time in UTC; a claim, donated machines have dead clocks."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back."""
        ...
