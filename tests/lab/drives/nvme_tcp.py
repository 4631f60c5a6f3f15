"""An NVMe/TCP target for drives in software: NVMe TCP Transport 1.1, 3; one process and one thread for all of them."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Mapping
from dataclasses import dataclass

from tests.lab.drives import nvme_pdu
from tests.lab.drives.nvme_controller import CONNECT, DYNAMIC, Connect, Controller, connect_of
from tests.lab.drives.nvme_drive import Drive
from tests.lab.drives.nvme_pdu import Kind, Malformed, Pdu
from tests.lab.drives.nvme_words import Admin, Command, Completion, Refused, Status

_TICK_SECONDS = 0.02
_IN_CAPSULE, _TRANSPORT_BLOCK = 0x01, 0x5A


class Server:
    """Drives by the names of their subsystems; a controller is made for each association."""

    def __init__(self, drives: Mapping[str, Drive]) -> None:
        self.drives = drives
        self.controllers: dict[tuple[str, int], Controller] = {}
        self._connections: dict[_Connection, asyncio.Task[None]] = {}
        self._next = 0
        self._server: asyncio.Server | None = None
        self._ticking: asyncio.Task[None] | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen; the port."""
        self._server = await asyncio.start_server(self._accept, host, port)
        self._ticking = asyncio.create_task(self._tick())
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Close every connection and the listener."""
        assert self._server is not None
        assert self._ticking is not None
        self._server.close()
        self._ticking.cancel()
        for connection in list(self._connections):
            connection.drop()
        tasks = [self._ticking, *self._connections.values()]
        await asyncio.gather(*tasks, return_exceptions=True)

    def connect(self, connect: Connect) -> Controller:
        """The controller that a Connect is for: a new one for an admin queue; raises Refused."""
        drive = self.drives.get(connect.subnqn)
        if drive is None:
            raise Refused(Status.CONNECT_INVALID_PARAMETERS)
        if connect.queue:
            controller = self.controllers.get((connect.subnqn, connect.controller))
            if controller is None:
                raise Refused(Status.CONNECT_INVALID_PARAMETERS)
            controller.attach(connect)
            return controller
        if connect.controller != DYNAMIC:
            raise Refused(Status.CONNECT_INVALID_PARAMETERS)
        self._next = self._next % 0xFFEF + 1
        controller = Controller(drive, self._next, connect, time.monotonic)
        self.controllers[connect.subnqn, self._next] = controller
        return controller

    def end(self, controller: Controller) -> None:
        """An admin queue is gone, and with it the association's other queues."""
        controller.end()
        self.controllers.pop((controller.drive.config.subnqn, controller.identifier), None)
        for connection in list(self._connections):
            if connection.controller is controller:
                connection.drop()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = _Connection(self, reader, writer)
        task = asyncio.current_task()
        assert task is not None
        self._connections[connection] = task
        try:
            await connection.run()
        finally:
            del self._connections[connection]

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            for drive in self.drives.values():
                drive.advance()
            for controller in [each for each in self.controllers.values() if each.silent]:
                self.end(controller)


@dataclass
class _Transfer:
    """A command whose data is still on its way."""

    command: Command
    data: bytearray
    missing: int


class _Connection:
    """One TCP connection: one queue, from its initialization to its end."""

    def __init__(self, server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._server = server
        self._reader = reader
        self._writer = writer
        self.controller: Controller | None = None
        self._queue = 0
        self._entries = 1
        self._head = 0
        self._tags = 0
        self._transfers: dict[int, _Transfer] = {}

    async def run(self) -> None:
        """Answer until the host goes, or breaks the protocol."""
        header = b""
        try:
            while True:
                pdu = await nvme_pdu.read_pdu(self._reader)
                header = pdu.header
                self._take(pdu)
                await self._writer.drain()
        except Malformed as problem:
            with contextlib.suppress(OSError):
                self._writer.write(nvme_pdu.terminate(problem.reason, header))
        except (OSError, asyncio.IncompleteReadError):
            # The host is gone, or this side has dropped the connection.
            pass
        finally:
            self.drop()
            if self.controller is not None and self._queue == 0:
                self._server.end(self.controller)

    def drop(self) -> None:
        """Close the connection."""
        self._writer.close()

    def _take(self, pdu: Pdu) -> None:
        if self.controller is not None:
            self.controller.hear()
        match pdu.kind:
            case Kind.ICREQ:
                if pdu.header[8:10] != b"\0\0":
                    raise Malformed(6, "unknown PDU format version")
                self._writer.write(nvme_pdu.icresp())
            case Kind.COMMAND:
                self._capsule(pdu)
            case Kind.H2C_DATA:
                self._data(pdu)
            case _:
                raise asyncio.IncompleteReadError(b"", None)

    def _capsule(self, pdu: Pdu) -> None:
        command = Command(pdu.header[8:])
        self._head = (self._head + 1) % self._entries
        descriptor = command.raw[39]
        wants_data = _to_controller(command) and command.wanted
        if command.wanted > nvme_pdu.MAX_DATA:
            # More than MDTS allows.
            self._finish(command, Completion(Status.INVALID_FIELD))
        elif wants_data and descriptor == _TRANSPORT_BLOCK:
            self._ask(command)
        elif not wants_data:
            self._carry_out(command)
        elif descriptor != _IN_CAPSULE or len(pdu.data) < command.wanted:
            self._finish(command, Completion(Status.INVALID_FIELD))
        else:
            self._carry_out(Command(command.raw, pdu.data[: command.wanted]))

    def _ask(self, command: Command) -> None:
        self._tags = (self._tags + 1) & 0xFFFF
        self._transfers[self._tags] = _Transfer(command, bytearray(command.wanted), command.wanted)
        self._writer.write(nvme_pdu.r2t(command.identifier, self._tags, command.wanted))

    def _data(self, pdu: Pdu) -> None:
        tag, offset, length = pdu.transfer
        transfer = self._transfers.get(tag)
        if transfer is None or length != len(pdu.data) or offset + length > len(transfer.data):
            raise Malformed(4, "data that was not asked for")
        transfer.data[offset : offset + length] = pdu.data
        transfer.missing -= length
        if transfer.missing <= 0:
            del self._transfers[tag]
            self._carry_out(Command(transfer.command.raw, bytes(transfer.data)))

    def _carry_out(self, command: Command) -> None:
        if self.controller is None:
            self._finish(command, self._connected(command))
        elif self._queue == 0:
            self.controller.admin(command, lambda completion: self._finish(command, completion))
        else:
            self._finish(command, self.controller.io(command, self._queue))

    def _connected(self, command: Command) -> Completion:
        if command.opcode != Admin.FABRICS or command.raw[4] != CONNECT:
            return Completion(Status.COMMAND_SEQUENCE)
        try:
            connect = connect_of(command)
            self.controller = self._server.connect(connect)
        except Refused as refused:
            return Completion(refused.status)
        self._queue, self._entries = connect.queue, connect.entries
        return Completion(result=self.controller.identifier)

    def _finish(self, command: Command, completion: Completion) -> None:
        if self._writer.is_closing():
            return
        if not completion.status and _to_host(command) and command.wanted:
            # The buffer's whole length, as the host described it: some kernels miss what is not there.
            data = completion.data[: command.wanted].ljust(command.wanted, b"\0")
            self._writer.writelines(nvme_pdu.c2h_data(command.identifier, data))
        self._writer.write(nvme_pdu.response(completion.entry(self._head, self._queue, command.identifier)))


def _direction(command: Command) -> int:
    # Bits 1:0 of the opcode, or of the Fabrics command type (NVMe Base 2.1, 3.3.2.1).
    return (command.raw[4] if command.opcode == Admin.FABRICS else command.opcode) & 3


def _to_controller(command: Command) -> bool:
    return bool(_direction(command) & 1)


def _to_host(command: Command) -> bool:
    return bool(_direction(command) & 2)
