"""A SAS drive: SANITIZE and FORMAT UNIT with their progress, self-tests and log pages (SBC-4, SPC-5)."""

from __future__ import annotations

import struct

from tests.lab.drives import faults as fault
from tests.lab.drives import sense
from tests.lab.drives.faults import BLOCK, CRYPTO, FORMAT, OVERWRITE
from tests.lab.drives.scsi_disk import Handler, ScsiDisk
from tests.lab.drives.scsi_pages import Operation, sanitize_operations
from tests.lab.drives.self_test import ABORTED_BY_HOST, READ_FAILED
from tests.lab.drives.sense import ILLEGAL_REQUEST, CheckCondition, Sense
from tests.lab.drives.state import COMPLETED, FAILED, NEVER, RUNNING, Erase

_ACTIONS = {0x01: OVERWRITE, 0x02: BLOCK, 0x03: CRYPTO}
_EXIT_FAILURE_MODE = 0x1F
_PAGES = (0x00, 0x02, 0x03, 0x05, 0x06, 0x0D, 0x0E, 0x10, 0x15, 0x2F)
_ABORT = 4


class SasDisk(ScsiDisk):
    """The logical unit of a SAS drive."""

    def _commands(self) -> dict[int, Handler]:
        return {
            **super()._commands(),
            0x04: self._format_unit,
            0x37: self._read_defect_data,
            0x48: self._sanitize,
            0xB7: self._read_defect_data,
        }

    def operations(self) -> list[Operation]:
        """With each SANITIZE service action that the drive has."""
        return super().operations() + sanitize_operations(self.identity)

    def check_access(self) -> None:
        """No medium access during a sanitize and after one that failed, nor while formatting (SBC-4 4.11.3, 4.11.4)."""
        erase = self.state.erase
        if erase is not None and not self._hidden(erase):
            raise CheckCondition(sense.NOT_READY, self._in_progress(erase), progress=erase.progress)
        if self.state.sanitize == FAILED:
            raise CheckCondition(sense.MEDIUM_ERROR, sense.SANITIZE_FAILED)
        if not self.state.formatted:
            raise CheckCondition(sense.MEDIUM_ERROR, sense.FORMAT_FAILED)

    def current_sense(self) -> Sense:
        """The progress of what runs; the failure of what ran; a predicted failure (SBC-4 4.11.3, SPC-5 5.12)."""
        erase = self.state.erase
        if erase is not None and not self._hidden(erase):
            return Sense(sense.NOT_READY, self._in_progress(erase), progress=erase.progress)
        if self.state.sanitize == FAILED:
            return Sense(sense.MEDIUM_ERROR, sense.SANITIZE_FAILED)
        test = self.self_tests.running
        if test is not None:
            done = min(int((1 - test.remaining) * 0x10000), 0xFFFF)
            return Sense(sense.NO_SENSE, sense.SELF_TEST_IN_PROGRESS, progress=done)
        return Sense(sense.NO_SENSE)

    def erase_ended(self, how: str) -> None:
        """A failed sanitize is remembered for its failure mode; a forgetful drive remembers nothing."""
        if self.state.sanitize == RUNNING:
            self.state.sanitize = NEVER if self.faults.forgets_status else how
        self.state.formatted = self.state.formatted or how == COMPLETED
        super().erase_ended(how)

    @staticmethod
    def _in_progress(erase: Erase) -> tuple[int, int]:
        return sense.FORMAT_IN_PROGRESS if erase.technique == FORMAT else sense.SANITIZE_IN_PROGRESS

    def _hidden(self, erase: Erase) -> bool:
        """Whether the drive lies about the erase that it is still at."""
        return erase.technique != FORMAT and (self.faults.completes_at_once or self.faults.forgets_status)

    def _sanitize(self, cdb: bytes, data: bytes) -> bytes:
        """SANITIZE (SBC-4 5.37): IMMED, AUSE, and one of its service actions."""
        action, immediate = cdb[1] & 0x1F, bool(cdb[1] & 0x80)
        if self.state.erase is not None:
            raise CheckCondition(
                sense.NOT_READY, self._in_progress(self.state.erase), progress=self.state.erase.progress
            )
        if action == _EXIT_FAILURE_MODE:
            return self._exit_failure_mode()
        technique = _ACTIONS.get(action)
        if technique is None or technique not in self.identity.sanitize:
            raise CheckCondition(ILLEGAL_REQUEST, sense.INVALID_FIELD_IN_CDB)
        length = int.from_bytes(cdb[7:9], "big")
        if technique != OVERWRITE and length:
            raise CheckCondition(ILLEGAL_REQUEST, sense.INVALID_FIELD_IN_CDB)
        values = self._overwrite_values(data[:length]) if technique == OVERWRITE else [self._value(technique)]
        if self.faults.of(technique) == fault.REFUSES:
            raise CheckCondition(sense.ABORTED_COMMAND)
        self.state.sanitize, self.state.failure_mode = RUNNING, bool(cdb[1] & 0x20)
        self.medium.flush()
        self.eraser.begin(Erase(technique, values, self.reach(), failure_mode=self.state.failure_mode))
        if not immediate and self.wait_for_erase() == FAILED:
            raise CheckCondition(sense.MEDIUM_ERROR, sense.SANITIZE_FAILED)
        return b""

    def _value(self, technique: str) -> str:
        return self.faults.crypto_value if technique == CRYPTO else self.faults.sanitize_value

    def _overwrite_values(self, data: bytes) -> list[str]:
        """The overwrite service action's parameter list (SBC-4 table 92): INVERT, OVERWRITE COUNT, the pattern."""
        if len(data) < 5:
            raise CheckCondition(ILLEGAL_REQUEST, sense.LIST_LENGTH_ERROR)
        count, length = data[0] & 0x1F, int.from_bytes(data[2:4], "big")
        pattern = data[4 : 4 + length]
        if not count or not length or length > self.identity.sector_bytes or len(pattern) != length:
            raise CheckCondition(ILLEGAL_REQUEST, sense.INVALID_FIELD_IN_LIST)
        inverted = bytes(each ^ 0xFF for each in pattern)
        return [(inverted if data[0] & 0x80 and turn % 2 else pattern).hex() for turn in range(count)]

    def _exit_failure_mode(self) -> bytes:
        """Only where the failed sanitize had AUSE set (SBC-4 5.37.5)."""
        if self.state.sanitize == FAILED:
            if not self.state.failure_mode:
                raise CheckCondition(sense.MEDIUM_ERROR, sense.SANITIZE_FAILED)
            self.state.sanitize = NEVER
            self.state.save()
        return b""

    def _format_unit(self, cdb: bytes, data: bytes) -> bytes:
        """FORMAT UNIT (SBC-4 5.4): IMMED is in the parameter list's header; the geometry stays as it is."""
        if self.state.erase is not None or self.state.sanitize == FAILED:
            self.check_access()
        if self.faults.of(FORMAT) == fault.REFUSES:
            raise CheckCondition(sense.ABORTED_COMMAND)
        immediate = bool(cdb[1] & 0x10) and len(data) > 1 and bool(data[1] & 0x02)
        self.state.formatted = False
        self.eraser.begin(Erase(FORMAT, [self.faults.sanitize_value], self.medium.sectors))
        if not immediate and self.wait_for_erase() == FAILED:
            raise CheckCondition(sense.MEDIUM_ERROR, sense.FORMAT_FAILED)
        return b""

    def _read_defect_data(self, cdb: bytes, _data: bytes) -> bytes:
        """READ DEFECT DATA (SBC-4 5.23, 5.24): the grown list in long block format, none from the factory."""
        grown = self.state.healed if cdb[1 if cdb[0] == 0xB7 else 2] & 0x08 else []
        listed = b"".join(struct.pack(">Q", each) for each in grown)
        flags = cdb[1 if cdb[0] == 0xB7 else 2] & 0x18 | 0x03
        if cdb[0] == 0xB7:
            return (struct.pack(">BBHI", 0, flags, 0, len(listed)) + listed)[: int.from_bytes(cdb[6:10], "big")]
        return (struct.pack(">BBH", 0, flags, len(listed)) + listed)[: int.from_bytes(cdb[7:9], "big")]

    def _send_diagnostic(self, cdb: bytes, _data: bytes) -> bytes:
        """SEND DIAGNOSTIC (SPC-5 6.42): background self-tests; the default self-test always passes."""
        code = cdb[1] >> 5
        if code == _ABORT:
            self.self_tests.close(ABORTED_BY_HOST)
        elif code:
            self.check_access()
            self.self_tests.begin(code, self.hours)
        return b""

    def log_page(self, page: int) -> bytes | None:
        """The log pages that smartctl reads of a SAS drive (SPC-5 7.3, SBC-4 6.4)."""
        if page == 0:
            return bytes(_PAGES)
        if page in {0x02, 0x03, 0x05}:
            uncorrected = self.state.error_count if page == 0x03 else 0
            return b"".join(
                _parameter(code, struct.pack(">Q", n)) for code, n in ((0, 0), (3, 0), (6, uncorrected))
            )
        if page == 0x10:
            return self._self_test_log()
        if page == 0x15:
            minutes = struct.pack(">I", self.hours * 60)
            return _parameter(0, minutes + bytes(8))
        plain = {
            0x06: _parameter(0, struct.pack(">Q", 0)),
            0x0D: _parameter(0, bytes((0, 33))) + _parameter(1, bytes((0, 60))),
            0x0E: _parameter(3, struct.pack(">I", 10000))
            + _parameter(4, struct.pack(">I", self.state.power_cycles)),
            0x2F: _parameter(0, bytes((*(sense.PREDICTED_FAILURE if self.faults.smart_failing else (0, 0)), 33))),
        }
        return plain.get(page)

    def _self_test_log(self) -> bytes:
        """Twenty parameters, the newest first; unused ones are zero (SPC-5 7.3.21)."""
        running = self.self_tests.running
        tests = [*([running] if running else []), *self.self_tests.all]
        found = b""
        for number in range(20):
            values = bytes(16)
            if number < len(tests):
                test = tests[number]
                sector = 0xFFFFFFFFFFFFFFFF if test.sector is None else test.sector
                code = (3, 0x11, 0x00) if test.result == READ_FAILED else (0, 0, 0)
                values = struct.pack(">BBHQBBBB", test.kind << 5 | test.result, 0, test.hours, sector, *code, 0)
            found += _parameter(number + 1, values)
        return found


def _parameter(code: int, values: bytes) -> bytes:
    """A log parameter, binary format list (SPC-5 7.3.2.2)."""
    return struct.pack(">HBB", code, 0x03, len(values)) + values
