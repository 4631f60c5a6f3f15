"""Disks that are one device: the logical units of a drive with two actuators, the paths to a dual-ported one."""

from pathlib import Path

import pytest

from agent.errors import Refused
from agent.host.scsi_firmware import read_scsi, scsi_command
from agent.host.scsi_units import same_device, unique_designators
from agent.host.sysfs import Roots
from agent.model.drive import Bus
from agent.model.sanitization import Technique
from tests.unit.host.scsi_answers import GOOD, Answers, data
from tests.unit.host.trees import Tree

BLOCK = Technique.SCSI_SANITIZE_BLOCK_ERASE
LOGICAL_UNIT, PORT, DEVICE = 0, 1, 2
NAA, RELATIVE_PORT, T10 = 3, 4, 1


def designator(association: int, kind: int, value: str) -> bytes:
    """One designation descriptor (SPC-5, VPD page 83h): SAS, binary, PIV set."""
    raw = bytes.fromhex(value)
    return bytes([0x61, 0x80 | association << 4 | kind, 0, len(raw)]) + raw


def page_83(*designators: bytes) -> bytes:
    body = b"".join(designators)
    return bytes([0, 0x83]) + len(body).to_bytes(2, "big") + body


def page_80(serial: str) -> bytes:
    return bytes([0, 0x80, 0, len(serial)]) + serial.encode()


def disk(tree: Tree, name: str, where: str, *designators: bytes, serial: str = "") -> None:
    """A SAS disk at host:channel:target:lun."""
    host, channel, target, _ = where.split(":")
    attributes: dict[str, str | bytes] = {
        "device/vendor": "SEAGATE \n",
        "device/model": "ST14000NM0001   \n",
        "device/vpd_pg83": page_83(*designators),
        "device/vpd_pg80": page_80(serial),
    }
    tree.disk(name, f"pci0000:00/host{host}/target{host}:{channel}:{target}/{where}", attributes=attributes)


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path / "root")


def test_two_logical_units_of_one_target(tree: Tree) -> None:
    disk(tree, "sda", "1:0:0:0", designator(LOGICAL_UNIT, NAA, "5000c500a0000003"))
    disk(tree, "sdb", "1:0:0:1", designator(LOGICAL_UNIT, NAA, "5000c500a0000007"))
    disk(tree, "sdc", "1:0:1:0", designator(LOGICAL_UNIT, NAA, "5000c500b0000003"))
    assert same_device(tree.roots, "/dev/sda") == ("/dev/sdb",)
    assert same_device(tree.roots, "/dev/sdb") == ("/dev/sda",)
    assert same_device(tree.roots, "/dev/sdc") == ()


@pytest.mark.parametrize("association", [LOGICAL_UNIT, PORT, DEVICE])
def test_a_world_wide_name_in_common(tree: Tree, association: int) -> None:
    disk(tree, "sda", "1:0:0:0", designator(association, NAA, "5000c500a0000000"))
    disk(tree, "sdb", "2:0:0:1", designator(association, NAA, "5000c500a0000000"))
    assert same_device(tree.roots, "/dev/sda") == ("/dev/sdb",)


@pytest.mark.parametrize(
    "common",
    [
        designator(PORT, RELATIVE_PORT, "00000001"),
        designator(LOGICAL_UNIT, T10, "53454147"),
        designator(DEVICE, NAA, "00" * 8),
    ],
    ids=["relative port", "vendor's text", "zeros"],
)
def test_what_many_drives_have_in_common_is_no_sign(tree: Tree, common: bytes) -> None:
    disk(tree, "sda", "1:0:0:0", common)
    disk(tree, "sdb", "1:0:1:0", common)
    assert same_device(tree.roots, "/dev/sda") == ()


@pytest.mark.parametrize(("serial", "found"), [("ZHZ12345", ("/dev/sdb",)), ("", ()), ("00000000", ())])
def test_a_serial_in_common(tree: Tree, serial: str, found: tuple[str, ...]) -> None:
    disk(tree, "sda", "1:0:0:0", serial=serial)
    disk(tree, "sdb", "2:0:0:1", serial=serial)
    assert same_device(tree.roots, "/dev/sda") == found


def test_a_disk_that_is_not_there(tree: Tree) -> None:
    disk(tree, "sda", "1:0:0:0")
    assert same_device(tree.roots, "/dev/sdx") == ()


def test_a_page_that_is_cut_off_gives_what_it_holds() -> None:
    whole = designator(DEVICE, NAA, "5000c500a0000000")
    assert len(list(unique_designators(page_83(whole, whole)))) == 2
    assert len(list(unique_designators(page_83(whole, whole)[:-1]))) == 1
    assert list(unique_designators(b"")) == list(unique_designators(page_80("12345678"))) == []


# what may be done with it ------------------------------------------------------------------------------------


@pytest.fixture
def able(drive: Answers) -> Answers:
    """A drive with SANITIZE BLOCK ERASE, at rest."""
    for action in (1, 2, 3):
        support = 3 if action == 2 else 0
        drive.to(f"a3 0c 02 48 00 {action:02x} 00 00 00 fc 00 00", data(bytes([0, support, 0, 10]) + bytes(10)))
    drive.to(
        "9e 10 00 00 00 00 00 00 00 00 00 00 00 20 00 00", data(bytes(8) + (512).to_bytes(4, "big") + bytes(20))
    )
    return drive.to("03 00 00 00 fc 00", data(bytes.fromhex("70") + bytes(17))).to("00 00 00 00 00 00", GOOD)


def refused(roots: Roots) -> str:
    with pytest.raises(Refused) as told:
        scsi_command("/dev/sda", Bus.SAS, "ST14000NM0001", BLOCK, roots)
    return told.value.message


def test_nothing_is_sent_to_a_drive_that_may_take_another_disk_with_it(able: Answers, tree: Tree) -> None:
    disk(tree, "sda", "1:0:0:0")
    assert read_scsi("/dev/sda", Bus.SAS, "ST14000NM0001", tree.roots).also_hit == ()
    assert scsi_command("/dev/sda", Bus.SAS, "ST14000NM0001", BLOCK, tree.roots).offer.technique is BLOCK
    # the second actuator was found since the plan was made
    disk(tree, "sdb", "1:0:0:1")
    assert read_scsi("/dev/sda", Bus.SAS, "ST14000NM0001", tree.roots).also_hit == ("/dev/sdb",)
    assert refused(tree.roots) == "scsi sanitize block erase of /dev/sda may erase /dev/sdb too."


def test_a_drive_without_an_erase_of_its_own_hits_nobody(able: Answers, tree: Tree) -> None:
    able.to("a3 0c 02 48 00 02 00 00 00 fc 00 00", data(bytes(14)))
    disk(tree, "sda", "1:0:0:0")
    disk(tree, "sdb", "1:0:0:1")
    assert read_scsi("/dev/sda", Bus.SAS, "ST14000NM0001", tree.roots).also_hit == ()
