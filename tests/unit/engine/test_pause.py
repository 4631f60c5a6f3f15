"""A job stands still: nothing is lost, nothing counts against the drive, and the journal and the record say so."""

import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest

from agent.engine import pulse
from agent.engine.crew import MIB, Pace, Setting
from agent.engine.gate import Gate, StandingClock
from agent.engine.job import Job
from agent.engine.journal import PauseEvent, StateEvent, read_journal
from agent.engine.pauses import MOST_LISTED, PauseList, pauses_in
from agent.engine.pulse import Pulse
from agent.engine.recovery import recovered_results
from agent.engine.transfer import Patience
from agent.host.clock import SystemClock
from agent.model.job import JobState, Pause, PauseReason
from agent.model.json_form import from_json_form, to_json_form
from agent.model.record import DriveRecord, Outcome

from .fakes import OLD, FakeClock, Faults, drive_record, fake_drive, outcome_of, run_one, sitting

OPERATOR, TEMPERATURE = PauseReason.OPERATOR, PauseReason.TEMPERATURE
MANY = Pace(ladder=(Setting(MIB, 3),))


def until(condition, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


class Slow:
    """A drive that takes its time for each request, and counts them."""

    def __init__(self, seconds: float = 0.02) -> None:
        self.seconds = seconds
        self.offsets: list[int] = []

    def __call__(self, offset: int) -> None:
        self.offsets.append(offset)
        time.sleep(self.seconds)


def begun(folder, *drives, **options):
    it = sitting(folder, *drives, **({"clock": SystemClock()} | options))
    it.engine.start(it.plans)
    return it


def shown(it, index: int = 0):
    return it.engine.snapshots()[index]


def still(slow: Slow) -> int:
    """How many requests the drive has got, once none comes any more."""
    time.sleep(0.4)
    before = len(slow.offsets)
    time.sleep(0.4)
    assert len(slow.offsets) == before
    return before


@pytest.mark.parametrize("phase", ["write", "read"])
def test_a_paused_drive_gets_no_request_and_loses_none(tmp_path, phase):
    slow = Slow()
    drive = fake_drive(Faults(**{f"on_{phase}": slow}), size=32 * MIB)
    it = begun(tmp_path, drive, pace=MANY)
    until(lambda: len(slow.offsets) > 3)
    it.engine.pause()
    still(slow)
    at_rest = shown(it)
    assert at_rest.state is (JobState.SANITIZING if phase == "write" else JobState.VERIFYING)
    assert (at_rest.pause, at_rest.silent_seconds) == (OPERATOR, None)
    assert (at_rest.progress.rate_bytes_per_second, at_rest.progress.eta_seconds) == (None, None)
    assert 0 < at_rest.progress.done_bytes < 32 * MIB
    it.engine.proceed()
    assert it.engine.wait(30)
    (result,) = it.engine.results()
    assert (result.state, outcome_of(result)) == (JobState.SANITIZED, Outcome.SANITIZED)
    assert sorted(slow.offsets) == list(range(0, 32 * MIB, MIB))
    assert OLD not in drive.store.data
    (pause,) = result.pauses
    assert (pause.reason, pause.detail, pause.count) == (OPERATOR, "", 1)
    assert 700 <= pause.duration_ms < result.duration_ms
    assert shown(it).pause is None


def test_the_journal_tells_the_pause_before_it_is_over(tmp_path):
    it = begun(tmp_path, fake_drive(Faults(on_write=Slow()), size=16 * MIB))
    it.engine.pause("/dev/other")
    it.engine.pause("/dev/fake0")
    until(lambda: any(isinstance(e, PauseEvent) for e in read_journal(it.path).events))
    it.engine.proceed("/dev/fake0")
    assert it.engine.wait(30)
    content = read_journal(it.path)
    told = [e for e in content.events if isinstance(e, PauseEvent)]
    assert [(e.job_id, e.reason, e.began) for e in told] == [("job-1", OPERATOR, True), ("job-1", OPERATOR, False)]
    assert recovered_results(content) == it.engine.results()


def test_a_program_that_dies_while_paused_leaves_an_interrupted_job_with_its_pause(tmp_path):
    slow = Slow()
    it = begun(tmp_path, fake_drive(Faults(on_write=slow), size=16 * MIB))
    until(lambda: slow.offsets)
    it.engine.pause()
    until(lambda: any(isinstance(e, PauseEvent) for e in read_journal(it.path).events))
    (found,) = recovered_results(read_journal(it.path))
    assert found.state is JobState.INTERRUPTED
    assert found.reason.startswith("the program ended unexpectedly while sanitizing")
    assert [p.reason for p in found.pauses] == [OPERATOR]
    it.engine.cancel()
    assert it.engine.wait(10)


@pytest.mark.parametrize("paused_first", [True, False])
def test_a_paused_job_is_cancelled_at_once(tmp_path, paused_first):
    slow = Slow()
    it = begun(tmp_path, fake_drive(Faults(on_write=slow), size=64 * MIB), pace=MANY)
    if not paused_first:
        until(lambda: slow.offsets)
    it.engine.pause()
    time.sleep(0.3)
    it.engine.cancel()
    assert it.engine.wait(2)
    (result,) = it.engine.results()
    assert (result.state, result.reason) == (JobState.INTERRUPTED, "operator")
    assert [p.reason for p in result.pauses] == [OPERATOR]
    it.engine.pause()
    assert shown(it).pause is None


@pytest.mark.parametrize("index", [0, 1])
def test_a_job_that_is_paused_before_its_turn_touches_nothing_and_lets_the_other_go_first(
    tmp_path, monkeypatch, index
):
    drives = [fake_drive(size=MIB, node=f"/dev/fake{n}", serial=f"S-{n}") for n in range(2)]
    for drive in drives:
        drive.faults = Faults(on_write=Slow(0.1))
    it = sitting(tmp_path, *drives, clock=SystemClock(), max_parallel=1)
    confirmed = Job.confirm

    def confirm(job):
        confirmed(job)
        if job.node == waiting:
            job.gate.hold(OPERATOR)

    waiting = f"/dev/fake{index}"
    monkeypatch.setattr(Job, "confirm", confirm)
    it.engine.start(it.plans)
    until(it.engine.results)
    time.sleep(0.5)
    (left,) = [s for s in it.engine.snapshots() if s.node == waiting]
    assert (left.state, left.pause) == (JobState.CONFIRMED, OPERATOR)
    assert next(d for d in drives if d.drive.node == waiting).medium is None
    it.engine.proceed(waiting)
    assert it.engine.wait(10)
    assert {r.state for r in it.engine.results()} == {JobState.SANITIZED}


def test_the_silence_timer_does_not_run_while_paused(tmp_path):
    slow = Slow()
    pace = replace(MANY, stall_seconds=0.6)
    it = begun(tmp_path, fake_drive(Faults(on_write=slow), size=16 * MIB), pace=pace)
    until(lambda: slow.offsets)
    it.engine.pause()
    time.sleep(1.5)
    it.engine.proceed()
    assert it.engine.wait(30)
    assert it.engine.results()[0].state is JobState.SANITIZED


def test_the_time_for_errors_does_not_run_while_paused(tmp_path):
    clock, tried = FakeClock(), []

    def fail(_offset):
        tried.append(1)
        if len(tried) == 3:
            it.engine.pause()
            clock.seconds += 10_000
            threading.Timer(0.3, it.engine.proceed).start()

    patience = Patience(block_seconds=100, total_seconds=200)
    drive = fake_drive(Faults(write_errors=frozenset({5}), on_write=fail), size=MIB)
    it = sitting(tmp_path, drive, clock=clock, patience=patience)
    it.engine.start(it.plans)
    assert it.engine.wait(30)
    (result,) = it.engine.results()
    # Narrowed to the one sector: neither the block's time nor the pass's had run out.
    assert result.passes[0].error_count == 1


# --- the gate by itself


def test_a_clock_stands_while_the_gate_is_shut():
    clock = FakeClock()
    gate = Gate("job-1", clock)
    counted = gate.clock(clock.monotonic)
    began = counted()
    clock.seconds += 5
    gate.hold(OPERATOR)
    later = gate.clock(clock.monotonic)
    stood = later()
    clock.seconds += 100
    assert (counted() - began, later() - stood) == (5, 0)
    gate.lift()
    clock.seconds += 7
    assert (counted() - began, later() - stood) == (12, 7)


def test_a_clock_that_goes_already_is_not_set_back():
    clock = FakeClock()
    standing = StandingClock(clock.monotonic)
    standing.go()
    clock.seconds += 3
    assert standing() == clock.seconds


def test_two_reasons_make_two_pauses_that_follow_one_another():
    clock = FakeClock()
    gate = Gate("job-1", clock)
    gate.hold(OPERATOR)
    gate.hold(OPERATOR)
    clock.seconds += 1
    gate.hold(TEMPERATURE, "61 °C, limit 60 °C")
    clock.seconds += 2
    gate.lift(OPERATOR)
    passed = threading.Event()
    threading.Thread(target=lambda: (gate.pass_through(lambda: None), passed.set()), daemon=True).start()
    assert not passed.wait(0.3)
    clock.seconds += 4
    gate.lift(TEMPERATURE)
    assert passed.wait(5)
    assert [(p.reason, p.detail, p.duration_ms) for p in gate.close()] == [
        (OPERATOR, "", 3000),
        (TEMPERATURE, "61 °C, limit 60 °C", 4000),
    ]
    told = gate.events()
    assert [(e.reason, e.began) for e in told] == [
        (OPERATOR, True),
        (OPERATOR, False),
        (TEMPERATURE, True),
        (TEMPERATURE, False),
    ]
    assert gate.events() == ()


def test_a_reason_that_was_not_told_leaves_no_trace():
    clock = FakeClock()
    gate = Gate("job-1", clock)
    gate.hold(OPERATOR)
    gate.hold(TEMPERATURE)
    gate.lift(TEMPERATURE)
    gate.lift(TEMPERATURE)
    gate.lift(OPERATOR)
    assert [p.reason for p in gate.close()] == [OPERATOR]


def test_a_closed_gate_holds_nobody():
    gate = Gate("job-1", FakeClock())
    gate.hold(OPERATOR)
    assert len(gate.close()) == 1
    gate.hold(TEMPERATURE)
    gate.pass_through(lambda: None)
    assert len(gate.close()) == 1


# --- how pauses are told


def pause(reason=TEMPERATURE, ms: int = 10) -> Pause:
    return Pause(reason, "", FakeClock().now(), ms)


def test_pauses_without_end_stay_a_short_list():
    pauses = PauseList()
    pauses.add(pause(OPERATOR))
    for _ in range(5000):
        pauses.add(pause())
    pauses.add(pause(OPERATOR, 7))
    assert len(pauses.listed) == MOST_LISTED
    assert sum(p.count for p in pauses.listed) == 5002
    assert sum(p.duration_ms for p in pauses.listed) == 5000 * 10 + 17
    assert (pauses.listed[0].duration_ms, pauses.listed[0].count) == (17, 2)


def test_pauses_of_a_journal_that_breaks_off():
    at = FakeClock().now()
    later = [at + timedelta(seconds=n) for n in range(10)]
    events = [
        PauseEvent("job-1", OPERATOR, "", began=True, at=later[0]),
        PauseEvent("job-1", OPERATOR, "", began=False, at=later[2]),
        StateEvent("job-1", "/dev/fake0", JobState.VERIFYING, "", later[3]),
        PauseEvent("job-1", TEMPERATURE, "hot", began=True, at=later[4]),
    ]
    found = pauses_in(events, later[9])
    assert [(p.reason, p.duration_ms) for p in found] == [(OPERATOR, 2000), (TEMPERATURE, 5000)]
    assert pauses_in(events, later[3])[1].duration_ms == 0
    assert pauses_in(events[:1] + events[3:], later[9])[0].duration_ms == 4000


def test_a_record_without_pauses_has_the_form_that_it_always_had(tmp_path):
    result = run_one(tmp_path, fake_drive(size=MIB))
    record = drive_record(result)
    form = to_json_form(record)
    assert "pauses" not in form
    assert from_json_form(form, DriveRecord) == record
    paused = replace(record, pauses=(pause(),))
    assert from_json_form(to_json_form(paused), DriveRecord) == paused


# --- silence


def test_a_request_without_an_answer_is_told_and_forgotten_when_one_comes():
    now = [100.0]
    listener = Pulse(lambda: now[0])
    answers = [threading.Event(), threading.Event()]
    asked = threading.Barrier(3)

    def ask(number):
        asked.wait(5)
        answers[number].wait(5)
        raise OSError("an error is an answer")

    def run(number):
        with pytest.raises(OSError, match="answer"):
            listener.heard(ask)(number)

    assert listener.silent_seconds is None
    threads = [threading.Thread(target=run, args=(n,)) for n in range(2)]
    for thread in threads:
        thread.start()
    asked.wait(5)
    now[0] += 9.9
    assert listener.silent_seconds is None
    now[0] += 2
    assert listener.silent_seconds == pytest.approx(11.9)
    answers[0].set()
    threads[0].join(5)
    assert listener.silent_seconds is None
    now[0] += 30
    assert listener.silent_seconds == pytest.approx(30)
    answers[1].set()
    threads[1].join(5)
    now[0] += 30
    assert listener.silent_seconds is None


@pytest.mark.parametrize("where", ["write", "read", "flush"])
def test_a_drive_that_hangs_is_shown_long_before_it_is_given_up(tmp_path, monkeypatch, where):
    monkeypatch.setattr(pulse, "NOTICED_SECONDS", 0.3)
    answer = threading.Event()
    hang = {"on_write": lambda _: answer.wait(20)} if where == "write" else {"on_read": lambda _: answer.wait(20)}
    drive = fake_drive(Faults() if where == "flush" else Faults(**hang), size=MIB)
    if where == "flush":
        monkeypatch.setattr(
            "tests.unit.engine.fakes.FakeMedium.flush",
            lambda self: answer.wait(20) and setattr(self, "unflushed", False),
        )
    it = begun(tmp_path, drive)
    until(lambda: (shown(it).silent_seconds or 0) > 0.5)
    assert shown(it).state is (JobState.VERIFYING if where == "read" else JobState.SANITIZING)
    answer.set()
    assert it.engine.wait(10)
    assert shown(it).silent_seconds is None
    assert it.engine.results()[0].state is JobState.SANITIZED


def test_a_drive_that_was_given_up_is_not_silent_any_more(tmp_path, monkeypatch):
    monkeypatch.setattr(pulse, "NOTICED_SECONDS", 0.1)
    answer = threading.Event()
    pace = replace(MANY, stall_seconds=0.5, ending_seconds=0.1)
    it = begun(tmp_path, fake_drive(Faults(on_write=lambda _: answer.wait(20)), size=MIB), pace=pace)
    assert it.engine.wait(10)
    assert (shown(it).state, shown(it).silent_seconds) == (JobState.FAILED, None)
    answer.set()


def test_a_drive_that_hangs_in_its_flush_is_given_up_and_the_next_one_gets_its_turn(tmp_path, monkeypatch):
    answer, flushed = threading.Event(), []

    def flush(self):
        flushed.append(self)
        if len(flushed) == 1:
            answer.wait(20)
        self.unflushed = False

    monkeypatch.setattr("tests.unit.engine.fakes.FakeMedium.flush", flush)
    pace = replace(MANY, stall_seconds=0.5, ending_seconds=0.1)
    drives = [fake_drive(size=MIB, node=f"/dev/fake{n}", serial=f"S-{n}") for n in range(2)]
    it = begun(tmp_path, *drives, pace=pace, max_parallel=1)
    assert it.engine.wait(10)
    ended = {r.state: r.reason for r in it.engine.results()}
    answer.set()
    assert set(ended) == {JobState.FAILED, JobState.SANITIZED}
    assert "has not answered" in ended[JobState.FAILED]


def test_a_person_lifts_only_the_pause_that_is_shown(tmp_path):
    it = begun(tmp_path, fake_drive(Faults(on_write=Slow()), size=8 * MIB))
    it.engine.pause()
    it.engine._jobs[0].gate.hold(PauseReason.TEMPERATURE, "70")
    assert shown(it).pause is PauseReason.OPERATOR
    it.engine.proceed("/dev/fake0")
    assert shown(it).pause is PauseReason.TEMPERATURE
    it.engine.proceed("/dev/fake0")
    assert it.engine.wait(20)
    assert it.engine.results()[0].state is JobState.SANITIZED
