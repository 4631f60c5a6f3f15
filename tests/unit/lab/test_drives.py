"""The lab's own look at a drive, and its lost write cache: were they blind, every fault would pass."""

import struct
from pathlib import Path

from tests.lab.disk import SECTOR, left, plant, ranges
from tests.lab.write_cache import BLOCK, entries, lose

SECTORS = 64
FLUSH, MARK = 1, 8


def entry(sector: int, data: bytes, flags: int = 0, length: int = 0) -> bytes:
    """One entry of a log of dm-log-writes, with what follows it."""
    return struct.pack("<QQQQ", sector, len(data) // SECTOR, flags, length).ljust(SECTOR, b"\0") + data


def log_of(path: Path, *written: bytes) -> Path:
    head = struct.pack("<QQQI", 0x6A736677736872, 1, 0, SECTOR).ljust(SECTOR, b"\0")
    path.write_bytes(head + b"".join(written) + bytes(8 * SECTOR))
    return path


def test_what_was_planted_is_found_sector_by_sector(tmp_path: Path) -> None:
    drive = tmp_path / "drive"
    plant(drive, SECTORS)
    assert left(drive, SECTORS).bytes == drive.stat().st_size == SECTORS * SECTOR
    with drive.open("r+b") as file:
        file.write(bytes(8 * SECTOR))
        file.seek(20 * SECTOR)
        file.write(bytes(SECTOR))
    found = left(drive, SECTORS)
    assert ranges(found.sectors) == "8-19, 21-63"
    assert found.share == (SECTORS - 9) / SECTORS


def test_part_of_a_planted_sector_is_found(tmp_path: Path) -> None:
    drive = tmp_path / "drive"
    plant(drive, 8)
    with drive.open("r+b") as file:
        for sector in range(8):
            file.seek(sector * SECTOR)
            file.write(bytes(SECTOR - 60))
    assert left(drive, 8).sectors == tuple(range(8))


def test_sectors_behind_the_drive_do_not_count(tmp_path: Path) -> None:
    drive = tmp_path / "drive"
    plant(drive, 16)
    assert left(drive, 8).sectors == tuple(range(8))


def test_the_log_ends_where_nothing_was_written(tmp_path: Path) -> None:
    one, two = b"1" * BLOCK, b"2" * SECTOR
    log = log_of(tmp_path / "log", entry(8, one), entry(0, b"", FLUSH), entry(0, b"", MARK, 4), entry(3, two))
    assert list(entries(log)) == [(8 * SECTOR, one), (3 * SECTOR, two)]


def test_what_was_flushed_stays_and_of_the_rest_some_is_lost(tmp_path: Path) -> None:
    planted, drive = tmp_path / "planted", tmp_path / "drive"
    planted.write_bytes(b"o" * BLOCK * 64)
    drive.write_bytes(b"n" * BLOCK * 64)
    log = log_of(tmp_path / "log", entry(0, b"n" * BLOCK * 32), entry(0, b"", FLUSH))
    lost = lose(planted, log, drive, seed=1)
    content = drive.read_bytes()
    assert content[: BLOCK * 32] == b"n" * BLOCK * 32
    assert 0 < lost < 32 * BLOCK
    assert content.count(b"o") == lost
