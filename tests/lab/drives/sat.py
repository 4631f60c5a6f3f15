"""The SCSI to ATA translation (SAT-4): an ATA drive as the host's SCSI stack sees it."""

from __future__ import annotations

import struct
from dataclasses import replace

from tests.lab.drives import sense
from tests.lab.drives.ata import Ata
from tests.lab.drives.ata_task import ABRT, IDNF, UNC, Task
from tests.lab.drives.erasing import Clock
from tests.lab.drives.faults import DriveConfig
from tests.lab.drives.scsi_disk import Handler, Reply, ScsiDisk
from tests.lab.drives.sense import ILLEGAL_REQUEST, CheckCondition, Registers, Sense

_PASS_THROUGH_12, _PASS_THROUGH_16 = 0xA1, 0x85
_RESETS, _NON_DATA, _RETURN_RESPONSE = (0, 1, 8, 9), 3, 15
_PROTOCOLS = (3, 4, 5, 6, 7, 10, 11, 12)
_SIGNATURE = bytes((0x34, 0, 0x50, 0x01, 0x01, 0, 0, 0, 0, 0, 0, 0, 0x01, 0, 0, 0, 0, 0, 0, 0))


class AtaDisk(ScsiDisk):
    """An ATA drive behind a SATL; how that one returns the drive's registers is a fault of its own (`sense`)."""

    attached = b"ATA"

    def __init__(self, config: DriveConfig, clock: Clock | None = None) -> None:
        super().__init__(config, clock)
        self.ata = Ata(self)
        self._last = Registers()

    @property
    def capacity(self) -> int:
        """What HPA, DCO and AMA leave."""
        return self.ata.hidden.current

    def execute(self, cdb: bytes, data: bytes = b"") -> Reply:
        """ATA PASS-THROUGH can end with sense though nothing failed; the rest is any SCSI disk's."""
        if cdb[0] not in {_PASS_THROUGH_12, _PASS_THROUGH_16}:
            return super().execute(cdb, data)
        with self.lock:
            self.advance()
            try:
                return self._pass_through(cdb, data)
            except CheckCondition as e:
                return self.failed(e.sense)

    def erase_ended(self, how: str) -> None:
        """A sanitize's end is remembered; a security erase's is its command's."""
        self.ata.sanitize.ended(how)
        super().erase_ended(how)

    def check_access(self) -> None:
        """Locked: DATA PROTECT (SAT-4 11.6). During a sanitize the drive aborts, and its initiator tries in vain."""
        if self.ata.security.locked:
            raise CheckCondition(sense.DATA_PROTECT, sense.ACCESS_NOT_AUTHORIZED)
        if self.ata.medium_closed():
            raise CheckCondition(sense.ABORTED_COMMAND)

    def extra_vpd(self) -> dict[int, bytes]:
        """ATA Information (SAT-4 12.4.2): the SATL, the device's signature, IDENTIFY DEVICE and its data."""
        head = bytes(4) + b"LAB     " + b"SATL".ljust(16) + b"0001" + _SIGNATURE + bytes((0xEC, 0, 0, 0))
        return {0x89: head + self.ata.identify()}

    def current_sense(self) -> Sense:
        """The progress of a sanitize or of a self-test (SAT-4 8.10)."""
        erase = self.state.erase
        if erase is not None and self.ata.sanitize.running:
            return Sense(sense.NOT_READY, sense.SANITIZE_IN_PROGRESS, progress=erase.progress)
        test = self.self_tests.running
        if test is not None:
            done = min(int((1 - test.remaining) * 0x10000), 0xFFFF)
            return Sense(sense.NO_SENSE, sense.SELF_TEST_IN_PROGRESS, progress=done)
        return Sense(sense.NO_SENSE)

    def log_page(self, page: int) -> bytes | None:
        """Informational exceptions (SAT-4 10.2.3), and the list of pages."""
        if page == 0x2F:
            code = sense.PREDICTED_FAILURE if self.faults.smart_failing else (0, 0)
            return struct.pack(">HBB", 0, 0x03, 4) + bytes((*code, 33, 0))
        return bytes((0x00, 0x2F)) if page == 0 else None

    def _commands(self) -> dict[int, Handler]:
        def elsewhere(_cdb: bytes, _data: bytes) -> bytes:
            raise AssertionError("ATA PASS-THROUGH has its own way")

        return {**super()._commands(), **dict.fromkeys((_PASS_THROUGH_12, _PASS_THROUGH_16), elsewhere)}

    def _pass_through(self, cdb: bytes, data: bytes) -> Reply:
        protocol, wanted = cdb[1] >> 1 & 0x0F, bool(cdb[2] & 0x20)
        if protocol in _RESETS:
            return Reply()
        if protocol == _RETURN_RESPONSE:
            return self._with_registers(Sense(sense.RECOVERED, sense.ATA_INFORMATION, registers=self._last))
        if protocol not in _PROTOCOLS:
            raise CheckCondition(ILLEGAL_REQUEST, sense.INVALID_FIELD_IN_CDB)
        registers, found = self.ata.command(_task(cdb), data)
        if protocol == _NON_DATA:
            found = b""
        self._last = registers
        if registers.status & 1:
            return self._failed_registers(registers)
        if not wanted or self.faults.sense == "lost":
            return Reply(found)
        told = self._with_registers(Sense(sense.RECOVERED, sense.ATA_INFORMATION, registers=registers))
        return replace(told, data=found)

    def _failed_registers(self, registers: Registers) -> Reply:
        """An aborted command (SAT-4 11.3). libata's own sense is of the fixed format, with the status it makes up itself."""
        key, code = _translated(registers.error)
        if self.faults.sense == "lost":
            return Reply()
        if self.faults.sense == "libata":
            registers = replace(registers, status=registers.status & ~0x10)
        # The registers come first and alone: hdparm looks for their descriptor at the first place only.
        return self._with_registers(Sense(key, code, registers=registers), failed=True)

    def _with_registers(self, found: Sense, *, failed: bool = False) -> Reply:
        choice = {"descriptor": True, "libata": not failed or self.pages.descriptor}
        descriptor = choice.get(self.faults.sense, self.pages.descriptor)
        return Reply(status=sense.CHECK_CONDITION, sense=found.encode(descriptor=descriptor))


def _translated(error: int) -> tuple[int, tuple[int, int]]:
    """Sense key and code of an ATA error (SAT-4 table 177)."""
    if error & UNC:
        return sense.MEDIUM_ERROR, sense.UNRECOVERED_READ
    if error & IDNF and not error & ABRT:
        return ILLEGAL_REQUEST, sense.LBA_OUT_OF_RANGE
    return sense.ABORTED_COMMAND, (0, 0)


def _task(cdb: bytes) -> Task:
    """The registers that ATA PASS-THROUGH 12 and 16 carry (SAT-4 12.2.2, 12.2.3)."""
    if cdb[0] == _PASS_THROUGH_12:
        return Task(cdb[9], cdb[3], cdb[4], cdb[5] | cdb[6] << 8 | cdb[7] << 16, cdb[8])
    lba = cdb[8] | cdb[10] << 8 | cdb[12] << 16
    if not cdb[1] & 1:
        return Task(cdb[14], cdb[4], cdb[6], lba, cdb[13])
    high = cdb[7] | cdb[9] << 8 | cdb[11] << 16
    return Task(
        command=cdb[14],
        feature=cdb[3] << 8 | cdb[4],
        count=cdb[5] << 8 | cdb[6],
        lba=lba | high << 24,
        device=cdb[13],
        extend=True,
    )
