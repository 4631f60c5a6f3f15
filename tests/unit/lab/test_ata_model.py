"""The simulated ATA drive, asked by CDBs as hdparm and sg3_utils send them; bytes by ACS-4 and SAT-4."""

import struct
from pathlib import Path

import pytest

from tests.lab.disk import SECTOR, planted
from tests.unit.lab.model_drives import (
    ANTIFREEZE,
    BLOCK_ERASE,
    CRYPTO,
    DISABLE,
    ERASE,
    FREEZE,
    FREEZE_SANITIZE,
    IDENTIFY,
    PREPARE,
    SECTORS,
    SET_PASSWORD,
    STATUS,
    UNLOCK,
    Bench,
    bench,
    erase,
    read,
    registers,
    secured,
    security,
    words,
    write,
)


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


def test_pass_through_12_moves_data_both_ways(tmp_path: Path) -> None:
    drive = bench(tmp_path)
    assert write(drive, 5, b"\xaa" * SECTOR).status == 0
    assert drive.good("a1 08 0e 00 01 05 00 00 40 20 00 00") == b"\xaa" * SECTOR
    assert drive.send("a1 0a 06 00 01 06 00 00 40 30 00 00", b"\xbb" * SECTOR).status == 0
    assert read(drive, 6).data == b"\xbb" * SECTOR
