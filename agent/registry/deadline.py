"""An end to the whole of a request: a time-out of a socket begins anew with every byte, so dripping bytes never meet it.

Every read and write is given what is left of the whole as its time-out; there is no thread and no timer to leave behind.
Name resolution alone is outside: its limits are the system's (resolv.conf).
"""

import http.client
import io
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager, ProxyManager
from urllib3.connection import HTTPConnection, HTTPSConnection

from agent.errors import RegistryUnavailable

_LATER = "Upload again later."


@dataclass(frozen=True)
class _Limits:
    attempt_ends: float
    answer_seconds: float


# The way from requests down to a socket lets no value of ours pass; a context belongs to one thread, as an attempt does.
_limits: ContextVar[_Limits | None] = ContextVar("limits", default=None)


@contextmanager
def time_limits(attempt_seconds: float, answer_seconds: float) -> Iterator[None]:
    """Within it a request of a `deadline_session` ends with RegistryUnavailable when it or its answer lasts longer."""
    token = _limits.set(_Limits(time.monotonic() + attempt_seconds, answer_seconds))
    try:
        yield
    finally:
        _limits.reset(token)


def deadline_session() -> requests.Session:
    """A session whose requests keep the limits set by `time_limits`, over http, https and an http proxy."""
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, DeadlineAdapter())
    return session


class _Reader(io.RawIOBase):
    """What a socket brings, until the deadline (monotonic, seconds)."""

    def __init__(self, sock: socket.socket, ends: float) -> None:
        super().__init__()
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._silence = sock.gettimeout()
        self._ends = ends

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:  # noqa: ANN401 - any writable buffer, as io has it
        self._sock.settimeout(_time_out(self._silence, self._ends, "answers"))
        try:
            return self._raw.readinto(buffer)
        except TimeoutError:
            _time_out(self._silence, self._ends, "answers")
            raise

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Source:
    """As much of a socket as http.client asks for to read an answer."""

    def __init__(self, sock: socket.socket, ends: float) -> None:
        self._sock, self._ends = sock, ends

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self._sock, self._ends))


class _Response(http.client.HTTPResponse):
    """An answer (also a proxy's to CONNECT) whose time begins when the request has been sent."""

    def __init__(self, sock: Any, *args: Any, **options: Any) -> None:  # noqa: ANN401 - passed on as it came
        limits = _limits.get()
        if limits is not None:
            sock = _Source(sock, min(limits.attempt_ends, time.monotonic() + limits.answer_seconds))
        super().__init__(sock, *args, **options)


class _Sending(http.client.HTTPConnection):
    """A connection that stops sending at the attempt's end."""

    response_class = _Response

    def send(self, data: Any) -> None:  # noqa: ANN401 - whatever http.client sends
        limits = _limits.get()
        if limits is None:
            super().send(data)
            return
        if self.sock is not None:
            self.sock.settimeout(_time_out(self.timeout, limits.attempt_ends, "takes the record"))
        try:
            super().send(data)
        except TimeoutError:
            _time_out(self.timeout, limits.attempt_ends, "takes the record")
            raise


class _Connection(_Sending, HTTPConnection):
    pass


class _TlsConnection(_Sending, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class DeadlineAdapter(HTTPAdapter):
    """The transport that keeps the limits."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - passed on as it came
        super().init_poolmanager(*args, **options)
        _limit(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - passed on as it came
        manager = super().proxy_manager_for(*args, **options)
        # A SOCKS proxy has connections of its own.
        if isinstance(manager, ProxyManager):
            _limit(manager)
        return manager


def _limit(manager: PoolManager) -> None:
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}


def _time_out(silence: float | None, ends: float, does: str) -> float:
    left = ends - time.monotonic()
    if left <= 0:
        raise RegistryUnavailable(f"The registry {does} too slowly.", _LATER)
    return left if silence is None else min(left, silence)
