"""Sense data in its two formats (SPC-5 4.4), and the registers of an ATA device in each of them (SAT-4 12.2.2.7)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

GOOD, CHECK_CONDITION = 0x00, 0x02

NO_SENSE, RECOVERED, NOT_READY, MEDIUM_ERROR, HARDWARE_ERROR = 0x0, 0x1, 0x2, 0x3, 0x4
ILLEGAL_REQUEST, DATA_PROTECT, ABORTED_COMMAND, MISCOMPARE = 0x5, 0x7, 0xB, 0xE

INVALID_OPCODE = (0x20, 0x00)
LBA_OUT_OF_RANGE = (0x21, 0x00)
INVALID_FIELD_IN_CDB = (0x24, 0x00)
INVALID_FIELD_IN_LIST = (0x26, 0x00)
LIST_LENGTH_ERROR = (0x1A, 0x00)
UNRECOVERED_READ = (0x11, 0x00)
WRITE_ERROR = (0x0C, 0x00)
MISCOMPARE_DURING_VERIFY = (0x1D, 0x00)
FORMAT_IN_PROGRESS = (0x04, 0x04)
SELF_TEST_IN_PROGRESS = (0x04, 0x09)
SANITIZE_IN_PROGRESS = (0x04, 0x1B)
SANITIZE_FAILED = (0x31, 0x03)
FORMAT_FAILED = (0x31, 0x01)
ACCESS_NOT_AUTHORIZED = (0x74, 0x71)
ATA_INFORMATION = (0x00, 0x1D)
PREDICTED_FAILURE = (0x5D, 0x10)


@dataclass(frozen=True)
class Registers:
    """What an ATA device returns in its registers (ACS-4 6)."""

    status: int = 0x50
    error: int = 0
    device: int = 0
    count: int = 0
    lba: int = 0
    extend: bool = False


@dataclass(frozen=True)
class Sense:
    """One condition, before a format is chosen for it; `progress` is of 65,536."""

    key: int
    code: tuple[int, int] = (0, 0)
    information: int | None = None
    progress: int | None = None
    registers: Registers | None = None

    def encode(self, *, descriptor: bool) -> bytes:
        """As the control page's D_SENSE bit has it (SPC-5 7.5.10)."""
        return self._descriptor() if descriptor else self._fixed()

    def _fixed(self) -> bytes:
        data = bytearray(18)
        data[0], data[2], data[7] = 0x70, self.key, 10
        data[12:14] = bytes(self.code)
        if self.information is not None and self.information < 1 << 32:
            data[0] |= 0x80
            data[3:7] = self.information.to_bytes(4, "big")
        if self.progress is not None:
            data[15:18] = struct.pack(">BH", 0x80, self.progress)
        if self.registers is not None:
            data[0] |= 0x80
            data[3:12] = _fixed_registers(self.registers)
        return bytes(data)

    def _descriptor(self) -> bytes:
        found = b""
        if self.information is not None:
            found += bytes((0x00, 0x0A, 0x80, 0x00)) + self.information.to_bytes(8, "big")
        if self.progress is not None:
            found += struct.pack(">BBHBHB", 0x02, 0x06, 0, 0x80, self.progress, 0)
        if self.registers is not None:
            found += _descriptor_registers(self.registers)
        return bytes((0x72, self.key, *self.code, 0, 0, 0, len(found))) + found


class CheckCondition(Exception):
    """A command ends with CHECK CONDITION and this sense."""

    def __init__(
        self,
        key: int,
        code: tuple[int, int] = (0, 0),
        information: int | None = None,
        progress: int | None = None,
    ) -> None:
        super().__init__(f"sense {key:X}/{code[0]:02X}/{code[1]:02X}")
        self.sense = Sense(key, code, information, progress)


def _fixed_registers(registers: Registers) -> bytes:
    """INFORMATION, the length byte between, and COMMAND-SPECIFIC INFORMATION (SAT-4 table 192)."""
    lba, count = registers.lba, registers.count
    flags = (registers.extend << 7) | (bool(count >> 8) << 6) | (bool(lba >> 24) << 5)
    first = bytes((registers.error, registers.status, registers.device, count & 0xFF))
    return first + bytes((10, flags)) + (lba & 0xFFFFFF).to_bytes(3, "little")


def _descriptor_registers(registers: Registers) -> bytes:
    """The ATA Status Return sense data descriptor (SAT-4 12.2.2.7)."""
    low = registers.lba.to_bytes(6, "little")
    return bytes((0x09, 0x0C, registers.extend, registers.error)) + bytes(
        (
            registers.count >> 8,
            registers.count & 0xFF,
            low[3],
            low[0],
            low[4],
            low[1],
            low[5],
            low[2],
            registers.device,
            registers.status,
        )
    )
