"""Hidden areas: HPA (ACS-2 4.11), DCO (ACS-2 4.6), Accessible Max Address Configuration (ACS-4 4.4)."""

from __future__ import annotations

import struct

from tests.lab.drives.ata_task import IDNF, Answer, AtaError, Task, checksum
from tests.lab.drives.drive import Drive

READ_NATIVE_MAX, READ_NATIVE_MAX_EXT = 0xF8, 0x27
SET_MAX, SET_MAX_EXT = 0xF9, 0x37
_DCO_RESTORE, _DCO_FREEZE, _DCO_IDENTIFY, _DCO_SET = 0xC0, 0xC1, 0xC2, 0xC3
_AMA_GET, _AMA_SET, _AMA_FREEZE = 0, 1, 2
_SET_MAX_FREEZE = 4
_NON_VOLATILE = 0x01
_28_BIT = 0x0FFFFFFF


class HiddenAreas:
    """Three sizes: what the medium has, what DCO leaves of it (native), what HPA or AMA leaves of that (current)."""

    def __init__(self, drive: Drive) -> None:
        self._drive = drive
        self._state = drive.state
        self.current = drive.state.current
        self._set_since_power_on = False
        self._max_frozen = self._dco_frozen = self._ama_frozen = False

    def native_max(self, task: Task) -> Answer:
        """READ NATIVE MAX ADDRESS, EXT: the last sector that a host may make its own."""
        if not self._drive.identity.hpa:
            raise AtaError
        last = self._state.native - 1
        if task.extend:
            return Answer(lba=last)
        last = min(last, _28_BIT)
        return Answer(lba=last & 0xFFFFFF, device=0x40 | last >> 24)

    def set_max(self, task: Task, before: Task | None) -> Answer:
        """SET MAX ADDRESS, EXT: right after READ NATIVE MAX ADDRESS, and for good only once per power-on."""
        if not self._drive.identity.hpa or self._max_frozen:
            raise AtaError
        after_native = before is not None and before.command in {READ_NATIVE_MAX, READ_NATIVE_MAX_EXT}
        if task.command == SET_MAX and task.feature == _SET_MAX_FREEZE and not after_native:
            self._max_frozen = True
            return Answer()
        sectors = task.address + 1
        if not after_native or (self._drive.faults.refuses_restore and sectors > self.current):
            raise AtaError
        lasting = bool(task.count & _NON_VOLATILE)
        if sectors > self._state.native or (lasting and self._set_since_power_on):
            raise AtaError(IDNF)
        self.current = sectors
        if lasting:
            self._set_since_power_on = True
            self._state.current = sectors
            self._state.save()
        return Answer(lba=task.lba, device=task.device)

    def configuration(self, task: Task, data: bytes) -> Answer:
        """DEVICE CONFIGURATION OVERLAY (B1h); nothing of it while a protected area is set."""
        if not self._drive.identity.dco or self._dco_frozen:
            raise AtaError
        if task.feature == _DCO_IDENTIFY:
            return Answer(self._dco_identify())
        if task.feature == _DCO_FREEZE:
            self._dco_frozen = True
            return Answer()
        if task.feature not in {_DCO_RESTORE, _DCO_SET} or self.current < self._state.native:
            raise AtaError
        native = self._drive.medium.sectors
        if task.feature == _DCO_SET:
            native = min(native, int.from_bytes(data[6:14], "little") + 1)
        elif self._drive.faults.refuses_restore:
            raise AtaError
        self._state.native = self._state.current = self.current = native
        self._state.save()
        return Answer()

    def accessible_max(self, task: Task) -> Answer:
        """ACCESSIBLE MAX ADDRESS CONFIGURATION (78h); the address can be set once per power-on."""
        if not self._drive.identity.ama:
            raise AtaError
        if task.feature == _AMA_GET:
            return Answer(lba=self._state.native - 1)
        if task.feature == _AMA_FREEZE:
            self._ama_frozen = True
            return Answer()
        sectors = task.lba + 1
        grows = sectors > self.current and self._drive.faults.refuses_restore
        if task.feature != _AMA_SET or self._ama_frozen or self._set_since_power_on or grows:
            raise AtaError
        if sectors > self._state.native:
            raise AtaError(IDNF)
        self._set_since_power_on = True
        self._state.current = self.current = sectors
        self._state.save()
        return Answer()

    def _dco_identify(self) -> bytes:
        """DEVICE CONFIGURATION IDENTIFY data (ACS-2 7.10.3): what the drive had when it was made."""
        data = struct.pack("<HHHQHH", 2, 0x0007, 0x007F, self._drive.medium.sectors - 1, 0x018F, 0)
        return checksum(data.ljust(510, b"\0") + b"\xa5\0")
