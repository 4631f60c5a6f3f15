"""Figures as a person reads them: sizes in the makers' decimal units, rates, durations."""

from agent.model.job import JobSnapshot, JobState
from agent.text import _, decimal
from agent.tui.glyphs import DASH


def size(count: int) -> str:
    """Bytes in the units that are printed on drives (1 GB = 10^9 bytes)."""
    units = ((10**12, _("{n} TB")), (10**9, _("{n} GB")), (10**6, _("{n} MB")))
    for unit, words in units:
        if count >= unit:
            value = count / unit
            return words.format(n=decimal(value, 0 if value >= 10 else 1))
    return _("{n} kB").format(n=decimal(count / 1000, 0))


def rate(bytes_per_second: float | None) -> str:
    """Bytes per second; a dash while unknown."""
    if bytes_per_second is None or bytes_per_second < 1000:
        return DASH
    return _("{size}/s").format(size=size(int(bytes_per_second)))


def duration(seconds: float | None) -> str:
    """Seconds in the two largest units; a dash while unknown."""
    if seconds is None:
        return DASH
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return _("{hours} h {minutes} min").format(hours=hours, minutes=f"{minutes:02d}")
    if minutes >= 10:
        return _("{minutes} min").format(minutes=minutes)
    return (
        _("{minutes} min {seconds} s").format(minutes=minutes, seconds=f"{rest:02d}")
        if minutes
        else _("{n} s").format(n=rest)
    )


def phase_fraction(job: JobSnapshot) -> float:
    """How much of the running pass or of the read-back is done, 0 to 1."""
    return job.progress.done_bytes / job.progress.total_bytes if job.progress.total_bytes else 0.0


def job_fraction(job: JobSnapshot) -> float:
    """How much of the whole job is done, 0 to 1: each pass and the read-back count alike."""
    if job.state.is_final:
        return 1.0
    phases = max(1, job.progress.pass_count) + 1
    if job.state is JobState.VERIFYING:
        return (phases - 1 + phase_fraction(job)) / phases
    if job.state is JobState.SANITIZING:
        return (max(0, job.progress.pass_number - 1) + phase_fraction(job)) / phases
    return 0.0


def total_fraction(jobs: tuple[JobSnapshot, ...]) -> float:
    """How much of all jobs is done, by drives."""
    return sum(map(job_fraction, jobs)) / len(jobs) if jobs else 0.0


def remaining_seconds(job: JobSnapshot) -> float | None:
    """Estimate to the end of the job: the running phase, and what follows at the same speed."""
    progress = job.progress
    if job.state.is_final:
        return 0.0
    if progress.eta_seconds is None or not progress.rate_bytes_per_second:
        return None
    following = 0 if job.state is JobState.VERIFYING else max(0, progress.pass_count - progress.pass_number) + 1
    return progress.eta_seconds + following * progress.total_bytes / progress.rate_bytes_per_second


def total_remaining_seconds(jobs: tuple[JobSnapshot, ...]) -> float | None:
    """Estimate to the end of the slowest job; None while one is unknown."""
    each = [remaining_seconds(j) for j in jobs if not j.state.is_final]
    known = [s for s in each if s is not None]
    return max(known, default=0.0) if len(known) == len(each) else None
