"""Runs the application on an address: in the foreground, or in a thread for tests and the embedded registry."""

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address

import uvicorn
from fastapi import FastAPI

from agent.errors import EnvironmentLacks, UsageError

_START_SECONDS = 20.0


def parse_listen(text: str) -> tuple[str, int]:
    """Host and port from HOST:PORT ([HOST]:PORT for IPv6); raises UsageError."""
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise UsageError(f"{text!r} is no HOST:PORT.", "Give for example --listen 127.0.0.1:8799.")
    return host.removeprefix("[").removesuffix("]"), int(port)


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; raises EnvironmentLacks when the address is taken or not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(1024)
    except OSError as error:
        listener.close()
        raise EnvironmentLacks(
            f"Can't listen on {host}:{port}: {error.strerror or error}.",
            "Another program may use it; choose another address with --listen HOST:PORT.",
        ) from error
    return listener


def base_url(listener: socket.socket) -> str:
    """The http address of a bound socket."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def make_server(app: FastAPI) -> uvicorn.Server:
    """A server without access log: addresses and searches are nobody's business."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            access_log=False,
            log_config=None,
            log_level="warning",
            server_header=False,
            timeout_keep_alive=15,
            timeout_graceful_shutdown=20,
            proxy_headers=False,
        )
    )


@dataclass(frozen=True)
class RunningRegistry:
    """A registry that answers in a thread of this process."""

    base_url: str


@contextlib.contextmanager
def serve_in_thread(app: FastAPI, host: str = "127.0.0.1", port: int = 0) -> Iterator[RunningRegistry]:
    """Serve on loopback until the block ends, on a free port unless one is given; raises UsageError, EnvironmentLacks."""
    if not ip_address(host).is_loopback:
        raise UsageError("The embedded registry listens on this machine only.", "Use `ardoise-registry serve`.")
    # Without a handler of their own, Python would print the server's messages across the screen of this process.
    for name in ("uvicorn", "ardoise-registry"):
        logging.getLogger(name).addHandler(logging.NullHandler())
    listener = bind(host, port)
    server = make_server(app)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="registry", daemon=True)
    thread.start()
    try:
        _wait_until_started(server, thread)
        yield RunningRegistry(base_url(listener))
    finally:
        server.should_exit = True
        thread.join(_START_SECONDS * 2)
        listener.close()


def _wait_until_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise EnvironmentLacks("The embedded registry did not start.", "Look at its messages above.")
        time.sleep(0.01)
