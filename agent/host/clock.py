"""The system's clocks, and whether something outside keeps the wall clock right."""

import ctypes
import time
from datetime import UTC, datetime

SYSTEM = "system"
SYNCHRONIZED = "system, synchronized"
NOT_SYNCHRONIZED = "system, not synchronized"

_STATE_ERROR = 5
_STATUS_UNSYNCHRONIZED = 0x40


class _Timex(ctypes.Structure):
    """The beginning of `struct timex`, and more room than its rest needs (adjtimex(2))."""

    _fields_ = (
        ("modes", ctypes.c_int),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_long * 64),
    )


def clock_source() -> str:
    """Whether the kernel says that a time service (NTP, PTP) keeps the clock; asking changes nothing (adjtimex(2), modes 0).

    A live system without a network, and one whose image runs no such service, has the time of the machine's own RTC.
    """
    asked = _Timex(modes=0)
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.byref(asked))
    except (OSError, AttributeError):
        return SYSTEM
    if state < 0:
        return SYSTEM
    kept = state != _STATE_ERROR and not asked.status & _STATUS_UNSYNCHRONIZED
    return SYNCHRONIZED if kept else NOT_SYNCHRONIZED


class SystemClock:
    """Wall time from the system, durations from CLOCK_MONOTONIC."""

    def now(self) -> datetime:
        """Wall time in UTC, whole milliseconds."""
        now = datetime.now(UTC)
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()
