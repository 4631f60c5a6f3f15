"""The engine as the workflow and the screens use it: many drives, cancel, stalls, a journal that fails."""

import errno
import os
import threading
import time

import pytest

from agent.engine import engine as engine_module
from agent.engine import journal as journal_module
from agent.engine.job import Job
from agent.engine.journal import Journal, ProgressEvent, read_journal
from agent.engine.recovery import recovered_results
from agent.engine.stream import SelfCheckFailed
from agent.errors import EvidenceError, Refused
from agent.host.clock import SystemClock
from agent.model.job import IllegalTransition, JobState
from agent.model.record import Outcome

from .fakes import MIB, OLD, FakeClock, Faults, fake_drive, forged_success, outcome_of, plan_for, run_one, sitting


class Gate:
    """Holds a drive at a byte offset until it is opened."""

    def __init__(self, offset: int) -> None:
        self.offset = offset
        self.reached = threading.Event()
        self.opened = threading.Event()

    def __call__(self, offset: int) -> None:
        if offset == self.offset:
            self.reached.set()
            assert self.opened.wait(30)


def begin(it):
    it.engine.start(it.plans)
    return it.engine


def test_eight_drives_of_which_one_dies(tmp_path):
    drives = [fake_drive(size=MIB, node=f"/dev/fake{n}", serial=f"S-{n}") for n in range(8)]
    drives[3].faults = Faults(dies_at=512 * 1024)
    it = sitting(tmp_path, *drives)
    engine = begin(it)
    assert engine.wait(60)
    assert not engine.running
    assert [r.plan for r in engine.results()] == list(it.plans)
    states = [r.state for r in engine.results()]
    assert states == [JobState.FAILED if n == 3 else JobState.SANITIZED for n in range(8)]
    assert [outcome_of(r) for r in engine.results()].count(Outcome.SANITIZED) == 7
    assert all((OLD in d.store.data) == (n == 3) for n, d in enumerate(drives))
    keys = {p.key_sha256 for r in engine.results() for p in r.passes}
    assert len(keys) == 8
    assert [s.state for s in engine.snapshots()] == states
    assert engine.snapshots()[3].serial == "S-3"
    assert "lost at LBA 0" in engine.snapshots()[3].reason


def test_drives_run_at_the_same_time(tmp_path):
    gates = [Gate(0), Gate(0)]
    drives = [fake_drive(Faults(on_write=g), size=MIB, node=f"/dev/fake{n}") for n, g in enumerate(gates)]
    engine = begin(sitting(tmp_path, *drives))
    assert all(g.reached.wait(10) for g in gates)
    names = {t.name for t in threading.enumerate()}
    assert {"ardoise-job-1", "ardoise-job-2"} <= names
    for g in gates:
        g.opened.set()
    assert engine.wait(10)


def test_no_more_than_max_parallel_run_and_the_rest_can_be_cancelled(tmp_path):
    gate = Gate(0)
    drives = [fake_drive(size=MIB, node=f"/dev/fake{n}") for n in range(3)]
    for d in drives:
        d.faults = Faults(on_write=gate)
    engine = begin(sitting(tmp_path, *drives, max_parallel=1))
    assert gate.reached.wait(10)
    running = [s.state for s in engine.snapshots()]
    assert sorted(running) == ["confirmed", "confirmed", "sanitizing"]
    waiting = [s.node for s in engine.snapshots() if s.state is JobState.CONFIRMED]
    engine.cancel(waiting[0])
    deadline = time.monotonic() + 10
    while len(engine.results()) < 1 and time.monotonic() < deadline:
        time.sleep(0.01)
    (cancelled,) = engine.results()
    assert (cancelled.state, cancelled.reason, cancelled.passes) == (JobState.INTERRUPTED, "operator", ())
    gate.opened.set()
    assert engine.wait(10)
    assert [r.state for r in engine.results()].count(JobState.SANITIZED) == 2


@pytest.mark.parametrize("phase", ["write", "read"])
def test_cancel_midway(tmp_path, phase):
    gate = Gate(MIB)
    faults = Faults(on_write=gate) if phase == "write" else Faults(on_read=gate)
    drive = fake_drive(faults)
    it = sitting(tmp_path, drive)
    engine = begin(it)
    assert gate.reached.wait(10)
    assert not engine.wait(0.05)
    assert engine.running
    assert engine.results() == ()
    engine.cancel("/dev/other")
    engine.cancel()
    gate.opened.set()
    assert engine.wait(10)
    (result,) = engine.results()
    assert (result.state, result.reason) == (JobState.INTERRUPTED, "operator")
    assert result.passes[0].bytes_written == (2 * MIB if phase == "write" else 3 * MIB)
    assert (result.verification is None) == (phase == "write")
    assert outcome_of(result) is Outcome.INTERRUPTED
    assert forged_success(result) is Outcome.FAILED
    assert drive.medium is not None
    assert not drive.medium.open
    assert recovered_results(read_journal(it.path)) == (result,)


def test_cancel_during_narrowing_is_soon(tmp_path):
    calls = []

    def fail_slowly(_offset):
        calls.append(1)
        if len(calls) == 5:
            engine.cancel()

    drive = fake_drive(Faults(write_errors=frozenset(range(2048)), on_write=fail_slowly), size=MIB)
    it = sitting(tmp_path, drive)
    engine = it.engine
    begin(it)
    assert engine.wait(10)
    assert engine.results()[0].state is JobState.INTERRUPTED
    assert len(calls) == 5


def test_a_stalled_drive_shows_no_rate_and_blocks_nobody(tmp_path):
    gate, clock = Gate(2 * MIB), FakeClock(step=0.1)
    engine = begin(sitting(tmp_path, fake_drive(Faults(on_write=gate)), clock=clock))
    assert gate.reached.wait(10)
    deadline = time.monotonic() + 10
    while engine.snapshots()[0].progress.done_bytes < 2 * MIB and time.monotonic() < deadline:
        time.sleep(0.01)
    (before,) = engine.snapshots()
    assert before.state is JobState.SANITIZING
    assert before.progress.done_bytes == 2 * MIB
    assert before.progress.rate_bytes_per_second > 0
    rest = 1 * MIB + 3 * MIB  # what is left of the pass, and the whole read-back
    assert before.progress.eta_seconds == pytest.approx(rest / before.progress.rate_bytes_per_second)
    clock.seconds += 60
    (stalled,) = engine.snapshots()
    assert stalled.progress.rate_bytes_per_second == 0
    assert stalled.progress.eta_seconds is None
    gate.opened.set()
    assert engine.wait(10)
    (after,) = engine.snapshots()
    assert after.state is JobState.SANITIZED
    assert (after.progress.done_bytes, after.progress.rate_bytes_per_second) == (3 * MIB, None)


def test_progress_counts_passes_and_errors(tmp_path):
    gate = Gate(0)
    bad = Faults(write_errors=frozenset({1, 2}), on_read=gate)
    engine = begin(sitting(tmp_path, fake_drive(bad, size=MIB), pass_set="dod-3"))
    assert gate.reached.wait(10)
    p = engine.snapshots()[0].progress
    assert (p.pass_number, p.pass_count, p.done_bytes, p.total_bytes, p.error_count) == (3, 3, 0, MIB, 6)
    gate.opened.set()
    assert engine.wait(10)


def test_progress_marks_are_in_the_journal_but_not_many(tmp_path):
    slow = Faults(on_write=lambda _: time.sleep(0.3), on_read=lambda _: time.sleep(0.3))
    it = sitting(tmp_path, fake_drive(slow, size=4 * MIB), clock=FakeClock(step=1.0))
    begin(it)
    assert it.engine.wait(10)
    marks = [e for e in read_journal(it.path).events if isinstance(e, ProgressEvent)]
    assert 0 < len(marks) <= 8
    assert {m.state for m in marks} <= {JobState.SANITIZING, JobState.VERIFYING}
    assert all(m.total_bytes == 4 * MIB and 0 < m.done_bytes <= 4 * MIB for m in marks)


@pytest.mark.parametrize("event", range(1, 9))
@pytest.mark.parametrize("call", ["write", "fdatasync"])
def test_a_journal_that_fails_at_any_event_is_never_success(tmp_path, monkeypatch, event, call):
    """ENOSPC, or the stick pulled, at the n-th line: what was not announced does not happen, and nothing is claimed."""
    drive = fake_drive(size=MIB)
    it = sitting(tmp_path, drive)
    before = bytes(drive.store.data)
    real, count = getattr(os, call), []

    def fail(descriptor, *rest):
        if descriptor == it.journal._file.descriptor:
            count.append(1)
            if len(count) >= event:
                raise OSError(errno.ENOSPC, "No space left on device")
        return real(descriptor, *rest)

    monkeypatch.setattr(journal_module.os, call, fail)
    # Lines after the header: confirmed, checking, opened, sanitizing, pass, verifying, verification, result.
    if event == 1:
        with pytest.raises(EvidenceError):
            it.engine.start(it.plans)
        assert drive.medium is None
        assert drive.store.data == before
        return
    begin(it)
    assert it.engine.wait(10)
    (result,) = it.engine.results()
    assert result.state is JobState.INTERRUPTED
    assert "No space left" in result.reason
    assert (drive.medium is None) == (event == 2)
    assert (drive.store.data == before) == (event <= 4)
    assert outcome_of(result) is Outcome.INTERRUPTED
    if call == "write":
        assert recovered_results(read_journal(it.path))[0].state is JobState.INTERRUPTED


def test_a_journal_that_fails_stops_the_other_drives_too(tmp_path, monkeypatch):
    gate = Gate(MIB)
    one, two = fake_drive(Faults(on_write=gate)), fake_drive(size=MIB, node="/dev/fake1")
    it = sitting(tmp_path, one, two)
    begin(it)
    assert gate.reached.wait(10)
    monkeypatch.setattr(it.journal, "_failure", "Input/output error")
    gate.opened.set()
    assert it.engine.wait(10)
    first = it.engine.results()[0]
    assert first.state is JobState.INTERRUPTED
    assert "Input/output error" in first.reason
    assert first.passes[0].bytes_written == 2 * MIB


def test_a_failure_stays_one_when_the_journal_fails_with_it(tmp_path, monkeypatch):
    it = sitting(
        tmp_path, fake_drive(Faults(dies_at=0, on_write=lambda _: setattr(it.journal, "_failure", "pulled")))
    )
    begin(it)
    assert it.engine.wait(10)
    (result,) = it.engine.results()
    assert result.state is JobState.FAILED
    assert "lost at LBA 0" in result.reason
    assert "pulled" in result.reason


def test_a_job_that_cannot_even_end_is_unknown_and_not_lost(tmp_path, monkeypatch, caplog):
    it = sitting(tmp_path, fake_drive(size=MIB))
    real = Journal.append

    def broken(self, event):
        if type(event).__name__ == "ResultEvent":
            raise RuntimeError
        real(self, event)

    monkeypatch.setattr(Journal, "append", broken)
    begin(it)
    assert it.engine.wait(10)
    assert it.engine.results()[0].state is JobState.UNKNOWN
    assert "could not be ended" in caplog.text


def test_what_is_not_confirmed_in_the_journal_does_not_start(tmp_path):
    drive, other = fake_drive(size=MIB), fake_drive(size=2 * MIB)
    it = sitting(tmp_path, drive)
    for plans in ((), (plan_for(other.drive),), (*it.plans, *it.plans)):
        with pytest.raises(Refused):
            it.engine.start(plans)
    assert drive.medium is None
    begin(it)
    with pytest.raises(Refused):
        it.engine.start(it.plans)
    assert it.engine.wait(10)


def test_one_drive_twice_is_refused(tmp_path):
    drive = fake_drive(size=MIB)
    it = sitting(tmp_path, drive, drive)
    with pytest.raises(Refused):
        it.engine.start(it.plans)
    assert drive.medium is None


def test_nothing_starts_when_the_self_check_fails(tmp_path, monkeypatch):
    def fail():
        raise SelfCheckFailed("wrong")

    monkeypatch.setattr(engine_module, "self_check", fail)
    drive = fake_drive()
    it = sitting(tmp_path, drive)
    with pytest.raises(SelfCheckFailed):
        it.engine.start(it.plans)
    assert drive.medium is None


def test_a_drive_that_is_no_longer_there(tmp_path):
    it = sitting(tmp_path, fake_drive(size=MIB))
    it.engine._around.machine.drives.clear()
    begin(it)
    assert it.engine.wait(10)
    assert it.engine.results()[0].reason == "/dev/fake0 is no longer there."


def test_states_follow_the_table(tmp_path):
    it = sitting(tmp_path, fake_drive(size=MIB))
    job = Job("job-1", it.plans[0], it.engine._around, {})
    with pytest.raises(IllegalTransition):
        job._enter(JobState.SANITIZING)
    assert job.snapshot().state is JobState.READY


def test_no_key_is_in_the_journal_or_the_log(tmp_path, monkeypatch, caplog):
    keys = []

    def note(count):
        keys.append(bytes([0xA5 + len(keys)]) * count)
        return keys[-1]

    monkeypatch.setattr(os, "urandom", note)
    it = sitting(tmp_path, fake_drive(size=4096), pass_set="schneier-7")
    begin(it)
    assert it.engine.wait(10)
    text = it.path.read_bytes() + caplog.text.encode()
    assert len(keys) == 5
    assert not any(k in text or k.hex().encode() in text for k in keys)


def test_durations_are_monotonic_and_times_are_claims(tmp_path):
    result = run_one(tmp_path, fake_drive(size=MIB), clock=FakeClock(step=0.5))
    assert result.duration_ms > result.passes[0].duration_ms > 0
    assert result.started_at <= result.passes[0].started_at <= result.verification.started_at <= result.ended_at


def test_with_the_system_clock(tmp_path):
    result = run_one(tmp_path, fake_drive(size=MIB), clock=SystemClock())
    assert result.state is JobState.SANITIZED
    assert result.started_at.tzinfo is not None


def test_a_mark_never_knows_fewer_errors_than_the_bytes_that_it_covers(tmp_path):
    """An error that a worker meets between the two questions must be in the answer to the second."""
    asked = []

    class Queue:
        done_bytes = 0

        @property
        def contiguous_bytes(self):
            asked.append("bytes")
            return 0

    def count_errors():
        asked.append("errors")
        return 0

    it = sitting(tmp_path, fake_drive())
    it.engine.start(it.plans)
    assert it.engine.wait(20)
    job = it.engine._jobs[0]
    job._begin_phase(1, MIB, 0)
    job._advance(Queue(), count_errors)
    assert asked == ["bytes", "errors"]
