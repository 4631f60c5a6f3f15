"""iSCSI protocol data units (RFC 7143 11): the basic header segment, its data, and text keys."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass, field

NOP_OUT, SCSI_COMMAND, TASK_MANAGEMENT, LOGIN, TEXT, DATA_OUT, LOGOUT = 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06
NOP_IN, SCSI_RESPONSE, TASK_RESPONSE, LOGIN_RESPONSE, TEXT_RESPONSE = 0x20, 0x21, 0x22, 0x23, 0x24
DATA_IN, LOGOUT_RESPONSE, R2T, REJECT = 0x25, 0x26, 0x31, 0x3F
NO_TAG = 0xFFFFFFFF
HEADER = 48
FINAL = 0x80


class Disconnected(Exception):
    """The other side has gone."""


@dataclass
class Pdu:
    """One PDU; `fields` are what its kind has beside opcode, flags, lengths, LUN and task tag, by offset."""

    opcode: int
    flags: int = 0
    lun: bytes = bytes(8)
    tag: int = NO_TAG
    fields: dict[int, bytes] = field(default_factory=dict)
    data: bytes = b""
    immediate: bool = False
    header: bytes = b""

    def number(self, at: int, length: int = 4) -> int:
        """A field of a received PDU."""
        return int.from_bytes(self.header[at : at + length], "big")

    def put(self, at: int, value: int, length: int = 4) -> Pdu:
        """Set a field of one to be sent."""
        self.fields[at] = value.to_bytes(length, "big")
        return self

    def encode(self) -> bytes:
        """Header and data, padded to whole words; no digests, no additional header segments."""
        header = bytearray(HEADER)
        header[0] = self.opcode | (0x40 if self.immediate else 0)
        header[1] = self.flags
        header[5:8] = len(self.data).to_bytes(3, "big")
        header[8:16] = self.lun
        struct.pack_into(">I", header, 16, self.tag)
        for at, value in self.fields.items():
            header[at : at + len(value)] = value
        return bytes(header) + self.data + bytes(-len(self.data) % 4)


def receive(connection: socket.socket) -> Pdu:
    """The next PDU; raises Disconnected."""
    header = _exactly(connection, HEADER)
    _exactly(connection, 4 * header[4])
    length = int.from_bytes(header[5:8], "big")
    data = _exactly(connection, length + -length % 4)[:length]
    return Pdu(
        opcode=header[0] & 0x3F,
        flags=header[1],
        lun=header[8:16],
        tag=int.from_bytes(header[16:20], "big"),
        data=data,
        immediate=bool(header[0] & 0x40),
        header=header,
    )


def texts(data: bytes) -> dict[str, str]:
    """Text keys (RFC 7143 6.1)."""
    pairs = (each.partition("=") for each in data.decode().split("\0") if each)
    return {key: value for key, _, value in pairs}


def encode_texts(pairs: list[tuple[str, str]]) -> bytes:
    """The same, to be sent; a key may come more than once."""
    return "".join(f"{key}={value}\0" for key, value in pairs).encode()


def _exactly(connection: socket.socket, length: int) -> bytes:
    found = bytearray()
    while len(found) < length:
        try:
            part = connection.recv(length - len(found))
        except OSError as e:
            raise Disconnected from e
        if not part:
            raise Disconnected
        found += part
    return bytes(found)
