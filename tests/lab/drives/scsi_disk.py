"""A SCSI disk: the commands that every one has (SPC-5, SBC-4); what is special to SAS or to ATA comes in its subclasses."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from tests.lab.drives import scsi_pages, sense
from tests.lab.drives.drive import Drive
from tests.lab.drives.erasing import Clock
from tests.lab.drives.faults import DriveConfig
from tests.lab.drives.medium import MediaError
from tests.lab.drives.scsi_pages import ModePages, Names, Operation
from tests.lab.drives.sense import CHECK_CONDITION, GOOD, ILLEGAL_REQUEST, CheckCondition, Sense


@dataclass(frozen=True)
class Reply:
    """How a command ended."""

    data: bytes = b""
    status: int = GOOD
    sense: bytes = b""


Handler = Callable[[bytes, bytes], bytes]


class ScsiDisk(Drive):
    """One logical unit."""

    attached = b""

    def __init__(self, config: DriveConfig, clock: Clock | None = None) -> None:
        super().__init__(config, clock)
        self.pages = ModePages(
            write_cache=self.state.write_cache, sense_choice=not self.faults.refuses_sense_choice
        )
        self._handlers = self._commands()

    @property
    def names(self) -> Names:
        """What INQUIRY shows."""
        return Names(self.attached or self.identity.vendor.encode(), self.identity, self.state.serial)

    def execute(self, cdb: bytes, data: bytes = b"") -> Reply:
        """Carry out one command; commands of several initiators wait for each other."""
        with self.lock:
            self.advance()
            try:
                handler = self._handlers.get(cdb[0])
                if handler is None:
                    raise CheckCondition(ILLEGAL_REQUEST, sense.INVALID_OPCODE)
                return Reply(handler(cdb, data))
            except CheckCondition as e:
                return self.failed(e.sense)

    def failed(self, found: Sense) -> Reply:
        """CHECK CONDITION in the format that the host chose."""
        return Reply(status=CHECK_CONDITION, sense=found.encode(descriptor=self.pages.descriptor))

    def check_access(self) -> None:
        """Raise where the drive lets nobody to its medium now."""

    def _commands(self) -> dict[int, Handler]:
        """What each operation code does."""
        read, write, nothing = self._read, self._write, self._nothing
        return {
            0x00: self._test_unit_ready,
            0x03: self._request_sense,
            0x12: self._inquiry,
            0x15: self._mode_select,
            0x1A: self._mode_sense,
            0x1B: nothing,
            0x1D: self._send_diagnostic,
            0x1E: nothing,
            0x25: self._read_capacity,
            0x35: self._synchronize,
            0x41: self._write_same,
            0x42: self._unmap,
            0x4D: self._log_sense,
            0x55: self._mode_select,
            0x5A: self._mode_sense,
            0x91: self._synchronize,
            0x93: self._write_same,
            0x9E: self._service_action_in,
            0xA0: self._report_luns,
            0xA3: self._maintenance_in,
            **dict.fromkeys((0x08, 0x28, 0xA8, 0x88), read),
            **dict.fromkeys((0x0A, 0x2A, 0xAA, 0x8A, 0x2E, 0x8E), write),
            **dict.fromkeys((0x2F, 0x8F), self._verify),
        }

    def operations(self) -> list[Operation]:
        """What REPORT SUPPORTED OPERATION CODES lists."""
        actions = {0x9E: 0x10, 0xA3: 0x0C}
        absent = {0x48} if self.identity.trim else {0x42, 0x48}
        return [Operation(code, actions.get(code)) for code in self._handlers if code not in absent]

    def extra_vpd(self) -> dict[int, bytes]:
        """Contents of further VPD pages."""
        return {}

    def log_page(self, page: int) -> bytes | None:
        """A log page's parameters; None where the drive has no such page."""
        return b"" if page == 0 else None

    def current_sense(self) -> Sense:
        """What REQUEST SENSE tells while no command failed."""
        return Sense(sense.NO_SENSE)

    # Commands; each takes the CDB and what was sent, and returns what is to be sent back.

    def _nothing(self, _cdb: bytes, _data: bytes) -> bytes:
        return b""

    def _test_unit_ready(self, _cdb: bytes, _data: bytes) -> bytes:
        self.check_access()
        return b""

    def _request_sense(self, cdb: bytes, _data: bytes) -> bytes:
        return self.current_sense().encode(descriptor=bool(cdb[1] & 1))[: cdb[4]]

    def _inquiry(self, cdb: bytes, _data: bytes) -> bytes:
        length = int.from_bytes(cdb[3:5], "big")
        if cdb[1] & 1:
            return scsi_pages.vpd(cdb[2], self.names, self.extra_vpd())[:length]
        if cdb[2]:
            raise CheckCondition(ILLEGAL_REQUEST, sense.INVALID_FIELD_IN_CDB)
        return scsi_pages.inquiry(self.names)[:length]

    def _mode_sense(self, cdb: bytes, _data: bytes) -> bytes:
        length = int.from_bytes(cdb[7:9], "big") if cdb[0] == 0x5A else cdb[4]
        return self.pages.sense(cdb, self.capacity, self.identity.sector_bytes)[:length]

    def _mode_select(self, cdb: bytes, data: bytes) -> bytes:
        length = int.from_bytes(cdb[7:9], "big") if cdb[0] == 0x55 else cdb[4]
        self.pages.select(cdb, data[:length])
        self.set_write_cache(on=self.pages.write_cache)
        return b""

    def set_write_cache(self, *, on: bool) -> None:
        """Turn the write cache on or off; what it holds goes to the medium first."""
        if not on:
            self.medium.flush()
        self.pages.write_cache = self.state.write_cache = on
        self.state.save()

    def _send_diagnostic(self, _cdb: bytes, _data: bytes) -> bytes:
        return b""

    def _read_capacity(self, _cdb: bytes, _data: bytes) -> bytes:
        return struct.pack(">II", min(self.capacity - 1, 0xFFFFFFFF), self.identity.sector_bytes)

    def _service_action_in(self, cdb: bytes, _data: bytes) -> bytes:
        """READ CAPACITY 16 (SBC-4 5.21)."""
        if cdb[1] & 0x1F != 0x10:
            raise CheckCondition(ILLEGAL_REQUEST, sense.INVALID_FIELD_IN_CDB)
        exponent = (self.identity.physical_bytes // self.identity.sector_bytes).bit_length() - 1
        provisioned = 0xC000 if self.identity.trim else 0
        data = struct.pack(">QIBBH", self.capacity - 1, self.identity.sector_bytes, 0, exponent, provisioned)
        return data.ljust(32, b"\0")[: int.from_bytes(cdb[10:14], "big")]

    def _report_luns(self, cdb: bytes, _data: bytes) -> bytes:
        return struct.pack(">IIQ", 8, 0, 0)[: int.from_bytes(cdb[6:10], "big")]

    def _maintenance_in(self, cdb: bytes, _data: bytes) -> bytes:
        if cdb[1] & 0x1F != 0x0C:
            raise CheckCondition(ILLEGAL_REQUEST, sense.INVALID_FIELD_IN_CDB)
        return scsi_pages.supported_operations(cdb, self.operations())[: int.from_bytes(cdb[6:10], "big")]

    def _log_sense(self, cdb: bytes, _data: bytes) -> bytes:
        page = cdb[2] & 0x3F
        found = self.log_page(page) if cdb[3] == 0 else None
        if found is None:
            raise CheckCondition(ILLEGAL_REQUEST, sense.INVALID_FIELD_IN_CDB)
        return (struct.pack(">BBH", page, 0, len(found)) + found)[: int.from_bytes(cdb[7:9], "big")]

    def _read(self, cdb: bytes, _data: bytes) -> bytes:
        first, count = self._range(cdb)
        try:
            return self.medium.read(first, count)
        except MediaError as e:
            self.note_error(e.sector)
            raise CheckCondition(sense.MEDIUM_ERROR, sense.UNRECOVERED_READ, e.sector) from e

    def _verify(self, cdb: bytes, data: bytes) -> bytes:
        """VERIFY (SBC-4 5.36): BYTCHK 01b compares with what is sent."""
        first, count = self._range(cdb)
        bad = self.medium.verify(first, count)
        if bad is not None:
            raise CheckCondition(sense.MEDIUM_ERROR, sense.UNRECOVERED_READ, bad)
        if cdb[1] >> 1 & 3 == 1 and self.medium.read(first, count) != data:
            raise CheckCondition(sense.MISCOMPARE, sense.MISCOMPARE_DURING_VERIFY)
        return b""

    def _write(self, cdb: bytes, data: bytes) -> bytes:
        first, count = self._range(cdb)
        through = cdb[0] in {0x2E, 0x8E} or (cdb[0] != 0x0A and bool(cdb[1] & 0x08))
        self._store(first, data[: count * self.identity.sector_bytes], through=through)
        return b""

    def _store(self, first: int, data: bytes, *, through: bool) -> None:
        try:
            self.medium.write(first, data, through=through)
        except MediaError as e:
            raise CheckCondition(sense.MEDIUM_ERROR, sense.WRITE_ERROR, e.sector) from e

    def _write_same(self, cdb: bytes, data: bytes) -> bytes:
        """WRITE SAME (SBC-4 5.50): UNMAP deallocates; a length of 0 means to the end."""
        first, count = self._range(cdb)
        count = count or self.capacity - first
        none_sent = cdb[0] == 0x93 and cdb[1] & 1
        # ANCHOR is not offered; exactly one block is sent, or none with NDOB.
        if cdb[1] & 0x10 or (not none_sent and len(data) != self.identity.sector_bytes):
            raise CheckCondition(ILLEGAL_REQUEST, sense.INVALID_FIELD_IN_CDB)
        if cdb[1] & 0x08:
            if not self.identity.trim:
                raise CheckCondition(ILLEGAL_REQUEST, sense.INVALID_FIELD_IN_CDB)
            self.medium.trim(first, count)
            return b""
        block = bytes(self.identity.sector_bytes) if none_sent else data
        self._store(first, block * count, through=False)
        return b""

    def _unmap(self, _cdb: bytes, data: bytes) -> bytes:
        """UNMAP (SBC-4 5.35)."""
        self.check_access()
        if not self.identity.trim:
            raise CheckCondition(ILLEGAL_REQUEST, sense.INVALID_OPCODE)
        for at in range(8, min(8 + int.from_bytes(data[2:4], "big"), len(data) - 15), 16):
            first, count = struct.unpack_from(">QI", data, at)
            if first + count > self.capacity:
                raise CheckCondition(ILLEGAL_REQUEST, sense.LBA_OUT_OF_RANGE)
            self.medium.trim(first, count)
        return b""

    def _synchronize(self, _cdb: bytes, _data: bytes) -> bytes:
        self.check_access()
        self.medium.flush()
        return b""

    def _range(self, cdb: bytes) -> tuple[int, int]:
        """First block and number of blocks, once the host may reach them."""
        self.check_access()
        first, count = block_range(cdb)
        # No protection information here: RDPROTECT, WRPROTECT and VRPROTECT are zero.
        if cdb[0] >> 5 and cdb[1] & 0xE0:
            raise CheckCondition(ILLEGAL_REQUEST, sense.INVALID_FIELD_IN_CDB)
        if first + count > self.capacity:
            raise CheckCondition(ILLEGAL_REQUEST, sense.LBA_OUT_OF_RANGE)
        return first, count


def block_range(cdb: bytes) -> tuple[int, int]:
    """LBA and TRANSFER LENGTH of a block command, by its CDB's length (SBC-4 5)."""
    group = cdb[0] >> 5
    if group == 0:
        return int.from_bytes(cdb[1:4], "big") & 0x1FFFFF, cdb[4] or 256
    if group == 4:
        return int.from_bytes(cdb[2:10], "big"), int.from_bytes(cdb[10:14], "big")
    if group == 5:
        return int.from_bytes(cdb[2:6], "big"), int.from_bytes(cdb[6:10], "big")
    return int.from_bytes(cdb[2:6], "big"), int.from_bytes(cdb[7:9], "big")
