"""A sparse file that behaves like an exclusively opened block device, faults and slowness included."""

import errno
import fcntl
import mmap
import os
import threading
import time
from collections.abc import Callable

from agent.errors import MediaBusy, MediaVanished
from agent.host.descriptor import Descriptor
from agent.host.simulated_drive import SimulatedDrive
from agent.host.simulated_faults import Request, gone_error, io_error
from agent.host.simulated_firmware import is_locked
from agent.model.drive import Identity

_PROBE_BYTES = 512


class SimulatedMedium:
    """One descriptor on the drive's image; a lock on it keeps every second opener out, as O_EXCL does on a block device.

    `pace` limits reads and writes to so many bytes per second, so that progress can be watched; 0 is no limit.
    """

    optimal_io_bytes = 0
    sequence: int | None = None

    def __init__(self, drive: SimulatedDrive, pace: int, sleep: Callable[[float], None] = time.sleep) -> None:
        self._drive = drive
        self._faults = drive.faults()
        self._sector = drive.captured().identity.logical_sector_bytes
        self._pace = pace
        self._sleep = sleep
        self._short_writes_left = self._faults.short_writes
        self._stalled = False
        # A drive that Opal has locked answers to no read and no write (Data Protection Error).
        self._dead = is_locked(drive)
        # A drive does one thing after the other, however many ask.
        self._one_at_a_time = threading.Lock()
        descriptor, self.direct_io = _open_exclusively(drive)
        self._held = Descriptor(descriptor)

    @property
    def capacity_bytes(self) -> int:
        """Size of the image now, in whole sectors; raises MediaVanished once it is closed."""
        return self._drive.whole_sectors(os.fstat(self._open()).st_size, self._sector)

    @property
    def logical_sector_bytes(self) -> int:
        """Smallest unit that can be addressed."""
        return self._sector

    def read_identity(self) -> Identity:
        """Identity as the capture and the image's size say it at this moment; raises MediaVanished."""
        if not self._drive.is_there(os.fstat(self._open())):
            raise MediaVanished(
                f"{self._drive.name} is no longer there.", "Plug the drive in again and start over."
            )
        return self._drive.current(self.capacity_bytes).identity

    def write_at(self, offset: int, data: memoryview) -> int:
        """Write whole sectors, return the count written (may be short); raises OSError as a block device does."""
        with self._held.use(), self._one_at_a_time:
            return self._write(offset, data)

    def _write(self, offset: int, data: memoryview) -> int:
        wanted = self._request(offset, data.nbytes)
        self._stall(wanted)
        count = self._admitted(wanted)
        if Request(wanted.first, count).touches(self._faults.bad_sectors_write):
            raise io_error()
        if self._short_writes_left and count > 1:
            self._short_writes_left -= 1
            count //= 2
        started = time.monotonic()
        self._store(offset, data[: count * self._sector])
        self._keep_pace(started, count * self._sector)
        if (wanted.first + count) * self._sector >= self.capacity_bytes:
            self._drive.remember(written=True)
        return count * self._sector

    def read_at(self, offset: int, into: memoryview) -> int:
        """Read whole sectors, return the count read (0 at the end); raises OSError as a block device does."""
        with self._held.use(), self._one_at_a_time:
            return self._read(offset, into)

    def _read(self, offset: int, into: memoryview) -> int:
        if offset >= self.capacity_bytes:
            return 0
        wanted = self._request(offset, into.nbytes)
        self._check_alive()
        if wanted.touches(self._faults.bad_sectors_read):
            raise io_error()
        started = time.monotonic()
        count = os.preadv(self._open(), [into[: wanted.count * self._sector]], offset)
        self._keep_pace(started, count)
        return count

    def flush(self) -> None:
        """Sync the image and drop its cached pages; raises OSError once the drive has died or vanished."""
        self._check_alive()
        self._open()
        with self._held.use() as descriptor:
            os.fsync(descriptor)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)

    def close(self) -> None:
        """Release the descriptor and its lock; safe to call twice."""
        self._held.close()

    def _open(self) -> int:
        if self._held.number < 0:
            raise MediaVanished(f"{self._drive.name} has been closed.")
        return self._held.number

    def _request(self, offset: int, length: int) -> Request:
        if offset % self._sector or length % self._sector or not length:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        # A file would grow where a device ends.
        room = self.capacity_bytes - offset
        if room <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return Request(offset // self._sector, min(length, room) // self._sector)

    def _check_alive(self) -> None:
        # Remembered, because an engine that looks for the last good sector asks a dead drive very often.
        if self._dead:
            raise io_error()
        if not self._drive.is_there(os.fstat(self._open())):
            raise gone_error()
        if self._drive.state().died:
            self._dead = True
            raise io_error()

    def _admitted(self, wanted: Request) -> int:
        """Sectors that are written before the drive dies or vanishes; the next request meets the error."""
        self._check_alive()
        sectors = self.capacity_bytes // self._sector
        limits = {"died": self._faults.write_error_from_fraction, "vanished": self._faults.vanish_at_fraction}
        for ending, fraction in limits.items():
            if fraction is None or wanted.end <= int(sectors * fraction):
                continue
            left = int(sectors * fraction) - wanted.first
            if left > 0:
                return left
            self._drive.remember(**{ending: True})
            self._check_alive()
        return wanted.count

    def _store(self, offset: int, data: memoryview) -> None:
        """Write everything but the sectors whose writes the drive loses while it claims success."""
        position = offset
        for first, last in sorted(self._faults.drop_writes):
            start, end = first * self._sector, (last + 1) * self._sector
            if end <= position or start >= offset + data.nbytes:
                continue
            self._write_all(position, data[position - offset : max(start, position) - offset])
            position = min(end, offset + data.nbytes)
        self._write_all(position, data[position - offset :])

    def _write_all(self, offset: int, data: memoryview) -> None:
        while data.nbytes:
            count = os.pwrite(self._open(), data, offset)
            offset, data = offset + count, data[count:]

    def _stall(self, wanted: Request) -> None:
        at = int(self.capacity_bytes // self._sector * self._faults.stall_at_fraction)
        if self._faults.stall_seconds and not self._stalled and wanted.end > at:
            self._stalled = True
            self._sleep(self._faults.stall_seconds)

    def _keep_pace(self, started: float, count: int) -> None:
        if self._pace:
            self._sleep(max(0.0, started + count / self._pace - time.monotonic()))
        self._drive.heat.worked(time.monotonic() - started, self._faults)


def _open_exclusively(drive: SimulatedDrive) -> tuple[int, bool]:
    descriptor, direct = _open_direct(drive)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise MediaBusy(f"{drive.name} is held by somebody else.", "Close the program that uses it.") from error
    return descriptor, direct


def _open_direct(drive: SimulatedDrive) -> tuple[int, bool]:
    """With O_DIRECT where the file system below takes single sectors; tmpfs and some others don't."""
    try:
        descriptor = drive.open_image(os.O_RDWR | os.O_DIRECT)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        return drive.open_image(os.O_RDWR), False
    with mmap.mmap(-1, mmap.PAGESIZE) as page:
        try:
            os.preadv(descriptor, [memoryview(page)[:_PROBE_BYTES]], _PROBE_BYTES)
        except OSError:
            os.close(descriptor)
            return drive.open_image(os.O_RDWR), False
    return descriptor, True
