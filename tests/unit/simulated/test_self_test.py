"""A simulated self-test runs by the clock and shows in the fields where smartctl shows it."""

from pathlib import Path

import pytest

from agent.errors import ToolFailed
from agent.host.simulated import SimulatedMachine
from agent.model.health import SelfTestKind
from tests.unit.simulated.conftest import blank_machine, buffer, drive_named


class Clock:
    """Seconds that a test sets."""

    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_an_ata_self_test_runs_and_passes(laptop: Path, clock: Clock) -> None:
    machine = SimulatedMachine(laptop, clock=clock)
    disk = drive_named(machine, "sda")
    before = machine.read_smart(disk)
    machine.start_self_test(disk, SelfTestKind.SHORT)
    clock.now += 1
    running = machine.read_smart(disk)
    status = running.document["ata_smart_data"]["self_test"]["status"]
    assert (status["value"] >> 4, status["remaining_percent"]) == (15, 80)
    clock.now += 10
    after = SimulatedMachine(laptop, clock=clock).read_smart(disk).document
    assert after["ata_smart_data"]["self_test"]["status"]["passed"] is True
    entry = after["ata_smart_self_test_log"]["standard"]["table"][0]
    assert entry["type"]["string"] == "Short offline"
    assert entry["status"] == {"value": 0, "string": "Completed without error", "passed": True}
    assert entry["lifetime_hours"] == 20520
    assert (
        after["ata_smart_data"]["self_test"]["polling_minutes"]
        == before.document["ata_smart_data"]["self_test"]["polling_minutes"]
    )
    assert before.sha256 != running.sha256


def test_a_second_self_test_is_refused_while_one_runs(laptop: Path, clock: Clock) -> None:
    machine = SimulatedMachine(laptop, clock=clock)
    disk = drive_named(machine, "sda")
    machine.start_self_test(disk, SelfTestKind.EXTENDED)
    with pytest.raises(ToolFailed):
        machine.start_self_test(disk, SelfTestKind.SHORT)
    clock.now += 60
    machine.start_self_test(disk, SelfTestKind.SHORT)


def test_an_aborted_self_test_says_so(laptop: Path, clock: Clock) -> None:
    machine = SimulatedMachine(laptop, clock=clock)
    disk = drive_named(machine, "sda")
    machine.start_self_test(disk, SelfTestKind.EXTENDED)
    machine.abort_self_test(disk)
    clock.now += 60
    document = machine.read_smart(disk).document
    assert document["ata_smart_data"]["self_test"]["status"] == {"value": 16, "string": "was aborted by the host"}
    assert document["ata_smart_self_test_log"]["standard"]["table"][0]["type"]["string"] == "Extended offline"


def test_aborting_nothing_changes_nothing(laptop: Path, clock: Clock) -> None:
    machine = SimulatedMachine(laptop, clock=clock)
    disk = drive_named(machine, "sda")
    before = machine.read_smart(disk)
    machine.abort_self_test(disk)
    assert machine.read_smart(disk) == before


def test_the_dying_drive_fails_its_self_test(tmp_path: Path, clock: Clock) -> None:
    machine = SimulatedMachine(blank_machine(tmp_path, "server"), clock=clock)
    dying, healthy = drive_named(machine, "sdc"), drive_named(machine, "sdd")
    for disk in (dying, healthy):
        machine.start_self_test(disk, SelfTestKind.SHORT)
    clock.now += 60
    failed = machine.read_smart(dying).document
    assert failed["ata_smart_data"]["self_test"]["status"]["passed"] is False
    entry = failed["ata_smart_self_test_log"]["standard"]["table"][0]
    assert (entry["status"]["string"], entry["lba"]) == ("Completed: read failure", 1024)
    assert machine.read_smart(healthy).document["ata_smart_data"]["self_test"]["status"]["passed"] is True


def test_nvme_in_its_own_fields(tmp_path: Path, clock: Clock) -> None:
    machine = SimulatedMachine(blank_machine(tmp_path, "surface-pro-7"), clock=clock)
    disk = drive_named(machine, "nvme0n1")
    machine.start_self_test(disk, SelfTestKind.EXTENDED)
    clock.now += 3
    log = machine.read_smart(disk).document["nvme_self_test_log"]
    assert log["current_self_test_operation"] == {"value": 2, "string": "Extended self-test in progress"}
    assert log["current_self_test_completion_percent"] == 25
    clock.now += 30
    log = machine.read_smart(disk).document["nvme_self_test_log"]
    assert log["current_self_test_operation"]["value"] == 0
    assert log["table"][0]["self_test_result"] == {"value": 0, "string": "Completed without error"}


def test_scsi_in_its_own_fields(tmp_path: Path, clock: Clock) -> None:
    machine = SimulatedMachine(blank_machine(tmp_path, "server"), clock=clock)
    disk = drive_named(machine, "sde")
    machine.start_self_test(disk, SelfTestKind.SHORT)
    document = machine.read_smart(disk).document
    assert document["scsi_self_test_0"]["self_test_in_progress"] is True
    assert document["scsi_self_test_0"]["code"]["string"] == "Background short"
    clock.now += 30
    document = machine.read_smart(disk).document
    assert document["scsi_self_test_0"]["result"] == {"value": 0, "string": "Completed"}
    assert document["scsi_self_test_0"]["power_on_time"]["hours"] == 43549


def test_the_reading_after_is_served_once_the_drive_was_written_to_its_end(laptop: Path) -> None:
    machine = SimulatedMachine(laptop, pace=0)
    disk = drive_named(machine, "sda")

    def pending() -> int:
        table = machine.read_smart(disk).document["ata_smart_attributes"]["table"]
        return next(a["raw"]["value"] for a in table if a["id"] == 197)

    medium = machine.open_medium(disk)
    medium.write_at(0, buffer(4096))
    assert pending() == 67
    medium.write_at(medium.capacity_bytes - 4096, buffer(4096))
    medium.close()
    assert pending() == 0


def test_the_dying_drive_says_failed_once_it_died(tmp_path: Path) -> None:
    machine = SimulatedMachine(blank_machine(tmp_path, "server"), pace=0)
    disk = drive_named(machine, "sdc")
    assert machine.read_smart(disk).document["smart_status"]["passed"] is True
    medium = machine.open_medium(disk)
    with pytest.raises(OSError):
        medium.write_at(medium.capacity_bytes - 4096, buffer(4096))
    medium.close()
    snapshot = machine.read_smart(disk)
    assert snapshot.document["smart_status"]["passed"] is False
    assert snapshot.exit_status == 24
