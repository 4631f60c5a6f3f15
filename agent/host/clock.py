"""The system's clocks."""

import time
from datetime import UTC, datetime


class SystemClock:
    """Wall time from the system, durations from CLOCK_MONOTONIC."""

    def now(self) -> datetime:
        """Wall time in UTC, whole milliseconds."""
        now = datetime.now(UTC)
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()
