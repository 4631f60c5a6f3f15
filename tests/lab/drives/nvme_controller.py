"""One association of a host with a drive: NVMe over Fabrics commands, properties, keep-alive, held event requests.

NVMe Base 2.1, 6 (Fabrics commands), 3.1.4 (properties), 5.1.2 (Asynchronous Event Request), 5.1.14 (Keep Alive).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from tests.lab.drives.nvme_drive import Drive
from tests.lab.drives.nvme_features import MAX_QUEUES
from tests.lab.drives.nvme_format import Done
from tests.lab.drives.nvme_words import Admin, Command, Completion, Refused, Status

PROPERTY_SET, CONNECT, PROPERTY_GET = 0x00, 0x01, 0x04
CONNECT_DATA = 1024
DYNAMIC = 0xFFFF
_CAP, _VS, _CC, _CSTS = 0x00, 0x08, 0x14, 0x1C
_QUEUE_ENTRIES = 128
# MQES, CQR, TO (10 s), CSS: the NVM command set.
_CAPABILITIES = (_QUEUE_ENTRIES - 1) | 1 << 16 | 20 << 24 | 1 << 37
_ENABLE, _SHUTDOWN = 1 << 0, 3 << 14
_READY, _SHUTDOWN_COMPLETE = 1 << 0, 2 << 2
_EVENT_REQUESTS = 4
# A host that is a little late is not a host that is gone.
_GRACE = 2.0


@dataclass(frozen=True)
class Connect:
    """A Connect command with its data (NVMe Base 2.1, 6.3)."""

    queue: int
    entries: int
    keep_alive_ms: int
    controller: int
    subnqn: str
    hostnqn: str


def connect_of(command: Command) -> Connect:
    """Take a Connect apart; raises Refused."""
    if len(command.data) != CONNECT_DATA or struct.unpack_from("<H", command.raw, 40)[0] != 0:
        raise Refused(Status.CONNECT_INVALID_PARAMETERS)
    queue, entries, _, keep_alive = struct.unpack_from("<HHHI", command.raw, 42)
    controller = int(struct.unpack_from("<H", command.data, 16)[0])
    names = [command.data[at : at + 256].split(b"\0")[0].decode(errors="replace") for at in (256, 512)]
    return Connect(queue, entries + 1, keep_alive, controller, *names)


class Controller:
    """What lasts from the admin queue's Connect to its end."""

    def __init__(self, drive: Drive, identifier: int, connect: Connect, now: Callable[[], float]) -> None:
        self.drive = drive
        self.identifier = identifier
        self.hostnqn = connect.hostnqn
        self._keep_alive = connect.keep_alive_ms / 1000
        self._now = now
        self._heard = now()
        self._configuration = 0
        self._status = 0
        self._events: list[Done] = []
        drive.controllers.add(identifier)

    @property
    def silent(self) -> bool:
        """Whether the keep-alive time-out has passed."""
        return bool(self._keep_alive) and self._now() - self._heard > self._keep_alive * _GRACE

    @property
    def ready(self) -> bool:
        """CSTS.RDY."""
        return bool(self._status & _READY)

    def hear(self) -> None:
        """The host has sent something."""
        self._heard = self._now()

    def end(self) -> None:
        """The association is over."""
        self.drive.controllers.discard(self.identifier)

    def admin(self, command: Command, done: Done) -> None:
        """Take a command of the admin queue."""
        try:
            if command.opcode == Admin.FABRICS:
                done(self._fabrics(command))
            elif not self.ready:
                raise Refused(Status.COMMAND_SEQUENCE)
            elif command.opcode == Admin.ASYNC_EVENT:
                self._hold(done)
            else:
                self.drive.admin(command, self.identifier, done)
        except Refused as refused:
            done(Completion(refused.status))

    def io(self, command: Command, queue: int) -> Completion:
        """Carry out a command of an I/O queue."""
        return self.drive.io(command, queue) if self.ready else Completion(Status.COMMAND_SEQUENCE)

    def attach(self, connect: Connect) -> None:
        """An I/O queue's Connect; raises Refused."""
        if not (self.ready and 1 <= connect.queue <= MAX_QUEUES and connect.hostnqn == self.hostnqn):
            raise Refused(Status.CONNECT_INVALID_PARAMETERS)

    def _hold(self, done: Done) -> None:
        # No event ever comes: the requests stay outstanding.
        if len(self._events) == _EVENT_REQUESTS:
            raise Refused(Status.EVENT_LIMIT)
        self._events.append(done)

    def _fabrics(self, command: Command) -> Completion:
        kind, wide = command.raw[4], command.raw[40] & 7
        offset = command.dword(11)
        if kind == PROPERTY_GET:
            value = self._property(offset)
            return Completion(result=value if wide else value & 0xFFFFFFFF)
        if kind == PROPERTY_SET and offset == _CC:
            self._configure(command.dword(12))
            return Completion()
        if kind == PROPERTY_SET:
            raise Refused(Status.INVALID_FIELD)
        # A second Connect on a queue that is connected, authentication, disconnect.
        raise Refused(Status.COMMAND_SEQUENCE if kind == CONNECT else Status.INVALID_OPCODE)

    def _property(self, offset: int) -> int:
        version = self.drive.config.capabilities.version
        values = {_CAP: _CAPABILITIES, _VS: version, _CC: self._configuration, _CSTS: self._status}
        if offset not in values:
            raise Refused(Status.INVALID_FIELD)
        return values[offset]

    def _configure(self, value: int) -> None:
        self._configuration = value
        self._status = _READY if value & _ENABLE else 0
        if value & _SHUTDOWN:
            self.drive.flush()
            self._status |= _SHUTDOWN_COMPLETE
        if not value & _ENABLE:
            self._events.clear()
