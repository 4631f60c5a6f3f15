"""The Security feature set (ACS-4 4.18): passwords, lock, freeze, SECURITY ERASE UNIT."""

from __future__ import annotations

from tests.lab.drives import faults as fault
from tests.lab.drives.ata_task import Answer, AtaError, Task
from tests.lab.drives.drive import Drive
from tests.lab.drives.faults import ENHANCED, SECURITY
from tests.lab.drives.state import COMPLETED, Erase

SET_PASSWORD, UNLOCK, ERASE_PREPARE, ERASE_UNIT, FREEZE_LOCK, DISABLE = range(0xF1, 0xF7)
_MASTER, _ENHANCED_BIT = 0x01, 0x02
_ATTEMPTS = 5


class Security:
    """What survives a power cut is in the drive's state; frozen, unlocked and the attempt counter are not."""

    def __init__(self, drive: Drive) -> None:
        self._drive = drive
        self._state = drive.state
        faults = drive.faults
        self.frozen = faults.frozen == "always" or (faults.frozen == "once" and drive.first_start)
        self._unlocked = False
        self._attempts = _ATTEMPTS

    @property
    def enabled(self) -> bool:
        """A user password is set."""
        return bool(self._state.user_password)

    @property
    def locked(self) -> bool:
        """Enabled at power-on and not unlocked since."""
        return self.enabled and not self._unlocked

    @property
    def word_128(self) -> int:
        """Security status (ACS-4 7.13.6.57)."""
        if not self._drive.identity.security:
            return 0
        enhanced = self._drive.identity.enhanced
        expired = self._attempts == 0
        bits = (True, self.enabled, self.locked, self.frozen, expired, enhanced, False, False, self._state.maximum)
        return sum(1 << number for number, bit in enumerate(bits) if bit)

    def command(self, task: Task, data: bytes, before: Task | None) -> Answer:
        """One of F1h to F6h; `before` is the command that came before it."""
        if not self._drive.identity.security:
            raise AtaError
        if task.command == FREEZE_LOCK:
            if self.locked:
                raise AtaError
            self.frozen = True
        elif self.frozen:
            raise AtaError
        elif task.command == SET_PASSWORD:
            self._set_password(data)
        elif task.command == UNLOCK:
            self._check(data)
            self._unlocked = True
        elif task.command == DISABLE:
            self._disable(data)
        elif task.command == ERASE_UNIT:
            self._erase(data, prepared=before is not None and before.command == ERASE_PREPARE)
        return Answer()

    def _set_password(self, data: bytes) -> None:
        """SECURITY SET PASSWORD (ACS-4 7.38): a master password alone doesn't enable; the drive locks at power-on."""
        if self.locked or len(data) < 36:
            raise AtaError
        if data[0] & _MASTER:
            self._state.master_password = data[2:34].hex()
            identifier = int.from_bytes(data[34:36], "little")
            if identifier not in {0x0000, 0xFFFF}:
                self._state.master_identifier = identifier
        else:
            self._state.user_password = data[2:34].hex()
            self._state.maximum = bool(data[1] & 0x01)
            self._unlocked = True
        self._state.save()

    def _disable(self, data: bytes) -> None:
        """SECURITY DISABLE PASSWORD (ACS-4 7.33)."""
        if self.locked:
            raise AtaError
        self._check(data)
        self._forget_user()

    def _forget_user(self) -> None:
        self._state.user_password, self._state.maximum = "", False
        self._unlocked = False
        self._state.save()

    def _check(self, data: bytes, *, erasing: bool = False) -> None:
        """Compare a password; at the level Maximum the master's only erases. Wrong ones while locked are counted."""
        if self._attempts == 0 or len(data) < 34:
            raise AtaError
        master = bool(data[0] & _MASTER)
        wanted = self._state.master_password if master else self._state.user_password
        allowed = erasing or not (master and self._state.maximum)
        if allowed and wanted and data[2:34].hex() == wanted and (self.enabled or erasing):
            return
        if self.locked:
            self._attempts -= 1
        raise AtaError

    def _erase(self, data: bytes, *, prepared: bool) -> None:
        """SECURITY ERASE UNIT (ACS-4 7.35): returns when it is done; a failed one leaves the password set."""
        if not prepared:
            raise AtaError
        self._check(data, erasing=True)
        drive, enhanced = self._drive, bool(data[0] & _ENHANCED_BIT)
        if drive.state.erase is not None:
            # A sanitize that the drive doesn't admit.
            raise AtaError
        technique = ENHANCED if enhanced else SECURITY
        if (enhanced and not drive.identity.enhanced) or drive.faults.of(technique) == fault.REFUSES:
            raise AtaError
        # Enhanced mode reaches what was reassigned and hidden; normal mode goes to the native maximum.
        drive.eraser.begin(Erase(technique, [drive.faults.security_value], drive.reach(native=not enhanced)))
        if drive.wait_for_erase() != COMPLETED:
            raise AtaError
        self._forget_user()
