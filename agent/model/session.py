"""One sitting at one machine, as the journal's first line keeps it: all that a record needs besides the jobs' results."""

from dataclasses import dataclass, field
from datetime import datetime

from agent.model.drive import Drive
from agent.model.firmware import FirmwareReading
from agent.model.health import HealthReport
from agent.model.json_form import LEFT_OUT
from agent.model.language import Language
from agent.model.machine import Environment, MachineInventory
from agent.model.preparation import Preparation
from agent.model.record import Issuer, Operator, Tool
from agent.model.sanitization import Plan, Policy, Refusal
from agent.model.stated import NOTHING_STATED, Stated


@dataclass(frozen=True)
class InspectedDrive:
    """A drive with its verdict; health is None where it was never read, so is what the drive can do by itself.

    `preparations` are the steps that were taken on it since its last record, before it was inspected as it stands here.
    """

    drive: Drive
    health: HealthReport | None
    firmware: FirmwareReading | None = field(default=None, metadata=LEFT_OUT)
    preparations: tuple[Preparation, ...] = field(default=(), metadata=LEFT_OUT)


@dataclass(frozen=True)
class SessionHeader:
    """Everything that was known when the operator confirmed; the record's id is fixed here, so a record is made once."""

    record_id: str
    salt: str
    started_at: datetime
    environment: Environment
    specimen: bool
    issuer: Issuer
    operator: Operator
    tool: Tool
    host: MachineInventory
    policy: Policy
    drives: tuple[InspectedDrive, ...]
    plans: tuple[Plan, ...]
    refusals: tuple[Refusal, ...]
    language: Language = field(default=Language.ENGLISH, metadata=LEFT_OUT)
    stated: Stated = field(default=NOTHING_STATED, metadata=LEFT_OUT)
