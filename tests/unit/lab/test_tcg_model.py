"""The TPer against bytes written by hand: TCG Storage Core 2.01 (3.2 tokens and packets, 3.3 interface), Opal SSC 2.01."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest

from tests.lab.disk import planted
from tests.lab.drives.tcg_tokens import Control, Name, encode, tokens, value_of
from tests.unit.lab.nvme_host import BLOCKS, SIZE, Host

COMID = 0x07FE
SEND, RECEIVE, READ, WRITE = 0x81, 0x82, 0x02, 0x01
PSID = "PSID-FROM-THE-LABEL-OF-THE-DRIVE"
MSID = "msid-of-the-drive"
# UIDs (Opal SSC 2.01, 4.2, 4.3): SPs, authorities, rows, methods; short atoms of eight bytes begin with A8h.
ADMIN_SP, LOCKING_SP = "a8 00 00 02 05 00 00 00 01", "a8 00 00 02 05 00 00 00 02"
SID_UID, PSID_UID, ADMIN1 = "a8 00 00 00 09 00 00 00 06", "a8 00 00 00 09 00 01 ff 01", "a8 00 00 00 09 00 01 00 01"
PIN_MSID, PIN_SID = "a8 00 00 00 0b 00 00 84 02", "a8 00 00 00 0b 00 00 00 01"
GLOBAL, THIS_SP = "a8 00 00 08 02 00 00 00 01", "a8 00 00 00 00 00 00 00 01"
GET, SET, REVERT = "a8 00 00 00 06 00 00 00 16", "a8 00 00 00 06 00 00 00 17", "a8 00 00 00 06 00 00 02 02"
ACTIVATE, REVERT_SP = "a8 00 00 00 06 00 00 02 03", "a8 00 00 00 06 00 00 00 11"
MANAGER, START = "a8 00 00 00 00 00 00 00 ff", "a8 00 00 00 00 00 00 ff 02"
SYNC, PROPERTIES = "a8 00 00 00 00 00 00 ff 03", "a8 00 00 00 00 00 00 ff 01"
# CALL, lists, names, end of data and the host's status list.
CALL, OPEN, CLOSE, NAME, NAMED, END = "f8", "f0", "f1", "f2", "f3", "f9 f0 00 00 00 f1"
# The host's session number, 105, as a short atom.
HSN = "81 69"


def text(words: str) -> str:
    """A medium atom of bytes: D0h, the length, the bytes."""
    raw = words.encode()
    return f"d0 {len(raw):02x} {raw.hex()}" if len(raw) > 15 else f"{0xA0 | len(raw):02x} {raw.hex()}"


class Computer:
    """A host that speaks to the TPer of a drive."""

    def __init__(self, folder: Path, **tcg: Any) -> None:
        more = tcg.pop("more", {})
        self.host = Host(folder, tcg={"psid": PSID, "msid": MSID, **tcg}, **more)
        self.session = 0

    def send(self, payload: str, comid: int = COMID) -> bytes:
        """A payload in its SubPacket, Packet and ComPacket; the payload that comes back."""
        raw = bytes.fromhex(payload)
        sub = struct.pack(">6xHI", 0, len(raw)) + raw + bytes(-len(raw) % 4)
        host_session = 105 if self.session else 0
        packet = struct.pack(">IIIHHII", self.session, host_session, 0, 0, 0, 0, len(sub)) + sub
        whole = (struct.pack(">4xHHIII", comid, 0, 0, 0, len(packet)) + packet).ljust(2048, b"\0")
        assert self.host.admin(SEND, 0, 1 << 24 | comid << 8, len(whole), data=whole).status == 0
        return self.receive(comid)

    def receive(self, comid: int = COMID) -> bytes:
        answer = self.host.admin(RECEIVE, 0, 1 << 24 | comid << 8, 2048).data
        assert len(answer) == 2048
        outstanding, least, length = struct.unpack_from(">III", answer, 8)
        assert (outstanding, least) == (0, 0)
        if not length:
            return b""
        packet, sub = struct.unpack_from(">I", answer, 40)[0], struct.unpack_from(">I", answer, 52)[0]
        # Each length covers what follows it; the payload is padded to four bytes.
        assert length == packet + 24
        assert packet == sub + -sub % 4 + 12
        return answer[56 : 56 + sub]

    def start(self, sp: str = ADMIN_SP, authority: str = "", pin: str = "") -> int:
        """StartSession for writing; the status."""
        signed = f"{NAME} 00 {text(pin)} {NAMED} {NAME} 03 {authority} {NAMED}" if authority else ""
        answer = self.send(f"{CALL} {MANAGER} {START} {OPEN} {HSN} {sp} 01 {signed} {CLOSE} {END}")
        assert answer.startswith(bytes.fromhex(f"{CALL} {MANAGER} {SYNC} {OPEN}"))
        status = status_of(answer)
        if status == 0:
            # HostSessionID, then the TPer's number.
            rest = answer[20:]
            assert rest.startswith(bytes.fromhex(f"{HSN} 82"))
            self.session = int.from_bytes(rest[3:5], "big")
            assert rest[5:] == bytes.fromhex("f1 f9 f0 00 00 00 f1")
        return status

    def call(self, row: str, method: str, arguments: str = "") -> bytes:
        return self.send(f"{CALL} {row} {method} {OPEN} {arguments} {CLOSE} {END}")

    def end(self) -> None:
        assert self.send("fa") == b"\xfa"
        self.session = 0

    def discovery(self) -> dict[int, bytes]:
        """Level 0: feature code to data."""
        raw = self.host.admin(RECEIVE, 0, 1 << 24 | 1 << 8, 2048).data
        length, revision = struct.unpack_from(">II", raw)
        assert revision == 1
        found, at = {}, 48
        while at < length + 4:
            code, _, size = struct.unpack_from(">HBB", raw, at)
            found[code] = raw[at + 4 : at + 4 + size]
            at += 4 + size
        assert at == length + 4
        return found


def status_of(answer: bytes) -> int:
    assert answer[-6:-4] == b"\xf9\xf0"
    assert answer[-3:] == b"\0\0\xf1"
    return answer[-4]


@pytest.fixture
def computer(tmp_path: Path) -> Computer:
    return Computer(tmp_path)


def test_tokens_are_those_of_the_standard() -> None:
    # Tiny, short, medium and long atoms; lists; names (3.2.2.3).
    assert encode(0x3F) == b"\x3f"
    assert encode(0x40) == b"\x81\x40"
    assert encode(0x1234) == b"\x82\x12\x34"
    assert encode(b"") == b"\xa0"
    assert encode(b"a" * 15) == b"\xaf" + b"a" * 15
    assert encode(b"a" * 16) == b"\xd0\x10" + b"a" * 16
    assert encode(b"a" * 0x234) == b"\xd2\x34" + b"a" * 0x234
    assert encode(b"a" * 2048) == b"\xe2\x00\x08\x00" + b"a" * 2048
    assert encode([Name(3, b"x")]) == b"\xf0\xf2\x03\xa1x\xf3\xf1"
    stream = b"\xff\xf0\x05\x82\x12\x34\xf2\x03\xa1x\xf3\xf1\xff\xf9"
    found = tokens(stream)
    assert found[0] is Control.START_LIST
    assert value_of(found, 0) == ([5, 0x1234, Name(3, b"x")], 8)
    with pytest.raises(ValueError, match="inside a token"):
        tokens(b"\xa8abc")


def test_the_drive_knows_the_protocols(computer: Computer) -> None:
    # Security protocol information: six reserved bytes, the length, the protocols.
    assert computer.host.admin(RECEIVE, 0, 0, 512).data[:11] == bytes.fromhex("0000000000000003000102")
    assert computer.host.admin(RECEIVE, 0, 0xEF << 24, 512).status == 0x002
    assert computer.host.identify(1)[256] & 1
    assert computer.host.admin(RECEIVE, 0, 2 << 24, 512).data[:4] == bytes.fromhex("07fe0000")


def test_a_drive_without_a_tper(tmp_path: Path) -> None:
    host = Host(tmp_path)
    assert not host.identify(1)[256] & 1
    assert host.admin(RECEIVE, 0, 0, 512).status == 0x001


def test_level_0_discovery(computer: Computer) -> None:
    found = computer.discovery()
    assert set(found) == {0x0001, 0x0002, 0x0003, 0x0202, 0x0203, 0x0402}
    # TPer: Sync. Locking: supported, media encryption; neither enabled nor locked. Block SID: nothing.
    assert found[1][0] & 1
    assert found[2][0] == 0x09
    assert struct.unpack_from(">HH", found[0x0203]) == (COMID, 1)
    assert struct.unpack_from(">I", found[3], 8) == (512,)
    assert found[0x0402][0] == 0


def test_properties(computer: Computer) -> None:
    answer = computer.send(f"{CALL} {MANAGER} {PROPERTIES} {OPEN} {CLOSE} {END}")
    assert answer.startswith(bytes.fromhex(f"{CALL} {MANAGER} {PROPERTIES} {OPEN} {OPEN} {NAME}"))
    # A name of sixteen bytes is a medium atom: D0h 10h; 2048 is the short atom 82h 08h 00h.
    assert bytes.fromhex(f"d0 10 {b'MaxComPacketSize'.hex()} 82 08 00") in answer
    assert status_of(answer) == 0


def test_the_msid_is_for_everybody(computer: Computer) -> None:
    assert computer.start() == 0
    answer = computer.call(PIN_MSID, GET, f"{OPEN} {NAME} 03 03 {NAMED} {NAME} 04 03 {NAMED} {CLOSE}")
    assert answer == bytes.fromhex(
        f"{OPEN} {OPEN} {NAME} 03 {text(MSID)} {NAMED} {CLOSE} {CLOSE} f9 f0 00 00 00 f1"
    )
    # The SID's own PIN is for nobody.
    answer = computer.call(PIN_SID, GET, f"{OPEN} {NAME} 03 03 {NAMED} {NAME} 04 03 {NAMED} {CLOSE}")
    assert answer == bytes.fromhex("f0 f0 f1 f1 f9 f0 00 00 00 f1")
    computer.end()
    assert computer.start() == 0


@pytest.mark.parametrize(("reads", "noise"), [("random", True), ("00", False)])
def test_the_right_psid_reverts_and_the_key_is_gone(tmp_path: Path, reads: str, noise: bool) -> None:
    computer = Computer(tmp_path, owned=True, locked=[[0, 0]], reads_after_revert=reads)
    assert computer.discovery()[2][0] == 0x0F
    assert computer.host.io(READ, 0, 1).status == 0x286
    assert computer.start(ADMIN_SP, PSID_UID, PSID) == 0
    answer = computer.call(ADMIN_SP, REVERT)
    assert answer == bytes.fromhex("f0 f1 f9 f0 00 00 00 f1")
    assert computer.host.left() == []
    content = computer.host.read(0, BLOCKS)
    assert (len(set(content)) == 256) is noise
    assert noise or content == bytes(SIZE)
    found = computer.discovery()
    assert (found[2][0], found[0x0402][0]) == (0x09, 0)
    # The session is over; the SID's PIN is the MSID again.
    computer.session = 0
    assert computer.start(ADMIN_SP, SID_UID, MSID) == 0


def test_a_wrong_psid_changes_nothing(tmp_path: Path) -> None:
    computer = Computer(tmp_path, locked=[[0, 0]], psid_tries=3)
    for _ in range(3):
        # NOT_AUTHORIZED, then AUTHORITY_LOCKED_OUT until the power has been off.
        assert computer.start(ADMIN_SP, PSID_UID, "WRONG") == 0x01
    assert computer.start(ADMIN_SP, PSID_UID, PSID) == 0x12
    assert len(computer.host.left()) == BLOCKS
    computer.host.cut()
    assert computer.start(ADMIN_SP, PSID_UID, PSID) == 0


def test_nobody_reverts_without_an_authority(computer: Computer) -> None:
    assert computer.start() == 0
    assert status_of(computer.call(ADMIN_SP, REVERT)) == 0x01
    assert len(computer.host.left()) == BLOCKS


def test_a_revert_that_says_success_and_changes_nothing(tmp_path: Path) -> None:
    computer = Computer(tmp_path, revert="nothing", owned=True)
    assert computer.start(ADMIN_SP, PSID_UID, PSID) == 0
    assert status_of(computer.call(ADMIN_SP, REVERT)) == 0
    assert len(computer.host.left()) == BLOCKS
    assert computer.discovery()[0x0402][0] & 1


def test_ranges_that_somebody_locked(tmp_path: Path) -> None:
    computer = Computer(tmp_path, locked=[[100, 50]])
    host = computer.host
    assert host.read(99) == planted(99)
    assert host.io(READ, 98, 4).status == 0x286
    assert host.io(WRITE, 149, 1, bytes(512)).status == 0x286
    assert host.write(150, bytes(512)) == 0
    # A format is denied, a sanitize is a data protection error.
    assert host.admin(0x80, 1, 1 << 9).status == 0x015
    assert host.sanitize(2) == 0x286
    host.cut()
    assert host.io(READ, 100, 1).status == 0x286


def test_an_owner_activates_locks_and_gives_it_back(computer: Computer) -> None:
    host = computer.host
    assert computer.start(ADMIN_SP, SID_UID, MSID) == 0
    assert (
        status_of(
            computer.call(PIN_SID, SET, f"{NAME} 01 {OPEN} {NAME} 03 {text('owner')} {NAMED} {CLOSE} {NAMED}")
        )
        == 0
    )
    assert status_of(computer.call(LOCKING_SP, ACTIVATE)) == 0
    computer.end()
    assert computer.start(ADMIN_SP, SID_UID, MSID) == 0x01
    assert computer.start(LOCKING_SP, ADMIN1, "owner") == 0
    # ReadLockEnabled, WriteLockEnabled, ReadLocked, WriteLocked: columns 5 to 8.
    columns = " ".join(f"{NAME} {column:02x} 01 {NAMED}" for column in (5, 6, 7, 8))
    assert status_of(computer.call(GLOBAL, SET, f"{NAME} 01 {OPEN} {columns} {CLOSE} {NAMED}")) == 0
    assert host.io(READ, 0, 1).status == 0x286
    off = " ".join(f"{NAME} {column:02x} 00 {NAMED}" for column in (7, 8))
    assert status_of(computer.call(GLOBAL, SET, f"{NAME} 01 {OPEN} {off} {CLOSE} {NAMED}")) == 0
    assert host.read(0) == planted(0)
    computer.end()
    host.cut()
    assert host.io(READ, 0, 1).status == 0x286
    assert computer.start(LOCKING_SP, ADMIN1, "owner") == 0
    assert status_of(computer.call(THIS_SP, REVERT_SP)) == 0
    computer.session = 0
    assert host.left() == []
    # The SID is the owner's still.
    assert computer.start(ADMIN_SP, SID_UID, "owner") == 0


def test_one_session_at_a_time(computer: Computer) -> None:
    assert computer.start() == 0
    number, computer.session = computer.session, 0
    assert computer.start() == 0x03
    # STACK_RESET (protocol 2, the ComID, request 2): success is four zero bytes.
    computer.host.admin(SEND, 0, 2 << 24 | COMID << 8, 512, data=struct.pack(">HHI", COMID, 0, 2).ljust(512, b"\0"))
    answer = computer.host.admin(RECEIVE, 0, 2 << 24 | COMID << 8, 512).data
    assert answer[:16] == bytes.fromhex("07fe0000 00000002 0000 0004 00000000")
    assert computer.start() == 0
    assert computer.session != number
    computer.session, number = 0, computer.session
    # A host that is gone does not keep the drive for ever.
    computer.host.wait(61)
    assert computer.start() == 0


def test_block_sid(computer: Computer) -> None:
    assert computer.host.admin(SEND, 0, 2 << 24 | 5 << 8, 512, data=bytes(512)).status == 0
    assert computer.discovery()[0x0402][0] == 0x02
    assert computer.start(ADMIN_SP, SID_UID, MSID) == 0x01
    # The PSID is not the SID.
    assert computer.start(ADMIN_SP, PSID_UID, PSID) == 0
    computer.host.cut()
    assert computer.discovery()[0x0402][0] == 0


def test_what_can_not_be_understood_has_no_answer(computer: Computer) -> None:
    for payload in (
        "",
        "f8",
        "f8 a8",
        f"{CALL} {MANAGER} {START} {OPEN}",
        f"{CALL} {MANAGER} {REVERT} {OPEN} {CLOSE} {END}",
    ):
        assert computer.send(payload) == b""
    assert computer.receive() == b""
    computer.host.admin(SEND, 0, 1 << 24 | COMID << 8, 4, data=b"abcd")
    assert computer.receive() == b""
    assert computer.start() == 0
