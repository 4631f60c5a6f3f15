"""A registry that lies: a plain HTTP server whose every answer a test scripts, byte for byte where it must."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Script = Callable[[bytes, int], bytes]


def http(status: str, body: bytes = b"", kind: str = "application/json", *headers: str) -> bytes:
    """One whole answer."""
    lines = [
        f"HTTP/1.1 {status}",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body)}",
        "Connection: close",
        *headers,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@contextmanager
def lying(script: Script, pause: float = 0.0) -> Iterator[tuple[str, list[bytes]]]:
    """Answer each request's body with what `script(body, number)` returns (nothing: hang up); yields address and bodies.

    `pause` is waited before each piece of the request is taken, in seconds.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    if pause:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
    bodies: list[bytes] = []
    thread = threading.Thread(target=_serve, args=(listener, script, bodies, pause), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", bodies
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)


def _serve(listener: socket.socket, script: Script, bodies: list[bytes], pause: float) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_answer, args=(connection, script, bodies, pause), daemon=True).start()


def _answer(connection: socket.socket, script: Script, bodies: list[bytes], pause: float) -> None:
    with connection, contextlib.suppress(OSError):
        body = _request_body(connection, pause)
        bodies.append(body)
        connection.sendall(script(body, len(bodies)))


def _request_body(connection: socket.socket, pause: float) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, body = data.split(b"\r\n\r\n", 1)
    length = next(
        int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
    )
    while len(body) < length:
        time.sleep(pause)
        piece = connection.recv(65536)
        if not piece:
            raise ConnectionError("hung up in the middle of a record")
        body += piece
    return body


@contextmanager
def dripping(head: bytes, drop: bytes, seconds: float = 6.0) -> Iterator[tuple[str, list[float]]]:
    """Send `head`, then `drop` every 20 ms for at most so long; yields address and how long each connection lasted."""
    listener = socket.create_server(("127.0.0.1", 0))
    lasted: list[float] = []
    ended = threading.Event()

    def drip(connection: socket.socket) -> None:
        begun = time.monotonic()
        with connection, contextlib.suppress(OSError):
            connection.recv(65536)
            connection.sendall(head)
            while time.monotonic() - begun < seconds and not ended.is_set():
                connection.sendall(drop)
                time.sleep(0.02)
        lasted.append(time.monotonic() - begun)

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                drip(listener.accept()[0])

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", lasted
    finally:
        ended.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)
