"""The simulated ATA drive, asked by CDBs as hdparm, smartctl and sg3_utils send them; bytes by ACS-4 and SAT-4."""

import struct
from pathlib import Path

import pytest

from tests.lab.disk import SECTOR, planted
from tests.unit.lab.model_drives import SECTORS, Bench, read, write

IDENTIFY = "85 08 0e 00 00 00 01 00 00 00 00 00 00 40 ec 00"
STATUS = "85 07 20 00 00 00 00 00 00 00 00 00 00 40 b4 00"
BLOCK_ERASE = "85 07 20 00 12 00 00 42 72 00 45 00 6b 40 b4 00"
CRYPTO = "85 07 20 00 11 00 00 43 70 00 79 00 72 40 b4 00"
FREEZE_SANITIZE = "85 07 20 00 20 00 00 46 6b 00 4c 00 72 40 b4 00"
ANTIFREEZE = "85 07 20 00 40 00 00 41 69 00 74 00 6e 40 b4 00"
SET_PASSWORD, UNLOCK, PREPARE, ERASE, FREEZE, DISABLE = 0xF1, 0xF2, 0xF3, 0xF4, 0xF5, 0xF6
NATIVE_MAX = "85 07 20 00 00 00 00 00 00 00 00 00 00 40 27 00"


def bench(folder: Path, **faults: object) -> Bench:
    return Bench(folder, faults=dict(faults)).start()


def words(drive: Bench) -> tuple[int, ...]:
    return struct.unpack("<256H", drive.good(IDENTIFY))


def registers(drive: Bench, cdb: str, data: bytes = b"") -> dict[str, int]:
    """The ATA Status Return descriptor (SAT-4 12.2.2.7), read field by field."""
    sense = drive.send(cdb, data).sense
    assert sense[0] == 0x72, sense.hex(" ")
    d = sense[8:22]
    assert d[0:2] == b"\x09\x0c"
    return {
        "key": sense[1],
        "error": d[3],
        "count": d[4] << 8 | d[5],
        "lba": d[7] | d[9] << 8 | d[11] << 16 | d[6] << 24 | d[8] << 32 | d[10] << 40,
        "status": d[13],
    }


def security(drive: Bench, command: int, password: str = "", flags: int = 0) -> int:
    """One security command; its status byte."""
    data = b"" if command in {PREPARE, FREEZE} else struct.pack("<H", flags) + password.encode().ljust(510, b"\0")
    protocol = "06" if not data else "0a"
    return registers(drive, f"85 {protocol} 2e 00 00 00 01 00 00 00 00 00 00 40 {command:02x} 00", data)["status"]


def secured(drive: Bench, flags: int = 0) -> None:
    assert security(drive, SET_PASSWORD, "p", flags) == 0x50


def erase(drive: Bench, password: str = "p", flags: int = 0) -> int:
    assert security(drive, PREPARE) == 0x50
    return security(drive, ERASE, password, flags)


def test_identify_has_the_words_that_the_tools_look_at(tmp_path: Path) -> None:
    drive = bench(tmp_path)
    data, w = drive.good(IDENTIFY), words(drive)
    assert data[510] == 0xA5
    assert sum(data) % 256 == 0
    # ACS-4 3.3.10: the characters of each word are swapped.
    assert data[20:40] == b"AL0B00 1".ljust(20)
    assert data[54:62] == b"AL BIDKS"
    assert w[60] | w[61] << 16 == SECTORS
    assert w[100] == SECTORS
    assert w[59] & 0xF000 == 0xF000
    assert w[69] & 0x4020 == 0x4020
    assert w[76] & 0x010E == 0x010E
    assert w[82] & 0x0403 == 0x0403
    assert w[83] & 0xC000 == w[84] & 0xC000 == w[87] & 0xC000 == w[119] & 0xC000 == w[120] & 0xC000 == 0x4000
    assert w[86] & 0x8000
    assert (w[89], w[90]) == (1, 1)
    assert w[128] == 0x0021
    assert (w[169] & 1, w[217]) == (1, 1)
    assert w[222] >> 12 == 1
    assert w[106] == 0x6003


def test_an_hour_of_erase_is_told_in_pairs_of_minutes(tmp_path: Path) -> None:
    drive = bench(tmp_path, erase_seconds=3600, clock_factor=600)
    assert words(drive)[89] == 30


def test_the_satl_shows_an_ata_disk(tmp_path: Path) -> None:
    drive = bench(tmp_path)
    assert drive.good("12 00 00 00 60 00")[8:32] == b"ATA     LAB DISK        "
    information = drive.good("12 01 89 02 3c 00")
    assert information[0:4] == bytes.fromhex("00 89 02 38")
    assert information[36] == 0x34
    assert information[56] == 0xEC
    assert information[60:572] == drive.good(IDENTIFY)


def test_a_password_locks_at_power_on_and_unlocks(tmp_path: Path) -> None:
    drive = bench(tmp_path)
    secured(drive)
    assert words(drive)[128] & 0x000F == 0x0003
    assert words(drive)[85] & 0x0002
    drive.start()
    assert words(drive)[128] & 0x000F == 0x0007
    reply = read(drive, 0)
    assert reply.sense[2] & 0x0F == 0x7
    assert reply.sense[12:14] == b"\x74\x71"
    assert security(drive, UNLOCK, "wrong") == 0x51
    assert security(drive, UNLOCK, "p") == 0x50
    assert read(drive, 0).data == planted(0)
    assert security(drive, DISABLE, "p") == 0x50
    assert words(drive)[128] & 0x000F == 0x0001


def test_five_wrong_passwords_expire_until_the_next_power_on(tmp_path: Path) -> None:
    drive = bench(tmp_path)
    secured(drive)
    drive.start()
    assert [security(drive, UNLOCK, "wrong") for _ in range(5)] == [0x51] * 5
    assert words(drive)[128] & 0x0010
    assert security(drive, UNLOCK, "p") == 0x51
    assert erase(drive) == 0x51
    drive.start()
    assert security(drive, UNLOCK, "p") == 0x50


def test_the_master_password_unlocks_at_high_and_only_erases_at_maximum(tmp_path: Path) -> None:
    drive = bench(tmp_path)
    assert security(drive, SET_PASSWORD, "m", 0x0001) == 0x50
    assert not words(drive)[128] & 0x0002
    secured(drive)
    drive.start()
    assert security(drive, UNLOCK, "m", 0x0001) == 0x50
    secured(drive, 0x0100)
    assert words(drive)[128] & 0x0100
    drive.start()
    assert security(drive, UNLOCK, "m", 0x0001) == 0x51
    assert erase(drive, "m", 0x0001) == 0x50
    assert drive.left() == 0


def test_a_security_erase_needs_its_prepare_and_ends_the_security(tmp_path: Path) -> None:
    drive = bench(tmp_path)
    secured(drive)
    assert security(drive, ERASE, "p") == 0x51
    assert security(drive, PREPARE) == 0x50
    drive.good(IDENTIFY)
    assert security(drive, ERASE, "p") == 0x51
    assert drive.left() == 1
    assert erase(drive) == 0x50
    assert drive.clock.seconds >= 100
    assert drive.left() == 0
    assert words(drive)[128] & 0x000F == 0x0001


def test_a_power_cut_in_a_security_erase_leaves_it_locked_and_unfinished(tmp_path: Path) -> None:
    drive = bench(tmp_path, erase="hangs")
    secured(drive)
    with pytest.raises(TimeoutError):
        erase(drive)
    drive.start()
    drive.after(1000)
    assert words(drive)[128] & 0x000F == 0x0007
    assert 0.3 < drive.left() < 0.4


def test_frozen_refuses_and_is_gone_after_a_power_cycle(tmp_path: Path) -> None:
    drive = bench(tmp_path, frozen="once")
    assert words(drive)[128] & 0x0008
    assert security(drive, SET_PASSWORD, "p") == 0x51
    drive.start()
    secured(drive)
    assert security(drive, FREEZE) == 0x50
    assert security(drive, DISABLE, "p") == 0x51
    drive.start()
    assert security(drive, DISABLE, "p") == 0x51
    assert security(drive, UNLOCK, "p") == 0x50


def test_a_bios_freezes_at_each_power_on(tmp_path: Path) -> None:
    drive = bench(tmp_path, frozen="always").start()
    assert words(drive)[128] & 0x0008


def test_an_unknown_password_is_in_the_way_of_everything_but_its_master(tmp_path: Path) -> None:
    drive = Bench(tmp_path, identity={"master_password": "known"}, faults={"locked": True}).start()
    assert words(drive)[128] & 0x0007 == 0x0007
    assert erase(drive, "", 0x0001) == 0x51
    assert registers(drive, BLOCK_ERASE)["error"] == 0x04
    assert registers(drive, STATUS)["status"] == 0x50
    assert erase(drive, "known", 0x0001) == 0x50
    assert drive.left() == 0


def test_a_block_erase_goes_on_in_the_background_and_tells_its_progress(tmp_path: Path) -> None:
    drive = bench(tmp_path)
    assert registers(drive, STATUS) == {"key": 1, "error": 0, "count": 0, "lba": 0xFFFF, "status": 0x50}
    assert registers(drive, BLOCK_ERASE)["count"] == 0x4000
    drive.after(25)
    told = registers(drive, STATUS)
    assert (told["count"], told["lba"]) == (0x4000, 0x4000)
    assert 0.7 < drive.left() < 0.8
    assert drive.send("03 00 00 00 12 00").data[12:14] == b"\x04\x1b"
    reply = read(drive, 0)
    assert (reply.status, reply.sense[2] & 0x0F) == (2, 0xB)
    drive.good(IDENTIFY)
    assert registers(drive, "85 07 20 00 00 00 00 00 00 00 00 00 00 40 ea 00")["status"] == 0x51
    drive.after(75)
    told = registers(drive, STATUS)
    assert (told["count"], told["lba"]) == (0x8000, 0xFFFF)
    assert drive.left() == 0
    assert read(drive, 0).data == bytes(SECTOR)


def test_a_sanitize_goes_on_after_a_power_cut(tmp_path: Path) -> None:
    drive = bench(tmp_path)
    drive.send(BLOCK_ERASE)
    drive.after(40)
    drive.clock.seconds += 10_000
    drive.start()
    assert registers(drive, STATUS)["lba"] == int(0.4 * 0x10000)
    drive.after(60)
    assert registers(drive, STATUS)["count"] == 0x8000
    assert drive.left() == 0


def test_a_wrong_key_erases_nothing(tmp_path: Path) -> None:
    drive = bench(tmp_path)
    told = registers(drive, BLOCK_ERASE.replace("42 72", "42 73"))
    assert (told["key"], told["error"], told["status"]) == (0xB, 0x04, 0x51)
    drive.after(200)
    assert drive.left() == 1


def test_an_overwrite_has_its_pattern_and_passes(tmp_path: Path) -> None:
    # COUNT: two passes, the pattern inverted between them; LBA: "OW" and deadbeefh.
    overwrite = "85 07 20 00 14 00 82 de ef 57 be 4f ad 40 b4 00"
    drive = bench(tmp_path)
    assert registers(drive, overwrite)["count"] == 0x4000
    drive.after(100)
    assert registers(drive, STATUS)["lba"] == 0x8000
    assert drive.image.read_bytes() == bytes.fromhex("efbeadde") * (SECTORS * SECTOR // 4)
    drive.after(100)
    assert registers(drive, STATUS)["count"] == 0x8000
    assert drive.image.read_bytes() == bytes.fromhex("10415221") * (SECTORS * SECTOR // 4)


def test_no_passes_are_sixteen(tmp_path: Path) -> None:
    drive = bench(tmp_path)
    drive.send("85 07 20 00 14 00 00 00 00 57 00 4f 00 40 b4 00")
    drive.after(1599)
    assert registers(drive, STATUS)["count"] == 0x4000
    drive.after(1)
    assert registers(drive, STATUS)["count"] == 0x8000


def test_a_crypto_scramble_leaves_noise(tmp_path: Path) -> None:
    drive = bench(tmp_path)
    drive.send(CRYPTO)
    drive.after(100)
    assert drive.left() == 0
    assert len(set(drive.image.read_bytes())) == 256


def test_sanitize_freezes_and_is_kept_from_it(tmp_path: Path) -> None:
    drive = bench(tmp_path)
    assert registers(drive, FREEZE_SANITIZE)["count"] == 0x2000
    told = registers(drive, BLOCK_ERASE)
    assert (told["error"], told["lba"]) == (0x04, 3)
    drive.start()
    assert registers(drive, ANTIFREEZE)["count"] == 0x1000
    told = registers(drive, FREEZE_SANITIZE)
    assert (told["error"], told["lba"]) == (0x04, 4)
    assert registers(drive, BLOCK_ERASE)["count"] == 0x5000


def test_an_unsupported_sanitize_says_so(tmp_path: Path) -> None:
    drive = Bench(tmp_path, identity={"sanitize": ["overwrite"]}).start()
    assert words(drive)[59] & 0xF000 == 0x5000
    assert registers(drive, BLOCK_ERASE)["lba"] == 2


def test_trim_makes_zeros_and_reads_of_bad_sectors_fail(tmp_path: Path) -> None:
    drive = bench(tmp_path, bad_sectors=[[100, 2]], smart_failing=True)
    ranges = struct.pack("<Q", 2 << 48 | 8).ljust(512, b"\0")
    assert registers(drive, "85 0d 2e 00 01 00 01 00 00 00 00 00 00 40 06 00", ranges)["status"] == 0x50
    assert drive.first_left() == (*range(8), *range(10, SECTORS))
    told = registers(drive, "85 09 2e 00 00 00 04 00 62 00 00 00 00 40 25 00")
    assert (told["key"], told["error"], told["lba"]) == (3, 0x40, 100)


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


def test_pass_through_12_moves_data_both_ways(tmp_path: Path) -> None:
    drive = bench(tmp_path)
    assert write(drive, 5, b"\xaa" * SECTOR).status == 0
    assert drive.good("a1 08 0e 00 01 05 00 00 40 20 00 00") == b"\xaa" * SECTOR
    assert drive.send("a1 0a 06 00 01 06 00 00 40 30 00 00", b"\xbb" * SECTOR).status == 0
    assert read(drive, 6).data == b"\xbb" * SECTOR
