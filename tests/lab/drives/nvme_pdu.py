"""The PDUs of NVMe/TCP: NVMe TCP Transport 1.1, 3.6. Digests are never agreed on."""

from __future__ import annotations

import asyncio
import enum
import struct
from dataclasses import dataclass

MAX_DATA = 128 << 10
_HEADER = struct.Struct("<BBBBI")
_DATA_HEADER = struct.Struct("<BBBBIHHII4x")
_LAST = 1 << 2
_ALIGNED = 24
# The largest that a host may send: a data PDU.
_MAX_LENGTH = MAX_DATA + 4096


class Kind(enum.IntEnum):
    """PDU-Type."""

    ICREQ = 0x00
    ICRESP = 0x01
    H2C_TERM = 0x02
    C2H_TERM = 0x03
    COMMAND = 0x04
    RESPONSE = 0x05
    H2C_DATA = 0x06
    C2H_DATA = 0x07
    R2T = 0x09


_LENGTHS = {Kind.ICREQ: 128, Kind.COMMAND: 72, Kind.H2C_DATA: 24, Kind.H2C_TERM: 24}


class Malformed(Exception):
    """A PDU that breaks the protocol; `reason` is the Fatal Error Status of the answer (3.6.2.4)."""

    def __init__(self, reason: int, words: str) -> None:
        super().__init__(words)
        self.reason = reason


@dataclass(frozen=True)
class Pdu:
    """A PDU as it came: its whole header, and its data."""

    kind: Kind
    header: bytes
    data: bytes

    @property
    def transfer(self) -> tuple[int, int, int]:
        """Of a data PDU: transfer tag, offset, length."""
        return struct.unpack_from("<xxHII", self.header, 8)


async def read_pdu(reader: asyncio.StreamReader) -> Pdu:
    """The next PDU; raises Malformed, and asyncio.IncompleteReadError at the connection's end."""
    common = await reader.readexactly(_HEADER.size)
    number, _, header_length, data_offset, length = _HEADER.unpack(common)
    expected = _LENGTHS.get(number)
    if expected is None or header_length != expected or not header_length <= length <= _MAX_LENGTH:
        raise Malformed(1, f"PDU type {number:#x} of {length} bytes, header of {header_length}")
    rest = await reader.readexactly(length - _HEADER.size)
    whole = common + rest
    start = data_offset or header_length
    if length > header_length and not header_length <= start <= length:
        raise Malformed(1, f"data offset {data_offset}")
    return Pdu(Kind(number), whole[:header_length], whole[start:] if length > header_length else b"")


def icresp() -> bytes:
    """Initialize Connection Response: PFV 0, no alignment, no digests, MAXH2CDATA (3.6.2.3)."""
    return (_HEADER.pack(Kind.ICRESP, 0, 128, 0, 128) + struct.pack("<HBBI", 0, 0, 0, MAX_DATA)).ljust(128, b"\0")


def response(entry: bytes) -> bytes:
    """A response capsule (3.6.2.6)."""
    return _HEADER.pack(Kind.RESPONSE, 0, _ALIGNED, 0, _ALIGNED) + entry


def r2t(identifier: int, tag: int, length: int) -> bytes:
    """Ready To Transfer for all of a command's data (3.6.2.9)."""
    return _DATA_HEADER.pack(Kind.R2T, 0, _ALIGNED, 0, _ALIGNED, identifier, tag, 0, length)


def c2h_data(identifier: int, data: bytes) -> list[bytes]:
    """The data of a command in one PDU, the last of it; the completion comes in a capsule of its own (3.6.2.8)."""
    length = _ALIGNED + len(data)
    head = _DATA_HEADER.pack(Kind.C2H_DATA, _LAST, _ALIGNED, _ALIGNED, length, identifier, 0, 0, len(data))
    return [head, data]


def terminate(reason: int, header: bytes) -> bytes:
    """Controller to Host Terminate Connection Request (3.6.2.5)."""
    data = header[:128]
    head = _HEADER.pack(Kind.C2H_TERM, 0, _ALIGNED, 0, _ALIGNED + len(data))
    return head + struct.pack("<HI10x", reason, 0) + data
