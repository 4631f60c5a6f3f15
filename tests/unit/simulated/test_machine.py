"""What a simulated machine says of itself comes from its captures, and a capture that is missing has a name."""

import json
import platform
from pathlib import Path

import pytest

from agent.errors import EnvironmentLacks, Refused
from agent.host.simulated import SimulatedMachine
from agent.model.drive import Bus, ExclusionReason, SerialSource, confirmable_name
from agent.model.machine import Environment
from tests.bench.make import MACHINES, known_machines
from tests.unit.simulated.conftest import MIB, blank_machine, drive_named


def test_every_recorded_machine_is_read_whole(tmp_path: Path) -> None:
    assert known_machines() == ["desktop", "hostile", "laptop", "no-drive", "office-pc", "server", "surface-pro-7"]
    for name in known_machines():
        machine = SimulatedMachine(blank_machine(tmp_path, name))
        assert machine.title
        assert machine.inventory().controllers
        assert all(machine.read_smart(d).document for d in machine.discover())


def test_a_simulated_machine_says_that_it_is_one(laptop: Path) -> None:
    machine = SimulatedMachine(laptop)
    assert machine.environment is Environment.SIMULATED
    assert machine.image_sha256 == ""
    assert machine.kernel() == platform.release()
    assert "smartctl 7.2 (capture)" in machine.helper_versions()


def test_capacity_and_hidden_areas_are_those_of_the_image(laptop: Path) -> None:
    disk = drive_named(SimulatedMachine(laptop), "sda")
    assert disk.identity.capacity_bytes == MIB
    assert (disk.hidden_areas.accessible_sectors, disk.hidden_areas.native_sectors) == (2048, 2048)
    assert disk.identity.model == "WDC WD5000AAKS-00UU3A0"


def test_sectors_that_the_capture_hides_stay_hidden(laptop: Path) -> None:
    path = laptop / "drives/sda/identity.json"
    identity = json.loads(path.read_text())
    identity["hidden_areas"] = {
        "state": "present",
        "accessible_sectors": "976000000",
        "native_sectors": "976773168",
    }
    path.write_text(json.dumps(identity))
    areas = drive_named(SimulatedMachine(laptop), "sda").hidden_areas
    assert (areas.accessible_sectors, areas.native_sectors) == (2048, 2048 + 773168)


def test_signatures_go_with_the_partition_table(laptop: Path) -> None:
    assert drive_named(SimulatedMachine(laptop), "sda").signatures == ()
    with (laptop / "drives/sda/image").open("r+b") as image:
        image.seek(510)
        image.write(b"\x55\xaa")
    assert drive_named(SimulatedMachine(laptop), "sda").signatures == ("gpt", "vfat", "ext4")


def test_the_laptop_disk_says_passed_and_has_pending_sectors(laptop: Path) -> None:
    machine = SimulatedMachine(laptop)
    document = machine.read_smart(drive_named(machine, "sda")).document
    raw = {a["id"]: a["raw"]["value"] for a in document["ata_smart_attributes"]["table"]}
    assert document["smart_status"]["passed"] is True
    assert raw[197] == 67


def test_the_surface_has_one_soldered_drive_and_the_stick(tmp_path: Path) -> None:
    machine = SimulatedMachine(blank_machine(tmp_path, "surface-pro-7"))
    nvme, stick = machine.discover()
    assert (nvme.bus, nvme.soldered, nvme.on_offer) == (Bus.NVME, True, True)
    assert stick.is_boot_medium
    assert machine.inventory().batteries[0].health_percent == 90


def test_the_server_has_eight_different_drives(tmp_path: Path) -> None:
    drives = SimulatedMachine(blank_machine(tmp_path, "server")).discover()
    assert len({d.identity.serial for d in drives}) == 8
    assert [confirmable_name(d, drives) for d in drives] == [d.identity.serial for d in drives]


def test_a_machine_without_drives_has_none(tmp_path: Path) -> None:
    assert SimulatedMachine(blank_machine(tmp_path, "no-drive")).discover() == ()


def test_hostile_names_arrive_untouched(tmp_path: Path) -> None:
    machine = SimulatedMachine(blank_machine(tmp_path, "hostile"))
    a, b, c, d = machine.discover()
    assert a.identity.model == "[/red]"
    assert a.identity.serial.startswith("=cmd|' /C calc'!A0")
    assert len(a.identity.serial) == 40
    assert "\n" in b.identity.serial
    assert "\x1b" in b.identity.serial
    assert len(b.identity.model) == 40
    assert c.identity.serial == d.identity.serial
    assert confirmable_name(c, (a, b, c, d)) == "/dev/sdc"
    for drive in (a, b, c, d):
        assert machine.read_smart(drive).document["serial_number"] == drive.identity.serial


def test_a_missing_capture_names_the_file_to_record(laptop: Path) -> None:
    machine = SimulatedMachine(laptop)
    disk = drive_named(machine, "sda")
    (laptop / "drives/sda/smartctl.json").unlink()
    with pytest.raises(EnvironmentLacks) as caught:
        machine.read_smart(disk)
    assert machine.helper_versions() == ("smartctl 7.3 (capture)",)
    assert "drives/sda/smartctl.json" in caught.value.message
    assert "ardoise capture DIR" in caught.value.remedy


@pytest.mark.parametrize("missing", ["machine.json", "dmi.json"])
def test_a_missing_capture_of_the_machine_names_the_file(laptop: Path, missing: str) -> None:
    (laptop / missing).unlink()
    with pytest.raises(EnvironmentLacks, match=missing):
        SimulatedMachine(laptop).inventory()


def test_discovery_of_a_drive_without_identity_names_the_file(laptop: Path) -> None:
    (laptop / "drives/sda/identity.json").unlink()
    with pytest.raises(EnvironmentLacks, match=r"drives/sda/identity\.json"):
        SimulatedMachine(laptop).discover()


@pytest.mark.parametrize("content", ["{", "[]", '{"node": 1}'])
def test_a_spoilt_capture_names_the_file(laptop: Path, content: str) -> None:
    (laptop / "drives/sda/identity.json").write_text(content)
    with pytest.raises(EnvironmentLacks, match=r"identity\.json is unusable"):
        SimulatedMachine(laptop).discover()


def test_an_image_that_was_never_made_says_how_to_make_it() -> None:
    with pytest.raises(EnvironmentLacks) as caught:
        SimulatedMachine(MACHINES / "laptop").discover()
    assert "make machines" in caught.value.remedy


def test_a_folder_that_is_none_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentLacks, match="no folder"):
        SimulatedMachine(tmp_path / "nothing")


@pytest.mark.parametrize("names", [["../sda"], ["sda/../../x"], ["/dev/vda"], [""]])
def test_names_that_lead_elsewhere_are_refused(laptop: Path, names: list[str]) -> None:
    (laptop / "machine.json").write_text(json.dumps({"drives": names}))
    with pytest.raises(Refused):
        SimulatedMachine(laptop)


def test_only_the_bridge_or_the_device_speaks_for_a_serial(laptop: Path) -> None:
    assert drive_named(SimulatedMachine(laptop), "sda").identity.serial_source is SerialSource.DEVICE
    assert drive_named(SimulatedMachine(laptop), "sdb").exclusions[0].reason is ExclusionReason.BOOT_MEDIUM
