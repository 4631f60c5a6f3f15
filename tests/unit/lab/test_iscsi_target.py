"""The iSCSI target over loopback, met by a minimal initiator written from RFC 7143; and the program that serves."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import Allow
from tests.lab.disk import SECTOR, planted
from tests.lab.drives.faults import drive_config
from tests.lab.drives.iscsi import Target
from tests.lab.drives.sat import AtaDisk
from tests.unit.lab.model_drives import SECTORS, Bench

NAME = "iqn.2026-11.test.lab:one"
REPOSITORY = Path(__file__).resolve().parents[3]


@dataclass
class Ended:
    """How a command ended, with what went over the wire for it."""

    status: int
    data: bytes
    sense: bytes
    flags: int
    residual: int
    r2t: list[tuple[int, int, int]]


class Initiator:
    """One session; asserts what RFC 7143 lets it expect."""

    def __init__(
        self, address: tuple[str, int], *, segment: int = 8192, burst: int = 262144, isid: int = 1
    ) -> None:
        self.socket = socket.create_connection(address, timeout=10)
        self.sn, self.tag, self.stat = 7, 100, 0
        self.segment, self.burst, self.isid = segment, burst, isid

    def send(self, opcode: int, flags: int, body: bytes = b"", data: bytes = b"") -> None:
        head = struct.pack(">BB2xI", opcode, flags, len(data)) + body.ljust(40, b"\0")
        self.socket.sendall(head + data + bytes(-len(data) % 4))

    def receive(self) -> tuple[bytes, bytes]:
        head = self._exactly(48)
        length = int.from_bytes(head[5:8], "big")
        return head, self._exactly(length + -length % 4)[:length]

    def _exactly(self, length: int) -> bytes:
        found = b""
        while len(found) < length:
            part = self.socket.recv(length - len(found))
            if not part:
                raise EOFError
            found += part
        return found

    def login(self, target: str | None = NAME) -> tuple[bytes, dict[str, str]]:
        """Security negotiation, then operational; the last response."""
        keys = ["InitiatorName=iqn.2026-11.test:host", "AuthMethod=CHAP,None"]
        keys += [f"TargetName={target}", "SessionType=Normal"] if target else ["SessionType=Discovery"]
        head, found = self._login_step(0x81, keys)
        if head[36]:
            return head, found
        assert head[1] == 0x81
        assert found["AuthMethod"] == "None"
        assert target is None or found["TargetPortalGroupTag"] == "1"
        more = [f"MaxRecvDataSegmentLength={self.segment}", f"MaxBurstLength={self.burst}", "InitialR2T=No"]
        head, found = self._login_step(
            0x87, [*more, "ImmediateData=Yes", "FirstBurstLength=65536", "HeaderDigest=None"]
        )
        assert head[1] == 0x87
        assert head[36] == 0
        assert head[14:16] != b"\0\0", "a session handle"
        return head, found

    def _login_step(self, flags: int, keys: list[str]) -> tuple[bytes, dict[str, str]]:
        body = struct.pack(">B2xBHH", 0x40, self.isid, 1, 0) + struct.pack(
            ">IHHII", self.tag, 1, 0, self.sn, self.stat
        )
        self.send(0x43, flags, body, "".join(f"{key}\0" for key in keys).encode())
        head, data = self.receive()
        assert head[0] == 0x23
        assert head[8:14] == body[:6]
        self.stat = int.from_bytes(head[24:28], "big") + 1
        assert int.from_bytes(head[28:32], "big") == self.sn
        return head, dict(each.split("=", 1) for each in data.decode().split("\0") if each)

    def begin(self, cdb: str, *, reads: int = 0, writes: bytes = b"", immediate: int = 0, lun: int = 0) -> int:
        self.tag += 1
        flags = 0x80 | (0x40 if reads else 0) | (0x20 if writes else 0)
        body = struct.pack(">HHIIIII", lun, 0, 0, self.tag, len(writes) or reads, self.sn, self.stat)
        self.send(0x01, flags, body + bytes.fromhex(cdb).ljust(16, b"\0"), writes[:immediate])
        self.sn += 1
        return self.tag

    def command(self, cdb: str, *, reads: int = 0, writes: bytes = b"", immediate: int = 0, lun: int = 0) -> Ended:
        tag = self.begin(cdb, reads=reads, writes=writes, immediate=immediate, lun=lun)
        data, asked, number = bytearray(), [], 0
        while True:
            head, part = self.receive()
            assert int.from_bytes(head[16:20], "big") == tag
            if head[0] == 0x31:
                asked.append(struct.unpack(">III", head[36:48]))
                self._data_out(head, writes)
                continue
            if head[0] == 0x25:
                assert struct.unpack(">II", head[36:44]) == (number, len(data))
                assert len(part) <= self.segment
                data += part
                number += 1
                if not head[1] & 0x01:
                    continue
                assert head[1] & 0x80
            self._status(head)
            length = int.from_bytes(part[:2], "big") if head[0] == 0x21 else 0
            return Ended(
                head[3],
                bytes(data),
                part[2 : 2 + length] if length else b"",
                head[1],
                int.from_bytes(head[44:48], "big"),
                asked,
            )

    def _status(self, head: bytes) -> None:
        assert int.from_bytes(head[24:28], "big") == self.stat
        self.stat += 1
        assert int.from_bytes(head[28:32], "big") == self.sn

    def _data_out(self, r2t: bytes, writes: bytes) -> None:
        _, at, length = struct.unpack(">III", r2t[36:48])
        assert length <= self.burst
        for number, begin in enumerate(range(at, at + length, 8192)):
            end = min(begin + 8192, at + length)
            body = (
                r2t[8:24] + bytes(4) + struct.pack(">I", self.stat) + bytes(4) + struct.pack(">II", number, begin)
            )
            self.send(0x05, 0x80 if end == at + length else 0, body, writes[begin:end])


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Target]:
    bench = Bench(tmp_path, faults={"erase_seconds": 0.3}).start()
    assert bench.drive is not None
    drive = AtaDisk(bench.drive.config)
    other = tmp_path / "other"
    other.mkdir()
    second = Bench(other, kind="sas").start().drive
    assert second is not None
    second.name = "iqn.2026-11.test.lab:two"
    serving = Target(("127.0.0.1", 0), [drive, second])
    serving.start()
    yield serving
    serving.stop()


@pytest.fixture
def host(target: Target) -> Initiator:
    initiator = Initiator(target.address)
    initiator.login()
    return initiator


def test_a_discovery_session_lists_the_targets(target: Target) -> None:
    initiator = Initiator(target.address)
    initiator.login(None)
    initiator.send(0x04, 0x80, struct.pack(">8xIIII", 5, 0xFFFFFFFF, initiator.sn, 0), b"SendTargets=All\0")
    head, data = initiator.receive()
    assert head[0] == 0x24
    address = f"127.0.0.1:{target.address[1]},1"
    assert data.decode().split("\0")[:4] == [
        f"TargetName={NAME}",
        f"TargetAddress={address}",
        "TargetName=iqn.2026-11.test.lab:two",
        f"TargetAddress={address}",
    ]


def test_the_negotiation_answers_what_it_was_asked(target: Target) -> None:
    _, found = Initiator(target.address, burst=16384).login()
    assert found["InitialR2T"] == "Yes"
    assert found["ImmediateData"] == "Yes"
    assert found["MaxBurstLength"] == "16384"
    assert found["HeaderDigest"] == "None"
    assert int(found["MaxRecvDataSegmentLength"]) >= 8192


def test_an_unknown_target_is_not_found(target: Target) -> None:
    head, _ = Initiator(target.address).login("iqn.2026-11.test.lab:none")
    assert head[36:38] == b"\x02\x03"


def test_reads_come_in_segments_with_the_status_in_the_last(host: Initiator) -> None:
    ended = host.command("28 00 00 00 00 00 00 00 40 00", reads=64 * SECTOR)
    assert ended.data == b"".join(planted(n) for n in range(64))
    assert (ended.status, ended.flags & 0x07) == (0, 0x01)


def test_less_data_than_expected_is_an_underflow(host: Initiator) -> None:
    ended = host.command("12 00 00 00 60 00", reads=255)
    assert len(ended.data) == 96
    assert ended.flags & 0x06 == 0x02
    assert ended.residual == 255 - 96


def test_writes_are_asked_for_with_r2tsn_counting_up(target: Target) -> None:
    host = Initiator(target.address, burst=16384)
    host.login()
    data = bytes(range(256)) * 256
    ended = host.command("2a 00 00 00 00 00 00 00 80 00", writes=data, immediate=8192)
    assert ended.status == 0
    assert ended.r2t == [(0, 8192, 16384), (1, 24576, 16384), (2, 40960, 16384), (3, 57344, 8192)]
    assert host.command("2a 00 00 00 00 00 00 00 20 00", writes=data[:16384]).r2t == [(0, 0, 16384)]
    assert host.command("28 00 00 00 00 00 00 00 80 00", reads=len(data)).data == data


def test_sense_comes_whole_with_the_response(host: Initiator) -> None:
    ended = host.command("85 07 20 00 00 00 00 00 00 00 00 00 00 40 b4 00")
    assert ended.status == 2
    assert ended.sense == bytes.fromhex("72 01 00 1d 00 00 00 0e 09 0c 01 00 00 00 00 ff 00 ff 00 00 40 50")


def test_there_is_one_logical_unit(host: Initiator) -> None:
    assert host.command("12 00 00 00 60 00", reads=96, lun=0x0001).data[0] == 0x7F
    ended = host.command("00", lun=0x0001)
    assert ended.sense[12:14] == b"\x25\x00"


def test_a_ping_is_answered_while_the_drive_is_busy(host: Initiator) -> None:
    password = bytes(2) + b"p".ljust(510, b"\0")
    security = "85 0a 2e 00 00 00 01 00 00 00 00 00 00 40 {:02x} 00"
    assert host.command(security.format(0xF1), writes=password).sense[21] == 0x50
    assert host.command("85 06 20 00 00 00 00 00 00 00 00 00 00 40 f3 00").sense[21] == 0x50
    erase = host.begin(security.format(0xF4), writes=password, immediate=512)
    host.send(0x40, 0x80, struct.pack(">8xIIII", 77, 0xFFFFFFFF, host.sn, host.stat), b"ping")
    head, data = host.receive()
    assert (head[0], head[16:20], data) == (0x20, struct.pack(">I", 77), b"ping")
    host._status(head)
    head, data = host.receive()
    assert head[16:20] == struct.pack(">I", erase)
    assert data[2:][21] == 0x50


def test_an_aborted_task_gets_no_response(host: Initiator) -> None:
    password = bytes(2) + b"p".ljust(510, b"\0")
    security = "85 0a 2e 00 00 00 01 00 00 00 00 00 00 40 {:02x} 00"
    host.command(security.format(0xF1), writes=password)
    host.command("85 06 20 00 00 00 00 00 00 00 00 00 00 40 f3 00")
    erase = host.begin(security.format(0xF4), writes=password, immediate=512)
    host.send(0x42, 0x81, struct.pack(">8xIIII", 78, erase, host.sn, host.stat))
    head, _ = host.receive()
    assert (head[0], head[2], head[16:20]) == (0x22, 0, struct.pack(">I", 78))
    host._status(head)
    assert host.command("00").status == 0


def test_a_command_out_of_its_turn_is_ignored(host: Initiator) -> None:
    host.sn += 1000
    host.begin("00")
    host.sn -= 1001
    assert host.command("00").status == 0


def test_logout_ends_the_session(host: Initiator) -> None:
    host.send(0x46, 0x80, struct.pack(">8xIIII", 9, 1, host.sn, host.stat))
    head, _ = host.receive()
    assert (head[0], head[2]) == (0x26, 0)
    with pytest.raises(EOFError):
        host.receive()


def test_the_same_initiator_port_takes_its_session_over(target: Target, host: Initiator) -> None:
    again = Initiator(target.address)
    again.login()
    assert again.command("00").status == 0
    with pytest.raises((EOFError, ConnectionError)):
        host.receive()


def test_two_initiators_share_a_drive(target: Target, host: Initiator) -> None:
    other = Initiator(target.address, isid=2)
    other.login()
    assert host.command("00").status == other.command("00").status == 0


@contextlib.contextmanager
def served(folder: Path, config: object) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The program on a free port of loopback; killed at the end."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    path = folder / "config.json"
    path.write_text(json.dumps(config))
    argv = [sys.executable, "-m", "tests.lab.drives.serve", "--listen", f"127.0.0.1:{port}", str(path)]
    process = subprocess.Popen(argv, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process, port
    finally:
        process.kill()
        process.wait()
        process.stdout.close()  # type: ignore[union-attr]


def test_the_program_serves_until_its_power_is_cut_and_goes_on(tmp_path: Path, allow_programs: Allow) -> None:
    allow_programs(Path(sys.executable).name)
    drive = {
        "iqn": NAME,
        "kind": "ata",
        "image": str(tmp_path / "image"),
        "state": str(tmp_path / "state.json"),
        "size": SECTORS * SECTOR,
        "faults": {"erase_seconds": 3600, "clock_factor": 3600},
    }
    drive_config(drive)
    status = "85 07 20 00 00 00 00 00 00 00 00 00 00 40 b4 00"
    with served(tmp_path, [drive]) as (process, port):
        host = Initiator(("127.0.0.1", port))
        host.login()
        host.command("2a 00 00 00 00 00 00 00 01 00", writes=planted(0))
        host.command("85 07 20 00 12 00 00 42 72 00 45 00 6b 40 b4 00")
        time.sleep(0.3)
        process.kill()
    assert json.loads((tmp_path / "state.json").read_text())["erase"]["done"] > 0.1
    with served(tmp_path, {"drives": [drive]}) as (process, port):
        host = Initiator(("127.0.0.1", port))
        host.login()
        assert host.command(status).sense[12] == 0x40
        end = time.monotonic() + 10
        while host.command(status).sense[12] != 0x80:
            assert time.monotonic() < end
            time.sleep(0.05)
        process.terminate()
        assert process.wait(10) == 0
    assert (tmp_path / "image").read_bytes()[:SECTOR] == bytes(SECTOR)
