"""The TPer of an Opal 2 drive behind Security Send and Receive: NVMe SIIS 1.11, 5.5; TCG Storage Core 2.01, 3.3; Opal SSC 2.01."""

from __future__ import annotations

import enum
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.lab.drives import tcg_objects
from tests.lab.drives.nvme_config import Tcg
from tests.lab.drives.tcg_discovery import BASE_COMID, Situation, level_0
from tests.lab.drives.tcg_locking import Locking
from tests.lab.drives.tcg_tokens import Control, Name, Packet, Value, encode, nothing, packet_of, tokens, value_of

_MANAGER = bytes.fromhex("00000000000000ff")
_PROPERTIES, _START, _SYNC = (bytes.fromhex(f"00000000 0000ff0{n}") for n in (1, 2, 3))
_PROTOCOLS = bytes([0, 1, 2])
_SESSION_SECONDS = 60
_STACK_RESET = 2
_TPER_RESET, _BLOCK_SID = 0x0004, 0x0005

# What Opal asks for at least (Opal SSC 2.01, 4.1.1.1).
_LIMITS = {
    b"MaxMethods": 1,
    b"MaxSubpackets": 1,
    b"MaxPacketSize": 2028,
    b"MaxPackets": 1,
    b"MaxComPacketSize": 2048,
    b"MaxResponseComPacketSize": 2048,
    b"MaxSessions": 1,
    b"MaxIndTokenSize": 1992,
    b"MaxAggTokenSize": 1992,
    b"MaxAuthentications": 2,
    b"MaxTransactionLimit": 1,
    b"DefSessionTimeout": 0,
}


class Answer(enum.IntEnum):
    """Method status codes (TCG Storage Core 2.01, 5.1.5)."""

    SUCCESS = 0x00
    NOT_AUTHORIZED = 0x01
    SP_BUSY = 0x03
    INVALID_PARAMETER = 0x0C
    AUTHORITY_LOCKED_OUT = 0x12
    FAIL = 0x3F


class Rejected(Exception):
    """A method that ends with an error status."""

    def __init__(self, status: Answer) -> None:
        super().__init__(status.name)
        self.status = status


@dataclass
class Session:
    """One session with one SP, and the authorities that it has proved."""

    number: int
    host: int
    sp: bytes
    authorities: set[bytes]
    used: float


class Tper:
    """One ComID, one session at a time; `rekey` makes the whole medium unreadable, `save` keeps `memory`."""

    def __init__(
        self,
        config: Tcg,
        memory: dict[str, Any],
        rekey: Callable[[], None],
        save: Callable[[], None],
        now: Callable[[], float],
    ) -> None:
        self._config = config
        self._rekey = rekey
        self._now = now
        self.locking = Locking(config, memory, save)
        self._session: Session | None = None
        self._numbers = 0x1000
        self._answer = nothing(BASE_COMID)
        self._management = b""
        self._wrong: dict[bytes, int] = {}
        self._blocked = config.block_sid

    def send(self, protocol: int, specific: int, data: bytes) -> bool:
        """Security Send; whether the drive knows the protocol and what it is used for."""
        if protocol == 1 and specific == BASE_COMID:
            self._packet(data)
            return True
        if protocol != 2:
            return False
        if specific == _BLOCK_SID:
            # Only a SID that nobody has set can be blocked (Block SID Authentication 1.00, 4.2).
            self._blocked = not self.locking.sid_changed
        elif specific == _TPER_RESET:
            self._session = None
            self.locking.lock_again()
        elif specific == BASE_COMID:
            self._manage(data)
        return specific in {_BLOCK_SID, _TPER_RESET, BASE_COMID}

    def receive(self, protocol: int, specific: int, lba_bytes: int) -> bytes | None:
        """Security Receive; None for what the drive does not know."""
        match protocol, specific:
            case 0, 0:
                return struct.pack(">6xH", len(_PROTOCOLS)) + _PROTOCOLS
            case 0, 1:
                return bytes(4)
            case 1, 1:
                return level_0(self._situation(lba_bytes))
            case 1, _ if specific == BASE_COMID:
                answer, self._answer = self._answer, nothing(BASE_COMID)
                return answer
            case 2, 0:
                return struct.pack(">HH", BASE_COMID, 0)
            case 2, _ if specific == BASE_COMID:
                return self._management
        return None

    def _situation(self, lba_bytes: int) -> Situation:
        locking = self.locking
        return Situation(locking.activated, locking.any_locked, locking.sid_changed, self._blocked, lba_bytes)

    def _manage(self, data: bytes) -> None:
        # HANDLE_COMID_REQUEST (Core 2.01, 3.3.4.3.2): the code, then what there is of it.
        code = int.from_bytes(data[4:8], "big")
        if code == _STACK_RESET:
            self._session, self._answer = None, nothing(BASE_COMID)
        self._management = struct.pack(">HHIHHI", BASE_COMID, 0, code, 0, 4, 0 if code == _STACK_RESET else 2)

    def _packet(self, data: bytes) -> None:
        try:
            packet = packet_of(data)
            found = tokens(packet.payload)
            self._answer = self._answer_to(packet, found)
        except (ValueError, IndexError, TypeError):
            # What can't be understood gets no answer.
            self._answer = nothing(BASE_COMID)

    def _answer_to(self, packet: Packet, found: list[Any]) -> bytes:
        session = self._live_session()
        if packet.session == 0:
            return self._manager(packet, found)
        if session is None or (session.number, session.host) != (packet.session, packet.host_session):
            return nothing(BASE_COMID)
        session.used = self._now()
        if found[0] is Control.END_OF_SESSION:
            self._session = None
            return self._framed(packet.session, packet.host_session, bytes([Control.END_OF_SESSION]))
        invoking, method, arguments = _call(found)
        try:
            result, status = self._method(session, invoking, method, arguments), Answer.SUCCESS
        except Rejected as rejected:
            result, status = [], rejected.status
        payload = encode(result) + _ended(status)
        return self._framed(packet.session, packet.host_session, payload)

    def _live_session(self) -> Session | None:
        if self._session is not None and self._now() - self._session.used > _SESSION_SECONDS:
            self._session = None
        return self._session

    def _manager(self, packet: Packet, found: list[Any]) -> bytes:
        invoking, method, arguments = _call(found)
        if invoking != _MANAGER or method not in {_PROPERTIES, _START}:
            return nothing(BASE_COMID)
        if method == _PROPERTIES:
            limits: list[Value] = [Name(name, value) for name, value in _LIMITS.items()]
            return self._called(_PROPERTIES, [limits], Answer.SUCCESS)
        try:
            session = self._started(arguments)
        except Rejected as rejected:
            return self._called(_SYNC, [], rejected.status)
        return self._called(_SYNC, [session.host, session.number], Answer.SUCCESS)

    def _started(self, arguments: list[Value]) -> Session:
        host, sp, _ = arguments[:3]
        named = {each.key: each.value for each in arguments[3:] if isinstance(each, Name)}
        challenge, authority = named.get(0), named.get(3)
        if self._session is not None:
            raise Rejected(Answer.SP_BUSY)
        known = {tcg_objects.ADMIN_SP, *([tcg_objects.LOCKING_SP] if self.locking.activated else [])}
        if sp not in known or not isinstance(host, int) or not isinstance(sp, bytes):
            raise Rejected(Answer.INVALID_PARAMETER)
        proved: set[bytes] = set()
        if isinstance(authority, bytes) and authority not in {tcg_objects.ANYBODY, b"\xff" * 8}:
            self._prove(sp, authority, challenge if isinstance(challenge, bytes) else b"")
            proved.add(authority)
        self._numbers += 1
        self._session = Session(self._numbers, host, sp, proved, self._now())
        return self._session

    def _prove(self, sp: bytes, authority: bytes, challenge: bytes) -> None:
        pin = self.locking.pin(sp, authority)
        wrong = self._wrong.get(authority, 0)
        # Tries start again with the power (C_PIN Persistence is false).
        if wrong >= self._config.psid_tries:
            raise Rejected(Answer.AUTHORITY_LOCKED_OUT)
        if authority == tcg_objects.SID and self._blocked:
            raise Rejected(Answer.NOT_AUTHORIZED)
        if pin is None or challenge != pin:
            self._wrong[authority] = wrong + 1
            raise Rejected(Answer.NOT_AUTHORIZED)
        self._wrong[authority] = 0

    def _method(self, session: Session, invoking: bytes, method: bytes, arguments: list[Value]) -> list[Value]:
        match method:
            case tcg_objects.GET:
                values = self.locking.get(invoking, session.authorities)
                return [_cells(values, arguments)]
            case tcg_objects.SET:
                self._set(session, invoking, arguments)
            case tcg_objects.AUTHENTICATE:
                return [self._authenticated(session, arguments)]
            case tcg_objects.REVERT | tcg_objects.REVERT_SP:
                self._revert(session, invoking)
            case tcg_objects.ACTIVATE if invoking == tcg_objects.LOCKING_SP:
                _need(session, tcg_objects.SID)
                self.locking.activate()
            case _:
                raise Rejected(Answer.NOT_AUTHORIZED)
        return []

    def _set(self, session: Session, invoking: bytes, arguments: list[Value]) -> None:
        given = next((each.value for each in arguments if isinstance(each, Name) and each.key == 1), None)
        if not isinstance(given, list):
            raise Rejected(Answer.INVALID_PARAMETER)
        values = {each.key: each.value for each in given if isinstance(each, Name)}
        if not self.locking.set(invoking, session.authorities, values):
            raise Rejected(Answer.NOT_AUTHORIZED)

    def _authenticated(self, session: Session, arguments: list[Value]) -> int:
        named = {each.key: each.value for each in arguments if isinstance(each, Name)}
        authority, challenge = arguments[0], named.get(0)
        if not isinstance(authority, bytes) or not isinstance(challenge, bytes):
            raise Rejected(Answer.INVALID_PARAMETER)
        try:
            self._prove(session.sp, authority, challenge)
        except Rejected:
            return 0
        session.authorities.add(authority)
        return 1

    def _revert(self, session: Session, invoking: bytes) -> None:
        """Revert and RevertSP: the keys of the medium change, the SPs are as the maker left them (Opal SSC 2.01, 5.1.2, 5.1.3)."""
        if session.sp == tcg_objects.ADMIN_SP and invoking in {tcg_objects.ADMIN_SP, tcg_objects.LOCKING_SP}:
            allowed = {tcg_objects.SID, tcg_objects.PSID} if invoking == tcg_objects.ADMIN_SP else {tcg_objects.SID}
            _need(session, *allowed)
        elif session.sp == tcg_objects.LOCKING_SP and invoking == tcg_objects.THIS_SP:
            _need(session, tcg_objects.ADMIN_1)
        else:
            raise Rejected(Answer.NOT_AUTHORIZED)
        if self._config.revert != "nothing":
            self.locking.revert(with_admin=invoking == tcg_objects.ADMIN_SP)
            self._rekey()
        # The session ends with the answer.
        self._session = None

    def _called(self, method: bytes, arguments: list[Value], status: Answer) -> bytes:
        payload = bytes([Control.CALL]) + encode(_MANAGER) + encode(method) + encode(arguments) + _ended(status)
        return self._framed(0, 0, payload)

    def _framed(self, session: int, host: int, payload: bytes) -> bytes:
        return Packet(BASE_COMID, session, host, payload).raw()


def _ended(status: Answer) -> bytes:
    return bytes([Control.END_OF_DATA]) + encode([status, 0, 0])


def _call(found: list[Any]) -> tuple[bytes, bytes, list[Value]]:
    if found[0] is not Control.CALL or not (isinstance(found[1], bytes) and isinstance(found[2], bytes)):
        raise ValueError("no method call")
    arguments, _ = value_of(found, 3)
    if not isinstance(arguments, list):
        raise ValueError("no list of arguments")
    return found[1], found[2], arguments


def _need(session: Session, *authorities: bytes) -> None:
    if not session.authorities & set(authorities):
        raise Rejected(Answer.NOT_AUTHORIZED)


def _cells(values: dict[int, Value], arguments: list[Value]) -> list[Value]:
    # The cell block's columns, from 3 (startColumn) to 4 (endColumn); all where they are not given (Core 2.01, 5.3.3.6).
    block = arguments[0] if arguments and isinstance(arguments[0], list) else []
    limits = {each.key: each.value for each in block if isinstance(each, Name)}
    first, last = limits.get(3, 0), limits.get(4, 255)
    if not isinstance(first, int) or not isinstance(last, int):
        raise Rejected(Answer.INVALID_PARAMETER)
    return [Name(column, value) for column, value in sorted(values.items()) if first <= column <= last]
