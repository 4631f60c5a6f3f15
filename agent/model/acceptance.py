"""The decision to accept or reject a result, signed apart from it (NIST SP 800-88r2 4.5.2: validation)."""

from dataclasses import dataclass
from enum import StrEnum

from agent.model.statement import Statement

ACCEPTANCE_SCHEMA = "ardoise-acceptance/1"


class Decision(StrEnum):
    """What the validator decided."""

    ACCEPT = "accept"
    REJECT = "reject"


@dataclass(frozen=True)
class Acceptance(Statement):
    """A validator's decision on one record, named by its digest; validator and operator as opaque ids."""

    record_id: str
    record_sha256: str
    record_headline: str
    operator: str
    validator: str
    decision: Decision
    reason: str
