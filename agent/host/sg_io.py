"""SCSI commands through the kernel's SG_IO ioctl, for what is only asked of a drive; whatever erases goes through a packaged tool.

Source: <scsi/sg.h>. The kernel's block layer lets root send any command through a descriptor opened for reading.
"""

import ctypes
import errno
import fcntl
import os
from dataclasses import dataclass

from agent.errors import ToolFailed

NAME = "SG_IO"
"""What stands for a program's name where a command of ours is recorded or fails."""

_SG_IO = 0x2285
_NO_DATA, _TO_DEVICE, _FROM_DEVICE = -1, -2, -3
_TIMEOUT_MS = 5000
_SENSE_BYTES = 64


class _SgIoHeader(ctypes.Structure):
    """struct sg_io_hdr of <scsi/sg.h>."""

    _fields_ = (
        ("interface_id", ctypes.c_int),
        ("dxfer_direction", ctypes.c_int),
        ("cmd_len", ctypes.c_ubyte),
        ("mx_sb_len", ctypes.c_ubyte),
        ("iovec_count", ctypes.c_ushort),
        ("dxfer_len", ctypes.c_uint),
        ("dxferp", ctypes.c_void_p),
        ("cmdp", ctypes.c_void_p),
        ("sbp", ctypes.c_void_p),
        ("timeout", ctypes.c_uint),
        ("flags", ctypes.c_uint),
        ("pack_id", ctypes.c_int),
        ("usr_ptr", ctypes.c_void_p),
        ("status", ctypes.c_ubyte),
        ("masked_status", ctypes.c_ubyte),
        ("msg_status", ctypes.c_ubyte),
        ("sb_len_wr", ctypes.c_ubyte),
        ("host_status", ctypes.c_ushort),
        ("driver_status", ctypes.c_ushort),
        ("resid", ctypes.c_int),
        ("duration", ctypes.c_uint),
        ("info", ctypes.c_uint),
    )


@dataclass(frozen=True)
class Answer:
    """What came back: SCSI status, the host adapter's own status, the bytes received, the sense data (b'' where none)."""

    status: int
    host_status: int
    data: bytes
    sense: bytes

    @property
    def good(self) -> bool:
        """Whether the device ended the command with GOOD and nothing was lost on the way."""
        return self.status == 0 and self.host_status == 0


def execute(
    descriptor: int, command: bytes, *, receive: int = 0, send: bytes = b"", timeout_ms: int = _TIMEOUT_MS
) -> Answer:
    """One command to the device behind a descriptor, with bytes to receive or to send; raises OSError where it is no SCSI device."""
    size = receive or len(send)
    direction = _FROM_DEVICE if receive else _TO_DEVICE if send else _NO_DATA
    cdb = (ctypes.c_ubyte * len(command))(*command)
    data = (ctypes.c_ubyte * max(size, 1))(*send)
    sense = (ctypes.c_ubyte * _SENSE_BYTES)()
    header = _SgIoHeader(
        interface_id=ord("S"),
        dxfer_direction=direction,
        cmd_len=len(command),
        mx_sb_len=_SENSE_BYTES,
        dxfer_len=size,
        dxferp=ctypes.addressof(data),
        cmdp=ctypes.addressof(cdb),
        sbp=ctypes.addressof(sense),
        timeout=timeout_ms,
    )
    fcntl.ioctl(descriptor, _SG_IO, header)
    received = bytes(data)[: max(receive - max(header.resid, 0), 0)] if receive else b""
    return Answer(header.status, header.host_status, received, bytes(sense)[: header.sb_len_wr])


def on_node(
    node: str, what: str, command: bytes, *, receive: int = 0, send: bytes = b"", timeout_ms: int = _TIMEOUT_MS
) -> Answer:
    """One command to a node opened for reading just for it; raises ToolFailed where it can't be sent or gets no answer.

    `what` is the command's name in the standard.
    """
    argv = (NAME, what, node)
    try:
        descriptor = os.open(node, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError as error:
        raise ToolFailed(argv, error.errno, error.strerror or "") from error
    try:
        answer = execute(descriptor, command, receive=receive, send=send, timeout_ms=timeout_ms)
    except OSError as error:
        raise ToolFailed(argv, error.errno, error.strerror or "") from error
    finally:
        os.close(descriptor)
    if answer.host_status:
        raise ToolFailed(argv, errno.EIO, f"no answer of the drive (host status {answer.host_status:02X}h)")
    return answer
