"""The journal's bytes on a stick that may be pulled: which of them are durable, and whether what comes back is the same file."""

import contextlib
import errno
import hashlib
import os
import stat
from pathlib import Path

from agent.errors import EvidenceError

PULLED = frozenset(
    {errno.EIO, errno.ENODEV, errno.ENOENT, errno.ENXIO, errno.EROFS, errno.ENOMEDIUM, errno.ESHUTDOWN}
)
"""What the system says where the medium below a file has gone; a device that dies leaves a read-only mount behind."""

_CHUNK_BYTES = 1 << 20


class JournalFile:
    """An append-only file, opened anew by its path after its medium was away; its owner has a lock."""

    def __init__(self, descriptor: int, path: Path) -> None:
        self.path = path
        self.descriptor = descriptor
        self._durable_bytes = 0
        self._digest = hashlib.sha256()
        self._unsynced: list[bytes] = []
        # How many bytes behind the durable ones may have reached the medium, whole or torn.
        self._tried_bytes = 0

    def write(self, line: bytes) -> None:
        """Append without a sync; raises OSError, ENOENT where another file or none is at the path by now."""
        self._check_place()
        self._tried_bytes += len(line)
        view = memoryview(line)
        while view:
            view = view[os.write(self.descriptor, view) :]
        self._unsynced.append(line)

    def sync(self) -> None:
        """Make everything written durable; raises OSError."""
        os.fdatasync(self.descriptor)
        for line in self._unsynced:
            self._digest.update(line)
            self._durable_bytes += len(line)
        self._unsynced.clear()
        self._tried_bytes = 0

    def reopen(self) -> None:
        """Open what is at the path now, and drop what was never durable; raises OSError, EvidenceError for another content."""
        self.close()
        descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            # Nothing is written before it is known to be ours.
            self._check_same(descriptor)
            os.ftruncate(descriptor, self._durable_bytes)
        except BaseException:
            os.close(descriptor)
            raise
        self.descriptor = descriptor
        self._unsynced.clear()

    def close(self) -> None:
        """Release the descriptor; safe to call twice."""
        if self.descriptor >= 0:
            # A dead medium may answer even this with an error; what counts was synced.
            with contextlib.suppress(OSError):
                os.close(self.descriptor)
            self.descriptor = -1

    def _check_place(self) -> None:
        # A stick that was mounted again is another file to the kernel: the old descriptor writes into nowhere.
        mine, there = os.fstat(self.descriptor), self.path.lstat()
        if (mine.st_dev, mine.st_ino) != (there.st_dev, there.st_ino):
            raise OSError(errno.ENOENT, "another file is in the journal's place")

    def _check_same(self, descriptor: int) -> None:
        found = os.fstat(descriptor)
        longest = self._durable_bytes + self._tried_bytes
        if stat.S_ISREG(found.st_mode) and self._durable_bytes <= found.st_size <= longest:
            digest, left = hashlib.sha256(), self._durable_bytes
            while left and (piece := os.read(descriptor, min(left, _CHUNK_BYTES))):
                digest.update(piece)
                left -= len(piece)
            if not left and digest.digest() == self._digest.digest():
                return
        raise EvidenceError(
            "The journal that came back is not the one that was written.", "Put back the stick that was pulled."
        )
