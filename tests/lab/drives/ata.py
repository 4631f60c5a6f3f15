"""An ATA drive (ACS-4): each command to the feature set that has it, unless the drive's state forbids it."""

from __future__ import annotations

import struct
from collections.abc import Callable

from tests.lab.drives import ata_hidden as hidden
from tests.lab.drives import ata_sanitize as sanitize
from tests.lab.drives import ata_security as security
from tests.lab.drives.ata_hidden import HiddenAreas
from tests.lab.drives.ata_identify import Now, identify
from tests.lab.drives.ata_logs import DURING_SANITIZE, Logs
from tests.lab.drives.ata_sanitize import Sanitize
from tests.lab.drives.ata_security import Security
from tests.lab.drives.ata_smart import Smart
from tests.lab.drives.ata_task import ABRT, IDNF, UNC, Answer, AtaError, Task
from tests.lab.drives.drive import Drive
from tests.lab.drives.medium import MediaError
from tests.lab.drives.sense import Registers

IDENTIFY, SMART, SANITIZE, CONFIGURATION, ACCESSIBLE_MAX = 0xEC, 0xB0, 0xB4, 0xB1, 0x78
CHECK_POWER, SET_FEATURES, TRIM = 0xE5, 0xEF, 0x06
_FLUSH, _FLUSH_EXT = 0xE7, 0xEA
_READ_LOGS = (0x2F, 0x47)
_READS, _READS_EXT = (0x20, 0x21, 0xC8), (0x24, 0x25)
_WRITES, _WRITES_EXT, _WRITE_FUA = (0x30, 0x31, 0xCA), (0x34, 0x35, 0x3D), 0x3D
_VERIFIES = (0x40, 0x42)
_POWER = (0xE0, 0xE1, 0xE2, 0xE3, 0xE6)
_CACHE_ON, _CACHE_OFF = 0x02, 0x82
_READY, _FAILED = 0x50, 0x51
_RETURN_STATUS = 0xDA

_MEDIUM = (*_READS, *_READS_EXT, *_WRITES, *_WRITES_EXT, *_VERIFIES, TRIM, _FLUSH, _FLUSH_EXT)
_WHILE_LOCKED_REFUSED = (
    *_MEDIUM,
    *(hidden.SET_MAX, hidden.SET_MAX_EXT, hidden.READ_NATIVE_MAX, hidden.READ_NATIVE_MAX_EXT),
    *(CONFIGURATION, ACCESSIBLE_MAX),
)

Handler = Callable[[Task, bytes], Answer]


class Ata:
    """The device behind the SATL: commands one at a time, as its registers allow no more."""

    def __init__(self, drive: Drive) -> None:
        self._drive = drive
        self.security = Security(drive)
        self.sanitize = Sanitize(drive)
        self.hidden = HiddenAreas(drive)
        self.smart = Smart(drive)
        self._logs = Logs(drive, self.security, self.identify)
        self._before: Task | None = None
        self._handlers = self._commands()

    def command(self, task: Task, data: bytes = b"") -> tuple[Registers, bytes]:
        """Carry one out: the registers as it leaves them, and its data."""
        before, self._before = self._before, task
        try:
            answer = self._carry_out(task, data, before)
        except AtaError as e:
            return Registers(_FAILED, e.error, task.device, e.count, e.lba, task.extend), b""
        device = answer.device or task.device
        return Registers(_READY, 0, device, answer.count, answer.lba, task.extend), answer.data

    def identify(self) -> bytes:
        """IDENTIFY DEVICE data as they are now."""
        drive = self._drive
        now = Now(
            serial=drive.state.serial,
            sectors=self.hidden.current,
            sanitize=self.sanitize.word_59,
            security=self.security.word_128,
            master_identifier=drive.state.master_identifier,
            write_cache=drive.state.write_cache,
            smart=self.smart.enabled,
        )
        return identify(drive.identity, drive.faults, now)

    def medium_closed(self) -> bool:
        """Whether a sanitize, or one that failed, keeps everybody from the medium."""
        return self.sanitize.running or self.sanitize.failed

    def _carry_out(self, task: Task, data: bytes, before: Task | None) -> Answer:
        handler = self._handlers.get(task.command)
        if handler is None or self._forbidden(task):
            raise AtaError
        if task.command in range(security.SET_PASSWORD, security.DISABLE + 1):
            return self.security.command(task, data, before)
        if task.command in {hidden.SET_MAX, hidden.SET_MAX_EXT}:
            return self.hidden.set_max(task, before)
        return handler(task, data)

    def _forbidden(self, task: Task) -> bool:
        """What the state of the security (ACS-4 table 13) and of the sanitize (ACS-4 4.16.8) let nobody do."""
        if self.security.locked:
            starts = task.command == SANITIZE and task.feature != sanitize.STATUS
            if starts or task.command in _WHILE_LOCKED_REFUSED:
                return True
        if not self.medium_closed() or task.command in {IDENTIFY, CHECK_POWER, SANITIZE}:
            return False
        if task.command in _READ_LOGS:
            return task.lba & 0xFF not in DURING_SANITIZE
        return not (task.command == SMART and task.feature == _RETURN_STATUS)

    def _commands(self) -> dict[int, Handler]:
        def nothing(_task: Task, _data: bytes) -> Answer:
            return Answer()

        return {
            IDENTIFY: lambda _task, _data: Answer(self.identify()),
            SANITIZE: lambda task, _data: self.sanitize.command(task),
            SMART: lambda task, _data: self.smart.command(task),
            CONFIGURATION: self.hidden.configuration,
            ACCESSIBLE_MAX: lambda task, _data: self.hidden.accessible_max(task),
            CHECK_POWER: lambda _task, _data: Answer(count=0xFF),
            SET_FEATURES: self._set_features,
            TRIM: self._trim,
            hidden.READ_NATIVE_MAX: lambda task, _data: self.hidden.native_max(task),
            hidden.READ_NATIVE_MAX_EXT: lambda task, _data: self.hidden.native_max(task),
            **dict.fromkeys((hidden.SET_MAX, hidden.SET_MAX_EXT), nothing),
            **dict.fromkeys(range(security.SET_PASSWORD, security.DISABLE + 1), nothing),
            **dict.fromkeys(_READ_LOGS, lambda task, _data: self._logs.command(task)),
            **dict.fromkeys((_FLUSH, _FLUSH_EXT), self._flush),
            **dict.fromkeys((*_READS, *_READS_EXT), self._read),
            **dict.fromkeys((*_WRITES, *_WRITES_EXT), self._write),
            **dict.fromkeys(_VERIFIES, self._verify),
            **dict.fromkeys(_POWER, self._flush),
        }

    def _flush(self, _task: Task, _data: bytes) -> Answer:
        self._drive.medium.flush()
        return Answer()

    def _set_features(self, task: Task, _data: bytes) -> Answer:
        """SET FEATURES (ACS-4 7.41): the write cache; look-ahead and transfer modes make no difference here."""
        if task.feature in {_CACHE_ON, _CACHE_OFF}:
            if task.feature == _CACHE_OFF:
                self._drive.medium.flush()
            self._drive.state.write_cache = task.feature == _CACHE_ON
            self._drive.state.save()
        elif task.feature not in {0x03, 0x05, 0x55, 0x66, 0x85, 0xAA, 0xCC}:
            raise AtaError
        return Answer()

    def _trim(self, task: Task, data: bytes) -> Answer:
        """DATA SET MANAGEMENT, TRIM (ACS-4 7.5): ranges of 48 bits of LBA and 16 of length; an empty one says nothing."""
        if not self._drive.identity.trim or not task.feature & 1:
            raise AtaError
        ranges = [divmod(entry[0], 1 << 48)[::-1] for entry in struct.iter_unpack("<Q", data[: len(data) // 8 * 8])]
        for first, count in ranges:
            if count and first + count > self.hidden.current:
                raise AtaError(IDNF)
        for first, count in ranges:
            self._drive.medium.trim(first, count)
        return Answer()

    def _range(self, task: Task) -> tuple[int, int]:
        first = task.address
        count = task.count or (0x10000 if task.extend else 0x100)
        if first + count > self.hidden.current:
            raise AtaError(IDNF | ABRT, lba=task.lba)
        return first, count

    def _read(self, task: Task, _data: bytes) -> Answer:
        try:
            return Answer(self._drive.medium.read(*self._range(task)), lba=task.lba)
        except MediaError as e:
            self._drive.note_error(e.sector)
            raise AtaError(UNC, lba=e.sector) from e

    def _verify(self, task: Task, _data: bytes) -> Answer:
        bad = self._drive.medium.verify(*self._range(task))
        if bad is not None:
            raise AtaError(UNC, lba=bad)
        return Answer(lba=task.lba)

    def _write(self, task: Task, data: bytes) -> Answer:
        first, count = self._range(task)
        size = count * self._drive.identity.sector_bytes
        try:
            self._drive.medium.write(first, data[:size], through=task.command == _WRITE_FUA)
        except MediaError as e:
            raise AtaError(IDNF, lba=e.sector) from e
        return Answer(lba=task.lba)
