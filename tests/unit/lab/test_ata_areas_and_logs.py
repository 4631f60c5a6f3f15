"""The simulated ATA drive's SMART, logs and hidden areas; bytes by ACS-2 to ACS-4."""

import struct
from pathlib import Path

from tests.unit.lab.model_drives import (
    IDENTIFY,
    NATIVE_MAX,
    SECTORS,
    Bench,
    bench,
    read,
    registers,
    words,
)


def test_smart_tells_of_failure_attributes_and_self_tests(tmp_path: Path) -> None:
    drive = bench(tmp_path, bad_sectors=[[100, 2]], smart_failing=True, self_test_seconds=10)
    status = "85 06 2c 00 da 00 00 00 00 00 4f 00 c2 00 b0 00"
    # ACS-4 7.44.8: 4Fh C2h becomes F4h 2Ch.
    assert registers(drive, status)["lba"] & 0xFFFF00 == 0x2CF400
    data = drive.good("85 08 0e 00 d0 00 01 00 00 00 4f 00 c2 00 b0 00")
    assert sum(data) % 256 == 0
    attributes = {data[at]: data[at + 3] for at in range(2, 362, 12) if data[at]}
    raw = {data[at]: int.from_bytes(data[at + 5 : at + 11], "little") for at in range(2, 362, 12) if data[at]}
    thresholds = drive.good("85 08 0e 00 d1 00 01 00 00 00 4f 00 c2 00 b0 00")
    assert sum(thresholds) % 256 == 0
    assert attributes[5] < {thresholds[at]: thresholds[at + 1] for at in range(2, 362, 12)}[5]
    assert raw[197] == 2
    drive.good("85 06 0c 00 d4 00 00 00 01 00 4f 00 c2 00 b0 00")
    drive.after(5)
    assert drive.good("85 08 0e 00 d0 00 01 00 00 00 4f 00 c2 00 b0 00")[363] == 0xF5
    drive.after(5)
    log = drive.good("85 08 0e 00 d5 00 01 00 06 00 4f 00 c2 00 b0 00")
    assert sum(log) % 256 == 0
    assert (log[2], log[3] >> 4, int.from_bytes(log[7:11], "little"), log[508]) == (1, 7, 100, 1)


def test_a_healthy_drive_passes_its_self_test(tmp_path: Path) -> None:
    drive = bench(tmp_path)
    assert registers(drive, "85 06 2c 00 da 00 00 00 00 00 4f 00 c2 00 b0 00")["lba"] & 0xFFFF00 == 0xC24F00
    drive.good("85 06 0c 00 d4 00 00 00 02 00 4f 00 c2 00 b0 00")
    drive.after(2)
    log = drive.good("85 09 0e 00 00 00 01 00 07 00 00 00 00 40 2f 00")
    assert (log[0], log[2], log[4], log[5]) == (1, 1, 2, 0)


def test_the_logs_of_read_log_ext(tmp_path: Path) -> None:
    drive = bench(tmp_path)
    directory = struct.unpack("<256H", drive.good("85 09 0e 00 00 00 01 00 00 00 00 00 00 40 2f 00"))
    assert (directory[0], directory[0x30]) == (1, 9)
    listed = drive.good("85 09 0e 00 00 00 01 00 30 00 00 00 00 40 2f 00")
    assert set(listed[9 : 9 + listed[8]]) == {0, 1, 2, 5, 6}
    assert drive.good("85 0d 0e 00 00 00 01 00 30 00 01 00 00 40 47 00") == drive.good(IDENTIFY)
    guarded = drive.good("85 09 0e 00 00 00 01 00 30 00 06 00 00 40 2f 00")
    assert guarded[0:8] == bytes.fromhex("01 00 06 00 00 00 00 80")
    assert registers(drive, "85 09 2e 00 00 00 01 00 77 00 00 00 00 40 2f 00")["error"] == 0x04


def test_an_hpa_hides_sectors_and_goes(tmp_path: Path) -> None:
    drive = bench(tmp_path, hpa_sectors=1000)
    assert words(drive)[100] == SECTORS - 1000
    assert int.from_bytes(drive.good("25")[:4], "big") == SECTORS - 1001
    assert read(drive, SECTORS - 1000).sense[12] == 0x21
    whole = "85 07 20 00 00 00 01 00 ff 00 0f 00 00 40 37 00"
    assert registers(drive, whole)["error"] == 0x04
    assert registers(drive, NATIVE_MAX)["lba"] == SECTORS - 1
    assert registers(drive, whole)["status"] == 0x50
    assert words(drive)[100] == SECTORS
    registers(drive, NATIVE_MAX)
    assert registers(drive, whole)["error"] == 0x10
    drive.start()
    assert words(drive)[100] == SECTORS


def test_a_volatile_set_max_is_gone_after_a_power_cycle(tmp_path: Path) -> None:
    drive = bench(tmp_path, hpa_sectors=1000)
    registers(drive, NATIVE_MAX)
    assert registers(drive, "85 07 20 00 00 00 00 00 ff 00 0f 00 00 40 37 00")["status"] == 0x50
    assert words(drive)[100] == SECTORS
    drive.start()
    assert words(drive)[100] == SECTORS - 1000


def test_dco_is_restored_only_without_an_hpa(tmp_path: Path) -> None:
    drive = bench(tmp_path, dco_sectors=500, hpa_sectors=1000)
    identify = drive.good("85 08 0e 00 c2 00 01 00 00 00 00 00 00 00 b1 00")
    assert sum(identify) % 256 == 0
    assert int.from_bytes(identify[6:14], "little") == SECTORS - 1
    restore = "85 06 20 00 c0 00 00 00 00 00 00 00 00 00 b1 00"
    assert registers(drive, restore)["error"] == 0x04
    native = registers(drive, NATIVE_MAX)["lba"]
    assert native == SECTORS - 501
    low = native.to_bytes(2, "little")
    registers(drive, f"85 07 20 00 00 00 00 00 {low[0]:02x} 00 {low[1]:02x} 00 00 40 37 00")
    assert registers(drive, restore)["status"] == 0x50
    assert words(drive)[100] == SECTORS


def test_ama_is_set_once_a_power_on(tmp_path: Path) -> None:
    drive = Bench(tmp_path, identity={"ama": True, "hpa": False}, faults={"ama_sectors": 96}).start()
    assert words(drive)[119] & 0x0100
    assert words(drive)[100] == SECTORS - 96
    assert registers(drive, NATIVE_MAX)["error"] == 0x04
    assert registers(drive, "85 07 20 00 00 00 00 00 00 00 00 00 00 40 78 00")["lba"] == SECTORS - 1
    whole = "85 07 20 00 01 00 00 00 ff 00 0f 00 00 40 78 00"
    assert registers(drive, whole)["status"] == 0x50
    assert words(drive)[100] == SECTORS
    assert registers(drive, whole)["error"] == 0x04


def test_a_hidden_area_that_stays(tmp_path: Path) -> None:
    drive = bench(tmp_path, hpa_sectors=1000, refuses_restore=True)
    registers(drive, NATIVE_MAX)
    assert registers(drive, "85 07 20 00 00 00 01 00 ff 00 0f 00 00 40 37 00")["error"] == 0x04
