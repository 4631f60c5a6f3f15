"""General purpose logs (ACS-4 9): directory, errors, self-tests, device statistics, IDENTIFY DEVICE data."""

from __future__ import annotations

import struct
from collections.abc import Callable

from tests.lab.drives.ata_identify import ata_string, erase_minutes
from tests.lab.drives.ata_security import Security
from tests.lab.drives.ata_task import Answer, AtaError, Task, checksum
from tests.lab.drives.drive import Drive

DIRECTORY, ERRORS, STATISTICS, SELF_TESTS, IDENTIFY = 0x00, 0x03, 0x04, 0x07, 0x30
_PAGES = {DIRECTORY: 1, ERRORS: 1, STATISTICS: 8, SELF_TESTS: 1, IDENTIFY: 9}
DURING_SANITIZE = (DIRECTORY, IDENTIFY)
_VALID = 1 << 63
_STATISTIC = 0xC0 << 56


class Logs:
    """READ LOG EXT and READ LOG DMA EXT."""

    def __init__(self, drive: Drive, security: Security, identify: Callable[[], bytes]) -> None:
        self._drive = drive
        self._security = security
        self._identify = identify

    def command(self, task: Task) -> Answer:
        """Log address in LBA bits 7:0, first page in 39:32 and 15:8 (ACS-4 7.22)."""
        address = task.lba & 0xFF
        first = (task.lba >> 8 & 0xFF) | (task.lba >> 32 & 0xFF) << 8
        if not task.count or first + task.count > _PAGES.get(address, 0):
            raise AtaError
        return Answer(b"".join(self._page(address, first + n) for n in range(task.count)))

    def _page(self, address: int, page: int) -> bytes:
        if address == DIRECTORY:
            data = bytearray(struct.pack("<256H", *(_PAGES.get(each, 0) for each in range(256))))
            data[0:2] = (1, 0)
            return bytes(data)
        if address == ERRORS:
            return self._errors()
        if address == SELF_TESTS:
            return self._self_tests()
        made = self._statistics(page) if address == STATISTICS else self._identify_page(page)
        return made.ljust(512, b"\0")

    def _errors(self) -> bytes:
        """Extended Comprehensive SMART Error log (ACS-4 9.7): the newest four."""
        data = bytearray(512)
        data[0] = 1
        newest = self._drive.state.errors[-4:]
        for number, (sector, hours) in enumerate(newest):
            at, low = 4 + 124 * number, sector.to_bytes(6, "little")
            mixed = (low[0], low[3], low[1], low[4], low[2], low[5])
            data[at + 72 : at + 86] = (0, 0, 0, 1, 0, *mixed, 0x40, 0x25, 0)
            data[at + 90 : at + 102] = (0, 0x40, 1, 0, *mixed, 0x40, 0x51)
            struct.pack_into("<BH", data, at + 121, 0x03, hours)
        struct.pack_into("<H", data, 2, len(newest))
        struct.pack_into("<H", data, 500, self._drive.state.error_count)
        return checksum(bytes(data))

    def _self_tests(self) -> bytes:
        """Extended Self-test log (ACS-4 9.8): 19 of 26 bytes."""
        data = bytearray(512)
        data[0] = 1
        oldest_first = list(reversed(self._drive.self_tests.all[:19]))
        for number, test in enumerate(oldest_first):
            at = 4 + 26 * number
            struct.pack_into("<BBHB", data, at, test.kind, test.result << 4, test.hours & 0xFFFF, 0)
            data[at + 5 : at + 11] = (0xFFFFFFFFFFFF if test.sector is None else test.sector).to_bytes(6, "little")
        struct.pack_into("<H", data, 2, len(oldest_first))
        return checksum(bytes(data))

    def _statistics(self, page: int) -> bytes:
        """Device Statistics (ACS-4 9.5): the general page, and wear for a solid-state drive."""
        drive = self._drive
        solid = drive.identity.rotation == 1
        if page == 0:
            listed = (0, 1, 7) if solid else (0, 1)
            return struct.pack("<QB", 1, len(listed)) + bytes(listed)
        if page == 1:
            return struct.pack("<QQQ", 1 << 16 | 1, _STATISTIC | drive.state.power_cycles, _STATISTIC | drive.hours)
        if page == 7 and solid:
            return struct.pack("<QQ", 7 << 16 | 1, _STATISTIC | 3)
        return b""

    def _identify_page(self, page: int) -> bytes:
        """IDENTIFY DEVICE data log (ACS-4 9.11)."""
        header = _VALID | page << 16 | 1
        if page == 0:
            listed = (0, 1, 2, 5, 6)
            return struct.pack("<QB", header & ~_VALID, len(listed)) + bytes(listed)
        if page == 1:
            return self._identify()
        contents = {2: self._capacity, 5: self._strings, 6: self._secured}
        values = contents[page]() if page in contents else b""
        return struct.pack("<Q", header) + values

    def _capacity(self) -> bytes:
        """Page 02h: addressable sectors, and their sizes."""
        identity = self._drive.identity
        exponent = (identity.physical_bytes // identity.sector_bytes).bit_length() - 1
        relation = _VALID | 1 << 62 | 1 << 61 | exponent << 16
        return struct.pack("<QQQ", _VALID | self._drive.capacity, relation, _VALID | identity.sector_bytes // 2)

    def _strings(self) -> bytes:
        """Page 05h: serial number, firmware revision, model number as ATA strings."""
        identity = self._drive.identity
        serial = ata_string(self._drive.state.serial, 20).ljust(24, b"\0")
        return serial + ata_string(identity.firmware, 8).ljust(16, b"\0") + ata_string(identity.model, 40)

    def _secured(self) -> bytes:
        """Page 06h: master password identifier, security status, erase times, what else guards the data."""
        drive = self._drive
        word = self._security.word_128
        status = word & 0x3F | (word >> 8 & 1) << 6
        minutes = erase_minutes(drive.faults) // 2 if drive.identity.security else 0
        enhanced = minutes if drive.identity.enhanced else 0
        encrypts = 1 if drive.identity.encrypts else 0
        times = (_VALID | enhanced, _VALID | minutes)
        return struct.pack(
            "<6Q", _VALID | drive.state.master_identifier, _VALID | status, *times, 0, _VALID | encrypts
        )
