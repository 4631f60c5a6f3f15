"""The model's sanitize operation against the standard's own words: NVMe Base 2.1, 5.1.22, 8.1.24."""

import struct
from pathlib import Path

import pytest

from tests.lab.disk import SECTOR, planted
from tests.unit.lab.nvme_host import BLOCKS, SIZE, Host

READ, WRITE, FLUSH = 0x02, 0x01, 0x00
TWO = [{"bytes": SIZE}, {"bytes": SIZE}]


def test_sanitize_runs_refuses_and_completes(tmp_path: Path) -> None:
    host = Host(tmp_path, namespaces=[*TWO, {"bytes": SIZE, "attached": False}])
    assert host.sanitize_log() == (0xFFFF, 0x0000, 0)
    assert host.sanitize(2) == 0
    host.wait(0.5)
    progress, status, command = host.sanitize_log()
    assert (status, command) == (0x0002, 2)
    assert progress == 65536 // 4
    for opcode in (READ, WRITE, FLUSH):
        assert host.io(opcode, 0, 1, bytes(512)).status == 0x01D
    assert host.sanitize(2) == 0x01D
    assert host.admin(0x80, 1, 0).status == 0x01D
    assert host.admin(0x02, 0xFFFFFFFF, 0x03 | 127 << 16).status == 0x01D
    assert host.admin(0x02, 0xFFFFFFFF, 0x02 | 127 << 16).status == 0
    assert host.admin(0x06, 0, 1).status == 0
    host.wait(1.5)
    # Completed, Global Data Erased (bit 8).
    assert host.sanitize_log() == (0xFFFF, 0x0101, 2)
    assert [host.left(number) for number in (1, 2, 3)] == [[], [], []]
    host.write(0, bytes(512))
    assert host.sanitize_log() == (0xFFFF, 0x0001, 2)


def test_sanitize_log_tells_how_long(tmp_path: Path) -> None:
    host = Host(tmp_path, timing={"sanitize": 3600}, capabilities={"sanicap": 2})
    overwrite, block, crypto = struct.unpack_from("<3I", host.log(0x81, 32), 8)
    assert (overwrite, block, crypto) == (0xFFFFFFFF, 3600, 0xFFFFFFFF)
    host.sanitize(2)
    host.wait(1800)
    assert host.sanitize_log()[0] == 32768


def test_sanitize_offers_what_sanicap_says(tmp_path: Path) -> None:
    host = Host(tmp_path, capabilities={"sanicap": 1})
    assert host.sanitize(2) == 0x002
    assert host.sanitize(3 | 1 << 4) == 0x002
    assert host.sanitize(0) == 0x002
    assert host.sanitize(4) == 0
    without = Host(tmp_path / "without", capabilities={"sanicap": 0})
    assert without.sanitize(2) == 0x001
    assert without.admin(0x02, 0xFFFFFFFF, 0x81 | 127 << 16).status == 0x109


PATTERN = 0x11223344
AS_BYTES = bytes.fromhex("44332211")


@pytest.mark.parametrize(
    ("passes", "invert", "first", "last"),
    [
        (1, False, AS_BYTES, AS_BYTES),
        (2, False, AS_BYTES, AS_BYTES),
        (1, True, AS_BYTES, AS_BYTES),
        # Even pass count: the first pass writes the inversion of the pattern.
        (2, True, bytes.fromhex("bbccddee"), AS_BYTES),
        (3, True, AS_BYTES, AS_BYTES),
        (0, True, bytes.fromhex("bbccddee"), AS_BYTES),
    ],
)
def test_overwrite_passes(tmp_path: Path, passes: int, invert: bool, first: bytes, last: bytes) -> None:
    host = Host(tmp_path, timing={"sanitize": 16})
    count = passes or 16
    # OWPASS, OIPBP, No-Deallocate After Sanitize.
    assert host.sanitize(3 | passes << 4 | invert << 8 | 1 << 9, PATTERN) == 0
    host.wait(16 / count * 0.75)
    content = host.path().read_bytes()
    assert content[:4] == first
    assert content[-SECTOR:] == planted(BLOCKS - 1)
    host.wait(20)
    assert host.path().read_bytes() == last * (SIZE // 4)
    # Bits 7:3 of SSTAT: completed passes.
    assert host.sanitize_log()[1] == 0x101 | count << 3


def test_deallocation_after_sanitize(tmp_path: Path) -> None:
    host = Host(tmp_path, capabilities={"sanicap": 6}, erased={"pattern": "ff"})
    host.sanitize(2)
    host.wait(2)
    assert host.path().read_bytes() == bytes(SIZE)
    host.sanitize(2 | 1 << 9)
    host.wait(2)
    assert host.path().read_bytes() == b"\xff" * SIZE
    assert host.sanitize_log()[1] == 0x101


def test_no_deallocate_inhibited(tmp_path: Path) -> None:
    host = Host(tmp_path, capabilities={"sanicap": 6 | 1 << 29})
    # NODRM clear: an error. Set (Sanitize Config, 17h): it runs, and SSTAT 4 says that it deallocated all the same.
    assert host.sanitize(2 | 1 << 9) == 0x002
    assert host.admin(0x09, 0, 0x17, 1).status == 0
    assert host.sanitize(2 | 1 << 9) == 0
    host.wait(2)
    assert host.sanitize_log()[1] == 0x104


def test_a_sanitize_goes_on_after_a_power_cut(tmp_path: Path) -> None:
    host = Host(tmp_path)
    host.sanitize(2)
    host.wait(1)
    half = host.sanitize_log()[0]
    host.cut()
    assert host.io(READ, 0, 1).status == 0x01D
    progress, status, _ = host.sanitize_log()
    assert status == 2
    assert half - 512 <= progress <= half
    host.wait(1.1)
    assert host.sanitize_log() == (0xFFFF, 0x101, 2)
    assert host.left() == []
