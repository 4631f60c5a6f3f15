"""A machine of drives in memory or in files that fail, lie and vanish as they are told."""

import errno
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from agent.engine.course import COURSE, Course
from agent.engine.crew import SEQUENTIAL, Pace
from agent.engine.engine import Engine
from agent.engine.heat import Thermometer
from agent.engine.journal import Journal
from agent.engine.planning import make_plan
from agent.engine.transfer import PATIENCE, Patience
from agent.errors import MediaVanished
from agent.model.drive import Bus, Drive, HiddenAreas, HiddenAreaState, Identity, MediaType, SerialSource
from agent.model.firmware import FirmwareReading
from agent.model.job import JobResult, JobState
from agent.model.machine import Environment, MachineInventory
from agent.model.power import PowerReading, PowerSource
from agent.model.record import DriveRecord, Issuer, Operator, Outcome, Tool, medium_outcome
from agent.model.sanitization import Plan, Policy, Technique
from agent.model.session import InspectedDrive, SessionHeader

MIB = 1 << 20
OLD = b"the donor's files "
NO_HIDDEN_AREAS = HiddenAreas(HiddenAreaState.NONE_FOUND)


def make_identity(size: int = 3 * MIB, sector: int = 512, serial: str = "S-1", model: str = "Model") -> Identity:
    return Identity(model, serial, "FW1", "0x5000", size, sector, 4096, SerialSource.DEVICE)


def make_drive(
    node: str = "/dev/fake0",
    identity: Identity | None = None,
    media_type: MediaType = MediaType.HARD_DISK,
    hidden_areas: HiddenAreas = NO_HIDDEN_AREAS,
    exclusions: tuple = (),
    bus: Bus = Bus.SATA,
) -> Drive:
    identity = identity or make_identity()
    rpm = 7200 if media_type is MediaType.HARD_DISK else None
    return Drive(node, identity, bus, media_type, rpm, False, False, "", ("ext4",), hidden_areas, exclusions)


def plan_for(drive: Drive, firmware: FirmwareReading | None = None, **policy) -> Plan:
    typed = policy.get("technique") == Technique.OPAL_PSID_REVERT.value
    plan = make_plan(drive, Policy(**policy), firmware=firmware, has_psid=typed)
    assert isinstance(plan, Plan)
    return plan


class FakeClock:
    """Real threads, counted time: every look at it takes `step` seconds."""

    def __init__(self, step: float = 0.0) -> None:
        self.seconds = 1000.0
        self.step = step

    def now(self) -> datetime:
        return datetime(2026, 11, 21, 21, 12, 36, 294000, tzinfo=UTC) + timedelta(milliseconds=round(self.seconds))

    def monotonic(self) -> float:
        self.seconds += self.step
        return self.seconds


class MemoryStore:
    """Content of a drive, filled with a donor's text."""

    def __init__(self, size: int) -> None:
        self.data = bytearray((OLD * (size // len(OLD) + 1))[:size])

    def write(self, offset: int, data: bytes) -> None:
        self.data[offset : offset + len(data)] = data

    def flush(self) -> None:
        pass

    def read(self, offset: int, length: int) -> bytes:
        return bytes(self.data[offset : offset + length])


class FileStore:
    """The same in a file."""

    def __init__(self, path: Path, size: int) -> None:
        self.path = path
        path.write_bytes((OLD * (size // len(OLD) + 1))[:size])

    def write(self, offset: int, data: bytes) -> None:
        with self.path.open("r+b") as file:
            file.seek(offset)
            file.write(data)

    def flush(self) -> None:
        pass

    def read(self, offset: int, length: int) -> bytes:
        with self.path.open("rb") as file:
            file.seek(offset)
            return file.read(length)


@dataclass
class Faults:
    """What is wrong with a drive; offsets and lengths in bytes unless they say sectors."""

    write_errors: frozenset[int] = frozenset()  # LBAs
    read_errors: frozenset[int] = frozenset()
    error_number: int = errno.EIO
    failed_attempts: int = 10**9  # after that many errors a bad sector works
    short: int = 0  # at most so many bytes a call
    no_progress: bool = False
    dropped: tuple[tuple[int, int], ...] = ()  # acknowledged, not stored
    aliased: bool = False  # the upper half is the lower one
    lying_lba: int | None = None  # reads back one wrong bit
    read_fills_nothing: bool = False
    dies_at: int | None = None  # ENODEV from this offset on
    dies_reading: bool = False  # ... when reading, else when writing
    ends_at: int | None = None  # reads deliver nothing from here
    flush_error: int = 0
    sequence: int | None = 7  # the kernel's number of this attachment
    at_open: Identity | None = None
    at_end: Identity | None = None
    capacity_at_open: int | None = None
    sector_at_open: int | None = None
    on_write: Callable[[int], None] = lambda _offset: None
    on_read: Callable[[int], None] = lambda _offset: None
    on_open: Callable[[], None] = lambda: None


class FakeMedium:
    direct_io = True
    optimal_io_bytes = 0

    def __init__(self, identity: Identity, store, faults: Faults) -> None:
        self.identity, self.store, self.faults = identity, store, faults
        self.sector = faults.sector_at_open or identity.logical_sector_bytes
        self.writes = 0
        self.unflushed = False
        self.open = True
        self.failures = 0

    @property
    def capacity_bytes(self) -> int:
        at_open = self.faults.capacity_at_open
        return at_open if at_open is not None else self.identity.capacity_bytes

    @property
    def logical_sector_bytes(self) -> int:
        return self.sector

    @property
    def sequence(self) -> int | None:
        return self.faults.sequence

    def read_identity(self) -> Identity:
        if self.writes and self.faults.at_end:
            return self.faults.at_end
        return self.faults.at_open or self.identity

    def write_at(self, offset: int, data: memoryview) -> int:
        assert self.open
        assert offset % self.sector == 0
        assert len(data) % self.sector == 0
        assert offset + len(data) <= self.identity.capacity_bytes
        f = self.faults
        f.on_write(offset)
        if f.dies_at is not None and offset + len(data) > f.dies_at and not f.dies_reading:
            raise OSError(errno.ENODEV, "gone")
        if f.no_progress:
            return 0
        data = data[: f.short] if f.short else data
        self._raise_at(f.write_errors, offset, len(data))
        self.writes += 1
        self.unflushed = True
        self._store(offset, bytes(data))
        return len(data)

    def _store(self, offset: int, data: bytes) -> None:
        half = self.identity.capacity_bytes // 2
        for position in range(offset, offset + len(data), self.sector):
            piece = data[position - offset : position - offset + self.sector]
            if any(start <= position < start + length for start, length in self.faults.dropped):
                continue
            self.store.write(position % half if self.faults.aliased else position, piece)

    def read_at(self, offset: int, into: memoryview) -> int:
        assert self.open
        assert not self.unflushed, "a read-back without a flush proves the cache"
        assert offset % self.sector == 0
        f = self.faults
        f.on_read(offset)
        if f.dies_at is not None and offset + len(into) > f.dies_at and f.dies_reading:
            raise OSError(errno.ENODEV, "gone")
        if f.ends_at is not None and offset >= f.ends_at:
            return 0
        length = min(len(into), f.short or len(into))
        self._raise_at(f.read_errors, offset, length)
        if f.read_fills_nothing:
            return length
        half = self.identity.capacity_bytes // 2
        data = bytearray(
            b"".join(
                self.store.read(p % half if f.aliased else p, self.sector)
                for p in range(offset, offset + length, self.sector)
            )
        )
        if f.lying_lba is not None and offset <= f.lying_lba * self.sector < offset + length:
            data[f.lying_lba * self.sector - offset] ^= 1
        into[:length] = data[:length]
        return length

    def _raise_at(self, lbas: frozenset[int], offset: int, length: int) -> None:
        sectors = range(offset // self.sector, (offset + length) // self.sector)
        if lbas and self.failures < self.faults.failed_attempts and not lbas.isdisjoint(sectors):
            self.failures += 1
            raise OSError(self.faults.error_number, "fault")

    def flush(self) -> None:
        if self.faults.flush_error:
            raise OSError(self.faults.flush_error, "flush")
        self.store.flush()
        self.unflushed = False

    def close(self) -> None:
        self.open = False


@dataclass
class FakeDrive:
    drive: Drive
    store: MemoryStore | FileStore
    faults: Faults = field(default_factory=Faults)
    medium: FakeMedium | None = None
    open_error: Exception | None = None
    firmware: FirmwareReading | None = None
    command: "Callable[[FakeDrive, Technique], object] | None" = None
    hidden_after: HiddenAreas | Exception | None = None


class FakeMachine:
    """Only what the engine may ask of a machine: anything else is an AttributeError."""

    environment = Environment.SIMULATED

    def __init__(self, *drives: FakeDrive) -> None:
        self.drives = {d.drive.node: d for d in drives}
        self.powers = [PowerReading(PowerSource.MAINS)]

    def open_medium(self, drive: Drive) -> FakeMedium:
        found = self.drives.get(drive.node)
        if found is None:
            raise MediaVanished(f"{drive.node} is no longer there.")
        found.faults.on_open()
        if found.open_error:
            raise found.open_error
        found.medium = FakeMedium(drive.identity, found.store, found.faults)
        return found.medium

    def power(self) -> PowerReading:
        return self.powers.pop(0) if len(self.powers) > 1 else self.powers[0]

    def read_hidden_areas(self, drive: Drive) -> HiddenAreas:
        after = self.drives[drive.node].hidden_after
        if isinstance(after, Exception):
            raise after
        return after or drive.hidden_areas

    def firmware_command(self, drive: Drive, technique: Technique):
        found = self.drives[drive.node]
        return found.command(found, technique)


def fake_drive(faults: Faults | None = None, size: int = 3 * MIB, sector: int = 512, **drive) -> FakeDrive:
    identity = make_identity(size, sector, serial=drive.pop("serial", "S-1"))
    return FakeDrive(make_drive(identity=identity, **drive), MemoryStore(size), faults or Faults())


def make_header(plans: tuple[Plan, ...], record_id: str = "01900000-0000-7000-8000-000000000001") -> SessionHeader:
    return SessionHeader(
        record_id=record_id,
        salt="00" * 16,
        started_at=FakeClock().now(),
        environment=Environment.SIMULATED,
        specimen=True,
        issuer=Issuer("Organisation", "station", "00" * 32),
        operator=Operator("op-1"),
        tool=Tool("ardoise", "0", "3", "6", "", ()),
        host=MachineInventory("", "", "", "", "", "", "", "", "", 0, (), (), ()),
        policy=Policy(),
        drives=tuple(InspectedDrive(p.drive, None) for p in plans),
        plans=plans,
        refusals=(),
    )


@dataclass
class Sitting:
    engine: Engine
    journal: Journal
    path: Path
    plans: tuple[Plan, ...]


def sitting(
    folder: Path,
    *drives: FakeDrive,
    clock=None,
    max_parallel: int | None = None,
    patience: Patience = PATIENCE,
    pace: Pace = SEQUENTIAL,
    thermometer: Thermometer | None = None,
    course: Course = COURSE,
    machine: FakeMachine | None = None,
    **policy,
) -> Sitting:
    plans = tuple(plan_for(d.drive, d.firmware, **policy) for d in drives)
    journal = Journal.create(folder / "journal", make_header(plans))
    around = machine or FakeMachine(*drives), journal, clock or FakeClock(), max_parallel
    engine = Engine(*around, patience=patience, pace=pace, thermometer=thermometer, course=course)
    return Sitting(engine, journal, journal.path, plans)


def run_one(folder: Path, drive: FakeDrive, **options) -> JobResult:
    """One drive from start to result."""
    it = sitting(folder, drive, **options)
    it.engine.start(it.plans)
    assert it.engine.wait(60)
    (result,) = it.engine.results()
    return result


def drive_record(result: JobResult) -> DriveRecord:
    """The record's entry as it is made from a job's result; the level is claimed at its highest to provoke the model."""
    plan, drive = result.plan, result.plan.drive
    return DriveRecord(
        node=drive.node,
        bay=drive.bay,
        bus=drive.bus.value,
        media_type=drive.media_type.value,
        rotation_rpm=drive.rotation_rpm,
        removable=drive.removable,
        soldered=drive.soldered,
        signatures_before=drive.signatures,
        hidden_areas=drive.hidden_areas,
        identity=drive.identity,
        identity_at_open=result.identity_at_open,
        identity_at_end=result.identity_at_end,
        exclusions=drive.exclusions,
        outcome=Outcome.UNKNOWN,
        state=result.state,
        reason=result.reason,
        technique=result.rung.technique,
        pass_set=plan.pass_set.name,
        level_planned=plan.level_reached,
        level_required=plan.level_required,
        level_reached=result.rung.level,
        plan_reasons=plan.reasons,
        not_covered=plan.not_covered,
        started_at=result.started_at,
        ended_at=result.ended_at,
        duration_ms=result.duration_ms,
        passes=result.passes,
        verification=result.verification,
        health_before=None,
        health_after=None,
        attempts=result.attempts,
        purge_source=result.rung.purge_source,
        hidden_areas_after=result.hidden_areas_after,
    )


def outcome_of(result: JobResult) -> Outcome:
    """What the model makes of the engine's evidence."""
    return medium_outcome(drive_record(result))


def forged_success(result: JobResult) -> Outcome:
    """What the model makes of the same evidence if the engine had called it sanitized: it must not believe it."""
    return medium_outcome(drive_record(replace(result, state=JobState.SANITIZED)))


def run_in_thread(target: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=target, daemon=True)
    thread.start()
    return thread
