"""Media of the vectors that the samples don't have: erased by the drive itself, resumed, read back with exceptions."""

from dataclasses import replace
from datetime import timedelta

from agent.model.drive import HiddenAreas, HiddenAreaState
from agent.model.firmware import (
    CommandOutcome,
    CommandState,
    DeviceStatus,
    ErasedReadBack,
    FirmwareResult,
    MarkerCheck,
    ToolRun,
)
from agent.model.job import JobState
from agent.model.passes import SectorError
from agent.model.record import DriveRecord, Record, SessionEnd, machine_headline, medium_outcome
from agent.model.sanitization import Method, Technique, VerificationKind
from tests.samples import AT

SECTOR = 512
MARKERS = 2000
NEVER = DeviceStatus(CommandState.NEVER, ("SSTAT 0x0000",))
RUNNING = DeviceStatus(CommandState.RUNNING, ("SSTAT 0x0002", "SPROG 0x3000"), 187)
DONE = DeviceStatus(CommandState.DONE, ("SSTAT 0x0101", "SCDW10 0x00000002"))


def erased_by_itself(drive: DriveRecord, technique: Technique = Technique.NVME_SANITIZE_BLOCK_ERASE) -> DriveRecord:
    """The medium after a block erase of its own that was read back in full: Purge."""
    size = drive.identity.capacity_bytes
    tried = FirmwareResult(
        technique=technique,
        outcome=CommandOutcome.DONE,
        reason="",
        status_before=NEVER,
        seen=(RUNNING, DONE),
        status_after=DONE,
        tools=(ToolRun(("nvme", "sanitize", drive.node, "--sanact=2"), 0, "", 41),),
        markers=MarkerCheck("c0ffee00" * 4, MARKERS * SECTOR, MARKERS, MARKERS, MARKERS, 0, ()),
        read_back=ErasedReadBack(
            VerificationKind.FULL, size, size, size, (f"00: {size}",), 0, (), 0, (), True, "", size // 2_000_000
        ),
        started_at=AT - timedelta(hours=2),
        duration_ms=size // 1_500_000,
    )
    return judged(
        replace(
            drive,
            technique=technique,
            passes=(),
            verification=None,
            attempts=(tried,),
            level_planned=Method.PURGE,
            level_reached=Method.PURGE,
        )
    )


def resumed(
    drive: DriveRecord, carried: int, record_id: str = "019aa000-5e00-7abc-8def-0123456789ff"
) -> DriveRecord:
    """The medium whose pass began in another session."""
    done = replace(drive.passes[0], carried_over_bytes=carried)
    return judged(replace(drive, passes=(done,), resumed_from=record_id))


def with_exceptions(drive: DriveRecord, *ranges: SectorError) -> DriveRecord:
    """The medium with sectors that were written but could not be read back."""
    check = drive.verification
    if check is None:
        raise AssertionError("a medium that was read back is asked for")
    count = sum(each.sector_count for each in ranges)
    read = check.bytes_expected - count * SECTOR
    found = replace(
        check, bytes_read=read, bytes_matching=read, unreadable_sectors=count, first_unreadable=tuple(ranges)
    )
    return judged(replace(drive, verification=found, state=JobState.SANITIZED_WITH_EXCEPTIONS))


def disk(drive: DriveRecord) -> DriveRecord:
    """The same as a magnetic disk on an ATA bus, asked for hidden areas."""
    sectors = drive.identity.capacity_bytes // SECTOR
    return replace(
        drive,
        node="/dev/sda",
        bus="SATA",
        media_type="magnetic hard disk drive",
        rotation_rpm=7200,
        hidden_areas=HiddenAreas(HiddenAreaState.NONE_FOUND, sectors, sectors),
    )


def interrupted(record: Record) -> Record:
    """The record of a session that a power cut ended half-way."""
    drive = record.drives[0]
    half = replace(drive.passes[0], bytes_written=2**38)
    cut = replace(
        drive,
        passes=(half,),
        verification=None,
        state=JobState.INTERRUPTED,
        reason="the session ended before its end",
        level_reached=Method.NONE,
        identity_at_end=None,
    )
    return with_drives(replace(record, ended=SessionEnd.INTERRUPTED), judged(cut))


def judged(drive: DriveRecord) -> DriveRecord:
    """The medium with the outcome that its evidence supports."""
    return replace(drive, outcome=medium_outcome(drive))


def with_drives(record: Record, *drives: DriveRecord) -> Record:
    """The record of these media, with the headline that they support."""
    return replace(record, drives=drives, headline=machine_headline(drives, record.host, record.ended))
