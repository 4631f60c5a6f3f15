"""Get Features and Set Features: NVMe Base 2.1, 5.1.11 and 5.1.25."""

from __future__ import annotations

from tests.lab.drives.nvme_config import Drive
from tests.lab.drives.nvme_state import State
from tests.lab.drives.nvme_words import Command, Refused, Status

ARBITRATION, POWER, TEMPERATURE, ERROR_RECOVERY, WRITE_CACHE, QUEUES, EVENTS, KEEP_ALIVE, SANITIZE = (
    *(0x01, 0x02, 0x04, 0x05, 0x06, 0x07, 0x0B, 0x0F),
    0x17,
)
MAX_QUEUES = 16
_SAVE = 1 << 31
_SUPPORTED_CAPABILITIES, _CHANGEABLE = 3, 1 << 2


class Features:
    """The values of one drive; nothing is saveable, so a restart has the default ones."""

    def __init__(self, config: Drive, state: State) -> None:
        self._state = state
        self._values = {ARBITRATION: 0, POWER: 0, TEMPERATURE: 343, ERROR_RECOVERY: 0, EVENTS: 0, KEEP_ALIVE: 0}
        self._values[QUEUES] = (MAX_QUEUES - 1) << 16 | (MAX_QUEUES - 1)
        if config.capabilities.volatile_cache:
            self._values[WRITE_CACHE] = 1
        if config.capabilities.sanicap & 7:
            self._values[SANITIZE] = int(state.warns_of_deallocation)

    def get(self, command: Command) -> int:
        """Dword 0 of the completion."""
        identifier, select = command.dword(10) & 0xFF, command.dword(10) >> 8 & 7
        if identifier not in self._values:
            raise Refused(Status.INVALID_FIELD)
        return _CHANGEABLE if select == _SUPPORTED_CAPABILITIES else self._values[identifier]

    def set(self, command: Command) -> int:
        """Take a value; dword 0 of the completion."""
        identifier, value = command.dword(10) & 0xFF, command.dword(11)
        if identifier not in self._values or command.dword(10) & _SAVE:
            raise Refused(Status.INVALID_FIELD)
        if identifier == QUEUES:
            # Number of queues asked for and given, zeroes-based, submission in the low half.
            given = min(value & 0xFFFF, value >> 16, MAX_QUEUES - 1)
            self._values[QUEUES] = given << 16 | given
            return self._values[QUEUES]
        self._values[identifier] = value
        if identifier == SANITIZE:
            self._state.warns_of_deallocation = bool(value & 1)
            self._state.save()
        return 0

    @property
    def caches(self) -> bool:
        """Whether the volatile write cache is there and on."""
        return bool(self._values.get(WRITE_CACHE, 0) & 1)
