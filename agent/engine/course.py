"""How a drive's own erase is followed."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Course:
    """Seconds: how often the drive is asked, how long it may leave that unanswered, how long its progress may stand still.

    That is twice the drive's own estimate at least (`per_estimated_minute`). `reappear` is how long a drive may stay away after its erase. Progress may stand for hours: some drives tell it in
    coarse steps, and nobody can stop them anyway.
    """

    poll: float = 1.0
    silence: float = 600.0
    no_progress: float = 4 * 3600.0
    reappear: float = 60.0
    per_estimated_minute: float = 120.0


COURSE = Course()
