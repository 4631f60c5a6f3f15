"""One ATA command: what the host puts into the registers, and what the device answers (ACS-4 6, 7.1)."""

from __future__ import annotations

from dataclasses import dataclass

ABRT, IDNF, UNC, WP = 0x04, 0x10, 0x40, 0x40


@dataclass(frozen=True)
class Task:
    """A command as the device gets it; `extend` for a 48-bit one."""

    command: int
    feature: int = 0
    count: int = 0
    lba: int = 0
    device: int = 0
    extend: bool = False

    @property
    def address(self) -> int:
        """The LBA, whose bits 27:24 a 28-bit command has in its DEVICE field."""
        return self.lba if self.extend else self.lba & 0xFFFFFF | (self.device & 0x0F) << 24


@dataclass(frozen=True)
class Answer:
    """A command that worked."""

    data: bytes = b""
    count: int = 0
    lba: int = 0
    device: int = 0


class AtaError(Exception):
    """A command that did not: the ERROR field, and what the standard puts beside it."""

    def __init__(self, error: int = ABRT, lba: int = 0, count: int = 0) -> None:
        super().__init__(f"ATA error {error:02X}h")
        self.error, self.lba, self.count = error, lba, count


def checksum(data: bytes) -> bytes:
    """The 512 bytes with the last one such that their sum is zero (ACS-4 7.13.6.108, 9.2)."""
    return data[:511] + bytes((-sum(data[:511]) & 0xFF,))
