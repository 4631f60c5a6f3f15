"""The words of NVMe: opcodes, status codes, a submission queue entry and what comes back."""

from __future__ import annotations

import enum
import struct
from dataclasses import dataclass

ALL_NAMESPACES = 0xFFFFFFFF


class Admin(enum.IntEnum):
    """Admin commands (NVMe Base 2.1, Figure 87)."""

    GET_LOG_PAGE = 0x02
    IDENTIFY = 0x06
    ABORT = 0x08
    SET_FEATURES = 0x09
    GET_FEATURES = 0x0A
    ASYNC_EVENT = 0x0C
    NAMESPACE_ATTACHMENT = 0x15
    DEVICE_SELF_TEST = 0x14
    KEEP_ALIVE = 0x18
    FABRICS = 0x7F
    FORMAT_NVM = 0x80
    SECURITY_SEND = 0x81
    SECURITY_RECEIVE = 0x82
    SANITIZE = 0x84


class Io(enum.IntEnum):
    """I/O commands (NVM Command Set 1.1, Figure 20)."""

    FLUSH = 0x00
    WRITE = 0x01
    READ = 0x02
    COMPARE = 0x05
    WRITE_ZEROES = 0x08
    DATASET_MANAGEMENT = 0x09


class Status(enum.IntEnum):
    """Status code type and status code, SCT << 8 | SC (NVMe Base 2.1, 4.2.3)."""

    SUCCESS = 0x000
    INVALID_OPCODE = 0x001
    INVALID_FIELD = 0x002
    INTERNAL_ERROR = 0x006
    ABORTED = 0x007
    INVALID_NAMESPACE = 0x00B
    COMMAND_SEQUENCE = 0x00C
    OPERATION_DENIED = 0x015
    SANITIZE_FAILED = 0x01C
    SANITIZE_IN_PROGRESS = 0x01D
    LBA_OUT_OF_RANGE = 0x080
    FORMAT_IN_PROGRESS = 0x084
    EVENT_LIMIT = 0x105
    INVALID_LOG_PAGE = 0x109
    INVALID_FORMAT = 0x10A
    ALREADY_ATTACHED = 0x118
    NOT_ATTACHED = 0x11A
    SELF_TEST_IN_PROGRESS = 0x11D
    CONNECT_INVALID_PARAMETERS = 0x182
    WRITE_FAULT = 0x280
    UNRECOVERED_READ = 0x281
    COMPARE_FAILURE = 0x285
    ACCESS_DENIED = 0x286


@dataclass(frozen=True)
class Command:
    """A submission queue entry of 64 bytes (NVMe Base 2.1, Figure 91), and the data that the host sends with it."""

    raw: bytes
    data: bytes = b""

    @property
    def opcode(self) -> int:
        """Bits 7:0 of dword 0."""
        return self.raw[0]

    @property
    def identifier(self) -> int:
        """Bits 31:16 of dword 0."""
        return self.raw[2] | self.raw[3] << 8

    @property
    def nsid(self) -> int:
        """The namespace."""
        return self.dword(1)

    def dword(self, number: int) -> int:
        """One of the sixteen dwords."""
        return int(struct.unpack_from("<I", self.raw, 4 * number)[0])

    def qword(self, number: int) -> int:
        """Two dwords, from this one on."""
        return int(struct.unpack_from("<Q", self.raw, 4 * number)[0])

    @property
    def wanted(self) -> int:
        """Length of the data buffer that SGL descriptor 1 names (NVMe Base 2.1, 4.3.2)."""
        return self.dword(8)


@dataclass(frozen=True)
class Completion:
    """What a command comes to: status, dwords 0 and 1 of the completion queue entry, data for the host."""

    status: int = Status.SUCCESS
    result: int = 0
    data: bytes = b""

    def entry(self, head: int, queue: int, identifier: int) -> bytes:
        """The completion queue entry (NVMe Base 2.1, Figure 97); errors say Do Not Retry, bit 31 of dword 3."""
        field = self.status << 1 | (0x8000 if self.status else 0)
        return struct.pack("<QHHHH", self.result, head, queue, identifier, field)


class Refused(Exception):
    """A command that ends with an error status."""

    def __init__(self, status: Status) -> None:
        super().__init__(status.name)
        self.status = status
