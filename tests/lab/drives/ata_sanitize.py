"""The Sanitize Device feature set (ACS-4 4.16, 7.36): its five states, its keys, its progress."""

from __future__ import annotations

from tests.lab.drives import faults as fault
from tests.lab.drives.ata_task import ABRT, Answer, AtaError, Task
from tests.lab.drives.drive import Drive
from tests.lab.drives.faults import BLOCK, CRYPTO, OVERWRITE
from tests.lab.drives.state import COMPLETED, FAILED, NEVER, RUNNING, Erase

STATUS, CRYPTO_SCRAMBLE, BLOCK_ERASE, OVERWRITE_EXT, FREEZE_LOCK, ANTIFREEZE_LOCK = 0, 0x11, 0x12, 0x14, 0x20, 0x40

_KEYS = {CRYPTO_SCRAMBLE: b"Cryp", BLOCK_ERASE: b"BkEr", FREEZE_LOCK: b"FrLk", ANTIFREEZE_LOCK: b"Anti"}
_OVERWRITE_KEY = b"OW"
_TECHNIQUES = {CRYPTO_SCRAMBLE: CRYPTO, BLOCK_ERASE: BLOCK, OVERWRITE_EXT: OVERWRITE}
_WORD_59 = {BLOCK: 0x8000, OVERWRITE: 0x4000, CRYPTO: 0x2000}
_SUPPORTED, _DURING, _ANTIFREEZE = 0x1000, 0x0800, 0x0400

_NO_REASON, _UNSUCCESSFUL, _UNSUPPORTED, _FROZEN, _ANTIFROZEN = range(5)
_COMPLETED_BIT, _RUNNING_BIT, _FROZEN_BIT, _ANTIFREEZE_BIT = 0x8000, 0x4000, 0x2000, 0x1000
_CLEAR_FAILURE, _FAILURE_MODE, _INVERT, _DEFINITIVE = 0x0001, 0x0010, 0x0080, 0x0040
_NOTHING_RUNS = 0xFFFF


class Sanitize:
    """Running, completed and failed survive a power cut; frozen and antifreeze do not."""

    def __init__(self, drive: Drive) -> None:
        self._drive = drive
        self._state = drive.state
        faults = drive.faults
        self.frozen = faults.sanitize_frozen == "always" or (faults.sanitize_frozen == "once" and drive.first_start)
        self._antifreeze = False

    @property
    def word_59(self) -> int:
        """What IDENTIFY DEVICE says of the feature set (ACS-4 7.13.6.25)."""
        offered = self._drive.identity.sanitize
        if not offered:
            return 0
        return sum(_WORD_59[each] for each in offered) | _SUPPORTED | _DURING | _ANTIFREEZE

    @property
    def running(self) -> bool:
        """SD2, as the drive admits it."""
        faults = self._drive.faults
        return self._state.sanitize == RUNNING and not (faults.completes_at_once or faults.forgets_status)

    @property
    def failed(self) -> bool:
        """SD3."""
        return self._state.sanitize == FAILED and not self._drive.faults.forgets_status

    def ended(self, how: str) -> None:
        """The erase that ran has ended; a forgetful drive is back where it was before."""
        if self._state.sanitize == RUNNING:
            self._state.sanitize = NEVER if self._drive.faults.forgets_status else how

    def command(self, task: Task) -> Answer:
        """SANITIZE DEVICE (B4h) by its FEATURE field."""
        if not self._drive.identity.sanitize:
            raise AtaError
        if task.feature == STATUS:
            return self._status(task)
        if task.feature in {FREEZE_LOCK, ANTIFREEZE_LOCK}:
            return self._lock(task)
        return self._erase(task)

    def _status(self, task: Task) -> Answer:
        """SANITIZE STATUS EXT (ACS-4 7.36.6); in SD3 it is aborted, with the reason, until the failure is cleared."""
        if self.failed:
            if not (task.count & _CLEAR_FAILURE and self._state.failure_mode):
                raise AtaError(ABRT, lba=_UNSUCCESSFUL)
            self._state.sanitize = NEVER
            self._state.save()
        return self._told()

    def _told(self) -> Answer:
        """The normal outputs: COUNT bits 15:12 and the progress in LBA bits 15:0."""
        finished = self._state.sanitize == COMPLETED
        if self._drive.faults.completes_at_once and self._state.sanitize == RUNNING:
            finished = True
        count = _COMPLETED_BIT if finished else 0
        count |= _FROZEN_BIT if self.frozen else 0
        count |= _ANTIFREEZE_BIT if self._antifreeze else 0
        erase = self._state.erase
        if self.running and erase is not None:
            return Answer(count=count | _RUNNING_BIT, lba=erase.progress)
        return Answer(count=count, lba=_NOTHING_RUNS)

    def _lock(self, task: Task) -> Answer:
        """SANITIZE FREEZE LOCK EXT and SANITIZE ANTIFREEZE LOCK EXT (ACS-4 7.36.5, 7.36.7)."""
        if task.lba != int.from_bytes(_KEYS[task.feature], "big") or self.running or self.failed:
            raise AtaError(ABRT, lba=_UNSUCCESSFUL if self.failed else _NO_REASON)
        if self.frozen:
            raise AtaError(ABRT, lba=_FROZEN)
        if task.feature == ANTIFREEZE_LOCK:
            self._antifreeze = True
        elif self._antifreeze:
            raise AtaError(ABRT, lba=_ANTIFROZEN)
        else:
            self.frozen = True
        return self._told()

    def _erase(self, task: Task) -> Answer:
        """CRYPTO SCRAMBLE EXT, BLOCK ERASE EXT, OVERWRITE EXT: accepted, they go on in the background."""
        technique = _TECHNIQUES.get(task.feature)
        if technique is None or technique not in self._drive.identity.sanitize:
            raise AtaError(ABRT, lba=_UNSUPPORTED)
        if self.frozen:
            raise AtaError(ABRT, lba=_FROZEN)
        if self._state.erase is not None or not _keyed(task):
            raise AtaError(ABRT, lba=_NO_REASON)
        if self._drive.faults.of(technique) == fault.REFUSES:
            raise AtaError(ABRT, lba=_NO_REASON)
        self._state.sanitize = RUNNING
        self._state.failure_mode = bool(task.count & _FAILURE_MODE)
        self._drive.medium.flush()
        erase = Erase(technique, self._values(task, technique), self._drive.reach())
        self._drive.eraser.begin(erase)
        return self._told()

    def _values(self, task: Task, technique: str) -> list[str]:
        """What each pass writes; a pass count of 0 means 16 (ACS-4 7.36.4.3)."""
        faults = self._drive.faults
        if technique != OVERWRITE:
            return [faults.crypto_value if technique == CRYPTO else faults.sanitize_value]
        passes = task.count & 0x0F or 16
        pattern = task.lba & 0xFFFFFFFF
        # DEFINITIVE ENDING PATTERN: the inversions are counted from the end, so that the last pass has the pattern itself.
        odd = (passes - 1) % 2 if task.count & _DEFINITIVE else 0
        inverts = bool(task.count & _INVERT)
        return [
            (pattern ^ 0xFFFFFFFF if inverts and (number + odd) % 2 else pattern).to_bytes(4, "little").hex()
            for number in range(passes)
        ]


def _keyed(task: Task) -> bool:
    """Whether the LBA field holds the key that keeps a stray command from erasing (ACS-4 7.36)."""
    if task.feature == OVERWRITE_EXT:
        return task.lba >> 32 == int.from_bytes(_OVERWRITE_KEY, "big")
    return task.lba == int.from_bytes(_KEYS[task.feature], "big")
