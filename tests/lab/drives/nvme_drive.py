"""An NVMe drive: commands go in, completions come out; what travels between host and drive is another file's subject."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable

from tests.lab.drives.nvme_config import Drive as Config
from tests.lab.drives.nvme_features import Features
from tests.lab.drives.nvme_format import Done, Formatter
from tests.lab.drives.nvme_identify import MDTS, PAGE, Subject, identify
from tests.lab.drives.nvme_io import carry_out, first_and_count, ranges_of
from tests.lab.drives.nvme_logs import ALLOWED_IN_SANITIZE, Logs
from tests.lab.drives.nvme_medium import pattern_of
from tests.lab.drives.nvme_sanitize import Sanitizer
from tests.lab.drives.nvme_self_test import SelfTester
from tests.lab.drives.nvme_space import WHOLE, Space
from tests.lab.drives.nvme_state import load
from tests.lab.drives.nvme_words import ALL_NAMESPACES, Admin, Command, Completion, Io, Refused, Status
from tests.lab.drives.tcg import Tper

# Admin commands that go on while a sanitize does, or after it failed (NVMe Base 2.1, 8.1.24.4).
_ALLOWED_IN_SANITIZE = {
    *(Admin.ABORT, Admin.ASYNC_EVENT, Admin.GET_FEATURES, Admin.GET_LOG_PAGE, Admin.IDENTIFY),
    *(Admin.KEEP_ALIVE, Admin.SANITIZE, Admin.SET_FEATURES),
}
_SECURITY, _NAMESPACES, _SELF_TEST = 1 << 0, 1 << 3, 1 << 4
_WRITES = {Io.WRITE, Io.WRITE_ZEROES, Io.DATASET_MANAGEMENT}
_ONCS = {Io.COMPARE: 1 << 0, Io.DATASET_MANAGEMENT: 1 << 2, Io.WRITE_ZEROES: 1 << 3}


class Drive:
    """One NVM subsystem from power on to power off; `advance` must be called often, it is the drive's own work."""

    def __init__(self, config: Config, now: Callable[[], float] = time.monotonic) -> None:
        self.config = config
        self.state = load(config)
        self.spaces = tuple(Space(config, self.state, number + 1) for number in range(len(config.namespaces)))
        self.sanitizer = Sanitizer(config, self.state, self.spaces, now)
        self.formatter = Formatter(config, self.state, self.spaces, now)
        self.tester = SelfTester(config, self.state, self.spaces, now)
        self.features = Features(config, self.state)
        self.controllers: set[int] = set()
        self.tper: Tper | None = None
        if config.tcg is not None:
            self.tper = Tper(config.tcg, self.state.tcg, self._rekey, self.state.save, now)
        self._logs = Logs(config, self.state, self.sanitizer, self.tester)
        self._admin: dict[int, Callable[[Command, int], Completion]] = {
            Admin.IDENTIFY: self._identify,
            Admin.GET_LOG_PAGE: self._get_log_page,
            Admin.GET_FEATURES: lambda command, _: Completion(result=self.features.get(command)),
            Admin.SET_FEATURES: self._set_features,
            Admin.SANITIZE: self._sanitize,
            Admin.DEVICE_SELF_TEST: self._self_test,
            Admin.SECURITY_SEND: self._security_send,
            Admin.SECURITY_RECEIVE: self._security_receive,
            Admin.NAMESPACE_ATTACHMENT: self._attach,
            # A command that is to be aborted has been answered, or can't be: bit 0 says "not aborted".
            Admin.ABORT: lambda *_: Completion(result=1),
            Admin.KEEP_ALIVE: lambda *_: Completion(),
        }

    @property
    def serial(self) -> str:
        """The serial number that it says now."""
        faults = self.config.faults
        if faults.serial_after_erase and self.state.erased_once:
            return faults.serial_after_erase
        return (
            faults.serial_after_restart
            if faults.serial_after_restart and self.state.starts > 1
            else self.config.serial
        )

    def admin(self, command: Command, controller: int, done: Done) -> None:
        """Take an admin command; `done` is called now, or when a format is."""
        self.advance()
        try:
            self._check_sanitize(allowed=command.opcode in _ALLOWED_IN_SANITIZE)
            if command.opcode == Admin.FORMAT_NVM:
                self._format(command, done)
                return
            carry = self._admin.get(command.opcode)
            if carry is None:
                raise Refused(Status.INVALID_OPCODE)
            completion = carry(command, controller)
        except Refused as refused:
            completion = self._failed(command, 0, refused.status, 0)
        done(completion)

    def io(self, command: Command, queue: int = 1) -> Completion:
        """Carry out an I/O command."""
        self.advance()
        try:
            self._check_sanitize(allowed=False)
            if not _ONCS.get(Io(command.opcode), 0) & self.config.capabilities.oncs and command.opcode in _ONCS:
                raise Refused(Status.INVALID_OPCODE)
            if command.opcode == Io.FLUSH and command.nsid == ALL_NAMESPACES:
                for space in self.spaces:
                    space.medium.flush()
                return Completion()
            space = self._active(command.nsid)
            self._check_locked(space, command)
            return carry_out(space, command)
        except ValueError:
            return self._failed(command, queue, Status.INVALID_OPCODE, 0)
        except struct.error:
            return self._failed(command, queue, Status.INVALID_FIELD, 0)
        except Refused as refused:
            return self._failed(command, queue, refused.status, command.qword(10))

    def advance(self) -> None:
        """Do what is due by now."""
        self.sanitizer.advance()
        self.formatter.advance()
        self.tester.advance()

    def flush(self) -> None:
        """What a shutdown notification brings (NVMe Base 2.1, 3.6): the cache goes to the medium, the memory is kept."""
        for space in self.spaces:
            space.medium.flush()
        self.state.save()

    def cut(self) -> None:
        """Power off without a word: what was only cached is gone, what was half done is half done."""
        for space in self.spaces:
            space.medium.close()

    def _check_sanitize(self, *, allowed: bool) -> None:
        if allowed:
            return
        if self.sanitizer.busy:
            raise Refused(Status.SANITIZE_IN_PROGRESS)
        if self.sanitizer.failed:
            raise Refused(Status.SANITIZE_FAILED)

    def _active(self, nsid: int) -> Space:
        if not 1 <= nsid <= len(self.spaces):
            raise Refused(Status.INVALID_NAMESPACE)
        space = self.spaces[nsid - 1]
        if not space.attached:
            raise Refused(Status.INVALID_FIELD)
        if self.formatter.busy(nsid):
            raise Refused(Status.FORMAT_IN_PROGRESS)
        return space

    def _check_locked(self, space: Space, command: Command) -> None:
        if self.tper is None or command.opcode == Io.FLUSH:
            return
        spans = ranges_of(command) if command.opcode == Io.DATASET_MANAGEMENT else [first_and_count(command)]
        write = command.opcode in _WRITES
        if any(self.tper.locking.refuses(space.number, first, count, write=write) for first, count in spans):
            raise Refused(Status.ACCESS_DENIED)

    def _failed(self, command: Command, queue: int, status: int, lba: int) -> Completion:
        state = self.state
        state.error_count += 1
        entry = {"count": state.error_count, "queue": queue, "command": command.identifier, "status": status}
        state.errors.append({**entry, "lba": lba, "nsid": command.nsid})
        del state.errors[:-64]
        if status in {Status.UNRECOVERED_READ, Status.WRITE_FAULT}:
            state.save(durably=False)
        return Completion(status)

    def _identify(self, command: Command, controller: int) -> Completion:
        known = tuple(sorted({*self.controllers, controller}))
        subject = Subject(self.config, self.spaces, self.formatter, self.serial, controller, known)
        return Completion(data=identify(subject, command))

    def _get_log_page(self, command: Command, _: int) -> Completion:
        limited = self.sanitizer.busy or self.sanitizer.failed
        self._check_sanitize(allowed=not limited or command.dword(10) & 0xFF in ALLOWED_IN_SANITIZE)
        return Completion(data=self._logs.page(command))

    def _set_features(self, command: Command, _: int) -> Completion:
        result = self.features.set(command)
        for space in self.spaces:
            if space.medium.cached and not self.features.caches:
                space.medium.flush()
            space.medium.cached = self.features.caches
        return Completion(result=result)

    def _sanitize(self, command: Command, _: int) -> Completion:
        # A range that is locked protects its data from a sanitize too (SIIS: Data Protection Error).
        if self.tper is not None and self.tper.locking.any_locked:
            raise Refused(Status.ACCESS_DENIED)
        if any(self.formatter.busy(space.number) for space in self.spaces):
            raise Refused(Status.FORMAT_IN_PROGRESS)
        self.sanitizer.command(command.dword(10), command.dword(11))
        self.tester.abort(9)
        return Completion()

    def _format(self, command: Command, done: Done) -> None:
        if self.tper is not None and self.tper.locking.any_locked:
            raise Refused(Status.OPERATION_DENIED)
        self.formatter.command(command.nsid, command.dword(10), done)
        self.tester.abort(4)

    def _self_test(self, command: Command, _: int) -> Completion:
        if not self.config.oacs & _SELF_TEST:
            raise Refused(Status.INVALID_OPCODE)
        self.tester.command(command.nsid, command.dword(10) & 0xF)
        return Completion()

    def _security_send(self, command: Command, _: int) -> Completion:
        tper, protocol, specific = self._security(command)
        if not tper.send(protocol, specific, command.data):
            raise Refused(Status.INVALID_FIELD)
        return Completion()

    def _security_receive(self, command: Command, _: int) -> Completion:
        tper, protocol, specific = self._security(command)
        data = tper.receive(protocol, specific, self.spaces[0].lba_bytes)
        length = command.dword(11)
        if data is None or length > PAGE << MDTS:
            raise Refused(Status.INVALID_FIELD)
        return Completion(data=data[:length].ljust(length, b"\0"))

    def _security(self, command: Command) -> tuple[Tper, int, int]:
        # SECP is bits 31:24 of dword 10, SPSP bits 23:8 (NVMe Base 2.1, 5.1.23).
        if self.tper is None or not self.config.oacs & _SECURITY:
            raise Refused(Status.INVALID_OPCODE)
        return self.tper, command.dword(10) >> 24, command.dword(10) >> 8 & 0xFFFF

    def _attach(self, command: Command, controller: int) -> Completion:
        if not self.config.oacs & _NAMESPACES:
            raise Refused(Status.INVALID_OPCODE)
        if not 1 <= command.nsid <= len(self.spaces):
            raise Refused(Status.INVALID_NAMESPACE)
        attach = command.dword(10) & 0xF == 0
        if self.spaces[command.nsid - 1].attached == attach:
            raise Refused(Status.ALREADY_ATTACHED if attach else Status.NOT_ATTACHED)
        self.state.attached[command.nsid - 1] = attach
        self.state.save()
        return Completion()

    def _rekey(self) -> None:
        assert self.config.tcg is not None
        for space in self.spaces:
            space.medium.forget()
            space.erase(0, 1, WHOLE, pattern_of(self.config.tcg.reads_after_revert))
        self.state.erased_once = True
        self.state.save()
