"""A lot: every record of it by digest, what became of each machine and medium, and what is not as it should be."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from agent.model.acceptance import Decision
from agent.model.destruction import DestructionResult, DestructionTechnique
from agent.model.intake import IntakeMachine
from agent.model.json_form import LEFT_OUT
from agent.model.record import Headline, Outcome
from agent.model.sanitization import Method
from agent.model.statement import Statement

LOT_SCHEMA = "ardoise-lot/1"
MAXIMUM_RECORDS = 20_000


class LotHeadline(StrEnum):
    """Headline of a lot: all sanitized; all accounted for (some destroyed, without a medium, or not announced); or not."""

    SANITIZED = "SANITIZED"
    ACCOUNTED_FOR = "ACCOUNTED FOR"
    INCOMPLETE = "INCOMPLETE"


class ExceptionKind(StrEnum):
    """Why a machine or medium is listed as an exception."""

    NOT_SANITIZED = "not sanitized"
    LEVEL_BELOW = "level below the one required"
    NOT_REACHED = "part of the machine not reached"
    MISSING = "missing"
    DAMAGED = "damaged only"
    REJECTED = "rejected"
    SELF_ACCEPTED = "accepted by the operator"
    NOT_ACCEPTED = "not accepted yet"
    DESTROYED = "destroyed"
    NO_MEDIUM = "no drive found"
    NOT_ANNOUNCED = "not announced"
    SUPERSEDED = "replaced by a later record"

    @property
    def is_open(self) -> bool:
        """Whether it keeps the lot from being accounted for."""
        return self not in {
            ExceptionKind.DESTROYED,
            ExceptionKind.NO_MEDIUM,
            ExceptionKind.NOT_ANNOUNCED,
            ExceptionKind.SUPERSEDED,
        }


@dataclass(frozen=True)
class LotPolicy:
    """What the lot asks for, beyond what each record's own policy asked."""

    level_required: Method
    acceptance_required: bool
    acceptor_may_be_operator: bool


@dataclass(frozen=True)
class LotMedium:
    """One medium of one record, as its record says it."""

    model: str
    serial: str
    wwn: str
    capacity_bytes: int
    media_type: str
    outcome: Outcome
    level_reached: Method


@dataclass(frozen=True)
class LotAcceptance:
    """The decision on one record, when the validator's clock says that it was signed, and that acceptance's digest."""

    statement_sha256: str
    validator: str
    decision: Decision
    issued_at: datetime | None = field(default=None, metadata=LEFT_OUT)


@dataclass(frozen=True)
class LotEntry:
    """One verified record. `whole` is false where a controller may hide drives or the session did not end well."""

    MAXIMUM_LISTED: ClassVar[int] = MAXIMUM_RECORDS

    record_id: str
    record_sha256: str
    document_name: str
    document_sha256: str
    proof: str
    station: str
    sequence: int
    issued_at: datetime
    clock_plausible: bool
    operator: str
    headline: Headline
    whole: bool
    manufacturer: str
    model: str
    serial: str
    asset_tag: str
    media: tuple[LotMedium, ...]
    acceptance: LotAcceptance | None = field(default=None, metadata=LEFT_OUT)


@dataclass(frozen=True)
class LotDestruction:
    """One verified destruction record."""

    MAXIMUM_LISTED: ClassVar[int] = MAXIMUM_RECORDS

    statement_sha256: str
    model: str
    serial: str
    machine_serial: str
    record_sha256: str
    technique: DestructionTechnique
    result: DestructionResult


@dataclass(frozen=True)
class LotIntake:
    """The verified intake receipt, and what it announced."""

    statement_sha256: str
    machines: tuple[IntakeMachine, ...]


@dataclass(frozen=True)
class LotException:
    """One thing that is not as it should be, or must be known; `medium_serial` is empty where it is the whole machine."""

    MAXIMUM_LISTED: ClassVar[int] = 8 * MAXIMUM_RECORDS

    kind: ExceptionKind
    machine_model: str
    machine_serial: str
    asset_tag: str
    medium_model: str
    medium_serial: str
    outcome: str
    record_sha256: str


@dataclass(frozen=True)
class LotTotals:
    """Counted from the entries, never typed in; a machine with several records counts once, a medium too.

    `announced` is None without an intake receipt: then nobody can tell what is missing.
    """

    announced: int | None
    machines: int
    machines_sanitized: int
    machines_settled: int
    machines_incomplete: int
    machines_without_medium: int
    machines_missing: int
    records: int
    media: int
    media_sanitized: int
    media_destroyed: int
    media_open: int
    accepted: int


@dataclass(frozen=True)
class Lot(Statement):
    """The signed manifest of a lot; `supersedes` is the digest of the manifest that this one corrects."""

    lot: str
    donor_reference: str
    policy: LotPolicy
    headline: LotHeadline
    totals: LotTotals
    exceptions: tuple[LotException, ...]
    entries: tuple[LotEntry, ...]
    destructions: tuple[LotDestruction, ...]
    intake: LotIntake | None
    supersedes: str = field(default="", metadata=LEFT_OUT)
