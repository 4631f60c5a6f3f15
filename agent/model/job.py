"""A job: one drive's run through the states, its progress, and the evidence it leaves."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from agent.model.drive import HiddenAreas, Identity
from agent.model.firmware import FirmwareResult
from agent.model.health import Heat
from agent.model.json_form import LEFT_OUT
from agent.model.passes import PassResult, SectorError
from agent.model.power import PowerReading
from agent.model.sanitization import Plan, Rung, Technique, VerificationKind


class JobState(StrEnum):
    """States of a job (DESIGN section 3); every one before SANITIZED means *not done*."""

    READY = "ready"
    CONFIRMED = "confirmed"
    CHECKING = "checking"
    SANITIZING = "sanitizing"
    VERIFYING = "verifying"
    SANITIZED = "sanitized"
    SANITIZED_WITH_EXCEPTIONS = "sanitized with exceptions"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    UNKNOWN = "unknown"
    REFUSED = "refused"

    @property
    def is_final(self) -> bool:
        """Whether nothing more will happen to this job."""
        return not TRANSITIONS[self]


SUCCESSES = frozenset({JobState.SANITIZED, JobState.SANITIZED_WITH_EXCEPTIONS})
_ENDINGS = frozenset({JobState.FAILED, JobState.INTERRUPTED, JobState.UNKNOWN})

TRANSITIONS: dict[JobState, frozenset[JobState]] = {
    JobState.READY: frozenset({JobState.CONFIRMED, JobState.REFUSED}),
    JobState.CONFIRMED: frozenset({JobState.CHECKING}) | _ENDINGS,
    JobState.CHECKING: frozenset({JobState.SANITIZING}) | _ENDINGS,
    JobState.SANITIZING: frozenset({JobState.SANITIZING, JobState.VERIFYING}) | _ENDINGS,
    # Back to SANITIZING: a technique whose read-back shows that it failed is followed by the next one of the ladder.
    JobState.VERIFYING: frozenset({JobState.SANITIZING, JobState.SANITIZED, JobState.SANITIZED_WITH_EXCEPTIONS})
    | _ENDINGS,
    JobState.SANITIZED: frozenset(),
    JobState.SANITIZED_WITH_EXCEPTIONS: frozenset(),
    JobState.FAILED: frozenset(),
    JobState.INTERRUPTED: frozenset(),
    JobState.UNKNOWN: frozenset(),
    JobState.REFUSED: frozenset(),
}


class IllegalTransition(ValueError):
    """A state was asked for that the table does not allow; a defect of the program."""


def check_transition(old: JobState, new: JobState) -> JobState:
    """Return `new`; raises IllegalTransition where the table has no such arrow."""
    if new not in TRANSITIONS[old]:
        raise IllegalTransition(f"{old} -> {new}")
    return new


@dataclass(frozen=True)
class Progress:
    """Progress of the running phase; bytes, bytes per second and seconds, None while unknown."""

    pass_number: int
    pass_count: int
    done_bytes: int
    total_bytes: int
    rate_bytes_per_second: float | None
    eta_seconds: float | None
    error_count: int


NO_PROGRESS = Progress(0, 0, 0, 0, None, None, 0)


class PauseReason(StrEnum):
    """Why a job stands still."""

    OPERATOR = "operator"
    TEMPERATURE = "temperature"


@dataclass(frozen=True)
class Pause:
    """A time in which a job stood still; `detail` is plain text, `count` more than 1 where later ones were added to it."""

    reason: PauseReason
    detail: str
    started_at: datetime
    duration_ms: int
    count: int = 1


@dataclass(frozen=True)
class JobSnapshot:
    """What a screen may know of a job at one moment; replaced as a whole.

    `pause` is set while it stands still, `heat` is the newest reading, `silent_seconds` how long the drive has left a
    request unanswered.
    """

    job_id: str
    node: str
    model: str
    serial: str
    state: JobState
    progress: Progress
    reason: str
    pause: PauseReason | None = None
    heat: Heat | None = None
    silent_seconds: float | None = None


@dataclass(frozen=True)
class VerificationResult:
    """Evidence of the read-back; mismatches are counted in logical sectors, the first ones located by LBA."""

    kind: VerificationKind
    of_pass: int
    bytes_expected: int
    bytes_read: int
    bytes_matching: int
    direct_io: bool
    started_at: datetime
    duration_ms: int
    mismatched_sectors: int
    first_mismatches: tuple[int, ...]
    unreadable_sectors: int
    first_unreadable: tuple[SectorError, ...]
    sample_seed: str = ""


@dataclass(frozen=True)
class JobResult:
    """Everything one job leaves for the record; `identity_at_open` was read on the descriptor that was written to.

    Durations include the pauses, which follow one another and never overlap. `attempts` are the drive's own techniques
    that were tried, in their order; an overwrite after them has passes. The power is what fed the machine then.
    `hidden_areas_after` was read after an erase that succeeded.
    """

    job_id: str
    plan: Plan
    state: JobState
    reason: str
    started_at: datetime
    ended_at: datetime
    duration_ms: int
    identity_at_open: Identity | None
    identity_at_end: Identity | None
    passes: tuple[PassResult, ...]
    verification: VerificationResult | None
    pauses: tuple[Pause, ...] = field(default=(), metadata=LEFT_OUT)
    attempts: tuple[FirmwareResult, ...] = field(default=(), metadata=LEFT_OUT)
    power_at_start: PowerReading | None = field(default=None, metadata=LEFT_OUT)
    power_at_end: PowerReading | None = field(default=None, metadata=LEFT_OUT)
    hidden_areas_after: HiddenAreas | None = field(default=None, metadata=LEFT_OUT)

    @property
    def rung(self) -> Rung:
        """The technique that was tried last; the first of the plan where none was."""
        rungs = {rung.technique: rung for rung in self.plan.rungs}
        if self.passes and Technique.OVERWRITE in rungs:
            return rungs[Technique.OVERWRITE]
        tried = [a.technique for a in self.attempts if a.technique in rungs]
        return rungs[tried[-1]] if tried else self.plan.rungs[0]
