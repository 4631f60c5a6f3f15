"""One drive's run through the states, in its own thread, on one exclusive descriptor from first check to last."""

import errno
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from agent.engine.blocks import BlockQueue
from agent.engine.carry_over import holds_tail, tail_region
from agent.engine.firmware_erase import Ask
from agent.engine.flushing import flush
from agent.engine.gate import Gate
from agent.engine.hidden_check import hidden_afterwards, judged_with
from agent.engine.identity_check import check_identity
from agent.engine.journal import (
    OpenedEvent,
    PassEvent,
    ProgressEvent,
    ResultEvent,
    StateEvent,
    VerificationEvent,
)
from agent.engine.judgement import judge, with_first_error
from agent.engine.ladder import Ladder
from agent.engine.means import Means
from agent.engine.meter import Meter
from agent.engine.overwrite import write_pass
from agent.engine.pass_keys import KeysByPass, new_keys
from agent.engine.power_policy import power_now
from agent.engine.pulse import Pulse
from agent.engine.stream import Stream, open_stream
from agent.engine.surroundings import Cancelled, Surroundings
from agent.engine.transfer import Transfer, describe
from agent.engine.verification import Comparison, compare_regions, planned_bytes, planned_regions
from agent.errors import AgentError, EvidenceError, MediaError
from agent.host.machine import Medium
from agent.model.drive import HiddenAreas, Identity
from agent.model.job import SUCCESSES, JobResult, JobSnapshot, JobState, VerificationResult, check_transition
from agent.model.passes import PassResult, PassSpec
from agent.model.power import PowerReading
from agent.model.sanitization import Plan, Resumption, Rung

_LOG = logging.getLogger(__name__)
MARK_SECONDS = 5.0
_MARKS_PER_PHASE = 1000
OPERATOR = "operator"
_NOTHING_DONE = frozenset({JobState.READY, JobState.CONFIRMED, JobState.CHECKING})


class Job:
    """One plan being carried out; `run` is its thread, all else may be called from any thread."""

    def __init__(self, job_id: str, plan: Plan, around: Surroundings, keys: KeysByPass) -> None:
        self.job_id = job_id
        self.plan = plan
        self.result: JobResult | None = None
        self._thread_name = f"ardoise-{job_id}"
        self._around = around
        self._keys = keys
        self._clock = around.clock
        self._stop = threading.Event()
        self._stopped_by = ""
        self._state = JobState.READY
        self._reason = ""
        self.gate = Gate(job_id, around.clock)
        self._counted = self.gate.clock(around.clock.monotonic)
        self._pace = replace(around.pace, monotonic=self.gate.clock(time.monotonic))
        self._pulse = Pulse(time.monotonic)
        self._meter = Meter(self._counted)
        self._started_at = around.clock.now()
        self._began = around.clock.monotonic()
        self._passes: list[PassResult] = []
        self._verification: VerificationResult | None = None
        self._identity_at_open: Identity | None = None
        self._identity_at_end: Identity | None = None
        self._power_at_start: PowerReading | None = None
        self._hidden_after: HiddenAreas | None = None
        self._ladder = Ladder()
        self._phase = (0, 0, 0, 0)
        self._last_mark = 0.0
        self._last_mark_bytes = 0

    @property
    def node(self) -> str:
        """The node of the drive."""
        return self.plan.drive.node

    def snapshot(self) -> JobSnapshot:
        """The job at this moment."""
        known, progress = self.plan.drive.identity, self._meter.progress()
        shown = JobSnapshot(self.job_id, self.node, known.model, known.serial, self._state, progress, self._reason)
        return self.gate.shown(replace(shown, silent_seconds=self._pulse.silent_seconds))

    def cancel(self, by: str = OPERATOR) -> None:
        """Ask the job to stop at its next block."""
        self._stopped_by = self._stopped_by or by
        self._stop.set()

    def confirm(self) -> None:
        """Note that a person confirmed; raises EvidenceError."""
        self._enter(JobState.CONFIRMED)

    def run(self, slot: threading.Semaphore) -> None:
        """Carry the plan out, to a final state whatever happens."""
        has_turn = False
        try:
            self.gate.take_turn(slot, self._look_around)
            has_turn = True
            ending = self._carry_out()
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
        try:
            self._finish(*ending)
        finally:
            # Only a job that has ended lets the next one begin.
            if has_turn:
                slot.release()

    def _carry_out(self) -> tuple[JobState, str]:
        self._enter(JobState.CHECKING)
        self._power_at_start = power_now(self._around.machine)
        verdict = self._ladder.climb(self.plan, self._ask)
        if verdict is not None:
            self._identity_at_end = self._ladder.identity_at_end
        ending = verdict or self._overwrite()
        self._hidden_after = hidden_afterwards(self._around.machine, self.plan.drive, ending)
        return judged_with(ending, self._hidden_after)

    def _ask(self, rung: Rung) -> Ask:
        around = self._around
        return Ask(
            job_id=self.job_id,
            plan=self.plan,
            rung=rung,
            machine=around.machine,
            journal=around.journal,
            clock=self._clock,
            means=self._means(),
            course=around.course,
            opened=self._opened,
            starting=lambda words: self._enter(JobState.SANITIZING, words),
            verifying=lambda: self._enter(JobState.VERIFYING, rung.technique.value),
            progress=lambda permille: self._meter.advance(
                self.plan.drive.identity.capacity_bytes * permille // 1000, 0
            ),
        )

    def _means(self) -> Means:
        return Means(
            name=self._thread_name,
            pace=lambda: self._pace,
            transfer=self._transfer,
            begin=lambda total, later: self._begin_phase(0, total, later),
            report=self._advance,
            flush=lambda medium: self._flush(medium, 0),
            look_around=self._look_around,
        )

    def _opened(self, identity: Identity, begun: bool = False) -> None:
        self._identity_at_open = identity
        journal = self._around.journal
        note = journal.append if begun else journal.announce
        note(OpenedEvent(self.job_id, identity, self._clock.now()))

    def _overwrite(self) -> tuple[JobState, str]:
        medium = self._around.machine.open_medium(self.plan.drive)
        try:
            self._pace = self._pace.fitted(medium.optimal_io_bytes)
            self._identity_at_open = medium.read_identity()
            check_identity(self.plan.drive, self._identity_at_open, medium)
            self._opened(self._identity_at_open)
            stream = self._sanitize(medium, self._carried_over(medium))
            self._verify(medium, stream)
            self._identity_at_end = medium.read_identity()
            check_identity(self.plan.drive, self._identity_at_end, medium)
        finally:
            medium.close()
        return judge(self.plan, self._passes, self._verification)

    def _carried_over(self, medium: Medium) -> Resumption | None:
        """What an interrupted session left to go on from, where the medium still holds it; else all starts again."""
        found = self.plan.resumption
        if found is None:
            return None
        number = len(found.passes) + (1 if found.offset_bytes else 0)
        stream = open_stream(self.plan.pass_set.passes[number - 1], self._keys.get(number))
        region = tail_region(found, self.plan.drive.identity.capacity_bytes)
        self._begin_phase(number, region[1], 0)
        if stream.key_sha256 == found.key_sha256 and holds_tail(
            medium,
            region,
            stream,
            name=self._thread_name,
            pace=self._pace,
            transfer=lambda move, no_progress: self._transfer(medium, move, no_progress),
            check_stop=self._look_around,
        ):
            return found
        # Keys that were used on this medium before would let what is left there pass for what is written now.
        self._keys = new_keys(self.plan)
        return None

    # --- passes

    def _sanitize(self, medium: Medium, carried: Resumption | None) -> Stream:
        specs = self.plan.pass_set.passes
        self._passes += carried.passes if carried else ()
        first = len(self._passes) + 1
        stream = open_stream(specs[first - 2], self._keys.get(first - 1)) if first > 1 else None
        if first > len(specs):
            self._enter(JobState.SANITIZING, "every pass was carried over", first)
        for number, spec in enumerate(specs[first - 1 :], start=first):
            self._check_stop()
            stream = open_stream(spec, self._keys.get(number))
            offset = carried.offset_bytes if carried and number == first else 0
            self._enter(JobState.SANITIZING, f"pass {number} of {len(specs)}", number, stream.key_sha256, offset)
            self._one_pass(medium, number, spec, stream, offset)
        if stream is None:
            raise MediaError("The pass set has no pass.")
        return stream

    def _one_pass(self, medium: Medium, number: int, spec: PassSpec, stream: Stream, offset: int) -> None:
        size = self.plan.drive.identity.capacity_bytes
        count = len(self.plan.pass_set.passes)
        later = (count - number) * size + planned_bytes(self.plan)
        transfer = self._transfer(medium, medium.write_at, errno.EIO)
        started_at, began = self._clock.now(), self._clock.monotonic()
        self._begin_phase(number, size, later, offset)
        try:
            write_pass(
                size,
                stream,
                offset=offset,
                name=self._thread_name,
                pace=self._pace,
                transfer=transfer,
                report=lambda queue, errors: self._advance(queue, errors, medium),
            )
            self._flush(medium, number)
        finally:
            result = PassResult(
                number=number,
                spec=spec,
                key_sha256=stream.key_sha256,
                bytes_expected=size,
                bytes_written=offset + transfer.moved,
                direct_io=medium.direct_io,
                started_at=started_at,
                duration_ms=self._since(began),
                error_count=transfer.errors.sectors,
                first_errors=transfer.errors.first,
                carried_over_bytes=offset,
            )
            self._passes.append(result)
        self._around.journal.append(PassEvent(self.job_id, result))

    # --- read-back

    def _verify(self, medium: Medium, stream: Stream) -> None:
        self._check_stop()
        self._enter(JobState.VERIFYING, f"pass {len(self._passes)}")
        regions, seed = planned_regions(self.plan)
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
                pace=self._pace,
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

    # --- the end

    def _finish(self, state: JobState, reason: str) -> None:
        result = self._result(state, reason)
        try:
            check_transition(self._state, state)
            self._around.journal.append(ResultEvent(result))
        except EvidenceError as error:
            # What the journal does not hold can't be claimed; a failure stays one.
            ending = JobState.INTERRUPTED if state in SUCCESSES else state
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
            pauses=self.gate.close(),
            attempts=tuple(self._ladder.attempts),
            power_at_start=self._power_at_start,
            power_at_end=power_now(self._around.machine),
            hidden_areas_after=self._hidden_after,
        )

    # --- small steps

    def _enter(
        self, state: JobState, reason: str = "", pass_number: int = 0, key_sha256: str = "", offset: int = 0
    ) -> None:
        check_transition(self._state, state)
        journal = self._around.journal
        # With the stick away, what has begun goes on, but no medium is written to for the first time.
        note = journal.announce if self._state in _NOTHING_DONE else journal.append
        now = self._clock.now()
        note(StateEvent(self.job_id, self.node, state, reason, now, pass_number, key_sha256, offset))
        self._state, self._reason = state, reason

    def _transfer(self, medium: Medium, move: Callable[[int, memoryview], int], no_progress: int) -> Transfer:
        sector = medium.logical_sector_bytes
        return Transfer(
            self._pulse.heard(move),
            sector,
            monotonic=self._counted,
            check_stop=lambda: self.gate.pass_through(self._check_stop),
            no_progress=no_progress,
            patience=self._around.patience,
        )

    def _begin_phase(self, number: int, total: int, later: int, offset: int = 0) -> None:
        errors = sum(p.error_count for p in self._passes)
        self._meter.begin(number, len(self.plan.pass_set.passes), total, later, errors, done_bytes=offset)
        self._phase = (number, total, errors, offset)
        self._last_mark, self._last_mark_bytes = self._clock.monotonic(), offset

    def _advance(self, queue: BlockQueue, count_errors: Callable[[], int], to_flush: Medium | None = None) -> None:
        self._look_around()
        number, total, earlier, offset = self._phase
        # In this order: a mark that is behind a refused sector must know of it.
        done = offset + queue.contiguous_bytes
        errors = count_errors()
        self._meter.advance(offset + queue.done_bytes, earlier + errors)
        now = self._clock.monotonic()
        if now - self._last_mark < MARK_SECONDS or done - self._last_mark_bytes < total // _MARKS_PER_PHASE:
            return
        if to_flush is not None:
            # What a mark says must be true after a power cut too: first the drive, then the journal.
            self._flush(to_flush, number)
        self._last_mark, self._last_mark_bytes = self._clock.monotonic(), done
        mark = ProgressEvent(self.job_id, self._state, number, done, total, earlier + errors, self._clock.now())
        self._around.journal.append(mark)

    def _flush(self, medium: Medium, number: int) -> None:
        name = f"{self._thread_name}-flush"
        flush(self._pulse.heard(medium.flush), number, name=name, pace=self._pace, check=self._look_around)

    def _look_around(self) -> None:
        self._check_stop()
        for event in self.gate.events():
            self._around.journal.append(event)

    def _check_stop(self) -> None:
        if self._stop.is_set():
            raise Cancelled(self._stopped_by)
        self._around.journal.check()

    def _since(self, began: float) -> int:
        return round((self._clock.monotonic() - began) * 1000)
