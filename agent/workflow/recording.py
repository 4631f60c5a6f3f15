"""From what the journal holds to one record: pure, so that an interrupted session is recorded by the same rules."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from agent.model.drive import Drive, Exclusion, ExclusionReason
from agent.model.health import HealthReport
from agent.model.job import SUCCESSES, JobResult, JobState
from agent.model.preparation import hidden_shortcoming
from agent.model.record import (
    SCHEMA,
    DriveRecord,
    Issuer,
    Outcome,
    Record,
    RecordTime,
    SessionEnd,
    StationLink,
    machine_headline,
    medium_outcome,
)
from agent.model.sanitization import Method, Plan, ladder_words
from agent.model.session import InspectedDrive, SessionHeader
from agent.workflow.clock_check import clock_remark


@dataclass(frozen=True)
class Ending:
    """How a session ended and what was read afterwards (health by node).

    `clock_source` says whether something keeps the clock right; `silent` names drives whose job never came back from the kernel, by node, with how far it had got.
    """

    ended: SessionEnd
    results: tuple[JobResult, ...]
    health_after: Mapping[str, HealthReport]
    issued_at: datetime
    silent: Mapping[str, str] = field(default_factory=dict)
    clock_source: str = "system"


def build_record(header: SessionHeader, ending: Ending, link: StationLink, issuer: Issuer) -> Record:
    """The record of a session, signed by `issuer`; every medium found but the boot medium is in it."""
    drives = tuple(
        _drive_record(header, ending, found) for found in header.drives if not found.drive.is_boot_medium
    )
    remark = clock_remark(ending.issued_at) or clock_remark(header.started_at)
    return Record(
        schema=SCHEMA,
        record_id=header.record_id,
        salt=header.salt,
        environment=header.environment,
        specimen=header.specimen,
        headline=machine_headline(drives, header.host, ending.ended),
        ended=ending.ended,
        issuer=issuer,
        operator=header.operator,
        time=RecordTime(header.started_at, ending.issued_at, ending.clock_source, not remark, remark),
        station_link=link,
        tool=header.tool,
        host=header.host,
        policy=header.policy,
        drives=drives,
        language=header.language,
        stated=header.stated,
    )


_SYSTEM_PLACES = frozenset({"/", "/boot", "/boot/efi", "/efi", "/home", "/opt", "/root", "/srv", "/usr", "/var"})


def public_exclusion(exclusion: Exclusion) -> Exclusion:
    """The reason as a record may say it: a mount point of a desktop holds a user's name and the donor's volume label."""
    if exclusion.reason is not ExclusionReason.MOUNTED or exclusion.detail in _SYSTEM_PLACES:
        return exclusion
    return Exclusion(exclusion.reason)


def _drive_record(header: SessionHeader, ending: Ending, found: InspectedDrive) -> DriveRecord:
    drive = found.drive
    plan = next((p for p in header.plans if p.drive.node == drive.node), None)
    result = next((r for r in ending.results if r.plan.drive.node == drive.node), None)
    rung = result.rung if result else plan.rungs[0] if plan else None
    state, reason = _state_and_reason(header, ending, drive, plan, result)
    hidden_after = result.hidden_areas_after if result else None
    if state in SUCCESSES and (missing := hidden_shortcoming(found.preparations, hidden_after)):
        state, reason = JobState.FAILED, missing
    sanitized = state in SUCCESSES
    entry = DriveRecord(
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
        identity_at_open=result.identity_at_open if result else None,
        identity_at_end=result.identity_at_end if result else None,
        exclusions=tuple(public_exclusion(e) for e in drive.exclusions),
        outcome=Outcome.NOT_SELECTED,
        state=state,
        reason=reason,
        technique=rung.technique if rung else None,
        pass_set=plan.pass_set.name if plan else "",
        level_planned=plan.level_reached if plan else Method.NONE,
        level_required=header.policy.required,
        level_reached=rung.level if rung and sanitized else Method.NONE,
        plan_reasons=(*plan.reasons, *ladder_words(plan.ladder)) if plan else (),
        not_covered=(rung.not_covered if rung else ()) or (plan.not_covered if plan else ()),
        started_at=result.started_at if result else None,
        ended_at=result.ended_at if result else None,
        duration_ms=result.duration_ms if result else 0,
        passes=result.passes if result else (),
        verification=result.verification if result else None,
        health_before=found.health,
        health_after=ending.health_after.get(drive.node),
        resumed_from=_resumed_from(result),
        pauses=result.pauses if result else (),
        attempts=result.attempts if result else (),
        purge_source=rung.purge_source if rung else "",
        firmware_before=found.firmware,
        power_at_start=result.power_at_start if result else None,
        power_at_end=result.power_at_end if result else None,
        preparations=found.preparations,
        hidden_areas_after=hidden_after,
    )
    return _with_outcome(entry)


def _resumed_from(result: JobResult | None) -> str:
    if result is None or result.plan.resumption is None or not any(p.carried_over_bytes for p in result.passes):
        return ""
    return result.plan.resumption.record_id


def _with_outcome(entry: DriveRecord) -> DriveRecord:
    outcome = medium_outcome(entry)
    if outcome in {Outcome.SANITIZED, Outcome.SANITIZED_WITH_EXCEPTIONS}:
        return replace(entry, outcome=outcome)
    return replace(entry, outcome=outcome, level_reached=Method.NONE)


def _state_and_reason(
    header: SessionHeader, ending: Ending, drive: Drive, plan: Plan | None, result: JobResult | None
) -> tuple[JobState, str]:
    if result is not None:
        return result.state, result.reason
    if drive.node in ending.silent:
        return JobState.UNKNOWN, f"stopped while the drive did not answer: {ending.silent[drive.node]}"
    if plan is not None:
        return JobState.INTERRUPTED, "the session ended before this medium was begun"
    if drive.exclusions:
        shown = [public_exclusion(e) for e in drive.exclusions]
        return JobState.REFUSED, "; ".join(f"{e.reason}: {e.detail}" if e.detail else str(e.reason) for e in shown)
    refusal = next((r for r in header.refusals if r.drive.node == drive.node), None)
    if refusal is not None:
        return JobState.REFUSED, "; ".join(refusal.reasons)
    return JobState.READY, "not selected by the operator"
