"""Pieces of identity that have more than one source."""

import os
from pathlib import Path

import pytest

from agent.host import scsi
from agent.host.identity import geometry_of, read_device, sysfs_pages
from agent.model.drive import Bus, MediaType
from tests.unit.host.trees import ATA_PATH, NVME_PATH, SAS_PATH, Tree, identify_page, put


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def read(folder: Path):  # type: ignore[no-untyped-def]
    return read_device(folder.resolve(), geometry_of(folder), sysfs_pages(folder))


@pytest.mark.parametrize(
    ("page", "serial"),
    [
        (b"\x00\x80\x00\x04AB12", "AB12"),
        (b"\x00\x80\x00\x08  AB12  ", "AB12"),
        (b"", ""),
        (b"\x00\x83\x00\x04AB12", ""),
        (b"\x00\x80", ""),
    ],
)
def test_unit_serial(page: bytes, serial: str) -> None:
    assert scsi.unit_serial(page) == serial


@pytest.mark.parametrize(("word", "rpm"), [(1, 0), (0, None), (7200, 7200), (0x0400, None), (0xFFFF, None)])
def test_rotation_rate(word: int, rpm: int | None) -> None:
    assert scsi.rotation_rate(bytes([0, 0xB1, 0, 60, word >> 8, word & 0xFF])) == rpm


def test_what_is_no_scsi_device_has_no_pages(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path, os.O_RDONLY)
    try:
        assert scsi.inquiry_page(descriptor, scsi.VPD_SERIAL) == b""
    finally:
        os.close(descriptor)


def test_a_parallel_ata_drive_says_nothing_of_sata(tree: Tree) -> None:
    disk = tree.disk(
        "sda",
        ATA_PATH,
        attributes={
            "device/vendor": "ATA",
            "device/model": "x",
            "device/vpd_pg89": identify_page(words={76: 0}, rotation=0),
        },
    )
    assert read(disk).bus is Bus.PATA


def test_a_sas_solid_state_drive(tree: Tree) -> None:
    disk = tree.disk(
        "sda",
        SAS_PATH,
        attributes={
            "device/vendor": "SEAGATE ",
            "device/model": "XS400ME70004",
            "device/rev": "0001",
            "device/wwid": "naa.5000c500a0000001",
            "device/vpd_pg80": b"\x00\x80\x00\x08ZC000001",
            "device/vpd_pgb1": bytes([0, 0xB1, 0, 60, 0, 1]),
        },
    )
    reading = read(disk)
    assert (reading.bus, reading.media_type, reading.rotation_rpm) == (Bus.SAS, MediaType.SOLID_STATE, None)
    assert (reading.identity.model, reading.identity.serial) == ("SEAGATE XS400ME70004", "ZC000001")
    assert (reading.identity.firmware, reading.identity.wwn) == ("0001", "naa.5000c500a0000001")


def test_a_name_that_repeats_the_serial_is_no_stable_name(tree: Tree) -> None:
    disk = tree.disk(
        "sda", ATA_PATH, attributes={"device/vendor": "ATA", "device/model": "x", "device/wwid": "t10.ATA     x  y"}
    )
    assert read(disk).identity.wwn == ""


def test_the_transport_of_a_multipath_namespace_is_its_controllers(tree: Tree) -> None:
    disk = tree.disk(
        "nvme0n1",
        "virtual/nvme-subsystem/nvme-subsys0/nvme0",
        attributes={"device/model": "M", "device/serial": "S"},
    )
    put(disk / "device/nvme0/transport", "tcp\n")
    assert read(disk).network == "NVMe over tcp"
    put(disk / "device/nvme0/transport", "pcie\n")
    assert read(disk).network == ""


@pytest.mark.parametrize(
    ("model", "kind"), [("QEMU NVMe Ctrl", MediaType.VIRTUAL), ("KXG50ZNV256G", MediaType.SOLID_STATE)]
)
def test_disks_of_hypervisors_are_virtual(tree: Tree, model: str, kind: MediaType) -> None:
    disk = tree.disk("nvme0n1", NVME_PATH, attributes={"device/model": model, "device/serial": "S"})
    assert read(disk).media_type is kind
