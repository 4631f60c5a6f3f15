"""What a journal lets one say of jobs whose program did not live to say it: never more than it proves."""

from datetime import datetime

from agent.engine.journal import (
    AttemptEvent,
    CommandEvent,
    Event,
    JournalContent,
    OpenedEvent,
    PassEvent,
    PauseEvent,
    ProgressEvent,
    ResultEvent,
    StateEvent,
    VerificationEvent,
)
from agent.engine.pauses import pauses_in
from agent.model.drive import Identity
from agent.model.firmware import CommandOutcome, FirmwareResult
from agent.model.job import JobResult, JobState
from agent.model.passes import PassResult
from agent.model.sanitization import Plan


def job_id_of(index: int) -> str:
    """The id of the job for the header's plan at this index."""
    return f"job-{index + 1}"


def recovered_results(content: JournalContent) -> tuple[JobResult, ...]:
    """One result for each plan of the header: its own where the journal holds it whole, else INTERRUPTED."""
    results = []
    for index, plan in enumerate(content.header.plans):
        job_id = job_id_of(index)
        events = events_of(content, job_id)
        final = [e.result for e in events if isinstance(e, ResultEvent) and e.result.plan == plan]
        results.append(final[-1] if final else _interrupted(content, job_id, plan, events))
    return tuple(results)


def events_of(content: JournalContent, job_id: str) -> tuple[Event, ...]:
    """What the journal holds of one job, in order."""
    return tuple(e for e in content.events if _job_of(e) == job_id)


def left_locked(content: JournalContent) -> tuple[Identity, ...]:
    """The drives on which a command that sets a password was begun and is not known to have ended: they may be locked by it."""
    found = []
    for index, plan in enumerate(content.header.plans):
        events = events_of(content, job_id_of(index))
        noted = [e for e in events if isinstance(e, CommandEvent) and e.note]
        ended = {e.result.technique for e in events if isinstance(e, AttemptEvent) and _is_over(e.result)}
        if any(e.technique not in ended for e in noted):
            found.append(plan.drive.identity)
    return tuple(found)


def _is_over(result: FirmwareResult) -> bool:
    return result.outcome is not CommandOutcome.UNCONFIRMED


def passes_of(plan: Plan, events: tuple[Event, ...]) -> tuple[PassResult, ...]:
    """The passes that ended, those of earlier sessions included unless this one found that it had to start again."""
    done = tuple(e.result for e in events if isinstance(e, PassEvent))
    begun = [e for e in events if isinstance(e, StateEvent) and e.state is JobState.SANITIZING]
    if plan.resumption is None or any(e.pass_number <= len(plan.resumption.passes) for e in begun):
        return done
    return (*plan.resumption.passes, *done)


def _interrupted(content: JournalContent, job_id: str, plan: Plan, events: tuple[Event, ...]) -> JobResult:
    times = [e.at for e in events if isinstance(e, StateEvent | ProgressEvent | PauseEvent)]
    started = times[0] if times else content.header.started_at
    ended = max([started, *times])
    reason = f"the program ended unexpectedly {_how_far(events)}"
    if plan.resumption is not None:
        reason += f"; it was to go on from what record {plan.resumption.record_id} tells of"
    if content.damage:
        reason += f"; {content.damage}"
    opened = [e.identity for e in events if isinstance(e, OpenedEvent)]
    checks = [e.result for e in events if isinstance(e, VerificationEvent)]
    began = any(isinstance(e, StateEvent) and e.state is JobState.SANITIZING for e in events)
    attempts = tuple(e.result for e in events if isinstance(e, AttemptEvent))
    commands = [e for e in events if isinstance(e, CommandEvent)]
    unknown = bool(commands) and not any(a.technique is commands[-1].technique for a in attempts)
    if unknown:
        # The drive may have gone on by itself, or be left with a password: neither can be told from here.
        reason += f"; {commands[-1].technique.value} had been started, its outcome is not known"
        reason += f" ({commands[-1].note})" if commands[-1].note else ""
    return JobResult(
        job_id=job_id,
        plan=plan,
        state=JobState.UNKNOWN if unknown else JobState.INTERRUPTED,
        reason=reason,
        started_at=started,
        ended_at=ended,
        duration_ms=_milliseconds(started, ended),
        identity_at_open=opened[-1] if opened else None,
        identity_at_end=None,
        # Before it wrote, nobody had asked the medium whether it still holds what an earlier session wrote.
        passes=passes_of(plan, events) if began else (),
        verification=checks[-1] if checks else None,
        pauses=pauses_in(events, ended),
        attempts=attempts,
    )


def _how_far(events: tuple[Event, ...]) -> str:
    states = [e for e in events if isinstance(e, StateEvent)]
    if not states or states[-1].state in {JobState.READY, JobState.CONFIRMED}:
        return "before it began"
    last = states[-1]
    words = f"while {last.state}" + (f" ({last.reason})" if last.reason else "")
    behind = events[events.index(last) + 1 :]
    marks = [e for e in behind if isinstance(e, ProgressEvent)]
    if marks:
        words += f", last seen at {marks[-1].done_bytes} of {marks[-1].total_bytes} bytes"
    return words


_OfAJob = (
    StateEvent
    | OpenedEvent
    | PassEvent
    | CommandEvent
    | AttemptEvent
    | ProgressEvent
    | PauseEvent
    | VerificationEvent
)


def _job_of(event: Event) -> str:
    if isinstance(event, ResultEvent):
        return event.result.job_id
    if isinstance(event, _OfAJob):
        return event.job_id
    return ""


def _milliseconds(start: datetime, end: datetime) -> int:
    return round((end - start).total_seconds() * 1000)
