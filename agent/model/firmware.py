"""The drive's own erase: what it offers, what it says of itself while and after, and the evidence that is left for the record."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from agent.model.json_form import LEFT_OUT
from agent.model.passes import SectorError
from agent.model.sanitization import Technique, VerificationKind


class CommandState(StrEnum):
    """What the drive's own status says of its last erase; success is one of them only (a whitelist of one)."""

    NEVER = "never started"
    RUNNING = "running"
    DONE = "completed"
    FAILED = "failed"
    UNKNOWN = "not told"


@dataclass(frozen=True)
class DeviceStatus:
    """One answer of the drive; `progress_permille` only while it runs, `raw` the words as they came ("SSTAT 0x0101")."""

    state: CommandState
    raw: tuple[str, ...]
    progress_permille: int | None = None


class Obstacle(StrEnum):
    """What stands between a drive and its own erase at this moment."""

    FROZEN = "security frozen"
    SANITIZE_FROZEN = "sanitize frozen"
    LOCKED = "locked by a password"
    ATTEMPTS_EXCEEDED = "password attempts used up"
    SANITIZE_RUNNING = "a sanitize is running"
    SANITIZE_FAILED = "a sanitize failed: only a new one may be started"
    OPAL_LOCKED = "locked by Opal"
    BLOCK_SID = "blocked by the firmware (Block SID)"
    BRIDGED = "behind a USB bridge"
    DENIED_MODEL = "known to hang or fail"
    UNREADABLE = "capabilities not readable"


FREEZES = frozenset({Obstacle.FROZEN, Obstacle.SANITIZE_FROZEN})
"""The firmware of the machine locked the drive's erase at its start; a drive that loses power forgets that (trust.md A5.3)."""

TAKES_NOTHING = frozenset({Obstacle.LOCKED, Obstacle.OPAL_LOCKED, Obstacle.SANITIZE_RUNNING})
"""With these the medium takes no writes either: an overwrite would only fail later."""


@dataclass(frozen=True)
class FoundObstacle:
    """An obstacle with the techniques that it forbids (all of them where none is named) and what an expert wants to know."""

    obstacle: Obstacle
    detail: str = ""
    forbids: tuple[Technique, ...] = ()


@dataclass(frozen=True)
class TechniqueOffer:
    """A technique that the drive says it supports; `minutes` is the drive's own estimate, None where it gives none.

    `erased_hex` lists single bytes or repeated patterns that may stand on the medium afterwards; empty for techniques
    that change the key, after which nothing but "different from before" can be asked. `purge_source` is why a changed
    key alone counts as Purge for this model; empty elsewhere.
    """

    technique: Technique
    minutes: int | None = None
    erased_hex: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    purge_source: str = ""


@dataclass(frozen=True)
class FirmwareReading:
    """What one drive can do by itself, as read at inspection; nothing was changed by reading it.

    `status` is that of a sanitize that may be running since before this start. `also_hit` names other namespaces or
    units that a technique of this drive erases too. `raw` are the words that it was judged by. `unreached` are parts of the
    drive that no node leads to: only a sanitize of the whole drive erases them.
    """

    offers: tuple[TechniqueOffer, ...]
    obstacles: tuple[FoundObstacle, ...]
    status: DeviceStatus
    also_hit: tuple[str, ...]
    raw: tuple[str, ...]
    unreached: tuple[str, ...] = field(default=(), metadata=LEFT_OUT)


@dataclass(frozen=True)
class ToolRun:
    """A program that ran to its end: what was asked (without any secret), its exit code, the end of what it printed.

    `code` is None where it had to be stopped. Nothing is concluded from the exit code.
    """

    argv: tuple[str, ...]
    code: int | None
    output: str
    duration_ms: int


class CommandOutcome(StrEnum):
    """The three outcomes of a command: done, nothing running (the next technique may be tried), started but not confirmable."""

    DONE = "done"
    NOT_RUNNING = "nothing running"
    UNCONFIRMED = "started but not confirmable"


@dataclass(frozen=True)
class MarkerCheck:
    """Markers planted before: unpredictable bytes at places drawn from `seed`, flushed and read back from the medium.

    Counted in logical sectors: `confirmed` read back as written before, `changed` are different afterwards, `unreadable`
    could not be read then; the first unchanged ones by LBA.
    """

    seed: str
    bytes_total: int
    planted: int
    confirmed: int
    changed: int
    unreadable: int
    first_unchanged: tuple[int, ...]


@dataclass(frozen=True)
class ErasedReadBack:
    """What stood on the medium afterwards: bytes read, and how many of them were one of the accepted values.

    `values` lists "hex: bytes" of what was accepted; sectors with anything else are counted and located by LBA.
    """

    kind: VerificationKind
    bytes_expected: int
    bytes_read: int
    bytes_accepted: int
    values: tuple[str, ...]
    refused_sectors: int
    first_refused: tuple[int, ...]
    unreadable_sectors: int
    first_unreadable: tuple[SectorError, ...]
    direct_io: bool
    sample_seed: str
    duration_ms: int


@dataclass(frozen=True)
class FirmwareResult:
    """Evidence of one technique tried on one drive, whatever became of it.

    `status_before` was read just before the command, `seen` are the answers in between that differed in their state
    (first of each, at most a few), `status_after` the one that the outcome rests on.
    """

    technique: Technique
    outcome: CommandOutcome
    reason: str
    status_before: DeviceStatus
    seen: tuple[DeviceStatus, ...]
    status_after: DeviceStatus
    tools: tuple[ToolRun, ...]
    markers: MarkerCheck | None
    read_back: ErasedReadBack | None
    started_at: datetime
    duration_ms: int


def is_attributable(result: FirmwareResult) -> bool:
    """Whether a completion belongs to this command: it was seen running since, or the drive says other words than before.

    A drive that had completed an erase years ago still says so (DESIGN section 6).
    """
    before, after = result.status_before, result.status_after
    seen_running = any(status.state is CommandState.RUNNING for status in result.seen)
    return before.state is not CommandState.RUNNING and (
        seen_running or before.state is not CommandState.DONE or before.raw != after.raw
    )
