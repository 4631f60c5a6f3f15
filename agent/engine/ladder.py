"""The drive's own techniques of a plan, one after the other, until one is shown to have done it or nothing more may be tried."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from agent.engine.firmware_erase import Ask, FirmwareErase
from agent.engine.journal import AttemptEvent
from agent.engine.surroundings import Cancelled
from agent.errors import EvidenceError
from agent.model.drive import Identity
from agent.model.firmware import CommandOutcome, FirmwareResult
from agent.model.firmware_evidence import shortcoming
from agent.model.job import JobState
from agent.model.sanitization import Plan, Rung

Verdict = tuple[JobState, str]


@dataclass
class Ladder:
    """What was tried so far, for the job's result."""

    attempts: list[FirmwareResult] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    identity_at_end: Identity | None = None

    def climb(self, plan: Plan, ask_for: Callable[[Rung], Ask]) -> Verdict | None:
        """The verdict, or None where an overwrite comes next; raises Cancelled, EvidenceError."""
        for rung in plan.rungs:
            if not rung.technique.by_firmware:
                return None
            ask = ask_for(rung)
            attempt = FirmwareErase(ask)
            result = attempt.run()
            self.attempts.append(result)
            self.identity_at_end = attempt.identity_at_end
            if result.outcome is CommandOutcome.UNCONFIRMED:
                with suppress(EvidenceError):
                    # A stick that takes nothing more makes this no more certain.
                    ask.journal.append(AttemptEvent(ask.job_id, result))
                return JobState.UNKNOWN, self._joined(rung, result.reason)
            ask.journal.append(AttemptEvent(ask.job_id, result))
            if attempt.stopped:
                raise Cancelled(attempt.stopped)
            identity = plan.drive.identity
            missing = shortcoming(result, identity.capacity_bytes, identity.logical_sector_bytes)
            if not missing:
                return JobState.SANITIZED, ""
            self.reasons.append(f"{rung.technique.value}: {missing}")
        return JobState.FAILED, "; ".join(self.reasons)

    def _joined(self, rung: Rung, reason: str) -> str:
        return "; ".join([*self.reasons, f"{rung.technique.value}: {reason}"])
