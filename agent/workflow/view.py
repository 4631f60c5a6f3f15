"""What the workflow shows to a screen or a command: frozen views, pulled, never pushed."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from agent.model.drive import Drive
from agent.model.machine import Environment, MachineInventory
from agent.model.record import Headline, Outcome
from agent.model.sanitization import Plan, Policy, Refusal
from agent.model.session import InspectedDrive


class Stage(StrEnum):
    """Where a sitting stands."""

    READY = "ready"
    RUNNING = "running"
    RECORDING = "recording"
    RECORDED = "recorded"
    RECORD_FAILED = "record failed"


class UploadState(StrEnum):
    """Where a record stands on its way to the registry; ARCHIVED only after the receipt was checked."""

    NOT_ASKED = "not asked"
    PENDING = "pending"
    UPLOADING = "uploading"
    ARCHIVED = "archived"
    QUARANTINED = "quarantined"
    REJECTED = "rejected"


@dataclass(frozen=True)
class StationView:
    """Where and as whom a screen runs; `trusted_root` is the root's subject, `from_memory` None outside the live system."""

    environment: Environment
    specimen: bool
    organisation: str
    station: str
    trusted_root: str
    operator: str
    evidence: Path
    registry: str
    from_memory: bool | None = None


@dataclass(frozen=True)
class Inspection:
    """What was found; the boot medium is named apart and never on offer."""

    inventory: MachineInventory
    drives: tuple[InspectedDrive, ...]
    boot_medium: Drive | None


class CautionKind(StrEnum):
    """Kinds of cautions."""

    ON_BATTERY = "the machine runs on battery"
    BATTERY_TOO_LOW = "the drive's own erase will not be started"
    BAD_HEALTH = "the drive says that it fails"
    RAID_MODE = "drives may be hidden by a RAID mode"
    NO_DRIVER = "drives may be hidden: no driver"


@dataclass(frozen=True)
class Caution:
    """Something to know before a plan is confirmed; `node` is empty where it is the whole machine, `detail` plain text."""

    kind: CautionKind
    node: str
    detail: str


@dataclass(frozen=True)
class PlanSet:
    """Plans that wait for a person; `code` is the short code that the screen asks for, `names` confirm one drive each.

    `names[i]` belongs to `plans[i]`: the serial, or the node where the serial does not identify it (`name_is_node[i]`).
    `resumable` are the nodes of plans that could go on where a power cut ended them, whether they do or start again.
    `cautions` are what to know before confirming.
    """

    policy: Policy
    plans: tuple[Plan, ...]
    refusals: tuple[Refusal, ...]
    not_selected: tuple[Drive, ...]
    spared: tuple[Drive, ...]
    code: str
    names: tuple[str, ...]
    name_is_node: tuple[bool, ...]
    resumable: tuple[str, ...] = ()
    cautions: tuple[Caution, ...] = ()


@dataclass(frozen=True)
class MediumView:
    """One medium in a finished record."""

    node: str
    model: str
    serial: str
    outcome: Outcome
    level_reached: str
    reason: str
    first_bad_lba: int | None


@dataclass(frozen=True)
class EvidenceView:
    """A record that is on stable storage; `document` is record.pdf where nothing was certified.

    `final` is the registry's document with all proofs, once it is here; until then `document` is provisional.
    """

    record_id: str
    folder: Path
    document: Path
    headline: Headline
    coverage_percent: str
    media: tuple[MediumView, ...]
    upload: UploadState
    upload_detail: str
    final: Path | None = None


@dataclass(frozen=True)
class SittingView:
    """The whole sitting at one moment; `problem` and `remedy` are set in RECORD_FAILED.

    `stick_missing`: the stick was pulled before the record was on it; `may_pull`: nothing here needs it any more.
    """

    stage: Stage
    evidence: EvidenceView | None
    problem: str
    remedy: str
    stick_missing: bool = False
    may_pull: bool = False
