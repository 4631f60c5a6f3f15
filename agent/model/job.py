"""A job: one drive's run through the states, its progress, and the evidence it leaves."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from agent.model.drive import Identity
from agent.model.sanitization import PassSpec, Plan, VerificationKind


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


_ENDINGS = frozenset({JobState.FAILED, JobState.INTERRUPTED, JobState.UNKNOWN})

TRANSITIONS: dict[JobState, frozenset[JobState]] = {
    JobState.READY: frozenset({JobState.CONFIRMED, JobState.REFUSED}),
    JobState.CONFIRMED: frozenset({JobState.CHECKING}) | _ENDINGS,
    JobState.CHECKING: frozenset({JobState.SANITIZING}) | _ENDINGS,
    JobState.SANITIZING: frozenset({JobState.SANITIZING, JobState.VERIFYING}) | _ENDINGS,
    JobState.VERIFYING: frozenset({JobState.SANITIZED, JobState.SANITIZED_WITH_EXCEPTIONS}) | _ENDINGS,
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


@dataclass(frozen=True)
class JobSnapshot:
    """What a screen may know of a job at one moment; replaced as a whole."""

    job_id: str
    node: str
    model: str
    serial: str
    state: JobState
    progress: Progress
    reason: str


@dataclass(frozen=True)
class SectorError:
    """One range that the drive refused, located in logical sectors."""

    lba: int
    sector_count: int
    error: str


@dataclass(frozen=True)
class PassResult:
    """Evidence of one pass; `key_sha256` commits to the random stream's key without revealing it."""

    number: int
    spec: PassSpec
    key_sha256: str
    bytes_expected: int
    bytes_written: int
    direct_io: bool
    started_at: datetime
    duration_ms: int
    error_count: int
    first_errors: tuple[SectorError, ...]


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
    """Everything one job leaves for the record; `identity_at_open` was read on the descriptor that was written to."""

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
