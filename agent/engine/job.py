"""One drive's run through the states, in its own thread, on one exclusive descriptor from first check to last."""

import errno
import logging
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from agent.engine.blocks import BlockQueue, Region
from agent.engine.crew import PACE, Pace
from agent.engine.journal import (
    Journal,
    OpenedEvent,
    PassEvent,
    ProgressEvent,
    ResultEvent,
    StateEvent,
    VerificationEvent,
)
from agent.engine.judgement import judge, with_first_error
from agent.engine.meter import Meter
from agent.engine.overwrite import write_pass
from agent.engine.stream import Stream, open_stream
from agent.engine.transfer import Patience, Transfer, describe
from agent.engine.verification import Comparison, compare_regions, full_regions, sampled_regions
from agent.errors import AgentError, EvidenceError, IdentityChanged, MediaError, MediaVanished
from agent.host.machine import Machine, Medium
from agent.model.clock import Clock
from agent.model.drive import Identity
from agent.model.job import JobResult, JobSnapshot, JobState, PassResult, VerificationResult, check_transition
from agent.model.sanitization import PassSpec, Plan, VerificationKind

_LOG = logging.getLogger(__name__)
MARK_SECONDS = 5.0
_MARKS_PER_PHASE = 1000
OPERATOR = "operator"
_NOTHING_DONE = frozenset({JobState.READY, JobState.CONFIRMED, JobState.CHECKING})
_SUCCESSES = frozenset({JobState.SANITIZED, JobState.SANITIZED_WITH_EXCEPTIONS})


class Cancelled(AgentError):
    """The job was told to stop; the message says by whom."""


@dataclass(frozen=True)
class Surroundings:
    """What all jobs of a sitting share."""

    machine: Machine
    clock: Clock
    journal: Journal
    patience: Patience
    pace: Pace = PACE


class Job:
    """One plan being carried out; `run` is its thread, all else may be called from any thread."""

    def __init__(self, job_id: str, plan: Plan, around: Surroundings) -> None:
        self.job_id = job_id
        self.plan = plan
        self.result: JobResult | None = None
        self._around = around
        self._clock = around.clock
        self._stop = threading.Event()
        self._stopped_by = ""
        self._state = JobState.READY
        self._reason = ""
        self._meter = Meter(around.clock.monotonic)
        self._started_at = around.clock.now()
        self._began = around.clock.monotonic()
        self._passes: list[PassResult] = []
        self._verification: VerificationResult | None = None
        self._identity_at_open: Identity | None = None
        self._identity_at_end: Identity | None = None
        self._phase = (0, 0, 0)
        self._last_mark = 0.0
        self._last_mark_bytes = 0

    @property
    def node(self) -> str:
        """The node of the drive."""
        return self.plan.drive.node

    def snapshot(self) -> JobSnapshot:
        """The job at this moment."""
        identity = self.plan.drive.identity
        return JobSnapshot(
            self.job_id,
            self.node,
            identity.model,
            identity.serial,
            self._state,
            self._meter.progress(),
            self._reason,
        )

    def cancel(self, by: str = OPERATOR) -> None:
        """Ask the job to stop at its next block."""
        self._stopped_by = self._stopped_by or by
        self._stop.set()

    def confirm(self) -> None:
        """Note that a person confirmed; raises EvidenceError."""
        self._enter(JobState.CONFIRMED)

    def run(self, slot: threading.Semaphore) -> None:
        """Carry the plan out, to a final state whatever happens."""
        try:
            while not slot.acquire(timeout=0.1):
                self._check_stop()
            try:
                ending = self._carry_out()
            finally:
                slot.release()
        except Cancelled as error:
            ending = (JobState.INTERRUPTED, error.message)
        except EvidenceError as error:
            ending = (JobState.INTERRUPTED, error.message)
        except AgentError as error:
            ending = (JobState.FAILED, with_first_error(error.message, self._passes, self._verification))
        except OSError as error:
            ending = (JobState.FAILED, with_first_error(describe(error), self._passes, self._verification))
        except Exception as error:  # noqa: BLE001 - the top of a thread: a defect must end as a state, never as silence
            _LOG.error("job %s ended by a defect", self.job_id, exc_info=True)
            begun = self._state in {JobState.SANITIZING, JobState.VERIFYING}
            ending = (
                JobState.UNKNOWN if begun else JobState.FAILED,
                f"defect of the program: {type(error).__name__}",
            )
        self._finish(*ending)

    def _carry_out(self) -> tuple[JobState, str]:
        self._enter(JobState.CHECKING)
        medium = self._around.machine.open_medium(self.plan.drive)
        try:
            self._identity_at_open = medium.read_identity()
            self._check_identity(self._identity_at_open, medium)
            self._around.journal.announce(OpenedEvent(self.job_id, self._identity_at_open, self._clock.now()))
            stream = self._sanitize(medium)
            self._verify(medium, stream)
            self._identity_at_end = medium.read_identity()
            self._check_identity(self._identity_at_end, medium)
        finally:
            medium.close()
        return judge(self.plan, self._passes, self._verification)

    def _check_identity(self, seen: Identity, medium: Medium) -> None:
        planned = self.plan.drive.identity
        if medium.capacity_bytes < planned.capacity_bytes:
            raise MediaVanished(
                f"The medium has shrunk from {planned.capacity_bytes} to {medium.capacity_bytes} bytes since it was planned."
            )
        same_size = medium.capacity_bytes == planned.capacity_bytes
        if (
            not same_size
            or not seen.same_medium(planned)
            or medium.logical_sector_bytes != planned.logical_sector_bytes
        ):
            raise IdentityChanged(f"The medium at {self.node} is not the one that was planned.")

    # --- passes

    def _sanitize(self, medium: Medium) -> Stream:
        specs = self.plan.pass_set.passes
        stream: Stream | None = None
        for number, spec in enumerate(specs, start=1):
            self._check_stop()
            stream = open_stream(spec)
            self._enter(JobState.SANITIZING, f"pass {number} of {len(specs)}")
            self._one_pass(medium, number, spec, stream)
        if stream is None:
            raise MediaError("The pass set has no pass.")
        return stream

    def _one_pass(self, medium: Medium, number: int, spec: PassSpec, stream: Stream) -> None:
        size = self.plan.drive.identity.capacity_bytes
        count = len(self.plan.pass_set.passes)
        later = (count - number) * size + self._verified_bytes()
        transfer = self._transfer(medium, medium.write_at, errno.EIO)
        started_at, began = self._clock.now(), self._clock.monotonic()
        self._begin_phase(number, size, later)
        try:
            write_pass(
                size,
                stream,
                name=self._thread_name,
                pace=self._around.pace,
                transfer=transfer,
                report=self._advance,
            )
            self._flush(medium, number)
        finally:
            result = PassResult(
                number=number,
                spec=spec,
                key_sha256=stream.key_sha256,
                bytes_expected=size,
                bytes_written=transfer.moved,
                direct_io=medium.direct_io,
                started_at=started_at,
                duration_ms=self._since(began),
                error_count=transfer.errors.sectors,
                first_errors=transfer.errors.first,
            )
            self._passes.append(result)
        self._around.journal.append(PassEvent(self.job_id, result))

    # --- read-back

    def _verify(self, medium: Medium, stream: Stream) -> None:
        self._check_stop()
        self._enter(JobState.VERIFYING, f"pass {len(self._passes)}")
        regions, seed = self._regions()
        expected = sum(length for _, length in regions)
        sector = medium.logical_sector_bytes
        transfer = self._transfer(medium, medium.read_at, errno.ENXIO)
        comparison = Comparison()
        started_at, began = self._clock.now(), self._clock.monotonic()
        self._begin_phase(len(self._passes), expected, 0)
        try:
            compare_regions(
                regions,
                stream,
                name=self._thread_name,
                pace=self._around.pace,
                transfer=transfer,
                comparison=comparison,
                sector=sector,
                report=self._advance,
            )
        finally:
            self._verification = VerificationResult(
                kind=self.plan.verification,
                of_pass=len(self._passes),
                bytes_expected=expected,
                bytes_read=transfer.moved,
                bytes_matching=transfer.moved - comparison.sectors * sector,
                direct_io=medium.direct_io,
                started_at=started_at,
                duration_ms=self._since(began),
                mismatched_sectors=comparison.sectors,
                first_mismatches=comparison.first,
                unreadable_sectors=transfer.errors.sectors,
                first_unreadable=transfer.errors.first,
                sample_seed=seed.hex(),
            )
        self._around.journal.append(VerificationEvent(self.job_id, self._verification))

    def _regions(self) -> tuple[tuple[Region, ...], bytes]:
        identity = self.plan.drive.identity
        if self.plan.verification is VerificationKind.FULL:
            return full_regions(identity.capacity_bytes), b""
        # Drawn after the last pass: a medium that stores only what will be sampled can't know where.
        seed = os.urandom(16)
        return sampled_regions(identity.capacity_bytes, identity.logical_sector_bytes, seed), seed

    def _verified_bytes(self) -> int:
        size = self.plan.drive.identity.capacity_bytes
        return size if self.plan.verification is VerificationKind.FULL else size // 10

    # --- the end

    def _finish(self, state: JobState, reason: str) -> None:
        result = self._result(state, reason)
        try:
            check_transition(self._state, state)
            self._around.journal.append(ResultEvent(result))
        except EvidenceError as error:
            # What the journal does not hold can't be claimed; a failure stays one.
            ending = JobState.INTERRUPTED if state in _SUCCESSES else state
            joined = f"{reason}; {error.message}" if reason and reason != error.message else error.message
            result = replace(result, state=ending, reason=joined)
        except Exception as error:  # noqa: BLE001 - as in run: a job without a result would be lost without a word
            _LOG.error("job %s could not be ended", self.job_id, exc_info=True)
            result = replace(
                result, state=JobState.UNKNOWN, reason=f"defect of the program: {type(error).__name__}"
            )
        self._meter.end()
        self._state, self._reason = result.state, result.reason
        self.result = result

    def _result(self, state: JobState, reason: str) -> JobResult:
        return JobResult(
            job_id=self.job_id,
            plan=self.plan,
            state=state,
            reason=reason,
            started_at=self._started_at,
            ended_at=self._clock.now(),
            duration_ms=self._since(self._began),
            identity_at_open=self._identity_at_open,
            identity_at_end=self._identity_at_end,
            passes=tuple(self._passes),
            verification=self._verification,
        )

    # --- small steps

    def _enter(self, state: JobState, reason: str = "") -> None:
        check_transition(self._state, state)
        journal = self._around.journal
        # With the stick away, what has begun goes on, but no medium is written to for the first time.
        note = journal.announce if self._state in _NOTHING_DONE else journal.append
        note(StateEvent(self.job_id, self.node, state, reason, self._clock.now()))
        self._state, self._reason = state, reason

    @property
    def _thread_name(self) -> str:
        return f"ardoise-{self.job_id}"

    def _transfer(self, medium: Medium, move: Callable[[int, memoryview], int], no_progress: int) -> Transfer:
        sector = medium.logical_sector_bytes
        return Transfer(
            move,
            sector,
            monotonic=self._clock.monotonic,
            check_stop=self._check_stop,
            no_progress=no_progress,
            patience=self._around.patience,
        )

    def _flush(self, medium: Medium, number: int) -> None:
        try:
            medium.flush()
        except OSError as error:
            message = f"The medium did not confirm that pass {number} is on stable storage: {describe(error)}."
            raise MediaError(message) from error

    def _begin_phase(self, number: int, total: int, later: int) -> None:
        errors = sum(p.error_count for p in self._passes)
        self._meter.begin(number, len(self.plan.pass_set.passes), total, later, errors)
        self._phase = (number, total, errors)
        self._last_mark, self._last_mark_bytes = self._clock.monotonic(), 0

    def _advance(self, queue: BlockQueue, errors: int) -> None:
        self._check_stop()
        number, total, earlier = self._phase
        self._meter.advance(queue.done_bytes, earlier + errors)
        done = queue.contiguous_bytes
        now = self._clock.monotonic()
        if now - self._last_mark < MARK_SECONDS or done - self._last_mark_bytes < total // _MARKS_PER_PHASE:
            return
        self._last_mark, self._last_mark_bytes = now, done
        mark = ProgressEvent(self.job_id, self._state, number, done, total, earlier + errors, self._clock.now())
        self._around.journal.append(mark)

    def _check_stop(self) -> None:
        if self._stop.is_set():
            raise Cancelled(self._stopped_by)
        self._around.journal.check()

    def _since(self, began: float) -> int:
        return round((self._clock.monotonic() - began) * 1000)
