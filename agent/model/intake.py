"""What was handed over, before anything was erased."""

from dataclasses import dataclass
from typing import ClassVar

from agent.model.statement import Statement

INTAKE_SCHEMA = "ardoise-intake/1"


@dataclass(frozen=True)
class IntakeMachine:
    """One machine as it was handed over, in the words of who received it; empty where it was not stated."""

    MAXIMUM_LISTED: ClassVar[int] = 20_000

    asset_tag: str
    serial: str
    kind: str
    manufacturer: str
    model: str
    condition: str
    remark: str


@dataclass(frozen=True)
class IntakeReceipt(Statement):
    """A lot's machines before erasure; persons and the donor as opaque references, `received_on` an ISO date."""

    lot: str
    donor_reference: str
    source: str
    place: str
    handed_over_by: str
    received_by: str
    received_on: str
    remark: str
    machines: tuple[IntakeMachine, ...]
