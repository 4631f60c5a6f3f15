"""SMART (ACS-4 4.20, 7.44; data structures of ATA8-ACS 7.52): attributes, status, self-test, its two oldest logs."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from tests.lab.drives.ata_task import Answer, AtaError, Task, checksum
from tests.lab.drives.drive import Drive
from tests.lab.drives.self_test import ABORTED_BY_HOST
from tests.lab.drives.state import SelfTest

_READ_DATA, _READ_THRESHOLDS, _AUTOSAVE, _EXECUTE, _READ_LOG = 0xD0, 0xD1, 0xD2, 0xD4, 0xD5
_ENABLE, _DISABLE, _RETURN_STATUS, _AUTO_OFFLINE = 0xD8, 0xD9, 0xDA, 0xDB
_KEY, _GOOD, _EXCEEDED = 0xC24F00, 0xC24F00, 0x2CF400
_SHORT, _EXTENDED, _CAPTIVE, _ABORT = 0x01, 0x02, 0x80, 0x7F
_DIRECTORY, _SUMMARY_ERRORS, _SELF_TESTS = 0x00, 0x01, 0x06


@dataclass(frozen=True)
class _Attribute:
    number: int
    flags: int
    value: int
    threshold: int
    raw: int


class Smart:
    """The feature set is on when the drive leaves the factory."""

    def __init__(self, drive: Drive) -> None:
        self._drive = drive
        self.enabled = True

    def command(self, task: Task) -> Answer:
        """SMART (B0h) by its FEATURE field; without its key in the LBA field it is aborted."""
        if task.lba & 0xFFFF00 != _KEY or (not self.enabled and task.feature != _ENABLE):
            raise AtaError
        if task.feature in {_AUTOSAVE, _AUTO_OFFLINE}:
            return Answer()
        if task.feature in {_ENABLE, _DISABLE}:
            self.enabled = task.feature == _ENABLE
            return Answer()
        if task.feature == _READ_DATA:
            return Answer(self._data())
        if task.feature == _READ_THRESHOLDS:
            return Answer(self._thresholds())
        if task.feature == _READ_LOG:
            return Answer(self.log(task.lba & 0xFF))
        if task.feature == _EXECUTE:
            return self._execute(task.lba & 0xFF)
        if task.feature == _RETURN_STATUS:
            return Answer(lba=_EXCEEDED if self._drive.faults.smart_failing else _GOOD)
        raise AtaError

    def log(self, address: int) -> bytes:
        """SMART READ LOG: the directory, the summary error log, the self-test log."""
        made = {
            _DIRECTORY: self._directory,
            _SUMMARY_ERRORS: self._summary_errors,
            _SELF_TESTS: self._self_test_log,
        }
        if address not in made:
            raise AtaError
        return made[address]()

    def _execute(self, kind: int) -> Answer:
        """SMART EXECUTE OFF-LINE IMMEDIATE: off-line tests go on in the background, captive ones are not offered."""
        tests = self._drive.self_tests
        if kind == _ABORT:
            tests.close(ABORTED_BY_HOST)
        elif kind in {_SHORT, _EXTENDED}:
            tests.begin(kind, self._drive.hours)
        elif kind != 0:
            raise AtaError
        return Answer()

    def _attributes(self) -> list[_Attribute]:
        drive = self._drive
        healed, pending = len(drive.state.healed), len(drive.medium.bad())
        worn = 1 if drive.faults.smart_failing else max(1, 100 - healed)
        return [
            _Attribute(5, 0x0033, worn, 10, 4711 if drive.faults.smart_failing else healed),
            _Attribute(9, 0x0032, 99, 0, drive.hours),
            _Attribute(12, 0x0032, 99, 0, drive.state.power_cycles),
            _Attribute(187, 0x0032, max(1, 100 - drive.state.error_count), 0, drive.state.error_count),
            _Attribute(194, 0x0022, 67, 0, 33),
            _Attribute(197, 0x0012, max(1, 100 - pending), 0, pending),
            _Attribute(198, 0x0010, max(1, 100 - pending), 0, pending),
            _Attribute(199, 0x003E, 200, 0, 0),
        ]

    def _data(self) -> bytes:
        """The Device SMART data structure: attributes, the self-test's status, what the device can do and how long it takes."""
        data = bytearray(512)
        struct.pack_into("<H", data, 0, 16)
        for number, each in enumerate(self._attributes()):
            entry = struct.pack("<BHBB", each.number, each.flags, each.value, each.value)
            data[2 + 12 * number : 14 + 12 * number] = entry + each.raw.to_bytes(6, "little") + b"\0"
        data[363] = self._test_status()
        # Off-line data collection: execute immediate, self-test; saves on power-down, autosave; error logging.
        data[367] = 0x11
        data[368:371] = (0x03, 0x00, 0x01)
        data[372:374] = (1, 2)
        return checksum(bytes(data))

    def _test_status(self) -> int:
        """Self-test execution status: how the last one ended, or tenths of the running one that remain."""
        tests = self._drive.self_tests
        if tests.running is not None:
            return 0xF0 | min(9, int(tests.running.remaining * 10))
        return tests.all[0].result << 4 if tests.all else 0

    def _thresholds(self) -> bytes:
        data = bytearray(512)
        struct.pack_into("<H", data, 0, 16)
        for number, each in enumerate(self._attributes()):
            data[2 + 12 * number : 4 + 12 * number] = (each.number, each.threshold)
        return checksum(bytes(data))

    @staticmethod
    def _directory() -> bytes:
        """Log directory (ACS-4 9.2): version 1, then a page count for each address."""
        data = bytearray(512)
        for address in (_DIRECTORY, _SUMMARY_ERRORS, _SELF_TESTS):
            data[2 * address] = 1
        return bytes(data)

    def _summary_errors(self) -> bytes:
        """The summary error log: the newest five unreadable sectors (ATA8-ACS A.16)."""
        state = self._drive.state
        data = bytearray(512)
        data[0] = 1
        for number, (sector, hours) in enumerate(state.errors):
            at = 2 + 90 * number
            low = sector.to_bytes(4, "little")
            data[at + 48 : at + 60] = (0, 0, 1, *low[:3], 0x40 | low[3], 0x24, 0, 0, 0, 0)
            data[at + 60 : at + 68] = (0, 0x40, 1, *low[:3], 0x40 | low[3], 0x51)
            struct.pack_into("<BH", data, at + 87, 0x03, hours)
        data[1] = len(state.errors)
        struct.pack_into("<H", data, 452, state.error_count)
        return checksum(bytes(data))

    def _self_test_log(self) -> bytes:
        """The self-test log: a ring of 21, the index at the newest (ATA8-ACS A.14)."""
        data = bytearray(512)
        data[0] = 1
        oldest_first = list(reversed(self._drive.self_tests.all))
        for number, test in enumerate(oldest_first):
            data[2 + 24 * number : 26 + 24 * number] = _entry(test).ljust(24, b"\0")
        data[508] = len(oldest_first)
        return checksum(bytes(data))


def _entry(test: SelfTest) -> bytes:
    sector = 0xFFFFFFFF if test.sector is None else test.sector & 0xFFFFFFFF
    return struct.pack("<BBHBI", test.kind, test.result << 4, test.hours & 0xFFFF, 0, sector)
