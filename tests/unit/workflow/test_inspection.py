"""What is asked of each drive, in which order, before anything is planned."""

from pathlib import Path

from agent.errors import ToolFailed
from agent.host.simulated import SimulatedMachine
from agent.model.drive import Drive
from agent.model.firmware import CommandState, DeviceStatus, FirmwareReading, FoundObstacle, Obstacle
from agent.model.health import SmartSnapshot
from agent.workflow.inspection import inspect_machine


class Asked(SimulatedMachine):
    """A machine whose first drive is in this state, and that notes what is asked of it."""

    state = CommandState.RUNNING

    def read_firmware(self, drive: Drive) -> FirmwareReading:
        self.asked = [*getattr(self, "asked", []), f"status {drive.node}"]
        status = DeviceStatus(self.state, ("SPROG",), 310)
        found = (FoundObstacle(Obstacle.SANITIZE_RUNNING),) if self.state is CommandState.RUNNING else ()
        return FirmwareReading((), found, status, (), ())

    def read_smart(self, drive: Drive) -> SmartSnapshot:
        self.asked = [*getattr(self, "asked", []), f"health {drive.node}"]
        raise ToolFailed(("smartctl",), None, "no answer in time")


def test_a_drive_at_its_own_erase_is_asked_for_nothing_but_its_status(machine, tmp_path: Path) -> None:
    machine("laptop")
    found = Asked(tmp_path / "bench/laptop", pace=0)
    inspection = inspect_machine(found)
    assert inspection.drives[0].firmware is not None
    assert inspection.drives[0].firmware.status.progress_permille == 310
    assert "health /dev/sda" not in found.asked


def test_the_status_comes_before_the_health(machine, tmp_path: Path) -> None:
    machine("laptop")
    found = Asked(tmp_path / "bench/laptop", pace=0)
    found.state = CommandState.NEVER
    inspect_machine(found)
    assert found.asked.index("status /dev/sda") < found.asked.index("health /dev/sda")
