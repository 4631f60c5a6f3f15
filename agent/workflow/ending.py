"""How a session ends: what may be claimed of its jobs, and when a drive that hangs is not waited for."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from agent.engine.engine import Engine
from agent.errors import AgentError
from agent.host.clock import clock_source
from agent.model.drive import Drive, HiddenAreaState, Identity
from agent.model.health import HealthReport
from agent.model.job import SUCCESSES, JobResult, JobSnapshot, JobState
from agent.model.record import SessionEnd
from agent.workflow.inspection import read_each
from agent.workflow.recording import Ending

_NOT_DURABLE = "its result never reached the journal: another journal came back, or none"


def make_ending(
    results: tuple[JobResult, ...],
    snapshots: tuple[JobSnapshot, ...],
    health_of: Callable[[Drive], HealthReport | None],
    now: Callable[[], datetime],
) -> Ending:
    """What is known when the last job has ended, and of those that never answered; reads each drive's health anew."""
    finished = {r.plan.drive.node for r in results}
    silent = {s.node: f"{s.state}, {s.progress.done_bytes} bytes" for s in snapshots if s.node not in finished}
    health = read_each([r.plan.drive for r in results], health_of)
    stopped = bool(silent) or any(r.state is JobState.INTERRUPTED for r in results)
    return Ending(
        SessionEnd.CANCELLED if stopped else SessionEnd.COMPLETED, results, health, now(), silent, clock_source()
    )


def sanitized_drives(ending: Ending) -> tuple[Identity, ...]:
    """The drives of which nothing more is to be said."""
    done = [r for r in ending.results if r.state is JobState.SANITIZED]
    unclear = HiddenAreaState.NOT_EXAMINED
    return tuple(
        r.plan.drive.identity for r in done if not r.hidden_areas_after or r.hidden_areas_after.state is not unclear
    )


def problem_of(error: AgentError | OSError) -> tuple[str, str]:
    """What went wrong and what to do about it."""
    if isinstance(error, AgentError):
        return error.message, error.remedy
    return str(error.strerror or error), "Check the evidence folder and the station's folder."


def only_silent_ones_left(
    engine: Engine, stopped: Mapping[str | None, float], now: float, silence_seconds: float
) -> bool:
    """Whether all that runs was stopped long ago: a drive that hangs in the kernel must not keep the others' record."""
    finished = {r.plan.drive.node for r in engine.results()}
    waiting = [s.node for s in engine.snapshots() if s.node not in finished]
    times = [stopped.get(node, stopped.get(None)) for node in waiting]
    return all(t is not None and now - t > silence_seconds for t in times)


def without_claims(ending: Ending, lost: frozenset[str]) -> Ending:
    """The same ending, with no success for the jobs whose result is not durable."""
    unproven = {r.job_id for r in ending.results if r.job_id in lost and r.state in SUCCESSES}
    if not unproven:
        return ending
    results = tuple(_interrupted(r) if r.job_id in unproven else r for r in ending.results)
    return replace(ending, ended=SessionEnd.CANCELLED, results=results)


def _interrupted(result: JobResult) -> JobResult:
    reason = f"{result.reason}; {_NOT_DURABLE}" if result.reason else _NOT_DURABLE
    return replace(result, state=JobState.INTERRUPTED, reason=reason)
