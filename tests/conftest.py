"""Tests may start no program that they do not name, and reach no host but loopback."""

import ipaddress
import os
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Allow = Callable[..., None]


class ProgramNotNamedError(AssertionError):
    """A test started a program that it does not name."""


class OutsideReachedError(AssertionError):
    """A test tried to reach another host."""


@pytest.fixture(autouse=True)
def allow_programs(monkeypatch: pytest.MonkeyPatch) -> Allow:
    """Call with the names of the programs that this test may start; every other one fails the test."""
    permitted: set[str] = set()
    start = subprocess.Popen.__init__

    def guarded(self: subprocess.Popen, args, *rest, **options) -> None:  # type: ignore[no-untyped-def]
        argv = [args] if isinstance(args, (str, bytes, os.PathLike)) else list(args)
        name = Path(os.fsdecode(options.get("executable") or argv[0])).name
        if options.get("shell") or name not in permitted:
            raise ProgramNotNamedError(f"this test starts {name!r} without naming it")
        start(self, args, *rest, **options)

    monkeypatch.setattr(subprocess.Popen, "__init__", guarded)
    return lambda *names: permitted.update(names)


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = socket.socket.connect

    def guarded(self: socket.socket, address) -> None:  # type: ignore[no-untyped-def]
        if self.family in {socket.AF_INET, socket.AF_INET6}:
            host = address[0]
            if host != "localhost" and not ipaddress.ip_address(host).is_loopback:
                raise OutsideReachedError(f"this test connects to {host}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LANG", "LANGUAGE", "LC_ALL", "NO_COLOR", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
