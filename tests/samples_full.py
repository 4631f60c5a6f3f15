"""A record with every kind of evidence that a page can show: an overwrite that was resumed and paused, the drive's own erase."""

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
from agent.model.job import Pause, PauseReason
from agent.model.machine import StorageController
from agent.model.power import PowerReading, PowerSource
from agent.model.preparation import Preparation, PreparationKind, PreparationOutcome
from agent.model.record import (
    DriveRecord,
    Record,
    SessionEnd,
    machine_headline,
    medium_outcome,
)
from agent.model.sanitization import Method, Technique, VerificationKind
from agent.model.stated import Destination, Stated
from tests.samples import AT, failed_drive, sample_record, sanitized_drive

STATED = Stated(
    lot="2026-114",
    site="Atelier de Renens, Ch. de la Poste 7",
    source="DON-2026-0388",
    classification="sensitive personal data (health)",
    property_number="HUG-014233",
    destination=Destination.EXTERNAL_REUSE,
    contact="effacement@ateliers.example",
    operator_title="Technicienne de reconditionnement",
    validator="op-91c0",
    validator_title="Responsable qualité",
)


def full_record() -> Record:
    """Four media: resumed overwrite, the drive's own erase, failed, untouched; INCOMPLETE, with a controller without driver."""
    base = sample_record("laptop")
    found = sanitized_drive("KINGSTON SA400S37240G", "50026B7784100311", 240_057_409_536, "/dev/sdb")
    drives = (resumed_drive(), own_erase_drive(), failed_drive(), found)
    host = replace(
        base.host, controllers=(StorageController("0000:00:17.0", "Intel RST <VMD>", "", raid_mode=True),)
    )
    ended = SessionEnd.COMPLETED
    return replace(
        base, drives=drives, host=host, stated=STATED, ended=ended, headline=machine_headline(drives, host, ended)
    )


def resumed_drive() -> DriveRecord:
    """An overwrite that was cut off, resumed, paused, on battery at its end; it had hidden sectors before."""
    drive = sanitized_drive("TOSHIBA MQ04ABF100", "X9K2T1F7T", 1_000_204_886_016, "/dev/sda", bay="0")
    sectors = drive.identity.capacity_bytes // 512
    clear = HiddenAreas(HiddenAreaState.NONE_FOUND, sectors, sectors)
    step = Preparation(
        PreparationKind.HIDDEN_AREAS,
        drive.identity,
        PreparationOutcome.DONE,
        "The hidden area was given back.",
        AT - timedelta(hours=4),
        (),
        HiddenAreas(HiddenAreaState.PRESENT, sectors - 2048, sectors),
        clear,
    )
    drive = replace(
        drive,
        passes=(replace(drive.passes[0], carried_over_bytes=400_000_000_000),),
        resumed_from="019aa000-5e00-7abc-8def-0123456789ab",
        pauses=(Pause(PauseReason.TEMPERATURE, "63 °C", AT, 61_000),),
        power_at_start=PowerReading(PowerSource.MAINS, 96),
        power_at_end=PowerReading(PowerSource.BATTERY, 71, 122),
        preparations=(step,),
        hidden_areas=clear,
        hidden_areas_after=clear,
    )
    return replace(drive, outcome=medium_outcome(drive))


def own_erase_drive(technique: Technique = Technique.NVME_SANITIZE_BLOCK_ERASE) -> DriveRecord:
    """An NVMe drive that erased itself, with its raw answers, markers and a full read-back."""
    drive = sanitized_drive("SAMSUNG MZVLB1T0HBLR-000L7", "S4EMNX0R201177", 1_024_209_543_168)
    size = drive.identity.capacity_bytes
    planted = size // 20 // 512
    tried = FirmwareResult(
        technique=technique,
        outcome=CommandOutcome.DONE,
        reason="",
        status_before=DeviceStatus(CommandState.NEVER, ("SSTAT 0x0000", "SPROG 0xffff", "SCDW10 0x00000000")),
        seen=(
            DeviceStatus(CommandState.RUNNING, ("SSTAT 0x0002", "SPROG 0x1a40", "SCDW10 0x00000002"), 102),
            DeviceStatus(CommandState.DONE, ("SSTAT 0x0101", "SPROG 0xffff", "SCDW10 0x00000002")),
        ),
        status_after=DeviceStatus(CommandState.DONE, ("SSTAT 0x0101", "SPROG 0xffff", "SCDW10 0x00000002")),
        tools=(
            ToolRun(("nvme", "sanitize", "-a", "2", "/dev/nvme0"), 0, "", 61),
            ToolRun(("nvme", "sanitize-log", "-o", "json", "/dev/nvme0"), 0, "{}", 12),
        ),
        markers=MarkerCheck("7f" * 16, planted * 512, planted, planted, planted, 0, ()),
        read_back=ErasedReadBack(
            VerificationKind.FULL, size, size, size, (f"00: {size}",), 0, (), 0, (), True, "", 980_000
        ),
        started_at=AT - timedelta(hours=2),
        duration_ms=91_400,
    )
    drive = replace(
        drive,
        technique=technique,
        pass_set="random",
        passes=(),
        verification=None,
        attempts=(tried,),
        level_planned=Method.PURGE,
        level_required=Method.PURGE,
        level_reached=Method.PURGE,
        plan_reasons=("the strongest technique that this medium offers", "every byte is read back and compared"),
    )
    return replace(drive, outcome=medium_outcome(drive))
