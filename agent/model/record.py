"""The record of one session on one machine: the evidence that is signed (reference: NIST SP 800-88r2 4.6 and Appendix C).

Integers travel as decimal strings, so that byte counts survive every JSON reader (RFC 8785 refuses 2^53 and above).
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from agent.model.coherence import drive_contradiction
from agent.model.drive import Bus, Exclusion, HiddenAreas, Identity, MediaType
from agent.model.firmware import CommandOutcome, FirmwareReading, FirmwareResult
from agent.model.firmware_evidence import shortcoming
from agent.model.health import HealthReport
from agent.model.job import JobState, Pause, VerificationResult
from agent.model.json_form import LEFT_OUT
from agent.model.language import Language
from agent.model.levels import level_of
from agent.model.machine import Environment, MachineInventory
from agent.model.passes import PassResult
from agent.model.power import PowerReading
from agent.model.preparation import Preparation, hidden_shortcoming
from agent.model.sanitization import Method, Policy, Technique, VerificationKind
from agent.model.stated import NOTHING_STATED, Stated

SCHEMA = "ardoise-record/1"


class Outcome(StrEnum):
    """Outcome of a medium, in the words of DESIGN section 6."""

    SANITIZED = "sanitized"
    SANITIZED_WITH_EXCEPTIONS = "sanitized with exceptions"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    UNKNOWN = "unknown"
    REFUSED = "refused"
    NOT_SELECTED = "not selected"


SANITIZED = frozenset({Outcome.SANITIZED, Outcome.SANITIZED_WITH_EXCEPTIONS})
"""Outcomes in which a level was reached."""


class Headline(StrEnum):
    """Headline of a machine."""

    SANITIZED = "SANITIZED"
    INCOMPLETE = "INCOMPLETE"
    NO_MEDIUM_FOUND = "NO MEDIUM FOUND"


class SessionEnd(StrEnum):
    """How a session ended."""

    COMPLETED = "completed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class Issuer:
    """Who signs: the organisation and station named in the signing certificate (its SHA-256 over DER, hex)."""

    organisation: str
    station: str
    certificate_sha256: str


@dataclass(frozen=True)
class Operator:
    """The person at the machine as an opaque id; names live in the organisation's own deletable table."""

    id: str


@dataclass(frozen=True)
class NotBefore:
    """The newest head of a log that the station knew when it began to sign (C2SP tlog-checkpoint).

    `root` and `signature` (the key's id and the signature of the log's line) in base64: with them the signed checkpoint can
    be put together again, and whoever knows the log's key sees that the record was made after it.
    """

    origin: str
    size: int
    root: str
    signature: str = ""


@dataclass(frozen=True)
class ClockCheck:
    """How far the station's clock was from another's: `offset_ms` is the station's time minus that of `source`."""

    source: str
    offset_ms: int
    checked_at: datetime


@dataclass(frozen=True)
class RecordTime:
    """What the station's clock claims; durations elsewhere are monotonic."""

    started_at: datetime
    issued_at: datetime
    clock_source: str
    clock_plausible: bool
    clock_remark: str
    not_before_checkpoint: NotBefore | None = field(default=None, metadata=LEFT_OUT)
    clock_check: ClockCheck | None = field(default=None, metadata=LEFT_OUT)


@dataclass(frozen=True)
class StationLink:
    """Place in the station's own sequence; the first has number 1 and an empty digest."""

    sequence: int
    previous_record_sha256: str


@dataclass(frozen=True)
class Tool:
    """The programs that did it, with versions; `helpers` are "name version" lines."""

    name: str
    version: str
    python: str
    kernel: str
    image_sha256: str
    helpers: tuple[str, ...]


@dataclass(frozen=True)
class DriveRecord:
    """What was found, planned, done and read back on one medium.

    `identity` is as found; `identity_at_open` was re-read on the descriptor that was written to, `identity_at_end` after
    the read-back. `level_reached` is NONE unless the outcome is one of the sanitized ones. `resumed_from` is the record
    of the interrupted session that the passes say they carried bytes over from. `pauses` are part of the durations.
    `attempts` are the drive's own techniques that were tried, `technique` is the one tried last. `purge_source` is why a
    changed key alone counts as Purge for this model. `power_at_start` and `power_at_end` are what fed the machine then.
    `preparations` were done before it was found as it stands here; `hidden_areas_after` was read after the erase.
    `firmware_before` is what the drive said that it can do by itself, and what locked it.
    """

    node: str
    bay: str
    bus: str
    media_type: str
    rotation_rpm: int | None
    removable: bool
    soldered: bool
    signatures_before: tuple[str, ...]
    hidden_areas: HiddenAreas
    identity: Identity
    identity_at_open: Identity | None
    identity_at_end: Identity | None
    exclusions: tuple[Exclusion, ...]
    outcome: Outcome
    state: JobState
    reason: str
    technique: Technique | None
    pass_set: str
    level_planned: Method
    level_required: Method
    level_reached: Method
    plan_reasons: tuple[str, ...]
    not_covered: tuple[str, ...]
    started_at: datetime | None
    ended_at: datetime | None
    duration_ms: int
    passes: tuple[PassResult, ...]
    verification: VerificationResult | None
    health_before: HealthReport | None
    health_after: HealthReport | None
    resumed_from: str = field(default="", metadata=LEFT_OUT)
    pauses: tuple[Pause, ...] = field(default=(), metadata=LEFT_OUT)
    attempts: tuple[FirmwareResult, ...] = field(default=(), metadata=LEFT_OUT)
    purge_source: str = field(default="", metadata=LEFT_OUT)
    power_at_start: PowerReading | None = field(default=None, metadata=LEFT_OUT)
    power_at_end: PowerReading | None = field(default=None, metadata=LEFT_OUT)
    preparations: tuple[Preparation, ...] = field(default=(), metadata=LEFT_OUT)
    hidden_areas_after: HiddenAreas | None = field(default=None, metadata=LEFT_OUT)
    firmware_before: FirmwareReading | None = field(default=None, metadata=LEFT_OUT)


@dataclass(frozen=True)
class Record:
    """One session on one machine; `language` is the one that its page was made in first, `stated` what people said."""

    schema: str
    record_id: str
    salt: str
    environment: Environment
    specimen: bool
    headline: Headline
    ended: SessionEnd
    issuer: Issuer
    operator: Operator
    time: RecordTime
    station_link: StationLink
    tool: Tool
    host: MachineInventory
    policy: Policy
    drives: tuple[DriveRecord, ...]
    language: Language = field(default=Language.ENGLISH, metadata=LEFT_OUT)
    stated: Stated = field(default=NOTHING_STATED, metadata=LEFT_OUT)


def medium_outcome(drive: DriveRecord) -> Outcome:
    """The outcome that a medium's own evidence supports; every gap in it means less than sanitized.

    Used where the record is made and again by every verifier, which refuses a record that claims anything else.
    """
    by_state = {
        JobState.REFUSED: Outcome.REFUSED,
        JobState.INTERRUPTED: Outcome.INTERRUPTED,
        JobState.UNKNOWN: Outcome.UNKNOWN,
        JobState.FAILED: Outcome.FAILED,
        JobState.READY: Outcome.NOT_SELECTED,
    }
    if drive.state in by_state:
        return by_state[drive.state]
    if drive.state not in {JobState.SANITIZED, JobState.SANITIZED_WITH_EXCEPTIONS}:
        return Outcome.INTERRUPTED
    if not _level_reached(drive) or not _one_medium(drive) or drive_contradiction(drive):
        return Outcome.FAILED
    if drive.technique is not Technique.OVERWRITE:
        return _by_firmware(drive)
    outcome = _read_back(drive) if _written_in_full(drive) else Outcome.FAILED
    # Where the job itself ended with exceptions, evidence without any is not the whole of it.
    excepted = drive.state is JobState.SANITIZED_WITH_EXCEPTIONS and outcome is Outcome.SANITIZED
    return Outcome.FAILED if excepted else outcome


def own_erase(drive: DriveRecord) -> FirmwareResult | None:
    """The attempt that a medium's outcome rests on; None where an overwrite came last or nothing was tried."""
    if not drive.attempts or drive.technique is Technique.OVERWRITE:
        return None
    return drive.attempts[-1]


def machine_headline(drives: tuple[DriveRecord, ...], host: MachineInventory, ended: SessionEnd) -> Headline:
    """The headline that the media and the controllers support (DESIGN section 6)."""
    hidden = any(not c.driver or c.raid_mode for c in host.controllers)
    if not drives and not hidden and ended is SessionEnd.COMPLETED:
        return Headline.NO_MEDIUM_FOUND
    if hidden or not drives or ended is not SessionEnd.COMPLETED:
        return Headline.INCOMPLETE
    if all(medium_outcome(d) is Outcome.SANITIZED for d in drives):
        return Headline.SANITIZED
    return Headline.INCOMPLETE


class DocumentKind(StrEnum):
    """What the page of a record may call itself."""

    CERTIFICATE = "certificate"
    PARTIAL_CERTIFICATE = "partial certificate"
    RECORD = "record"

    @property
    def file_name(self) -> str:
        """Name in the evidence folder: record.pdf where nothing was certified."""
        return "record.pdf" if self is DocumentKind.RECORD else "certificate.pdf"

    @property
    def final_name(self) -> str:
        """Name of the registry's document beside the station's own."""
        return self.file_name.replace(".pdf", ".final.pdf")


def document_kind(record: Record) -> DocumentKind:
    """A certificate for the whole machine, for some of its media, or none: an interrupted session certifies nothing."""
    if record.headline is Headline.SANITIZED:
        return DocumentKind.CERTIFICATE
    some = any(d.outcome is Outcome.SANITIZED for d in record.drives)
    return (
        DocumentKind.PARTIAL_CERTIFICATE
        if some and record.ended is not SessionEnd.INTERRUPTED
        else DocumentKind.RECORD
    )


def _written_in_full(drive: DriveRecord) -> bool:
    size = drive.identity.capacity_bytes
    numbers = [p.number for p in drive.passes]
    return (
        size > 0
        and bool(numbers)
        and numbers == list(range(1, len(numbers) + 1))
        and all(p.bytes_expected == p.bytes_written == size and p.error_count == 0 for p in drive.passes)
    )


def _level_reached(drive: DriveRecord) -> bool:
    return (
        drive.technique is not None
        and drive.level_reached is not Method.NONE
        and drive.level_reached.rank <= _highest_level(drive, drive.technique).rank
        and drive.level_reached.rank >= drive.level_required.rank
        and drive.hidden_areas.state.value != "present"
        and not drive.exclusions
        and not hidden_shortcoming(drive.preparations, drive.hidden_areas_after)
    )


def _highest_level(drive: DriveRecord, technique: Technique) -> Method:
    try:
        media_type = MediaType(drive.media_type)
    except ValueError:
        media_type = MediaType.UNKNOWN
    return level_of(technique, media_type, purge_source=drive.purge_source)


def _by_firmware(drive: DriveRecord) -> Outcome:
    # What was tried last has to have done it; an overwrite after it, even a partial one, would have spoilt what it shows.
    last = drive.attempts[-1] if drive.attempts else None
    if last is None or last.technique is not drive.technique or drive.passes or drive.verification is not None:
        return Outcome.FAILED
    if drive.state is not JobState.SANITIZED:
        return Outcome.FAILED
    identity = drive.identity
    missing = shortcoming(last, identity.capacity_bytes, identity.logical_sector_bytes)
    if missing or identity.capacity_bytes <= 0 or not _may_purge(drive, last) or drive.bus == Bus.USB.value:
        return Outcome.FAILED
    # What can't be confirmed is followed by nothing.
    earlier = drive.attempts[:-1]
    return (
        Outcome.SANITIZED
        if all(a.outcome is CommandOutcome.NOT_RUNNING or _was_done(a) for a in earlier)
        else Outcome.FAILED
    )


def _was_done(tried: FirmwareResult) -> bool:
    """Done by its own word, and then shown to have left something."""
    return tried.outcome is CommandOutcome.DONE


def _may_purge(drive: DriveRecord, tried: FirmwareResult) -> bool:
    """Purge by erasing or overwriting is claimed only where all of it was read back (IEEE 2883, as trust.md A2 has it)."""
    sampled = tried.read_back is not None and tried.read_back.kind is not VerificationKind.FULL
    return drive.level_reached is not Method.PURGE or not sampled


def _one_medium(drive: DriveRecord) -> bool:
    seen = (drive.identity_at_open, drive.identity_at_end)
    return all(i is not None and i.same_medium(drive.identity) for i in seen)


def few_unreadable(check: VerificationResult, sector_bytes: int) -> bool:
    """Whether something was read back, and all but at most 1 % of what was to be: else a dead medium would be an exception."""
    return check.bytes_read > 0 and check.unreadable_sectors * sector_bytes * 100 <= check.bytes_expected


def covers_enough(check: VerificationResult, size: int) -> bool:
    """Whether the read-back was to cover the whole medium, or as a sample 5 % of it at least (IEEE 2883, Clear; trust.md A2)."""
    if check.kind is VerificationKind.FULL:
        return check.bytes_expected == size
    return check.bytes_expected <= size <= check.bytes_expected * 20


def _may_carry_over(drive: DriveRecord, check: VerificationResult) -> bool:
    # What another session wrote is believed only where every byte of it was read back (DESIGN section 6).
    carried = any(p.carried_over_bytes for p in drive.passes)
    sound = all(0 <= p.carried_over_bytes <= p.bytes_written for p in drive.passes)
    return sound and carried == bool(drive.resumed_from) and (not carried or check.kind is VerificationKind.FULL)


def _read_back(drive: DriveRecord) -> Outcome:
    check = drive.verification
    size = drive.identity.capacity_bytes
    if check is None or check.of_pass != len(drive.passes) or check.mismatched_sectors:
        return Outcome.FAILED
    whole = covers_enough(check, size) and _may_carry_over(drive, check)
    unreadable = check.unreadable_sectors * drive.identity.logical_sector_bytes
    if (
        not whole
        or check.bytes_read != check.bytes_matching
        or check.bytes_read + unreadable != check.bytes_expected
        or not few_unreadable(check, drive.identity.logical_sector_bytes)
    ):
        return Outcome.FAILED
    if check.unreadable_sectors:
        listed = sum(e.sector_count for e in check.first_unreadable)
        return Outcome.SANITIZED_WITH_EXCEPTIONS if listed == check.unreadable_sectors else Outcome.FAILED
    return Outcome.SANITIZED
