"""A file descriptor that several threads use: its number is free for another file only when the last of them is done."""

import contextlib
import errno
import os
import threading
from collections.abc import Iterator


class Descriptor:
    """Owns one open file; a drive that hangs may hold a thread in it long after everybody else has given up."""

    def __init__(self, number: int) -> None:
        self._open = number
        self._lock = threading.Lock()
        self._users = 0
        self._closed = False

    @property
    def number(self) -> int:
        """The descriptor for the owner's own thread; -1 once it is closed."""
        return -1 if self._closed else self._open

    @contextlib.contextmanager
    def use(self) -> Iterator[int]:
        """The descriptor for one system call; raises OSError (EBADF) once it is closed."""
        with self._lock:
            if self._closed:
                raise OSError(errno.EBADF, os.strerror(errno.EBADF))
            self._users += 1
        try:
            yield self._open
        finally:
            with self._lock:
                self._users -= 1
                last = not self._users and self.number < 0
            if last:
                os.close(self._open)

    def close(self) -> None:
        """Let no new call begin and release the file, at once or with the last call that is under way; safe to call twice."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            now = not self._users
        if now:
            os.close(self._open)
