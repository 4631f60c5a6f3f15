"""Each fault of the NVMe model does what it says, and nothing else."""

import struct
from pathlib import Path

import pytest

from tests.lab.disk import planted
from tests.unit.lab.nvme_host import BLOCKS, SIZE, Host

READ = 0x02
ERASE = 1 << 9
BLOCK = 2


@pytest.mark.parametrize(("fault", "status"), [("invalid-opcode", 0x001), ("invalid-field", 0x002)])
def test_refuses(tmp_path: Path, fault: str, status: int) -> None:
    host = Host(tmp_path, faults={"format": fault, "sanitize": fault})
    assert host.admin(0x80, 1, ERASE).status == status
    assert host.sanitize(BLOCK) == status
    host.wait(60)
    assert len(host.left()) == BLOCKS
    assert host.sanitize_log()[1] == 0


@pytest.mark.parametrize(
    ("fault", "left"),
    [
        ("nothing", range(BLOCKS)),
        ("half", range(BLOCKS // 2, BLOCKS)),
        ("gap", range(BLOCKS // 10, BLOCKS * 4 // 10)),
    ],
)
def test_says_success_and_leaves_data(tmp_path: Path, fault: str, left: range) -> None:
    formatted = Host(tmp_path / "format", faults={"format": fault})
    assert formatted.format(ERASE) == 0
    assert formatted.left() == list(left)
    host = Host(tmp_path / "sanitize", faults={"sanitize": fault})
    assert host.sanitize(BLOCK) == 0
    host.wait(1)
    assert host.sanitize_log()[1] == 0x002
    host.wait(1)
    assert host.sanitize_log() == (0xFFFF, 0x101, BLOCK)
    assert host.left() == list(left)
    assert host.read(left[0]) == planted(left[0])


def test_a_gap_elsewhere(tmp_path: Path) -> None:
    host = Host(tmp_path, faults={"sanitize": "gap", "gap": [0.5, 0.75]})
    host.sanitize(BLOCK)
    host.wait(2)
    assert host.left() == list(range(BLOCKS // 2, BLOCKS * 3 // 4))


def test_forgets_its_status(tmp_path: Path) -> None:
    host = Host(tmp_path, faults={"sanitize": "forgets"})
    host.sanitize(BLOCK)
    host.wait(1)
    assert host.sanitize_log() == (0xFFFF, 0x000, 0)
    assert host.io(READ, 0, 1).status == 0x01D
    host.wait(1)
    assert host.sanitize_log() == (0xFFFF, 0x100, 0)
    assert host.left() == []


@pytest.mark.parametrize("factor", [1.0, 0.01])
def test_takes_an_hour(tmp_path: Path, factor: float) -> None:
    host = Host(tmp_path, timing={"sanitize": 3600, "format": 3600, "factor": factor})
    host.sanitize(BLOCK)
    host.wait(3599 * factor)
    assert host.sanitize_log()[1] == 2
    host.wait(2 * factor)
    assert host.sanitize_log()[1] == 0x101
    answers = host.admin_later(0x80, 1, ERASE)
    host.wait(3599 * factor)
    assert not answers
    host.wait(2 * factor)
    assert answers[0].status == 0


@pytest.mark.parametrize(("at", "left"), [(0.5, BLOCKS // 2), (1.0, 0)])
def test_a_restricted_failure_is_left_by_a_sanitize_only(tmp_path: Path, at: float, left: int) -> None:
    host = Host(tmp_path, faults={"sanitize": "fails", "fails_at": at})
    host.sanitize(BLOCK)
    host.wait(3)
    assert host.sanitize_log() == (0xFFFF, 0x003, BLOCK)
    assert len(host.left()) == left
    assert host.io(READ, 0, 1).status == 0x01C
    assert host.admin(0x80, 1, ERASE).status == 0x01C
    # Exit Failure Mode, and a new one with AUSE set, are refused after AUSE clear.
    assert host.sanitize(1) == 0x01C
    assert host.sanitize(BLOCK | 1 << 3) == 0x01C
    host.cut()
    assert host.io(READ, 0, 1).status == 0x01C
    host.cut(faults={})
    assert host.sanitize(BLOCK) == 0
    host.wait(3)
    assert host.sanitize_log() == (0xFFFF, 0x101, BLOCK)
    assert host.read(0) == bytes(512)


def test_an_unrestricted_failure_can_be_left(tmp_path: Path) -> None:
    host = Host(tmp_path, faults={"sanitize": "fails"})
    host.sanitize(BLOCK | 1 << 3)
    host.wait(3)
    assert host.sanitize_log()[1] == 3
    assert host.io(READ, 0, 1).status == 0x01C
    assert host.sanitize(1) == 0
    assert host.read(BLOCKS - 1) == planted(BLOCKS - 1)
    assert host.sanitize_log()[1] == 3


def test_a_format_that_fails_and_one_that_never_answers(tmp_path: Path) -> None:
    failing = Host(tmp_path / "fails", faults={"format": "fails"})
    assert failing.format(ERASE) == 0x006
    assert len(failing.left()) == BLOCKS // 2
    hanging = Host(tmp_path / "hangs", faults={"format": "hangs"})
    assert hanging.format(ERASE, seconds=1e6) == -1
    assert hanging.io(READ, 0, 1).status == 0x084


@pytest.mark.parametrize(("config", "progress"), [({}, 42598), ({"hangs_at": 655}, 655)])
def test_hangs(tmp_path: Path, config: dict[str, int], progress: int) -> None:
    host = Host(tmp_path, faults={"sanitize": "hangs", **config})
    host.sanitize(BLOCK)
    for _ in range(3):
        host.wait(1e6)
        assert host.sanitize_log() == (progress, 2, BLOCK)
    host.cut()
    host.wait(1e6)
    assert host.sanitize_log() == (progress, 2, BLOCK)


def test_lies(tmp_path: Path) -> None:
    host = Host(tmp_path, faults={"sanitize": "lies"})
    host.sanitize(BLOCK)
    assert host.sanitize_log() == (0xFFFF, 0x101, BLOCK)
    assert host.read(5) == planted(5)
    host.wait(60)
    assert len(host.left()) == BLOCKS


def test_says_done_while_it_still_runs(tmp_path: Path) -> None:
    host = Host(tmp_path, faults={"sanitize": "early"})
    host.sanitize(BLOCK)
    host.wait(1)
    assert host.sanitize_log()[0] == 0xFFFF
    assert host.sanitize_log()[1] & 7 == 1
    assert host.read(BLOCKS - 1) == planted(BLOCKS - 1)
    assert host.read(0) == bytes(512)
    host.wait(1)
    assert host.left() == []


def test_comes_back_under_another_serial(tmp_path: Path) -> None:
    host = Host(tmp_path, serial="ONE", faults={"serial_after_erase": "TWO"})
    assert host.identify(1)[4:8] == b"ONE "
    host.sanitize(BLOCK)
    host.wait(2)
    assert host.identify(1)[4:8] == b"TWO "
    restarted = Host(tmp_path / "restart", serial="ONE", faults={"serial_after_restart": "TWO"})
    assert restarted.identify(1)[4:8] == b"ONE "
    restarted.cut()
    assert restarted.identify(1)[4:8] == b"TWO "


def test_bad_sectors(tmp_path: Path) -> None:
    host = Host(tmp_path, faults={"bad_reads": [[100, 103]], "bad_writes": [[200, 200]]})
    assert host.io(READ, 99, 1).status == 0
    assert host.io(READ, 98, 3).status == 0x281
    assert host.io(READ, 103, 1).status == 0x281
    assert host.io(READ, 104, 1).status == 0
    assert host.write(200, bytes(512)) == 0x280
    assert host.write(100, bytes(512)) == 0
    assert host.io(READ, 100, 1).status == 0x281
    # Media and data integrity errors.
    assert struct.unpack_from("<Q", host.log(0x02, 512), 160) == (4,)
    host.cut()
    assert struct.unpack_from("<Q", host.log(0x02, 512), 160) == (4,)
    host.admin(0x14, 0xFFFFFFFF, 1)
    host.wait(2)
    result = host.log(0x06, 564)[4:32]
    # Completed with a failed segment; NSID and failing LBA are valid.
    assert result[0] == 0x17
    assert result[2] & 3 == 3
    assert struct.unpack_from("<IQ", result, 12) == (1, 100)


def test_bad_sectors_that_heal(tmp_path: Path) -> None:
    host = Host(tmp_path, faults={"bad_reads": [[100, 101]], "heals": True})
    assert host.write(100, b"n" * 512) == 0
    assert host.read(100) == b"n" * 512
    assert host.io(READ, 101, 1).status == 0x281


def test_a_sanitize_is_running_as_the_power_comes_on(tmp_path: Path) -> None:
    host = Host(tmp_path, before={"running": 2, "running_progress": 0.25})
    assert host.sanitize_log() == (16384, 2, 2)
    assert host.io(READ, 0, 1).status == 0x01D
    host.wait(1.6)
    assert host.sanitize_log()[1] == 0x101


def test_a_status_of_years_ago(tmp_path: Path) -> None:
    host = Host(tmp_path, before={"sstat": 0x101, "scdw10": 2}, faults={"sanitize": "invalid-opcode"})
    assert host.sanitize_log() == (0xFFFF, 0x101, 2)
    assert host.sanitize(2) == 1
    assert host.sanitize_log() == (0xFFFF, 0x101, 2)
    # Writing clears Global Data Erased.
    host.write(0, bytes(512))
    assert host.sanitize_log() == (0xFFFF, 0x001, 2)


def test_a_status_of_years_ago_that_a_new_sanitize_does_not_touch(tmp_path: Path) -> None:
    host = Host(tmp_path, before={"sstat": 0x101, "scdw10": 2}, faults={"sanitize": "ignored"})
    assert host.sanitize(2) == 0
    assert host.sanitize_log() == (0xFFFF, 0x101, 2)
    assert host.read(9) == planted(9)
    host.wait(60)
    assert len(host.left()) == BLOCKS


def test_trimmed_before(tmp_path: Path) -> None:
    host = Host(tmp_path, before={"trimmed": True})
    assert host.read(0, BLOCKS) == bytes(SIZE)
    host.write(3, b"m" * 512)
    host.cut()
    assert host.read(3) == b"m" * 512


def test_writes_are_dropped(tmp_path: Path) -> None:
    host = Host(tmp_path / "all", faults={"drop_writes": True})
    assert host.write(5, b"m" * 1024) == 0
    assert host.io(0x08, 9, 1).status == 0
    assert host.read(5, 5) == b"".join(planted(n) for n in range(5, 10))
    host = Host(tmp_path / "some", faults={"drop_writes": [[6, 7]]})
    assert host.write(5, b"m" * 2048) == 0
    assert host.read(5, 4) == b"m" * 512 + planted(6) + planted(7) + b"m" * 512


@pytest.mark.parametrize(
    ("pattern", "check"), [("00", {0}), ("ff", {0xFF}), ("33cc55aa", {0x33, 0xCC, 0x55, 0xAA})]
)
def test_the_pattern_that_the_firmware_leaves(tmp_path: Path, pattern: str, check: set[int]) -> None:
    host = Host(tmp_path, erased={"pattern": pattern, "deallocated": ""})
    host.format(ERASE)
    assert set(host.path().read_bytes()) == check
    host.sanitize(BLOCK)
    host.wait(2)
    assert set(host.path().read_bytes()) == check


def test_a_firmware_that_leaves_noise(tmp_path: Path) -> None:
    host = Host(tmp_path, erased={"pattern": "random", "deallocated": ""})
    host.sanitize(BLOCK)
    host.wait(2)
    assert len(set(host.path().read_bytes())) == 256
    assert host.left() == []


def test_a_namespace_that_is_not_attached_is_not_reached(tmp_path: Path) -> None:
    spaces = [{"bytes": SIZE}, {"bytes": SIZE, "attached": False}]
    host = Host(tmp_path, namespaces=spaces)
    assert host.format(ERASE, 0xFFFFFFFF) == 0
    assert not host.left(1)
    assert len(host.left(2)) == BLOCKS
    host.sanitize(BLOCK)
    host.wait(2)
    assert not host.left(2)
