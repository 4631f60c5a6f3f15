"""The model of an NVMe drive against the standard's own words: NVMe Base 2.1 and NVM Command Set 1.1."""

import random
import struct
from pathlib import Path

import pytest

from tests.lab.disk import planted
from tests.lab.drives.nvme_config import parse_drive, parse_drives
from tests.lab.drives.nvme_words import Command, Completion
from tests.unit.lab.nvme_host import BLOCKS, NQN, SIZE, Host, entry

READ, WRITE, FLUSH, COMPARE, ZEROES, DATASET = 0x02, 0x01, 0x00, 0x05, 0x08, 0x09
FUA = 1 << 30


def test_a_word_that_is_not_known_is_an_error(tmp_path: Path) -> None:
    wrong_faults = ({"formt": "half"}, {"format": "hlaf"}, {"sanitize": "hlaf"}, {"self_test": "x"})
    for wrong in (
        {"faluts": {}},
        {"serial": 7},
        {"tcg": {"revert": "x"}},
        *({"faults": each} for each in wrong_faults),
    ):
        with pytest.raises(ValueError, match=r"known|no str"):
            parse_drive({"subnqn": NQN, "folder": "x", **wrong})
    with pytest.raises(ValueError, match="same subnqn"):
        parse_drives({"drives": [{"subnqn": NQN, "folder": "a"}, {"subnqn": NQN, "folder": "b"}]}, tmp_path)


def test_identify_controller_has_its_fields_at_their_places(tmp_path: Path) -> None:
    page = Host(tmp_path, serial="S1", model="M", firmware="F", capabilities={"sanicap": 0x60000005}).identify(1)
    assert page[4:24] == b"S1" + b" " * 18
    assert page[24:64] == b"M" + b" " * 39
    assert page[64:72] == b"F       "
    assert struct.unpack_from("<I", page, 80) == (0x00010400,)
    # OACS: no security without a TPer, then Format, Firmware, Self-test.
    assert struct.unpack_from("<H", page, 256) == (0x16,)
    assert struct.unpack_from("<I", page, 328) == (0x60000005,)
    assert struct.unpack_from("<I", page, 516) == (1,)
    assert page[512:514] == b"\x66\x44"
    # FNA: crypto erase. VWC: no cache; Flush takes FFFFFFFFh (11b in bits 2:1).
    assert page[524:526] == b"\x04\x06"
    assert struct.unpack_from("<H", page, 514)[0] >= 128
    assert page[768:1024].rstrip(b"\0") == NQN.encode()
    # KAS in 100 ms, and what a fabric's host insists on: IOCCSZ of at least 4, IORCSZ 1, SGLs.
    assert struct.unpack_from("<H", page, 320) == (10,)
    assert struct.unpack_from("<II", page, 1792) == ((64 + 8192) // 16, 1)
    assert struct.unpack_from("<I", page, 536)[0] & 3 == 1


def test_identify_namespace_has_its_fields_at_their_places(tmp_path: Path) -> None:
    host = Host(tmp_path, namespaces=[{"bytes": SIZE, "eui64": "0011223344556677", "nguid": "ab" * 16}])
    page = host.identify(0, 1)
    assert struct.unpack_from("<QQQ", page) == (BLOCKS, BLOCKS, BLOCKS)
    assert page[25:27] == b"\x01\x00"
    assert page[32] == 0x80
    assert page[120:128] == bytes.fromhex("0011223344556677")
    assert page[104:120] == b"\xab" * 16
    # LBADS: 2 ** 9 and 2 ** 12 bytes.
    assert page[130] == 9
    assert page[134] == 12
    descriptors = host.identify(3, 1)
    assert descriptors.startswith(
        b"\x01\x08\0\0" + bytes.fromhex("0011223344556677") + b"\x02\x10\0\0" + b"\xab" * 16
    )
    assert host.admin(0x06, 2, 0).status == 0x00B


def test_the_lists_tell_active_from_allocated_namespaces(tmp_path: Path) -> None:
    host = Host(tmp_path, namespaces=[{"bytes": SIZE}, {"bytes": SIZE, "attached": False}, {"bytes": SIZE}])
    assert struct.unpack_from("<4I", host.identify(0x02, 0)) == (1, 3, 0, 0)
    assert struct.unpack_from("<2I", host.identify(0x02, 1)) == (3, 0)
    assert struct.unpack_from("<4I", host.identify(0x10, 0)) == (1, 2, 3, 0)
    assert not any(host.identify(0x00, 2))
    assert struct.unpack_from("<Q", host.identify(0x11, 2)) == (BLOCKS,)
    assert struct.unpack_from("<2H", host.identify(0x12, 1)) == (1, 1)
    assert struct.unpack_from("<H", host.identify(0x12, 2)) == (0,)
    assert struct.unpack_from("<2H", host.identify(0x13, 0)) == (1, 1)
    assert host.io(READ, 0, 1, nsid=2).status == 0x002


def test_a_namespace_can_be_attached_where_the_drive_can_do_it(tmp_path: Path) -> None:
    pair = [{"bytes": SIZE}, {"bytes": SIZE, "attached": False}]
    controllers = struct.pack("<HH", 1, 1).ljust(4096, b"\0")
    assert Host(tmp_path / "no", namespaces=pair).admin(0x15, 2, 0, data=controllers).status == 0x001
    host = Host(tmp_path / "yes", namespaces=pair, capabilities={"oacs": 0x1F})
    assert host.admin(0x15, 2, 0, data=controllers).status == 0
    assert host.admin(0x15, 2, 0, data=controllers).status == 0x118
    assert struct.unpack_from("<3I", host.identify(0x02, 0)) == (1, 2, 0)
    assert host.admin(0x15, 2, 1, data=controllers).status == 0
    assert host.admin(0x15, 2, 1, data=controllers).status == 0x11A


def test_smart_log_has_its_fields_at_their_places(tmp_path: Path) -> None:
    smart = {"critical_warning": 0x04, "temperature_kelvin": 321, "used_percent": 110, "spare_percent": 2}
    host = Host(tmp_path, smart={**smart, "media_errors": 5, "power_on_hours": 777, "unsafe_shutdowns": 9})
    for _ in range(3):
        host.read(0, 1000)
    page = host.log(0x02, 512)
    assert page[0] == 4
    assert struct.unpack_from("<H", page, 1) == (321,)
    assert (page[3], page[4], page[5]) == (2, 10, 110)
    # Data units are thousands of 512 bytes; then host reads, power cycles, hours, unsafe shutdowns, media errors.
    assert struct.unpack_from("<Q", page, 32) == (3,)
    assert struct.unpack_from("<Q", page, 64) == (3,)
    assert struct.unpack_from("<Q", page, 112) == (1,)
    assert struct.unpack_from("<Q", page, 128) == (777,)
    assert struct.unpack_from("<Q", page, 144) == (9,)
    assert struct.unpack_from("<Q", page, 160) == (5,)


def test_other_logs_and_those_that_are_not_there(tmp_path: Path) -> None:
    host = Host(tmp_path, firmware="FW1")
    assert host.log(0x03, 512)[:16] == b"\x01" + bytes(7) + b"FW1     "
    supported = host.log(0x00, 1024)
    assert [n for n in range(256) if supported[4 * n]] == [0, 1, 2, 3, 4, 5, 6, 0x81]
    effects = host.log(0x05, 4096)
    # CSUPP and LBCC of Format NVM and Sanitize, CSUPP of Write.
    assert effects[4 * 0x80] & 3 == 3
    assert effects[4 * 0x84] & 3 == 3
    assert effects[1024 + 4 * 0x01] & 3 == 3
    assert host.admin(0x02, 0xFFFFFFFF, 0x0C | 127 << 16).status == 0x109
    # The offset is in bytes, dwords 12 and 13.
    part = host.admin(0x02, 0xFFFFFFFF, 0x03 | 1 << 16, 0, 8)
    assert part.data == b"FW1     "


def test_blocks_are_read_written_compared_and_zeroed(tmp_path: Path) -> None:
    host = Host(tmp_path)
    assert host.read(7, 2) == planted(7) + planted(8)
    assert host.write(8, b"x" * 1024) == 0
    assert host.read(7, 4) == planted(7) + b"x" * 1024 + planted(10)
    assert host.io(COMPARE, 8, 2, b"x" * 1024).status == 0
    assert host.io(COMPARE, 8, 2, b"y" * 1024).status == 0x285
    assert host.io(ZEROES, 9, 1).status == 0
    assert host.read(8, 2) == b"x" * 512 + bytes(512)
    assert host.io(READ, BLOCKS - 1, 2).status == 0x080
    assert host.io(WRITE, BLOCKS, 1, bytes(512)).status == 0x080
    assert host.io(0x7D, 0, 1).status == 0x001
    assert host.io(READ, 0, 1, nsid=9).status == 0x00B


def test_deallocated_blocks_read_as_the_drive_says(tmp_path: Path) -> None:
    host = Host(tmp_path, erased={"deallocated": "ff"})
    # DLFEAT 010b: FFh. Two ranges: attributes, length, starting LBA.
    assert host.identify(0, 1)[33] & 7 == 2
    ranges = struct.pack("<IIQ", 0, 2, 4) + struct.pack("<IIQ", 0, 1, BLOCKS - 1)
    assert host.drive.io(Command(entry(DATASET, 1, 1, 1 << 2), ranges)).status == 0
    assert host.drive.io(Command(entry(DATASET, 1, 1, 1 << 2), ranges[:8])).status == 0x002
    assert host.read(3, 4) == planted(3) + b"\xff" * 1024 + planted(6)
    assert host.read(BLOCKS - 1) == b"\xff" * 512


def test_features(tmp_path: Path) -> None:
    host = Host(tmp_path, capabilities={"volatile_cache": True})
    # Number of queues: as many as asked for, zeroes-based, both halves.
    assert host.admin(0x09, 0, 0x07, 3 << 16 | 3).result == 3 << 16 | 3
    assert host.admin(0x0A, 0, 0x06).result == 1
    assert host.admin(0x09, 0, 0x06, 0).status == 0
    assert host.admin(0x0A, 0, 0x06).result == 0
    assert host.admin(0x0A, 0, 0x7E).status == 0x002
    assert host.admin(0xC5).status == 0x001


def test_a_power_cut_takes_what_was_not_flushed(tmp_path: Path) -> None:
    host = Host(tmp_path, capabilities={"volatile_cache": True})
    assert host.identify(1)[525] & 1
    host.write(1, b"f" * 512)
    host.io(FLUSH, 0, 1)
    host.write(2, b"c" * 512)
    host.write(3, b"u" * 512, flags=FUA)
    host.write(5, b"a" * 512)
    assert host.io(FLUSH, 0, 1, nsid=0xFFFFFFFF).status == 0
    host.write(4, b"l" * 512)
    assert host.read(4) == b"l" * 512
    host.cut()
    assert host.read(1) == b"f" * 512
    assert host.read(3) == b"u" * 512
    assert host.read(5) == b"a" * 512
    assert host.read(4) == planted(4)


def test_format_erases_and_changes_the_format(tmp_path: Path) -> None:
    host = Host(tmp_path, timing={"format": 1})
    # LBAF 1, SES 1.
    answers = host.admin_later(0x80, 1, 1 << 9 | 1)
    assert not answers
    assert host.io(READ, 0, 1).status == 0x084
    assert host.admin(0x80, 1, 0).status == 0x084
    host.wait(0.5)
    assert 0x80 < host.identify(0, 1)[32] < 0x80 + 100
    host.wait(0.5)
    assert answers[0].status == 0
    assert host.left() == []
    page = host.identify(0, 1)
    assert page[26] == 1
    assert struct.unpack_from("<Q", page) == (SIZE // 4096,)
    assert host.read(SIZE // 4096 - 1) == bytes(4096)
    assert host.io(READ, SIZE // 4096, 1).status == 0x080
    host.cut()
    assert host.identify(0, 1)[26] == 1


def test_format_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    host = Host(tmp_path, capabilities={"fna": 0})
    assert host.admin(0x80, 1, 2).status == 0x10A
    assert host.admin(0x80, 1, 3 << 9).status == 0x002
    # SES 2 without FNA bit 2: no cryptographic erase.
    assert host.admin(0x80, 1, 2 << 9).status == 0x002
    assert host.admin(0x80, 5, 1 << 9).status == 0x00B
    assert Host(tmp_path / "none", capabilities={"oacs": 0}).admin(0x80, 1, 0).status == 0x001
    assert Host(tmp_path / "one", capabilities={"fna": 8}).admin(0x80, 0xFFFFFFFF, 0).status == 0x002
    assert len(host.left()) == BLOCKS


def test_a_crypto_erase_leaves_noise(tmp_path: Path) -> None:
    host = Host(tmp_path)
    assert host.format(2 << 9) == 0
    assert host.left() == []
    assert len(set(host.read(0, 8))) > 200


@pytest.mark.parametrize(
    ("fna", "cdw10", "nsid", "reached"),
    [
        (0, 1 << 9, 1, {1}),
        (0, 1 << 9, 0xFFFFFFFF, {1, 2}),
        (1, 1 << 9, 1, {1}),
        (2, 1 << 9, 1, {1, 2, 3}),
        (1, 0, 1, {1, 2, 3}),
        (2, 1 << 9, 0xFFFFFFFF, {1, 2, 3}),
    ],
)
def test_what_a_format_reaches_is_in_fna(
    tmp_path: Path, fna: int, cdw10: int, nsid: int, reached: set[int]
) -> None:
    spaces = [{"bytes": SIZE}, {"bytes": SIZE}, {"bytes": SIZE, "attached": False}]
    host = Host(tmp_path, namespaces=spaces, capabilities={"fna": fna})
    assert host.format(cdw10, nsid) == 0
    assert {number for number in (1, 2, 3) if not host.left(number)} == reached


def test_a_format_whose_power_is_cut_is_half_done(tmp_path: Path) -> None:
    host = Host(tmp_path, timing={"format": 1})
    host.admin_later(0x80, 1, 1 << 9)
    host.wait(0.5)
    host.cut()
    host.wait(60)
    assert len(host.left()) == BLOCKS // 2
    assert host.identify(0, 1)[32] == 0x80


def test_self_test(tmp_path: Path) -> None:
    host = Host(tmp_path)
    assert host.admin(0x14, 1, 7).status == 0x002
    assert host.admin(0x14, 1, 1).status == 0
    assert host.admin(0x14, 1, 1).status == 0x11D
    host.wait(0.5)
    page = host.log(0x06, 564)
    assert page[:2] == bytes([1, 50])
    host.wait(0.6)
    page = host.log(0x06, 564)
    # No test runs; the newest result: short test, no error; the others are unused (Fh).
    assert page[:2] == b"\0\0"
    assert page[4] == 0x10
    assert page[4 + 28] & 0xF == 0xF
    host.admin(0x14, 1, 2)
    host.admin(0x14, 1, 0xF)
    assert host.log(0x06, 564)[4] == 0x21
    assert Host(tmp_path / "without", capabilities={"oacs": 2}).admin(0x14, 1, 1).status == 0x001


def test_the_error_log_names_the_command(tmp_path: Path) -> None:
    host = Host(tmp_path)
    host.io(READ, BLOCKS + 5, 1)
    page = host.log(0x01, 64)
    count, queue, command, status = struct.unpack_from("<QHHH", page)
    assert (count, queue, command, status) == (1, 1, 0x1234, 0x080 << 1)
    assert struct.unpack_from("<QI", page, 16) == (BLOCKS + 5, 1)


def test_no_command_is_too_odd_for_an_answer(tmp_path: Path) -> None:
    host = Host(tmp_path, tcg={}, capabilities={"oacs": 0x1F, "volatile_cache": True})
    chance = random.Random(7)
    known = (0x02, 0x06, 0x08, 0x09, 0x0A, 0x14, 0x15, 0x18, 0x80, 0x81, 0x82, 0x84, 0x00, 0x01, 0x05)
    for _ in range(500):
        raw = bytearray(chance.randbytes(64))
        # Half of the fields are small: those get past the first check.
        for at in range(4, 64, 4):
            if chance.random() < 0.5:
                raw[at : at + 4] = struct.pack("<I", chance.randrange(4))
        raw[0] = chance.choice(known)
        command = Command(bytes(raw), chance.randbytes(chance.choice((0, 4, 56, 512, 2048))))
        answers: list[Completion] = []
        host.drive.admin(command, 1, answers.append)
        assert isinstance(host.drive.io(command), Completion)
        host.wait(60)
        assert len(answers) == 1
        assert len(answers[0].data) <= 128 << 10
