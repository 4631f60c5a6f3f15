"""A minimal NVMe/TCP host for the tests: capsules, R2T and data as NVMe TCP Transport 1.1, 3.6, lays them out."""

from __future__ import annotations

import asyncio
import struct
from dataclasses import dataclass, field

from tests.unit.lab.nvme_host import NQN

HOST_NQN = "nqn.2014-08.org.nvmexpress:uuid:11111111-2222-3333-4444-555555555555"
OFFSET_SGL, TRANSPORT_SGL = 0x01, 0x5A
ANSWER_SECONDS = 10.0


@dataclass
class Answer:
    """A response capsule, and the data that came before it."""

    result: int
    head: int
    queue: int
    status: int
    data: bytes = b""


@dataclass
class Queue:
    """One queue of a host: sends capsules, answers R2T, gathers data."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    identifier: int = 0
    sending: dict[int, bytes] = field(default_factory=dict)
    answers: dict[int, Answer] = field(default_factory=dict)
    data: dict[int, bytes] = field(default_factory=dict)

    async def initialize(self) -> bytes:
        """ICReq: 128 bytes, PFV 0, no alignment, header digest asked for, MAXR2T 0."""
        self.writer.write(struct.pack("<BBBBIHBBI", 0, 0, 128, 0, 128, 0, 0, 1, 0).ljust(128, b"\0"))
        return await self.reader.readexactly(128)

    def send(self, entry: bytes, data: bytes = b"", *, in_capsule: bool = True, wants: int = 0) -> int:
        """One command, with its SGL descriptor at bytes 24 to 39; its identifier."""
        self.identifier += 1
        length = len(data) or wants
        kind = OFFSET_SGL if data and in_capsule else TRANSPORT_SGL
        sgl = struct.pack("<QI3xB", 0, length, kind) if length else bytes(16)
        entry = entry[:2] + struct.pack("<H", self.identifier) + entry[4:24] + sgl + entry[40:]
        inside = data if in_capsule else b""
        header = struct.pack("<BBBBI", 4, 0, 72, 72 if inside else 0, 72 + len(inside))
        self.writer.write(header + entry + inside)
        if data and not in_capsule:
            self.sending[self.identifier] = data
        return self.identifier

    async def answer(self, identifier: int) -> Answer:
        """The answer to a command, however many others come first."""
        while identifier not in self.answers:
            await asyncio.wait_for(self._take(), ANSWER_SECONDS)
        return self.answers.pop(identifier)

    async def do(self, entry: bytes, data: bytes = b"", *, in_capsule: bool = True, wants: int = 0) -> Answer:
        return await self.answer(self.send(entry, data, in_capsule=in_capsule, wants=wants))

    async def _take(self) -> None:
        kind, flags, header_length, offset, length = struct.unpack("<BBBBI", await self.reader.readexactly(8))
        body = await self.reader.readexactly(length - 8)
        assert header_length == 24
        if kind == 0x05:
            assert (flags, length) == (0, 24)
            result, head, queue, identifier, status = struct.unpack("<QHHHH", body)
            self.answers[identifier] = Answer(result, head, queue, status, self.data.pop(identifier, b""))
        elif kind == 0x07:
            identifier, _, at, size = struct.unpack_from("<HHII", body)
            # LAST_PDU, data right after the header.
            assert (flags, offset, at, size) == (4, 24, 0, length - 24)
            self.data[identifier] = body[16:]
        else:
            assert kind == 0x09, kind
            identifier, tag, at, size = struct.unpack_from("<HHII", body)
            assert (at, size) == (0, len(self.sending[identifier]))
            self._send_data(identifier, tag)

    def _send_data(self, identifier: int, tag: int) -> None:
        # In two PDUs, so that the offsets matter; the second one has LAST_PDU.
        data = self.sending.pop(identifier)
        half = len(data) // 2
        for at, part, flags in ((0, data[:half], 0), (half, data[half:], 4)):
            header = struct.pack("<BBBBIHHII4x", 6, flags, 24, 24, 24 + len(part), identifier, tag, at, len(part))
            self.writer.write(header + part)


def fabrics(kind: int, *tail: bytes) -> bytes:
    """A Fabrics command: opcode 7Fh, the type in byte 4, its own fields from byte 40."""
    return (bytes([0x7F, 0x40, 0, 0, kind]).ljust(40, b"\0") + b"".join(tail)).ljust(64, b"\0")


def connect(queue: int, controller: int, nqn: str = NQN, keep_alive_ms: int = 0) -> tuple[bytes, bytes]:
    """RECFMT, QID, SQSIZE, CATTR, KATO; then 1024 bytes: host identifier, controller, both names."""
    entry = fabrics(0x01, struct.pack("<HHHBxI", 0, queue, 31, 0, keep_alive_ms))
    data = bytes(range(16)) + struct.pack("<H", controller) + bytes(238)
    return entry, data + nqn.encode().ljust(256, b"\0") + HOST_NQN.encode().ljust(256, b"\0") + bytes(256)


def get(offset: int, *, wide: bool = False) -> bytes:
    return fabrics(0x04, struct.pack("<B3xI", int(wide), offset))


def put(offset: int, value: int) -> bytes:
    return fabrics(0x00, struct.pack("<B3xIQ", 0, offset, value))


def entry(opcode: int, nsid: int = 0, *dwords: int) -> bytes:
    return struct.pack("<BBHI32x6I", opcode, 0x40, 0, nsid, *dwords, *[0] * (6 - len(dwords)))


async def opened(port: int) -> Queue:
    queue = Queue(*await asyncio.open_connection("127.0.0.1", port))
    await queue.initialize()
    return queue


async def admin_queue(port: int, keep_alive_ms: int = 0) -> tuple[Queue, int]:
    """What the kernel does: Connect, read CAP, enable, wait for ready."""
    queue = await opened(port)
    answer = await queue.do(*connect(0, 0xFFFF, keep_alive_ms=keep_alive_ms))
    assert answer.status == 0
    assert (await queue.do(put(0x14, 0x00460001))).status == 0
    assert (await queue.do(get(0x1C))).result & 1
    return queue, answer.result & 0xFFFF


async def io_queue(port: int, controller: int) -> Queue:
    queue = await opened(port)
    assert (await queue.do(*connect(1, controller))).status == 0
    return queue
