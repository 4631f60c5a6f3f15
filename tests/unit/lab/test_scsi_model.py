"""The simulated SCSI disk and its SAS drive, asked by CDBs; bytes by SPC-5 and SBC-4."""

import struct
from pathlib import Path

import pytest

from tests.lab.disk import SECTOR, planted
from tests.unit.lab.model_drives import SECTORS, Bench, read, write

BLOCK, CRYPTO = "48 82", "48 83"
SENSE = "03 00 00 00 fc 00"


def bench(folder: Path, **faults: object) -> Bench:
    return Bench(folder, kind="sas", faults=dict(faults)).start()


def progress(drive: Bench) -> tuple[int, bytes, int]:
    """Sense key, additional code and progress that REQUEST SENSE returns, fixed format (SPC-5 4.4.3)."""
    data = drive.good(SENSE)
    assert data[0] & 0x7F == 0x70
    return data[2] & 0x0F, data[12:14], int.from_bytes(data[16:18], "big") if data[15] & 0x80 else -1


def test_inquiry_and_its_pages(tmp_path: Path) -> None:
    drive = bench(tmp_path)
    standard = drive.good("12 00 00 00 60 00")
    assert standard[0] == 0
    assert standard[4] == len(standard) - 5
    assert standard[8:36] == b"LAB     LAB DISK        1.0 "
    assert drive.good("12 01 00 00 ff 00") == bytes.fromhex("00 00 00 06 00 80 83 b0 b1 b2")
    assert drive.good("12 01 80 00 ff 00")[4:].strip() == b"LAB0001"
    assert drive.good("12 01 83 00 ff 00")[4:16] == bytes.fromhex("01 03 00 08 50 00 c5 00 a1 b2 c3 01")
    assert drive.good("12 01 b1 00 ff 00")[2:6] == bytes.fromhex("00 3c 00 01")
    assert drive.good("12 01 b2 00 ff 00")[5] & 0x80
    assert drive.send("12 01 89 00 ff 00").sense[12:14] == b"\x24\x00"
    assert drive.send("12 00 80 00 ff 00").sense[12:14] == b"\x24\x00"


def test_capacity_in_both_forms(tmp_path: Path) -> None:
    drive = bench(tmp_path)
    assert drive.good("25") == struct.pack(">II", SECTORS - 1, 512)
    long = drive.good("9e 10 00 00 00 00 00 00 00 00 00 00 00 20 00 00")
    assert long[:12] == struct.pack(">QI", SECTORS - 1, 512)
    # Eight logical blocks in a physical one; LBPME and LBPRZ.
    assert long[13:15] == b"\x03\xc0"


@pytest.mark.parametrize(
    ("reading", "writing"),
    [
        ("08 00 00 07 02 00", "0a 00 00 07 02 00"),
        ("28 00 00 00 00 07 00 00 02 00", "2a 00 00 00 00 07 00 00 02 00"),
        ("a8 00 00 00 00 07 00 00 00 02 00 00", "aa 00 00 00 00 07 00 00 00 02 00 00"),
        (
            "88 00 00 00 00 00 00 00 00 07 00 00 00 02 00 00",
            "8a 00 00 00 00 00 00 00 00 07 00 00 00 02 00 00",
        ),
    ],
)
def test_reads_and_writes_of_each_length(tmp_path: Path, reading: str, writing: str) -> None:
    drive = bench(tmp_path)
    assert drive.good(reading) == planted(7) + planted(8)
    drive.good(writing, b"\x5a" * 2 * SECTOR)
    assert drive.good(reading) == b"\x5a" * 2 * SECTOR
    assert drive.first_left()[6:8] == (6, 9)


def test_outside_the_medium(tmp_path: Path) -> None:
    sense = read(bench(tmp_path), SECTORS - 1, 2).sense
    assert (sense[2] & 0x0F, sense[12:14]) == (5, b"\x21\x00")


def test_what_is_unknown_is_refused(tmp_path: Path) -> None:
    sense = bench(tmp_path).send("c0").sense
    assert (sense[2] & 0x0F, sense[12:14]) == (5, b"\x20\x00")


def test_the_control_page_chooses_the_sense_format(tmp_path: Path) -> None:
    drive = bench(tmp_path)
    ten = drive.good("5a 08 0a 00 00 00 00 00 ff 00")
    assert struct.unpack(">H", ten[:2])[0] == len(ten) - 2
    assert ten[8:10] == b"\x0a\x0a"
    # PC 01b: what can be changed.
    assert drive.good("5a 08 4a 00 00 00 00 00 ff 00")[10] == 0x04
    page = bytearray(ten[8:])
    page[2] |= 0x04
    drive.good("55 10 00 00 00 00 00 00 14 00", bytes(8) + bytes(page))
    assert drive.send("c0").sense[:4] == bytes.fromhex("72 05 20 00")
    page[2] &= ~0x04
    drive.good("15 10 00 00 10 00", bytes(4) + bytes(page))
    assert drive.send("c0").sense[0] == 0x70
    page[3] ^= 0xFF
    assert drive.send("15 10 00 00 10 00", bytes(4) + bytes(page)).sense[12:14] == b"\x26\x00"


def test_the_caching_page_turns_the_write_cache_off_for_good(tmp_path: Path) -> None:
    drive = bench(tmp_path, write_cache=True)
    page = bytearray(drive.good("1a 08 08 00 ff 00")[4:])
    assert page[2] & 0x04
    write(drive, 0, bytes(SECTOR))
    page[2] &= ~0x04
    drive.good("15 10 00 00 18 00", bytes(4) + bytes(page))
    write(drive, 1, bytes(SECTOR))
    drive.start()
    assert drive.first_left()[0] == 2
    assert not drive.good("1a 08 08 00 ff 00")[6] & 0x04


def test_unmap_and_write_same(tmp_path: Path) -> None:
    drive = bench(tmp_path)
    drive.good("42 00 00 00 00 00 00 00 18 00", struct.pack(">HHIQII", 22, 16, 0, 8, 8, 0))
    drive.good("41 00 00 00 00 20 00 00 04 00", b"\x11" * SECTOR)
    drive.good("93 08 00 00 00 00 00 00 00 40 00 00 00 02 00 00", bytes(SECTOR))
    assert (
        drive.first_left()[:64]
        == tuple(n for n in range(80) if not (8 <= n < 16 or 0x20 <= n < 0x24 or 0x40 <= n < 0x42))[:64]
    )
    assert read(drive, 0x21).data == b"\x11" * SECTOR
    assert read(drive, 0x41).data == bytes(SECTOR)


@pytest.mark.parametrize(
    ("cdb", "data"),
    [
        ("28 20 00 00 00 00 00 00 01 00", b""),
        ("2a 20 00 00 00 00 00 00 01 00", bytes(SECTOR)),
        ("41 18 00 00 00 00 00 00 01 00", bytes(SECTOR)),
        ("41 00 00 00 00 00 00 00 01 00", bytes(2 * SECTOR)),
    ],
)
def test_fields_that_the_disk_does_not_offer(tmp_path: Path, cdb: str, data: bytes) -> None:
    """RDPROTECT, WRPROTECT, ANCHOR, a block too many: each refused by itself."""
    drive = bench(tmp_path)
    sense = drive.send(cdb, data).sense
    assert (sense[2], sense[12:14]) == (5, b"\x24\x00")
    assert drive.left() == 1


def test_verify_compares_where_it_is_asked_to(tmp_path: Path) -> None:
    drive = bench(tmp_path)
    drive.good("2f 02 00 00 00 05 00 00 01 00", planted(5))
    sense = drive.send("2f 02 00 00 00 05 00 00 01 00", bytes(SECTOR)).sense
    assert (sense[2], sense[12:14]) == (0xE, b"\x1d\x00")
    drive.good("8f 00 00 00 00 00 00 00 00 05 00 00 00 01 00 00")


def test_a_sanitize_shows_its_progress_and_refuses_the_medium(tmp_path: Path) -> None:
    drive = bench(tmp_path)
    assert progress(drive) == (0, b"\0\0", -1)
    drive.good(BLOCK)
    drive.after(50)
    assert progress(drive) == (2, b"\x04\x1b", 0x8000)
    for cdb in ("00", "28 00 00 00 00 00 00 00 01 00", "35"):
        sense = drive.send(cdb).sense
        assert (sense[2], sense[12:14], sense[15:18]) == (2, b"\x04\x1b", b"\x80\x80\x00")
    assert drive.send(CRYPTO).sense[12:14] == b"\x04\x1b"
    drive.good("12 00 00 00 60 00")
    drive.start()
    drive.after(50)
    assert progress(drive) == (0, b"\0\0", -1)
    assert drive.left() == 0


def test_the_progress_in_descriptor_format(tmp_path: Path) -> None:
    drive = bench(tmp_path)
    drive.good(BLOCK)
    drive.after(50)
    # SPC-5 4.4.2.4: sense key specific, type 02h.
    assert drive.good("03 01 00 00 fc 00") == bytes.fromhex("72 02 04 1b 00 00 00 08 02 06 00 00 80 80 00 00")


def test_without_immed_the_command_ends_with_the_sanitize(tmp_path: Path) -> None:
    drive = bench(tmp_path)
    drive.good("48 02")
    assert drive.clock.seconds >= 100
    assert drive.left() == 0


def test_an_overwrite_by_its_parameter_list(tmp_path: Path) -> None:
    drive = bench(tmp_path)
    # INVERT and a count of two; a pattern of two bytes.
    drive.good("48 81 00 00 00 00 00 00 06 00", bytes.fromhex("82 00 00 02 12 34"))
    drive.after(200)
    assert drive.image.read_bytes() == bytes.fromhex("edcb") * (SECTORS * SECTOR // 2)
    assert drive.send("48 81 00 00 00 00 00 00 05 00", bytes.fromhex("00 00 00 01 00")).sense[12:14] == b"\x26\x00"


def test_a_cryptographic_erase_leaves_noise(tmp_path: Path) -> None:
    drive = bench(tmp_path)
    drive.good(CRYPTO)
    drive.after(100)
    assert drive.left() == 0
    assert len(set(drive.image.read_bytes())) == 256


def test_a_failed_sanitize_is_left_only_as_ause_allowed(tmp_path: Path) -> None:
    drive = bench(tmp_path, erase="fails")
    drive.good(BLOCK)
    drive.after(100)
    assert progress(drive)[:2] == (3, b"\x31\x03")
    assert read(drive, 0).sense[12:14] == b"\x31\x03"
    assert drive.send("48 1f").sense[12:14] == b"\x31\x03"
    drive.start()
    assert progress(drive)[:2] == (3, b"\x31\x03")
    drive.good("48 a2")
    drive.after(100)
    assert progress(drive)[:2] == (3, b"\x31\x03")
    drive.good("48 1f")
    assert read(drive, SECTORS - 1).data == planted(SECTORS - 1)


def test_a_failed_sanitize_without_immed_says_so_itself(tmp_path: Path) -> None:
    sense = bench(tmp_path, erase="fails").send("48 02").sense
    assert (sense[2], sense[12:14]) == (3, b"\x31\x03")


@pytest.mark.parametrize(("fault", "share"), [("nothing", 1.0), ("half", 0.5), ("gap", 0.3)])
def test_sanitizes_that_say_they_worked(tmp_path: Path, fault: str, share: float) -> None:
    drive = bench(tmp_path, erase=fault)
    drive.good(BLOCK)
    drive.after(100)
    assert progress(drive) == (0, b"\0\0", -1)
    assert drive.left() == pytest.approx(share, abs=0.001)


def test_refused_hanging_and_lying(tmp_path: Path) -> None:
    for name in ("refuses", "hangs", "lies"):
        (tmp_path / name).mkdir()
    assert bench(tmp_path / "refuses", erase="refuses").send(BLOCK).sense[2] == 0xB
    hanging = bench(tmp_path / "hangs", erase="hangs")
    hanging.good(BLOCK)
    hanging.after(100_000)
    assert progress(hanging) == (2, b"\x04\x1b", int(0.65 * 0x10000))
    lying = bench(tmp_path / "lies", completes_at_once=True)
    lying.good(BLOCK)
    lying.after(10)
    assert progress(lying) == (0, b"\0\0", -1)
    assert read(lying, SECTORS - 1).data == planted(SECTORS - 1)


def test_the_operations_that_it_supports(tmp_path: Path) -> None:
    drive = Bench(tmp_path, kind="sas", identity={"sanitize": ["crypto"]}).start()
    one = drive.good("a3 0c 03 48 00 03 00 00 00 ff 00 00")
    assert one[1] & 7 == 3
    assert int.from_bytes(one[2:4], "big") == 10
    assert drive.good("a3 0c 03 48 00 02 00 00 00 ff 00 00")[1] & 7 == 1
    assert drive.send("48 82").sense[12:14] == b"\x24\x00"
    everything = drive.good("a3 0c 00 00 00 00 00 00 ff ff 00 00")
    assert int.from_bytes(everything[:4], "big") == len(everything) - 4
    assert bytes.fromhex("28 00 00 00 00 00 00 0a") in everything


def test_a_format_with_progress_is_broken_by_a_power_cut(tmp_path: Path) -> None:
    drive = bench(tmp_path)
    drive.good("04 10 00 00 00 00", bytes.fromhex("00 02 00 00"))
    drive.after(50)
    assert progress(drive) == (2, b"\x04\x04", 0x8000)
    drive.start()
    drive.after(500)
    assert 0.4 < drive.left() < 0.6
    assert read(drive, 0).status == 2


def test_a_format_can_be_begun_again(tmp_path: Path) -> None:
    drive = bench(tmp_path)
    drive.good("04 10 00 00 00 00", bytes.fromhex("00 02 00 00"))
    drive.after(50)
    drive.start()
    drive.good("04 00 00 00 00 00")
    assert drive.left() == 0
    assert read(drive, 0).data == bytes(SECTOR)


def test_self_tests_and_log_pages(tmp_path: Path) -> None:
    drive = bench(tmp_path, bad_sectors=[[9, 1]], smart_failing=True, self_test_seconds=10)
    drive.good("1d 20 00 00 00 00")
    drive.after(5)
    assert progress(drive) == (0, b"\x04\x09", 0x8000)
    drive.after(5)
    log = drive.good("4d 00 50 00 00 00 00 ff ff 00")
    assert len(log) == 4 + 20 * 20
    assert log[4:8] == bytes.fromhex("00 01 03 10")
    assert log[8] == 0x27
    assert log[12:20] == struct.pack(">Q", 9)
    assert log[20:23] == bytes.fromhex("03 11 00")
    exceptions = drive.good("4d 00 6f 00 00 00 00 ff ff 00")
    assert exceptions[8] == 0x5D
    assert 0x10 in drive.good("4d 00 40 00 00 00 00 ff ff 00")[4:]
    assert drive.send("4d 00 77 00 00 00 00 ff ff 00").sense[12:14] == b"\x24\x00"
    sense = read(drive, 9).sense
    assert (sense[0], sense[2], sense[3:7], sense[12:14]) == (0xF0, 3, b"\0\0\0\x09", b"\x11\x00")
    write(drive, 9, bytes(SECTOR))
    assert drive.good("b7 0b 00 00 00 00 00 00 ff ff 00 00")[4:] == struct.pack(">IQ", 8, 9)


def test_other_numbers_of_a_sas_drive(tmp_path: Path) -> None:
    drive = Bench(tmp_path, kind="sas", identity={"rotation": 7200, "trim": False}, faults={}).start()
    assert drive.good("12 01 b1 00 ff 00")[4:6] == struct.pack(">H", 7200)
    assert drive.good("a0 00 00 00 00 00 00 00 00 10 00 00") == struct.pack(">IIQ", 8, 0, 0)
    assert drive.send("42 00 00 00 00 00 00 00 18 00", bytes(24)).sense[12:14] == b"\x20\x00"
