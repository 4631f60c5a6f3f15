"""What a verification means for the registry: archive, keep apart, or refuse."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from agent.certificate.evidence import Evidence
from agent.model.record import Record


@dataclass(frozen=True)
class Accept:
    """Everything verified; `test_root` says that the chain ends at a throw-away root."""

    record: Record
    test_root: bool


@dataclass(frozen=True)
class KeepApart:
    """The station is unknown, expired, not yet valid or revoked: the evidence is kept without a receipt."""

    reason: str
    detail: str


@dataclass(frozen=True)
class Refuse:
    """The evidence is malformed, contradicts itself or is signed wrongly; `step` is the verifier's step that says so."""

    step: str
    detail: str


Verdict = Accept | KeepApart | Refuse

Verifier = Callable[[Evidence, datetime], Verdict]
