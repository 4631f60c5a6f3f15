"""What every simulated drive has: a memory, a medium, a clock, and work of its own between commands."""

from __future__ import annotations

import threading

from tests.lab.drives.erasing import STEP_SECONDS, Clock, Eraser, RealClock
from tests.lab.drives.faults import ENHANCED, FORMAT, SECURITY, DriveConfig
from tests.lab.drives.medium import Medium
from tests.lab.drives.self_test import SelfTests
from tests.lab.drives.state import COMPLETED, FAILED, RUNNING, Erase, State, load

_ERRORS_KEPT = 5
_USER_SECRET, _VENDOR_SECRET = "somebody else's secret", "the vendor's secret"


class Drive:
    """Making one is its power-on, `power_off` an orderly end, and a killed process a power cut."""

    def __init__(self, config: DriveConfig, clock: Clock | None = None) -> None:
        self.config = config
        self.identity, self.faults, self.name = config.identity, config.faults, config.name
        self.clock = clock or RealClock(config.faults.clock_factor)
        self.lock = threading.RLock()
        self.state = load(config.state) or _new_state(config)
        self.first_start = self.state.power_cycles == 0
        self.medium = Medium(config.image, config.sectors, self.identity.sector_bytes, self.faults, self.state)
        self.state.power_cycles += 1
        # A sanitize goes on after a power cut (ACS-4 4.16, SBC-4 4.11); these do not.
        if self.state.erase is not None and self.state.erase.technique in {SECURITY, ENHANCED, FORMAT}:
            self.state.erase = None
        self.state.save()
        self.eraser = Eraser(self.medium, self.state, self.faults, self.clock)
        self.self_tests = SelfTests(self.medium, self.state, self.faults, self.clock)

    @property
    def capacity(self) -> int:
        """Logical sectors that a host can address now."""
        return self.state.current

    @property
    def hours(self) -> int:
        """Power-on hours: nothing counts on them but that a report can show them."""
        return 1234 + self.state.power_cycles

    def tick(self) -> None:
        """Let the drive's own work go on while no command comes."""
        if self.lock.acquire(blocking=False):
            try:
                self.advance()
            finally:
                self.lock.release()

    def power_off(self) -> None:
        """The orderly end of a machine: the cache is flushed, then the power goes; an endless erase is not waited for."""
        held = self.lock.acquire(timeout=1)
        self.medium.flush()
        if held:
            self.medium.close()
            self.lock.release()

    def advance(self) -> None:
        """Bring the drive's own work up to now."""
        ended = self.eraser.advance()
        if ended:
            self.erase_ended(ended)
        self.self_tests.advance()

    def erase_ended(self, how: str) -> None:
        """What the drive remembers of an erase that ended."""
        if how == COMPLETED and self.faults.serial_after:
            self.state.serial = self.faults.serial_after
        self.state.save()

    def wait_for_erase(self) -> str:
        """Stay busy until the erase ends; COMPLETED or FAILED."""
        while self.state.erase is not None:
            ended = self.eraser.advance()
            if ended:
                self.erase_ended(ended)
                return ended
            self.clock.sleep(STEP_SECONDS)
        return FAILED

    def reach(self, *, native: bool = False) -> int:
        """Sectors that an erase covers: all that there are, but where the drive's fault is to spare the hidden ones."""
        if self.faults.spares_hidden:
            return self.capacity
        return self.state.native if native else self.medium.sectors

    def note_error(self, sector: int) -> None:
        """Keep the last few unreadable sectors for the drive's logs."""
        self.state.error_count += 1
        self.state.errors = [*self.state.errors, [sector, self.hours]][-_ERRORS_KEPT:]
        self.state.save()


def _new_state(config: DriveConfig) -> State:
    """What the drive knows when it comes here: its hidden areas and its past."""
    faults, sectors = config.faults, config.sectors
    native = sectors - faults.dco_sectors
    accessible = native - faults.ama_sectors
    new = State(config.identity.serial, accessible - faults.hpa_sectors, native, accessible, path=config.state)
    master = config.identity.master_password
    new.master_password = _password(_VENDOR_SECRET if master is None else master)
    if faults.locked:
        new.user_password = _password(_USER_SECRET)
    if faults.stale_completed:
        new.sanitize = COMPLETED
    if faults.running_at_start is not None:
        new.erase = Erase(faults.running_technique, ["00"], sectors, done=faults.running_at_start)
        new.sanitize = RUNNING
    return new


def _password(text: str) -> str:
    return text.encode().ljust(32, b"\0").hex()
