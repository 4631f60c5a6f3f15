"""Pauses from the person or the thermometer to the signed record, on a simulated machine."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from agent.certificate.verify import verify_document
from agent.engine.heat import Thermometer
from agent.host.simulated import SimulatedMachine
from agent.model.job import JobSnapshot, JobState, PauseReason
from agent.model.record import DriveRecord, Headline
from agent.model.sanitization import Policy
from agent.workflow import sitting as sitting_module
from agent.workflow.inspection import read_heat
from agent.workflow.sitting import Sitting
from tests.samples import throwaway_pki

MIB = 1024 * 1024


def begin(sitting: Sitting) -> None:
    nodes = [f.drive.node for f in sitting.inspect().drives if f.drive.on_offer]
    plans = sitting.plan(nodes, Policy())
    sitting.confirm_and_start(plans, plans.code)


def seen(sitting: Sitting, condition: Callable[[JobSnapshot], bool]) -> JobSnapshot:
    """The first snapshot of the first job that meets the condition."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        found = sitting.snapshots()[0]
        if condition(found):
            return found
        time.sleep(0.02)
    raise AssertionError(sitting.snapshots())


def recorded(sitting: Sitting, clock) -> DriveRecord:
    """The first drive of the signed record, as a verifier reads it."""
    assert sitting.wait(60)
    evidence = sitting.view().evidence
    assert evidence is not None
    assert evidence.headline is Headline.SANITIZED
    report = verify_document(evidence.document.read_bytes(), throwaway_pki().trust, clock.now())
    assert report.record is not None
    return report.record.drives[0]


def test_a_pause_by_hand_is_in_the_record(sit, machine, clock) -> None:
    sitting = sit(machine("laptop", pace=16 * MIB))
    sitting.pause()
    sitting.proceed()
    begin(sitting)
    seen(sitting, lambda j: j.progress.done_bytes > 0)
    sitting.pause("/dev/sda")
    seen(sitting, lambda j: j.pause is PauseReason.OPERATOR)
    time.sleep(0.3)
    sitting.proceed("/dev/sda")
    (pause,) = recorded(sitting, clock).pauses
    assert pause.reason is PauseReason.OPERATOR
    assert pause.duration_ms >= 300


def test_a_drive_that_gets_hot_waits_until_it_has_cooled_down(
    sit, machine, clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulated = machine("laptop", pace=16 * MIB)
    faults = {"heats_per_second": 80, "cools_per_second": 20}
    (tmp_path / "bench/laptop/drives/sda/faults.json").write_text(json.dumps(faults))

    def quick(measured: SimulatedMachine) -> Thermometer:
        return Thermometer(lambda drive: read_heat(measured, drive), poll_seconds=0.05)

    monkeypatch.setattr(sitting_module, "thermometer", quick)
    sitting = sit(simulated)
    begin(sitting)
    hot = seen(sitting, lambda j: j.pause is PauseReason.TEMPERATURE)
    assert hot.heat is not None
    assert hot.heat.celsius >= 56
    assert hot.heat.limit_celsius == 60
    pauses = recorded(sitting, clock).pauses
    assert {p.reason for p in pauses} == {PauseReason.TEMPERATURE}
    assert all(p.detail.endswith("limit 60 °C") and p.duration_ms > 0 for p in pauses)


def test_a_machine_that_tells_no_temperature_waits_for_none(sit, machine, tmp_path: Path) -> None:
    sitting = sit(machine("laptop"))
    (tmp_path / "bench/laptop/drives/sda/smartctl.json").unlink()
    (drive,) = [f.drive for f in sitting.inspect().drives if f.drive.node == "/dev/sda"]
    assert read_heat(sitting._machine, drive) is None


def test_so_many_drives_at_once(sit, machine, desk, clock) -> None:
    sitting = Sitting(machine("server", pace=64 * MIB), replace(desk, max_drives=2), clock)
    try:
        begin(sitting)
        most, deadline = 0, time.monotonic() + 60
        while not sitting.wait(0.02) and time.monotonic() < deadline:
            at_work = [j for j in sitting.snapshots() if not j.state.is_final and j.state is not JobState.CONFIRMED]
            most = max(most, len(at_work))
        assert most == 2
        assert len(sitting.snapshots()) == 8
    finally:
        sitting.close()
