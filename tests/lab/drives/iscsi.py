"""A small iSCSI target (RFC 7143): one drive a target name, one logical unit a drive, sense data whole."""

from __future__ import annotations

import contextlib
import queue
import socket
import struct
import threading
from collections.abc import Iterable
from dataclasses import dataclass

from tests.lab.drives.iscsi_login import Login, Parameters
from tests.lab.drives.iscsi_pdu import (
    DATA_IN,
    DATA_OUT,
    FINAL,
    LOGIN,
    LOGOUT,
    LOGOUT_RESPONSE,
    NO_TAG,
    NOP_IN,
    NOP_OUT,
    R2T,
    REJECT,
    SCSI_COMMAND,
    SCSI_RESPONSE,
    TASK_MANAGEMENT,
    TASK_RESPONSE,
    TEXT,
    TEXT_RESPONSE,
    Disconnected,
    Pdu,
    encode_texts,
    receive,
    texts,
)
from tests.lab.drives.scsi_disk import Reply, ScsiDisk

_READ, _WRITE = 0x40, 0x20
_STATUS, _OVERFLOW, _UNDERFLOW = 0x01, 0x04, 0x02
_WINDOW = 32
_WRONG_LUN = Reply(status=0x02, sense=bytes((0x70, 0, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x25, 0, 0, 0, 0, 0)))
_ABORT_TASK, _ABORT_SET, _CLEAR_SET, _LOGICAL_UNIT_RESET, _WARM_RESET, _COLD_RESET = 1, 2, 3, 5, 6, 7
_TASK_GONE = 1


@dataclass
class Task:
    """A SCSI command under way; what the host still owes of its data is asked for by R2T."""

    pdu: Pdu
    data: bytearray
    wanted: int
    r2t_number: int = 0
    burst_end: int = 0
    aborted: bool = False

    @property
    def cdb(self) -> bytes:
        """The command descriptor block."""
        return self.pdu.header[32:48]


class Target:
    """Listens where it is told; several drives, each under its own name."""

    def __init__(self, address: tuple[str, int], drives: Iterable[ScsiDisk]) -> None:
        self.drives = {drive.name: drive for drive in drives}
        self._listener = socket.create_server(address, reuse_port=False)
        self.address: tuple[str, int] = self._listener.getsockname()[:2]
        self._sessions: dict[tuple[str, bytes, str], Connection] = {}
        self._lock = threading.Lock()
        self._last_tsih = 0

    def start(self) -> None:
        """Serve in threads of its own; returns at once."""
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self) -> None:
        """Let nobody in any more, and everybody go."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            sessions = list(self._sessions.values())
        for session in sessions:
            session.close()

    def enter(self, connection: Connection, parameters: Parameters) -> None:
        """A session is there; an older one of the same initiator port is over (RFC 7143 6.3.5)."""
        key = (parameters.initiator, parameters.isid, parameters.target)
        with self._lock:
            old = self._sessions.pop(key, None)
            self._sessions[key] = connection
        if old is not None:
            old.close()

    def _accept(self) -> None:
        while True:
            try:
                accepted, _ = self._listener.accept()
            except OSError:
                return
            self._last_tsih += 1
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = Connection(self, accepted, self._last_tsih)
            threading.Thread(target=connection.serve, daemon=True).start()


class Connection:
    """One connection, which is one session: its reader answers at once, a worker carries commands out in their order."""

    def __init__(self, target: Target, connection: socket.socket, tsih: int) -> None:
        self._target = target
        self._socket = connection
        self._login = Login(target.drives.keys(), tsih)
        self._tasks: dict[int, Task] = {}
        self._queue: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._sending = threading.Lock()
        self._stat_sn = 0
        self._expected = 0
        self._drive: ScsiDisk | None = None

    def serve(self) -> None:
        """Until the initiator goes."""
        worker = threading.Thread(target=self._work, daemon=True)
        try:
            while not self._login.done:
                self._answer_login(receive(self._socket))
            parameters = self._login.parameters
            self._drive = None if parameters.discovery else self._target.drives[parameters.target]
            self._target.enter(self, parameters)
            worker.start()
            while self._answer(receive(self._socket)):
                pass
        except (Disconnected, OSError):
            pass
        finally:
            self._queue.put(None)
            self.close()

    def close(self) -> None:
        """Drop the connection."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _answer_login(self, request: Pdu) -> None:
        if request.opcode != LOGIN:
            raise Disconnected
        self._expected = request.number(24)
        self._send(self._login.answer(request))
        if self._login.refused:
            raise Disconnected

    def _answer(self, pdu: Pdu) -> bool:
        """Handle one PDU of the full feature phase; False after a logout."""
        if not pdu.immediate and pdu.opcode != DATA_OUT:
            if pdu.number(24) != self._expected:
                # Outside what this connection can have sent: silently ignored (RFC 7143 4.2.2.1).
                return True
            self._expected = self._expected + 1 & 0xFFFFFFFF
        if pdu.opcode == SCSI_COMMAND:
            self._begin(pdu)
        elif pdu.opcode == DATA_OUT:
            self._take(pdu)
        elif pdu.opcode == NOP_OUT:
            if pdu.tag != NO_TAG:
                self._send(Pdu(NOP_IN, FINAL, pdu.lun, pdu.tag, data=pdu.data).put(20, NO_TAG))
        elif pdu.opcode == TASK_MANAGEMENT:
            self._manage(pdu)
        elif pdu.opcode == TEXT:
            self._send(self._text(pdu))
        elif pdu.opcode == LOGOUT:
            self._send(Pdu(LOGOUT_RESPONSE, FINAL, tag=pdu.tag))
            return False
        else:
            # Command not supported (RFC 7143 11.17.1).
            self._send(Pdu(REJECT, FINAL, data=pdu.header).put(2, 0x05, 1))
        return True

    def _text(self, pdu: Pdu) -> Pdu:
        """SendTargets (RFC 7143 C): every name with the address that this connection came to."""
        host, port = self._socket.getsockname()[:2]
        wanted = texts(pdu.data).get("SendTargets")
        pairs: list[tuple[str, str]] = []
        for name in self._target.drives:
            if wanted in {"All", name} or (wanted == "" and self._drive and name == self._drive.name):
                pairs += [("TargetName", name), ("TargetAddress", f"{host}:{port},1")]
        return Pdu(TEXT_RESPONSE, FINAL, pdu.lun, pdu.tag, data=encode_texts(pairs)).put(20, NO_TAG)

    def _begin(self, pdu: Pdu) -> None:
        wanted = pdu.number(20) if pdu.flags & _WRITE else 0
        task = Task(pdu, bytearray(pdu.data), wanted)
        self._tasks[pdu.tag] = task
        self._go_on(task)

    def _take(self, pdu: Pdu) -> None:
        task = self._tasks.get(pdu.tag)
        if task is None:
            return
        at = pdu.number(40)
        task.data[at : at + len(pdu.data)] = pdu.data
        if pdu.flags & FINAL:
            self._go_on(task)

    def _go_on(self, task: Task) -> None:
        """Ask for the next burst, or let the worker have the command."""
        if len(task.data) >= task.wanted:
            self._queue.put(task)
            return
        at = len(task.data)
        length = min(task.wanted - at, self._login.parameters.burst)
        request = Pdu(R2T, FINAL, task.pdu.lun, task.pdu.tag)
        request.put(20, task.r2t_number + 1).put(36, task.r2t_number).put(40, at).put(44, length)
        # R2TSN counts up within its task: Linux drops the connection otherwise.
        task.r2t_number += 1
        self._send(request, counts=False)

    def _manage(self, pdu: Pdu) -> None:
        """Task management (RFC 7143 11.5): an aborted task gets no response; what the drive is doing goes on."""
        function, response = pdu.flags & 0x7F, 0
        if function == _ABORT_TASK:
            task = self._tasks.pop(pdu.number(20), None)
            response = _TASK_GONE if task is None else 0
            if task is not None:
                task.aborted = True
        elif function in {_ABORT_SET, _CLEAR_SET, _LOGICAL_UNIT_RESET, _WARM_RESET, _COLD_RESET}:
            for task in list(self._tasks.values()):
                task.aborted = True
            self._tasks.clear()
        else:
            response = 5
        self._send(Pdu(TASK_RESPONSE, FINAL, tag=pdu.tag).put(2, response, 1))

    def _work(self) -> None:
        try:
            while (task := self._queue.get()) is not None:
                if task.aborted:
                    continue
                reply = self._carry_out(task)
                self._tasks.pop(task.pdu.tag, None)
                if not task.aborted:
                    self._respond(task, reply)
        except OSError:
            pass
        finally:
            # A defect of the model ends the connection, with its trace on stderr, and doesn't leave the host waiting.
            self.close()

    def _carry_out(self, task: Task) -> Reply:
        if self._drive is None or (any(task.pdu.lun) and task.cdb[0] not in {0x12, 0xA0}):
            return _WRONG_LUN
        reply = self._drive.execute(task.cdb, bytes(task.data))
        if any(task.pdu.lun) and task.cdb[0] == 0x12 and reply.data:
            # No device at this logical unit number (SPC-5 table 144).
            return Reply(bytes((0x7F,)) + reply.data[1:])
        return reply

    def _respond(self, task: Task, reply: Reply) -> None:
        """Data-In PDUs, the last with the status where that is GOOD, else a SCSI Response with sense."""
        expected = task.pdu.number(20)
        reads = bool(task.pdu.flags & _READ)
        moved = len(reply.data) if reads else task.wanted
        residual = abs(expected - moved)
        flags = _OVERFLOW if moved > expected else _UNDERFLOW if moved < expected else 0
        data = reply.data[:expected] if reads else b""
        collapsed = bool(data) and reply.status == 0
        sent = self._send_data(task, data, flags | _STATUS if collapsed else 0, residual)
        if collapsed:
            return
        response = Pdu(SCSI_RESPONSE, FINAL | flags, tag=task.pdu.tag)
        response.put(3, reply.status, 1).put(36, sent).put(44, residual)
        if reply.sense:
            response.data = struct.pack(">H", len(reply.sense)) + reply.sense
        self._send(response)

    def _send_data(self, task: Task, data: bytes, last_flags: int, residual: int) -> int:
        """Send in segments that the initiator takes, each burst closed by F; returns the number of PDUs."""
        parameters, at, number = self._login.parameters, 0, 0
        while at < len(data):
            left = parameters.burst - at % parameters.burst
            part = data[at : at + min(parameters.segment, left)]
            end = at + len(part)
            last = end == len(data)
            pdu = Pdu(
                DATA_IN, FINAL if last or end % parameters.burst == 0 else 0, task.pdu.lun, task.pdu.tag, data=part
            )
            pdu.put(20, NO_TAG).put(36, number).put(40, at)
            counts = last and bool(last_flags & _STATUS)
            if counts:
                pdu.flags |= last_flags
                pdu.put(44, residual)
            self._send(pdu, counts=counts, numbered=counts)
            at, number = end, number + 1
        return number

    def _send(self, pdu: Pdu, *, counts: bool = True, numbered: bool = True) -> None:
        """Fill in the sequence numbers and send; `counts` for a PDU with a status, which takes a StatSN."""
        with self._sending:
            if numbered:
                pdu.put(24, self._stat_sn)
            pdu.put(28, self._expected).put(32, (self._expected + _WINDOW) & 0xFFFFFFFF)
            if counts:
                self._stat_sn = (self._stat_sn + 1) & 0xFFFFFFFF
            self._socket.sendall(pdu.encode())
