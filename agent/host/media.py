"""One exclusively opened block device: O_EXCL against the kernel's own users, a lock against udev's probing, O_DIRECT.

The descriptor lives from the identity check to the end of verification; everything that is asked of the medium is asked of it.
"""

import errno
import fcntl
import os
import stat
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from agent.errors import IdentityChanged, MediaBusy, MediaError, MediaVanished
from agent.host import scsi
from agent.host.descriptor import Descriptor
from agent.host.identity import Geometry, first_answer, read_device, sysfs_pages
from agent.host.sysfs import Roots, folder_of_number, read_int
from agent.model.drive import Identity

# <linux/fs.h>
_BLKROGET = 0x125E
_BLKFLSBUF = 0x1261
_BLKSSZGET = 0x1268
_BLKIOOPT = 0x1279
_BLKPBSZGET = 0x127B
_BLKGETSIZE64 = 0x80081272
_BLKGETDISKSEQ = 0x80081280

BUSY_SECONDS = 2.0
_LOOK_SECONDS = 0.02
T = TypeVar("T")

_GONE = frozenset({errno.ENOENT, errno.ENXIO, errno.ENODEV, errno.ENOMEDIUM})


class BlockMedium:
    """A Medium on a block device node; made by `open_exclusively`."""

    def __init__(self, node: str, descriptor: int, roots: Roots) -> None:
        self._node = node
        self._held = Descriptor(descriptor)
        self._roots = roots
        self._sector = _ioctl_int(descriptor, _BLKSSZGET, "i")
        self._physical = _ioctl_int(descriptor, _BLKPBSZGET, "I")

    @property
    def _descriptor(self) -> int:
        return self._held.number

    @property
    def capacity_bytes(self) -> int:
        """Size in bytes as the kernel says it of the open descriptor; raises MediaVanished."""
        return _asked(self._node, lambda: _ioctl_int(self._descriptor, _BLKGETSIZE64, "Q"))

    @property
    def logical_sector_bytes(self) -> int:
        """Logical sector size of the descriptor."""
        return self._sector

    @property
    def optimal_io_bytes(self) -> int:
        """What sysfs calls queue/optimal_io_size, asked of the descriptor; 0 where it gives no answer, for it is a hint only."""
        try:
            return _ioctl_int(self._descriptor, _BLKIOOPT, "I")
        except OSError:
            return 0

    @property
    def direct_io(self) -> bool:
        """Whether O_DIRECT is set on the descriptor now."""
        return bool(fcntl.fcntl(self._descriptor, fcntl.F_GETFL) & os.O_DIRECT)

    @property
    def sequence(self) -> int | None:
        """The kernel numbers every disk that it finds (Linux 5.15)."""
        try:
            return _ioctl_int(self._descriptor, _BLKGETDISKSEQ, "Q")
        except OSError:
            return None

    def read_identity(self) -> Identity:
        """Identity of the device behind the descriptor; raises MediaVanished, IdentityChanged when the node leads elsewhere."""
        status = os.fstat(self._descriptor)
        _check_node(self._node, status.st_rdev)
        folder = folder_of_number(self._roots, os.major(status.st_rdev), os.minor(status.st_rdev))
        if folder is None:
            raise MediaVanished(f"The kernel no longer lists the device behind {self._node}.", "Check its cable.")
        self._check_sequence(read_int(folder / "diskseq"))
        capacity = self.capacity_bytes
        if capacity == 0:
            raise MediaVanished(f"{self._node} has no capacity any more.", "Check its cable.")
        geometry = Geometry(capacity, self._sector, self._physical)
        pages = first_answer(lambda page: scsi.inquiry_page(self._descriptor, page), sysfs_pages(folder))
        return read_device(folder, geometry, pages).identity

    def write_at(self, offset: int, data: memoryview) -> int:
        """Write at a byte offset, return the count written; raises OSError."""
        with self._held.use() as descriptor:
            return os.pwrite(descriptor, data, offset)

    def read_at(self, offset: int, into: memoryview) -> int:
        """Read into an aligned buffer, return the count read; raises OSError."""
        with self._held.use() as descriptor:
            return os.preadv(descriptor, [into], offset)

    def flush(self) -> None:
        """Flush the drive's cache and drop the kernel's buffers; raises OSError."""
        with self._held.use() as descriptor:
            os.fdatasync(descriptor)
            fcntl.ioctl(descriptor, _BLKFLSBUF, 0)

    def close(self) -> None:
        """Release the descriptor, and with it the exclusive claim and the lock."""
        self._held.close()

    def _check_sequence(self, listed: int | None) -> None:
        """A device number reused by another disk shows here."""
        opened = self.sequence
        if opened is not None and listed is not None and listed != opened:
            raise IdentityChanged(f"{self._node} was replaced while it was open.", "List the drives again.")


def again_while_busy(attempt: Callable[[], T], seconds: float = BUSY_SECONDS) -> T:
    """What `attempt` gives, tried again for a moment where it raises MediaBusy.

    A program that another thread is starting has our descriptors between its fork and its exec, and with them the claim
    and the lock of a medium that was closed meanwhile (tests/lab, sixteen drives at once).
    """
    until = time.monotonic() + seconds
    while True:
        try:
            return attempt()
        except MediaBusy:
            if time.monotonic() > until:
                raise
        time.sleep(_LOOK_SECONDS)


def open_exclusively(node: str, roots: Roots, holders: Callable[[], tuple[str, ...]] = tuple) -> BlockMedium:
    """Open a whole disk for writing; raises MediaBusy (naming its holders), MediaVanished, MediaError."""
    return again_while_busy(lambda: _open_exclusively(node, roots, holders))


def _open_exclusively(node: str, roots: Roots, holders: Callable[[], tuple[str, ...]]) -> BlockMedium:
    flags = os.O_RDWR | os.O_EXCL | os.O_DIRECT | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        descriptor = os.open(node, flags)
    except OSError as error:
        raise _refusal(node, error, holders) from error
    try:
        _check_is_writable_disk(node, descriptor)
        _lock(node, descriptor)
        return BlockMedium(node, descriptor, roots)
    except BaseException:
        os.close(descriptor)
        raise


def _refusal(node: str, error: OSError, holders: Callable[[], tuple[str, ...]]) -> MediaError:
    if error.errno == errno.EBUSY:
        names = ", ".join(holders()) or "another program"
        return MediaBusy(f"{node} is in use by {names}.", "Unmount it or stop what uses it.")
    if error.errno in _GONE:
        return MediaVanished(
            f"{node} is not there any more: {error.strerror}.", "Check its cable, list the drives again."
        )
    return MediaError(
        f"{node} can't be opened for writing: {error.strerror}.", "Check rights and write protection."
    )


def _check_is_writable_disk(node: str, descriptor: int) -> None:
    if not stat.S_ISBLK(os.fstat(descriptor).st_mode):
        raise MediaError(f"{node} is no block device.", "Name a whole disk.")
    if _asked(node, lambda: _ioctl_int(descriptor, _BLKROGET, "i")):
        raise MediaError(f"{node} is read-only.", "Remove its write protection.")


def _lock(node: str, descriptor: int) -> None:
    """The lock that systemd's BLOCK_DEVICE_LOCKING describes: udev does not probe the disk while it is held."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise MediaBusy(f"Another program has locked {node}.", "Wait until it has ended.") from error


def _check_node(node: str, opened: int) -> None:
    try:
        found = Path(node).stat(follow_symlinks=False)
    except FileNotFoundError as error:
        raise MediaVanished(
            f"The node {node} has gone.", "Check the drive's cable, list the drives again."
        ) from error
    if not stat.S_ISBLK(found.st_mode) or found.st_rdev != opened:
        raise IdentityChanged(f"{node} leads to another device now.", "List the drives again.")


def _asked(node: str, question: Callable[[], int]) -> int:
    try:
        return question()
    except OSError as error:
        raise MediaVanished(f"{node} does not answer any more: {error.strerror}.", "Check its cable.") from error


def _ioctl_int(descriptor: int, request: int, form: str) -> int:
    size = struct.calcsize(form)
    (value,) = struct.unpack(form, fcntl.ioctl(descriptor, request, bytes(size)))
    return int(value)
