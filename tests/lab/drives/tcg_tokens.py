"""The stream that carries methods: TCG Storage Core 2.01, 3.2.2 (tokens) and 3.2.3 (ComPacket, Packet, SubPacket)."""

from __future__ import annotations

import enum
import struct
from collections.abc import Sequence
from dataclasses import dataclass


class Control(enum.IntEnum):
    """Tokens that stand for themselves (3.2.2.3.2)."""

    START_LIST = 0xF0
    END_LIST = 0xF1
    START_NAME = 0xF2
    END_NAME = 0xF3
    CALL = 0xF8
    END_OF_DATA = 0xF9
    END_OF_SESSION = 0xFA
    EMPTY = 0xFF


@dataclass(frozen=True)
class Name:
    """A named value; Opal names are numbers."""

    key: Value
    value: Value


Value = int | bytes | Name | Sequence["Value"]
Token = int | bytes | Control
_PACKETS = struct.Struct(">4xHHIII IIIHHII 6xHI")
_SUBPACKET_HEAD = 12
_PACKET_HEAD = 24


def encode(value: Value) -> bytes:
    """One value as tokens; numbers and bytes as the shortest atoms."""
    if isinstance(value, Name):
        inner = encode(value.key) + encode(value.value)
        return bytes([Control.START_NAME]) + inner + bytes([Control.END_NAME])
    if isinstance(value, int):
        if value < 0x40:
            return bytes([value])
        raw = value.to_bytes((value.bit_length() + 7) // 8, "big")
        return bytes([0x80 | len(raw)]) + raw
    if isinstance(value, bytes):
        return _atom(value)
    return bytes([Control.START_LIST]) + b"".join(encode(each) for each in value) + bytes([Control.END_LIST])


def _atom(raw: bytes) -> bytes:
    if len(raw) < 16:
        return bytes([0xA0 | len(raw)]) + raw
    if len(raw) < 2048:
        return struct.pack(">H", 0xD000 | len(raw)) + raw
    return b"\xe2" + len(raw).to_bytes(3, "big") + raw


def tokens(stream: bytes) -> list[Token]:
    """The tokens of a stream, without the empty ones; raises ValueError where it ends inside one."""
    found: list[Token] = []
    at = 0
    while at < len(stream):
        head, body, binary = _header(stream, at)
        end = at + head + body
        if end > len(stream):
            raise ValueError("the stream ends inside a token")
        raw = stream[at + head : end]
        if body or binary:
            found.append(raw if binary else int.from_bytes(raw, "big"))
        elif stream[at] < 0x80:
            found.append(stream[at] & 0x3F)
        elif stream[at] != Control.EMPTY:
            found.append(Control(stream[at]))
        at = end
    return found


def _header(stream: bytes, at: int) -> tuple[int, int, bool]:
    # Length of the head, length of the body, whether the body is bytes (3.2.2.3.1).
    first = stream[at]
    if first < 0x80 or first >= 0xF0:
        return 1, 0, False
    if first < 0xC0:
        return 1, first & 0x0F, bool(first & 0x20)
    if first < 0xE0:
        return 2, (first & 7) << 8 | stream[at + 1], bool(first & 0x10)
    return 4, int.from_bytes(stream[at + 1 : at + 4], "big"), bool(first & 2)


def value_of(found: list[Token], at: int) -> tuple[Value, int]:
    """The value that begins at a token, and where the next one begins; raises ValueError."""
    token = found[at] if at < len(found) else Control.END_OF_DATA
    if token == Control.START_LIST and isinstance(token, Control):
        values: list[Value] = []
        at += 1
        while found[at] is not Control.END_LIST:
            value, at = value_of(found, at)
            values.append(value)
        return values, at + 1
    if token == Control.START_NAME and isinstance(token, Control):
        key, at = value_of(found, at + 1)
        value, at = value_of(found, at)
        if found[at] is not Control.END_NAME:
            raise ValueError("a name has no end")
        return Name(key, value), at + 1
    if isinstance(token, Control):
        raise ValueError(f"{token.name} where a value should be")
    return token, at + 1


@dataclass(frozen=True)
class Packet:
    """One ComPacket with one Packet with one data SubPacket, as Opal asks a TPer to understand."""

    comid: int
    session: int
    host_session: int
    payload: bytes

    def raw(self) -> bytes:
        """The bytes; the payload is padded to four (3.2.3.4)."""
        padded = self.payload + bytes(-len(self.payload) % 4)
        inner = _SUBPACKET_HEAD + len(padded)
        head = (self.comid, 0, 0, 0, _PACKET_HEAD + inner, self.session, self.host_session, 0, 0, 0, 0)
        return _PACKETS.pack(*head, inner, 0, len(self.payload)) + padded


def packet_of(raw: bytes) -> Packet:
    """Take a ComPacket apart; raises ValueError."""
    if len(raw) < _PACKETS.size:
        raise ValueError("too short for a ComPacket")
    comid, _, _, _, _, session, host, *_, length = _PACKETS.unpack_from(raw)
    payload = raw[_PACKETS.size : _PACKETS.size + length]
    if len(payload) != length:
        raise ValueError("the SubPacket is longer than what came")
    return Packet(comid, session, host, payload)


def nothing(comid: int) -> bytes:
    """A ComPacket without a Packet: no answer is there (3.3.10.2)."""
    return struct.pack(">4xHHIII", comid, 0, 0, 0, 0)
