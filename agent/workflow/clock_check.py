"""Whether the station's clock can be right; a wrong one is recorded and warned of, and never blocks (DESIGN D9)."""

from datetime import UTC, datetime, timedelta

RELEASED = datetime(2026, 11, 1, tzinfo=UTC)
"""No run of this release can be older."""

_LIFETIME = timedelta(days=15 * 365)


def clock_remark(now: datetime) -> str:
    """Why the clock is implausible, empty where nothing speaks against it."""
    if now < RELEASED:
        return f"the clock says {now:%Y-%m-%d}, before this release was made ({RELEASED:%Y-%m-%d})"
    if now > RELEASED + _LIFETIME:
        return f"the clock says {now:%Y-%m-%d}, more than fifteen years after this release"
    return ""


def effective_time(now: datetime, not_before: datetime) -> datetime:
    """The time by which to judge the own certificate: its first day where the clock can't be right."""
    return not_before if clock_remark(now) else now


def clock_notice(now: datetime) -> tuple[str, ...]:
    """What a person should do about the clock; empty where it is plausible."""
    remark = clock_remark(now)
    return (f"Check the clock: {remark}. Records will say so.",) if remark else ()
