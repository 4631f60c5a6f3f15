"""Hot drives stand still and go on by themselves; one that can't be measured never waits for a temperature."""

import threading
import time

import pytest

from agent.engine import pulse
from agent.engine.crew import MIB, Pace, Setting
from agent.engine.gate import Gate
from agent.engine.heat import Guard, Thermometer
from agent.host.clock import SystemClock
from agent.model.health import Heat
from agent.model.job import JobState, PauseReason

from .fakes import FakeClock, Faults, fake_drive, sitting
from .test_pause import Slow, shown, until


def holds(gate: Gate) -> bool:
    return not gate._free.is_set()


@pytest.mark.parametrize(
    ("readings", "held"),
    [
        ([59, 60], [False, True]),
        ([61, 56, 55, 59, 60], [True, True, False, False, True]),  # five degrees below, and only then
        ([61, None, 61], [True, False, True]),  # without a reading nothing waits
        ([None, None], [False, False]),
    ],
)
def test_a_limit_with_a_margin(readings, held):
    gate = Gate("job-1", FakeClock())
    guard, found = Guard(gate), []
    for celsius in readings:
        guard.look(None if celsius is None else Heat(celsius, 60))
        found.append(holds(gate))
    assert found == held
    assert gate.heat == (None if readings[-1] is None else Heat(readings[-1], 60))


def test_whom_a_person_lets_go_on_is_not_held_again_before_it_has_cooled_down():
    gate = Gate("job-1", FakeClock())
    guard = Guard(gate)
    guard.look(Heat(61, 60))
    gate.lift()
    guard.look(Heat(62, 60))
    assert not holds(gate)
    guard.look(Heat(55, 60))
    guard.look(Heat(60, 60))
    assert holds(gate)


def test_a_hot_drive_stands_still_and_goes_on_by_itself(tmp_path):
    slow, celsius = Slow(), [45]
    thermometer = Thermometer(lambda _drive: Heat(celsius[0], 60), poll_seconds=0.05)
    it = sitting(
        tmp_path, fake_drive(Faults(on_write=slow), size=32 * MIB), clock=SystemClock(), thermometer=thermometer
    )
    it.engine.start(it.plans)
    until(lambda: shown(it).heat == Heat(45, 60))
    celsius[0] = 63
    until(lambda: shown(it).pause is PauseReason.TEMPERATURE)
    assert shown(it).heat == Heat(63, 60)
    it.engine.proceed()
    time.sleep(0.3)
    assert shown(it).pause is PauseReason.TEMPERATURE
    celsius[0] = 55
    assert it.engine.wait(30)
    (result,) = it.engine.results()
    assert result.state is JobState.SANITIZED
    (pause,) = result.pauses
    assert (pause.reason, pause.detail) == (PauseReason.TEMPERATURE, "63 °C, limit 60 °C")


def test_a_person_may_let_a_hot_drive_go_on(tmp_path):
    drive = fake_drive(Faults(on_write=Slow()), size=16 * MIB)
    thermometer = Thermometer(lambda _drive: Heat(99, 60), poll_seconds=0.05)
    it = sitting(tmp_path, drive, clock=SystemClock(), thermometer=thermometer)
    it.engine.start(it.plans)
    until(lambda: shown(it).pause is PauseReason.TEMPERATURE)
    it.engine.proceed("/dev/fake0")
    assert it.engine.wait(30)
    assert it.engine.results()[0].state is JobState.SANITIZED


def test_a_drive_that_does_not_answer_delays_no_other(tmp_path):
    drives = [
        fake_drive(Faults(on_write=Slow()), size=16 * MIB, node=f"/dev/fake{n}", serial=f"S-{n}") for n in range(2)
    ]
    answer = threading.Event()

    def read(drive):
        if drive.node == "/dev/fake0":
            answer.wait(20)
        return Heat(70, 60)

    it = sitting(tmp_path, *drives, clock=SystemClock(), thermometer=Thermometer(read, poll_seconds=0.05))
    it.engine.start(it.plans)
    until(lambda: shown(it, 1).pause is PauseReason.TEMPERATURE)
    until(lambda: shown(it, 0).state.is_final)
    it.engine.cancel()
    assert it.engine.wait(10)
    answer.set()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thermometer_that_breaks_holds_nobody_for_ever(tmp_path):
    readings = [Heat(70, 60)]

    def read(_drive):
        return readings.pop()

    it = sitting(
        tmp_path,
        fake_drive(Faults(on_write=Slow()), size=16 * MIB),
        clock=SystemClock(),
        thermometer=Thermometer(read, poll_seconds=0.1),
    )
    it.engine.start(it.plans)
    assert it.engine.wait(30)
    assert it.engine.results()[0].pauses[0].reason is PauseReason.TEMPERATURE


def test_the_threads_end_with_their_jobs(tmp_path):
    it = sitting(tmp_path, fake_drive(size=MIB), thermometer=Thermometer(lambda _drive: None, poll_seconds=30))
    it.engine.start(it.plans)
    assert it.engine.wait(10)
    until(lambda: not [t for t in threading.enumerate() if t.name.endswith("-heat")], 2)


def test_a_drive_that_does_not_answer_is_not_asked_for_its_temperature(tmp_path, monkeypatch):
    monkeypatch.setattr(pulse, "NOTICED_SECONDS", 0.2)
    answer, readings = threading.Event(), []

    def read(_drive):
        readings.append(shown(it).silent_seconds)

    drive = fake_drive(Faults(on_write=lambda _: answer.wait(20)), size=MIB)
    it = sitting(tmp_path, drive, clock=SystemClock(), thermometer=Thermometer(read, poll_seconds=0.05))
    it.engine.start(it.plans)
    until(lambda: (shown(it).silent_seconds or 0) > 0.4)
    before = len(readings)
    time.sleep(0.4)
    assert len(readings) == before
    answer.set()
    assert it.engine.wait(10)


def test_a_drive_that_hangs_while_it_is_too_hot_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(pulse, "NOTICED_SECONDS", 0.2)
    answer = threading.Event()
    pace = Pace(ladder=(Setting(MIB, 3),), stall_seconds=0.5, ending_seconds=0.1)
    drive = fake_drive(Faults(on_write=lambda _: answer.wait(20)), size=MIB)
    thermometer = Thermometer(lambda _drive: Heat(70, 60), poll_seconds=0.05)
    it = sitting(tmp_path, drive, clock=SystemClock(), thermometer=thermometer, pace=pace)
    it.engine.start(it.plans)
    assert it.engine.wait(10)
    answer.set()
    assert it.engine.results()[0].state is JobState.FAILED
