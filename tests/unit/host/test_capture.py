"""A capture keeps what a simulated machine needs and nothing that identifies this one."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from agent.errors import Refused, ToolFailed
from agent.host.capture import Pseudonyms, capture_machine
from agent.host.simulated import SimulatedMachine
from agent.model.drive import (
    Bus,
    Drive,
    Exclusion,
    ExclusionReason,
    HiddenAreas,
    HiddenAreaState,
    Identity,
    MediaType,
    SerialSource,
)
from agent.model.health import SmartSnapshot
from agent.model.json_form import from_json_form
from agent.model.machine import MachineInventory
from tests.conftest import Allow
from tests.unit.host.programs import install

SERIAL, WWN, TAG, MACHINE = "S3UVNY0J804215", "eui.0025385791b4f595", "OGO-2024-00123", "VQ1FF05G1WA"
SWAPPED = "3SVUYNJ0082451"
WEIRD = 'a"b\nc=cmd\u202e9'

DRIVE = Drive(
    node="/dev/nvme0n1",
    identity=Identity(
        "SAMSUNG KUS020203M-B000", SERIAL, "52L9SMU1", WWN, 128035676160, 512, 512, SerialSource.DEVICE
    ),
    bus=Bus.NVME,
    media_type=MediaType.SOLID_STATE,
    rotation_rpm=None,
    removable=False,
    soldered=True,
    bay="",
    signatures=("ntfs",),
    hidden_areas=HiddenAreas(HiddenAreaState.NOT_APPLICABLE),
    exclusions=(Exclusion(ExclusionReason.MOUNTED, "/media/marie-dupont"),),
)
SECOND = replace(
    DRIVE,
    node="/dev/sda",
    bus=Bus.SATA,
    exclusions=(),
    identity=replace(DRIVE.identity, serial=WEIRD, wwn="naa.5001b448b1234567"),
)
STICK = replace(DRIVE, node="/dev/sdb", exclusions=(Exclusion(ExclusionReason.BOOT_MEDIUM),))
DOCUMENT = {
    "smartctl": {"version": [7, 3], "platform_info": "x86_64-linux-6.1.0-pc-dupont", "exit_status": 0},
    "device": {"protocol": "NVMe", "info_name": f"/dev/nvme0n1 [{SERIAL.lower()}]"},
    "serial_number": SERIAL,
    "wwn": {"naa": 5, "oui": 3152, "id": 54812345678},
    "logical_unit_id": "0x5001b448b1234567",
    "words": [SWAPPED, SERIAL.encode().hex(), {"deep": f"x{SERIAL}y"}],
    "local_time": {"time_t": 1645453494, "asctime": "Mon Feb 21 15:24:54 2022 CET"},
    "smart_status": {"passed": True},
    "power_on_time": {"hours": 12798},
}


class Machine:
    """A machine with two drives and a stick; the second drive can't be read."""

    def inventory(self) -> MachineInventory:
        return MachineInventory(
            "LENOVO",
            "2718V8C",
            "R500",
            MACHINE,
            TAG,
            "laptop",
            "3.16",
            "11/18/2009",
            "P8600",
            4 << 30,
            (),
            (),
            ("NVMe",),
        )

    def discover(self) -> tuple[Drive, ...]:
        return (DRIVE, SECOND, STICK)

    def read_smart(self, drive: Drive) -> SmartSnapshot:
        if drive is SECOND:
            raise ToolFailed(("smartctl",), None, "")
        return SmartSnapshot(64, DOCUMENT, "smartctl 7.3", "00")


@pytest.fixture
def captured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, allow_programs: Allow) -> Path:
    allow_programs("nvme")
    controller = {
        "sn": SERIAL,
        "mn": "SAMSUNG KUS020203M-B000",
        "subnqn": f"nqn.2014.08.org:{SERIAL}",
        "oacs": 6,
        "sanicap": 0,
    }
    install(tmp_path / "bin", monkeypatch, "nvme", f"printf '%s' '{json.dumps(controller)}'")
    names = capture_machine(Machine(), tmp_path / "out")  # type: ignore[arg-type]
    assert names == ("nvme0n1", "sda")
    return tmp_path / "out"


def test_no_original_survives(captured: Path) -> None:
    texts = {path: path.read_text() for path in captured.rglob("*") if path.is_file()}
    assert len(texts) == 7
    originals = [
        SERIAL,
        SWAPPED,
        SERIAL.encode().hex(),
        WWN[4:],
        "5001b448b1234567",
        TAG,
        MACHINE,
        WEIRD,
        json.dumps(WEIRD)[1:-1],
        "dupont",
        "54812345678",
        "1645453494",
    ]
    for path, text in texts.items():
        for original in originals:
            assert original.lower() not in text.lower(), (path, original)


def test_what_a_simulated_machine_needs_survives(captured: Path) -> None:
    machine = json.loads((captured / "machine.json").read_text())
    assert (machine["title"], machine["drives"]) == ("LENOVO 2718V8C", ["nvme0n1", "sda"])
    drive = from_json_form(json.loads((captured / "drives/nvme0n1/identity.json").read_text()), Drive)
    blank = replace(DRIVE.identity, serial="", wwn="")
    assert replace(drive.identity, serial="", wwn="") == blank
    assert drive.exclusions == (Exclusion(ExclusionReason.MOUNTED),)
    reading = json.loads((captured / "drives/nvme0n1/smartctl.json").read_text())
    assert reading["exit_status"] == 64
    assert reading["document"]["power_on_time"] == {"hours": 12798}
    # Equal text stays equal: the reading still belongs to the drive.
    assert reading["document"]["serial_number"] == drive.identity.serial
    controller = json.loads((captured / "drives/nvme0n1/nvme-id-ctrl.json").read_text())
    assert (controller["sn"], controller["oacs"]) == (drive.identity.serial, 6)
    assert not (captured / "drives/sda/smartctl.json").exists()


def test_the_layout_is_the_one_that_simulated_machines_read(captured: Path) -> None:
    machine = SimulatedMachine(captured)
    assert machine.inventory().model == "2718V8C"
    assert "serial" in str(machine.inventory())


def test_a_folder_with_content_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("x")
    with pytest.raises(Refused, match="not an empty folder"):
        capture_machine(Machine(), tmp_path)  # type: ignore[arg-type]
    assert [p.name for p in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize("text", ["WD-WCAYU4159372", "0x5001b448b1234567", "12", "é7x", "Z1Z5DWJK0000"])
def test_a_pseudonym_has_the_form_of_the_original(text: str) -> None:
    made = Pseudonyms(b"salt").of(text)
    assert made != text
    assert len(made) == len(text)
    assert [c.isdigit() for c in made] == [c.isdigit() for c in text]
    assert Pseudonyms(b"salt").of(text) == made
    assert Pseudonyms(b"other").of(text) != made or len(text) < 3


def test_placeholders_stay_placeholders() -> None:
    assert Pseudonyms(b"salt").of("To be filled by O.E.M.") == "To be filled by O.E.M."
