"""Hidden sectors and Opal locks of a simulated drive: what gives them back, and what does not."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from agent.engine.planning import make_plan
from agent.errors import IdentityChanged, Refused
from agent.host.hidden_area_restore import POWER_CYCLE
from agent.host.simulated import SimulatedMachine
from agent.model.drive import Exclusion, ExclusionReason, HiddenAreaState
from agent.model.firmware import (
    CommandState,
    DeviceStatus,
    FirmwareReading,
    FoundObstacle,
    Obstacle,
    TechniqueOffer,
)
from agent.model.json_form import to_json_form
from agent.model.psid import Psid
from agent.model.sanitization import Plan, Policy, Technique
from agent.workflow.inspection import inspect_machine
from tests.unit.simulated.conftest import MIB, buffer, drive_named

PSID = "ABCDEFGH23456789JKLMNPQR23456789"
REVERT = Technique.OPAL_PSID_REVERT


def hide(machine: Path, sectors: int = 100, name: str = "sda", **behaviour: bool) -> Path:
    """Let a drive hide so many sectors beyond its image, and give them back as told; its folder."""
    folder = machine / "drives" / name
    identity = json.loads((folder / "identity.json").read_text())
    areas = {"state": "present", "accessible_sectors": "1000", "native_sectors": str(1000 + sectors)}
    (folder / "identity.json").write_text(json.dumps(identity | {"hidden_areas": areas}))
    given = {"needs_power_cycle": False, "refuses": False} | behaviour
    (folder / "hidden.json").write_text(json.dumps(given))
    return folder


def lock(machine: Path, name: str = "sda", *, locked: bool = True, offers: tuple = (), **more: object) -> Path:
    """Let a drive be self-encrypting, with a PSID on its label; its folder."""
    obstacles = (FoundObstacle(Obstacle.OPAL_LOCKED, "", tuple(t for t in Technique if t is not REVERT)),)
    status = DeviceStatus(CommandState.NEVER, ("simulated",))
    reading = FirmwareReading((*offers, TechniqueOffer(REVERT)), obstacles if locked else (), status, (), ())
    document = {"seconds": "0", "erases": ["0-1"], "value_hex": "00", "ends": "completed", "psid": PSID}
    document |= {"refuses": False, "hangs": False, "reading": to_json_form(reading), **more}
    folder = machine / "drives" / name
    (folder / "firmware.json").write_text(json.dumps(document))
    return folder


def test_hidden_sectors_come_back_at_once(laptop: Path) -> None:
    folder = hide(laptop)
    machine = SimulatedMachine(laptop)
    disk = drive_named(machine, "sda")
    assert disk.hidden_areas.state is HiddenAreaState.PRESENT
    done = machine.restore_hidden_areas(disk)
    assert done.areas.state is HiddenAreaState.NONE_FOUND
    assert done.words == "100 hidden sectors were given back."
    assert [t.argv[0] for t in done.tools] == ["simulated"]
    now = drive_named(machine, "sda")
    assert now.identity.capacity_bytes == MIB + 100 * 512 == (folder / "image").stat().st_size
    assert now.hidden_areas.native_sectors == now.hidden_areas.accessible_sectors == 2048 + 100
    assert machine.read_hidden_areas(now) == now.hidden_areas
    assert machine.restore_hidden_areas(now).tools == ()


def test_what_needs_a_power_cycle_comes_back_at_the_next_start(laptop: Path) -> None:
    hide(laptop, needs_power_cycle=True)
    machine = SimulatedMachine(laptop)
    done = machine.restore_hidden_areas(drive_named(machine, "sda"))
    assert (done.areas.state, done.words) == (HiddenAreaState.PRESENT, POWER_CYCLE)
    assert drive_named(machine, "sda").hidden_areas.state is HiddenAreaState.PRESENT
    assert drive_named(SimulatedMachine(laptop), "sda").hidden_areas.state is HiddenAreaState.NONE_FOUND


def test_what_nobody_asked_back_stays_hidden(laptop: Path) -> None:
    hide(laptop, needs_power_cycle=True)
    SimulatedMachine(laptop)
    assert drive_named(SimulatedMachine(laptop), "sda").hidden_areas.state is HiddenAreaState.PRESENT


def test_a_drive_that_refuses_hides_for_ever(laptop: Path) -> None:
    hide(laptop, refuses=True)
    machine = SimulatedMachine(laptop)
    assert machine.restore_hidden_areas(drive_named(machine, "sda")).words == POWER_CYCLE
    assert drive_named(SimulatedMachine(laptop), "sda").hidden_areas.state is HiddenAreaState.PRESENT


def test_another_drive_and_an_excluded_one_are_left_alone(laptop: Path) -> None:
    folder = hide(laptop)
    machine = SimulatedMachine(laptop)
    disk = drive_named(machine, "sda")
    other = replace(disk, identity=replace(disk.identity, serial="OTHER"))
    with pytest.raises(IdentityChanged):
        machine.restore_hidden_areas(other)
    identity = json.loads((folder / "identity.json").read_text())
    mounted = to_json_form(Exclusion(ExclusionReason.MOUNTED, "/home"))
    (folder / "identity.json").write_text(json.dumps(identity | {"exclusions": [mounted]}))
    with pytest.raises(Refused, match="mounted"):
        machine.restore_hidden_areas(disk)
    assert (folder / "image").stat().st_size == MIB


# Opal --------------------------------------------------------------------------------------------------------


def test_a_locked_drive_takes_no_read_and_no_write(laptop: Path) -> None:
    lock(laptop)
    machine = SimulatedMachine(laptop)
    medium = machine.open_medium(drive_named(machine, "sda"))
    assert medium.capacity_bytes == MIB
    for move in (medium.read_at, medium.write_at):
        with pytest.raises(OSError, match="Input/output"):
            move(0, buffer(4096))
    medium.close()


def test_the_right_psid_takes_the_lock_off_and_leaves_noise(laptop: Path) -> None:
    folder = lock(laptop)
    machine = SimulatedMachine(laptop)
    disk = drive_named(machine, "sda")
    with pytest.raises(Refused, match="PSID"):
        machine.firmware_command(disk, REVERT)
    machine.keep_psid(disk, Psid("-".join(PSID[i : i + 4] for i in range(0, 32, 4)).lower()))
    command = machine.firmware_command(disk, REVERT)
    assert command.status().state is CommandState.UNKNOWN
    tool = command.start()
    assert command.status().state is CommandState.DONE
    command.close()
    assert PSID not in repr((tool, command, vars(command)))
    assert len(set((folder / "image").read_bytes())) == 256
    reading = machine.read_firmware(disk)
    assert reading is not None
    assert not reading.obstacles
    medium = machine.open_medium(disk)
    assert medium.read_at(0, buffer(4096)) == 4096
    medium.close()


@pytest.mark.parametrize("label", [PSID, ""])
def test_a_wrong_psid_changes_nothing(laptop: Path, label: str) -> None:
    folder = lock(laptop, psid=label)
    machine = SimulatedMachine(laptop)
    disk = drive_named(machine, "sda")
    machine.keep_psid(disk, Psid("B" * 32))
    command = machine.firmware_command(disk, REVERT)
    assert command.start().code == 1
    assert command.status().state is CommandState.FAILED
    assert not (folder / "image").read_bytes().strip(b"\0")
    reading = machine.read_firmware(disk)
    assert reading is not None
    assert reading.obstacles


def test_a_drive_that_can_not_be_asked_offers_nothing_and_the_plan_says_why(laptop: Path) -> None:
    (laptop / "drives/sda/firmware.json").write_text("{}")
    inspection = inspect_machine(SimulatedMachine(laptop))
    disk = next(d for d in inspection.drives if d.drive.node == "/dev/sda")
    assert disk.firmware is not None
    assert [o.obstacle for o in disk.firmware.obstacles] == [Obstacle.UNREADABLE]
    plan = make_plan(disk.drive, Policy(), firmware=disk.firmware)
    assert isinstance(plan, Plan)
    assert plan.technique is Technique.OVERWRITE
    assert any("capabilities not readable" in reason and "firmware.json" in reason for reason in plan.reasons)
