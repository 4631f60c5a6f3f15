"""Each defect of a simulated ATA drive does what its name says, and shows itself no more than on the real ones."""

from pathlib import Path

import pytest

from tests.lab.disk import SECTOR, planted
from tests.lab.drives.faults import Faults, Identity
from tests.lab.drives.faults import read as from_json
from tests.unit.lab.model_drives import (
    BLOCK_ERASE,
    IDENTIFY,
    SECTORS,
    SET_PASSWORD,
    STATUS,
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

SET_PASSWORD_CDB = "85 0a 2e 00 00 00 01 00 00 00 00 00 00 40 f1 00"
CLEAR_FAILURE = "85 07 20 00 00 00 01 00 00 00 00 00 00 40 b4 00"


def sanitized(drive: Bench) -> int:
    """Block erase with its time; the status's COUNT field."""
    assert registers(drive, BLOCK_ERASE)["status"] == 0x50
    drive.after(150)
    return registers(drive, STATUS)["count"]


@pytest.mark.parametrize(("fault", "share"), [("nothing", 1.0), ("half", 0.5), ("gap", 0.3)])
def test_erases_that_say_they_worked(tmp_path: Path, fault: str, share: float) -> None:
    drive = bench(tmp_path, erase=fault)
    assert sanitized(drive) == 0x8000
    assert drive.left() == pytest.approx(share, abs=0.001)
    secured(drive)
    assert erase(drive) == 0x50
    assert words(drive)[128] & 0x0002 == 0
    assert drive.left() == pytest.approx(share, abs=0.001)


def test_the_gap_is_where_it_was_wanted(tmp_path: Path) -> None:
    drive = bench(tmp_path, erase="gap", gap=[0.25, 0.5])
    sanitized(drive)
    assert drive.first_left() == tuple(range(SECTORS // 4, SECTORS // 2))


def test_a_fault_of_one_technique_leaves_the_others(tmp_path: Path) -> None:
    drive = bench(tmp_path, erase="nothing", erase_of=["security"])
    secured(drive)
    assert erase(drive) == 0x50
    assert drive.left() == 1
    assert sanitized(drive) == 0x8000
    assert drive.left() == 0


def test_refused_and_the_password_stays(tmp_path: Path) -> None:
    drive = bench(tmp_path, erase="refuses")
    assert registers(drive, BLOCK_ERASE)["error"] == 0x04
    secured(drive)
    assert erase(drive) == 0x51
    assert words(drive)[128] & 0x0002
    assert drive.left() == 1


def test_an_abort_in_libatas_words(tmp_path: Path) -> None:
    """The bytes that Linux 6.12's libata gave hdparm for an aborted command, and the cure, D_SENSE."""
    drive = bench(tmp_path, sense="libata", frozen="once")
    reply = drive.send(SET_PASSWORD_CDB, bytes(512))
    assert reply.status == 2
    assert reply.sense[:5] == bytes.fromhex("f0 00 0b 04 41")
    assert drive.send(STATUS).sense[0] == 0x72
    control = drive.good("1a 08 0a 00 ff")[4:]
    assert (
        drive.send("15 10 00 00 10 00", bytes(4) + control[:2] + bytes((control[2] | 4,)) + control[3:]).status == 0
    )
    assert drive.send(SET_PASSWORD_CDB, bytes(512)).sense[0] == 0x72
    drive.start()
    assert drive.good("1a 08 0a 00 ff")[6] & 4 == 0


def test_a_drive_that_will_not_change_its_sense(tmp_path: Path) -> None:
    drive = bench(tmp_path, sense="libata", refuses_sense_choice=True)
    control = bytearray(drive.good("1a 08 0a 00 ff")[4:])
    control[2] |= 4
    assert drive.send("15 10 00 00 10 00", bytes(4) + bytes(control)).sense[12] == 0x26


def test_the_control_page_chooses_the_registers_format(tmp_path: Path) -> None:
    """SAT-4 table 192: ERROR, STATUS, DEVICE, COUNT in INFORMATION; EXTEND and LBA after it."""
    drive = bench(tmp_path, sense="control-page")
    fixed = drive.send(STATUS).sense
    assert fixed[0] == 0xF0
    assert fixed[2] == 1
    assert fixed[3:7] == bytes.fromhex("00 50 40 00")
    assert fixed[8:12] == bytes.fromhex("80 ff ff 00")
    assert fixed[12:14] == bytes.fromhex("00 1d")


def test_a_bridge_that_loses_the_sense(tmp_path: Path) -> None:
    drive = bench(tmp_path, sense="lost", frozen="once")
    assert drive.send(SET_PASSWORD_CDB, bytes(512)).status == 0
    assert drive.send(STATUS).sense == b""


@pytest.mark.parametrize("at", [None, 0.9])
def test_a_sanitize_that_fails(tmp_path: Path, at: float | None) -> None:
    drive = bench(tmp_path, erase="fails", **({} if at is None else {"stops_at": at}))
    registers(drive, BLOCK_ERASE)
    drive.after(150)
    told = registers(drive, STATUS)
    assert (told["error"], told["lba"], told["status"]) == (0x04, 1, 0x51)
    assert drive.left() == pytest.approx(1 - (at or 0.5), abs=0.001)
    assert read(drive, 0).status == 2
    assert registers(drive, CLEAR_FAILURE)["error"] == 0x04
    drive.start()
    assert registers(drive, STATUS)["lba"] == 1


def test_a_failure_is_cleared_where_the_mode_allowed_it(tmp_path: Path) -> None:
    drive = bench(tmp_path, erase="fails")
    registers(drive, BLOCK_ERASE.replace("12 00 00", "12 00 10"))
    drive.after(150)
    assert registers(drive, STATUS)["error"] == 0x04
    assert registers(drive, CLEAR_FAILURE)["count"] == 0
    assert read(drive, 0).status == 0


def test_a_security_erase_that_fails_leaves_the_security(tmp_path: Path) -> None:
    drive = bench(tmp_path, erase="fails", stops_at=0.9)
    secured(drive)
    assert erase(drive) == 0x51
    assert words(drive)[128] & 0x0003 == 0x0003
    assert drive.left() == pytest.approx(0.1, abs=0.001)


def test_a_sanitize_that_hangs(tmp_path: Path) -> None:
    drive = bench(tmp_path, erase="hangs")
    registers(drive, BLOCK_ERASE)
    drive.after(1_000_000)
    told = registers(drive, STATUS)
    assert (told["count"], told["lba"]) == (0x4000, int(0.65 * 0x10000))


def test_a_drive_that_forgets(tmp_path: Path) -> None:
    drive = bench(tmp_path, forgets_status=True, erase="nothing")
    assert registers(drive, BLOCK_ERASE)["count"] == 0
    assert sanitized_later(drive) == 0


def sanitized_later(drive: Bench) -> int:
    drive.after(150)
    return registers(drive, STATUS)["count"]


def test_completed_at_once_while_it_is_still_at_it(tmp_path: Path) -> None:
    drive = bench(tmp_path, completes_at_once=True)
    registers(drive, BLOCK_ERASE)
    drive.after(10)
    told = registers(drive, STATUS)
    assert (told["count"], told["lba"]) == (0x8000, 0xFFFF)
    assert read(drive, SECTORS - 1).data == planted(SECTORS - 1)
    assert sanitized_later(drive) == 0x8000
    assert drive.left() == 0


def test_another_serial_afterwards(tmp_path: Path) -> None:
    drive = bench(tmp_path, serial_after="OTHER1")
    secured(drive)
    assert erase(drive) == 0x50
    # "OTHER1", the characters of each word swapped.
    assert drive.good(IDENTIFY)[20:26] == b"TOEH1R"


def test_found_running_and_found_completed(tmp_path: Path) -> None:
    running = bench(tmp_path, running_at_start=0.25)
    assert registers(running, STATUS)["lba"] == 0x4000
    running.after(75)
    assert registers(running, STATUS)["count"] == 0x8000
    (tmp_path / "stale").mkdir()
    stale = bench(tmp_path / "stale", stale_completed=True)
    assert registers(stale, STATUS)["count"] == 0x8000
    assert stale.left() == 1


def test_blank_before(tmp_path: Path) -> None:
    drive = bench(tmp_path, blank=True)
    assert drive.left() == 0
    write(drive, 3, planted(3))
    drive.start()
    assert drive.first_left() == (3,)


def test_dropped_writes(tmp_path: Path) -> None:
    drive = bench(tmp_path, drops_writes=[[8, 8]])
    assert write(drive, 0, bytes(32 * SECTOR)).status == 0
    assert drive.first_left()[:9] == (*range(8, 16), 32)
    assert read(drive, 8).data == planted(8)
    (tmp_path / "all").mkdir()
    nothing = bench(tmp_path / "all", drops_all_writes=True)
    assert write(nothing, 0, bytes(SECTOR)).status == 0
    assert nothing.left() == 1
    assert sanitized(nothing) == 0x8000
    assert nothing.left() == 0


def test_what_was_not_flushed_is_lost_with_the_power(tmp_path: Path) -> None:
    drive = bench(tmp_path, write_cache=True)
    write(drive, 0, bytes(SECTOR))
    drive.good("35")
    write(drive, 1, bytes(SECTOR))
    # FUA goes through.
    assert drive.send(f"2a 08 {2:08x} 00 0001 00", bytes(SECTOR)).status == 0
    assert read(drive, 1).data == bytes(SECTOR)
    write(drive, 3, bytes(SECTOR))
    drive.start()
    assert drive.first_left()[:2] == (1, 3)


def test_bad_sectors_heal_when_written_and_broken_ones_do_not(tmp_path: Path) -> None:
    drive = bench(tmp_path, bad_sectors=[[10, 1], [20, 1]], write_errors=[[20, 1]])
    reply = read(drive, 8, 8)
    assert (reply.sense[2] & 0x0F, reply.sense[12:14], reply.sense[3:7]) == (3, b"\x11\x00", b"\0\0\0\x0a")
    assert write(drive, 10, bytes(SECTOR)).status == 0
    assert read(drive, 10).data == bytes(SECTOR)
    assert write(drive, 20, bytes(SECTOR)).sense[12:14] == b"\x0c\x00"
    assert sanitized(drive) == 0x8000
    assert read(drive, 20).status == 2


def test_the_values_that_erases_leave(tmp_path: Path) -> None:
    drive = bench(tmp_path, security_value="33cc55aa", sanitize_value="ff")
    secured(drive)
    assert erase(drive) == 0x50
    assert drive.image.read_bytes()[:8] == bytes.fromhex("33cc55aa33cc55aa")
    sanitized(drive)
    assert set(drive.image.read_bytes()) == {0xFF}


def test_hidden_sectors_are_erased_too_but_where_they_are_spared(tmp_path: Path) -> None:
    drive = bench(tmp_path, hpa_sectors=96)
    sanitized(drive)
    assert drive.left() == 0
    (tmp_path / "spares").mkdir()
    spares = bench(tmp_path / "spares", hpa_sectors=96, spares_hidden=True)
    sanitized(spares)
    assert spares.first_left() == tuple(range(SECTORS - 96, SECTORS))


def test_sanitize_frozen_from_the_start(tmp_path: Path) -> None:
    drive = bench(tmp_path, sanitize_frozen="once")
    assert registers(drive, STATUS)["count"] == 0x2000
    drive.start()
    assert registers(drive, STATUS)["count"] == 0


def test_no_security_no_commands(tmp_path: Path) -> None:
    drive = Bench(tmp_path, identity={"security": False}).start()
    assert words(drive)[128] == words(drive)[89] == 0
    assert security(drive, SET_PASSWORD, "p") == 0x51


def test_a_misspelt_fault_is_no_fault_at_all() -> None:
    with pytest.raises(ValueError, match="unknown in Faults"):
        from_json(Faults, {"frozn": "once"})
    with pytest.raises(ValueError, match="frozen is one of"):
        from_json(Faults, {"frozen": True})
    with pytest.raises(ValueError, match="techniques"):
        from_json(Identity, {"sanitize": ["shred"]})
