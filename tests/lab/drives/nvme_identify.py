"""The data structures of Identify: NVMe Base 2.1, 5.1.13; NVM Command Set 1.1, 4.1.5; NVMe/TCP's own fields, NVMe-oF 1.1, 4.1."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable
from dataclasses import dataclass

from tests.lab.drives.nvme_config import Drive
from tests.lab.drives.nvme_format import LBA_FORMATS, Formatter
from tests.lab.drives.nvme_space import Space
from tests.lab.drives.nvme_words import ALL_NAMESPACES, Command, Refused, Status

PAGE = 4096
# Largest transfer, 2 ** MDTS pages of 4 KiB, and what a command capsule of an I/O queue carries inside.
MDTS = 5
IN_CAPSULE = 8192
KEEP_ALIVE_GRANULARITY = 10
ERROR_LOG_ENTRIES = 16
_NVM = 0


@dataclass(frozen=True)
class Subject:
    """What Identify speaks about."""

    config: Drive
    spaces: tuple[Space, ...]
    formatter: Formatter
    serial: str
    controller: int
    controllers: tuple[int, ...]


def identify(subject: Subject, command: Command) -> bytes:
    """4096 bytes for the CNS value of a command; raises Refused."""
    kind, nsid = command.dword(10) & 0xFF, command.nsid
    # Command Set Identifier, bits 31:24 of dword 11.
    set_identifier = command.dword(11) >> 24
    if kind in {0x05, 0x06} and set_identifier != _NVM:
        raise Refused(Status.INVALID_FIELD)
    match kind:
        case 0x00 | 0x11:
            data = _namespace(subject, nsid, allocated=kind == 0x11)
        case 0x01:
            data = _controller(subject)
        case 0x02 | 0x07:
            data = _numbers(space.number for space in subject.spaces if space.attached and space.number > nsid)
        case 0x03:
            data = _descriptors(subject.config, _known(subject, nsid))
        case 0x05 | 0x06:
            # The NVM Command Set's own structures (CNS 05h, 06h): nothing beyond the older ones.
            data = b""
        case 0x08:
            data = _independent(subject, nsid)
        case 0x10:
            data = _numbers(space.number for space in subject.spaces if space.number > nsid)
        case 0x12 | 0x13:
            data = _controllers(subject, command, of_namespace=kind == 0x12)
        case 0x1C:
            data = struct.pack("<Q", 1 << _NVM)
        case _:
            raise Refused(Status.INVALID_FIELD)
    return data.ljust(PAGE, b"\0")


def _controller(subject: Subject) -> bytes:
    config, can = subject.config, subject.config.capabilities
    page = bytearray(PAGE)

    def put(offset: int, layout: str, *values: int) -> None:
        struct.pack_into("<" + layout, page, offset, *values)

    put(0, "HH", 0x1D1D, 0x1D1D)
    page[4:24] = _text(subject.serial, 20)
    page[24:64] = _text(config.model, 40)
    page[64:72] = _text(config.firmware, 8)
    page[77] = MDTS
    put(78, "HI", subject.controller, can.version)
    page[111] = 1  # CNTRLTYPE: an I/O controller
    put(256, "HBBBBB", config.oacs, 3, 3, 0x03, 0x06, ERROR_LOG_ENTRIES - 1)  # OACS ACL AERL FRMW LPA ELPE
    put(266, "HH", 343, 353)  # WCTEMP, CCTEMP: 70 and 80 degrees
    total = sum(each.bytes for each in config.namespaces)
    put(280, "QQ", total, 0)  # TNVMCAP
    put(316, "HBB", max(1, round(config.timing.self_test * config.timing.factor / 60)), 1, 0)  # EDSTT DSTO FWUG
    put(320, "H", KEEP_ALIVE_GRANULARITY)
    put(328, "I", can.sanicap)
    put(512, "BBH", 0x66, 0x44, 128)  # SQES, CQES, MAXCMD
    put(516, "IHH", len(config.namespaces), can.oncs, 0)  # NN, ONCS, FUSES
    # FNA; VWC, bits 2:1: a Flush of all namespaces is understood; AWUN, AWUPF.
    put(524, "BBHH", can.fna, 0x06 | can.volatile_cache, 0, 0)
    put(536, "II", 0x00300001, len(config.namespaces))  # SGLS: supported, offsets, transport data blocks; MNAN
    page[768:1024] = config.subnqn.encode().ljust(256, b"\0")
    put(1792, "IIHBBH", (64 + IN_CAPSULE) // 16, 1, 0, 0, 1, 0)  # IOCCSZ IORCSZ ICDOFF FCATT MSDBD OFCS
    return bytes(page)


def _known(subject: Subject, nsid: int) -> Space:
    if not 1 <= nsid <= len(subject.spaces):
        raise Refused(Status.INVALID_NAMESPACE)
    return subject.spaces[nsid - 1]


def _namespace(subject: Subject, nsid: int, *, allocated: bool) -> bytes:
    if nsid == ALL_NAMESPACES and subject.config.oacs & 1 << 3:
        return _formats(bytearray(PAGE))
    space = _known(subject, nsid)
    # A namespace that is not active is all zeroes (CNS 00h).
    if not (space.attached or allocated):
        return b""
    page = bytearray(PAGE)
    struct.pack_into("<QQQ", page, 0, space.blocks, space.blocks, space.blocks)
    page[26] = LBA_FORMATS.index(space.lba_bytes)
    page[32] = 0x80 | subject.formatter.remaining_percent(space.number)
    page[33] = 2 if subject.config.erased.deallocated == "ff" else 1  # DLFEAT
    struct.pack_into("<Q", page, 48, space.namespace.bytes)
    page[104:120], page[120:128] = identifiers(subject.config, space)
    return _formats(page)


def _formats(page: bytearray) -> bytes:
    page[25] = len(LBA_FORMATS) - 1
    for number, size in enumerate(LBA_FORMATS):
        # MS 0, LBADS, RP: the larger blocks are the faster ones.
        struct.pack_into("<HBB", page, 128 + 4 * number, 0, size.bit_length() - 1, 0 if size > 512 else 2)
    return bytes(page)


def identifiers(config: Drive, space: Space) -> tuple[bytes, bytes]:
    """NGUID and EUI64 of a namespace: the configured ones, or ones of its own that never change."""
    made = hashlib.sha256(f"{config.subnqn} {space.number}".encode()).digest()
    nguid = bytes.fromhex(space.namespace.nguid) if space.namespace.nguid else made[:16]
    return nguid, bytes.fromhex(space.namespace.eui64) if space.namespace.eui64 else made[16:24]


def _descriptors(config: Drive, space: Space) -> bytes:
    nguid, eui64 = identifiers(config, space)
    # NIDT, NIDL, two reserved bytes: EUI64, NGUID, command set.
    return b"\x01\x08\0\0" + eui64 + b"\x02\x10\0\0" + nguid + b"\x04\x01\0\0" + bytes([_NVM])


def _independent(subject: Subject, nsid: int) -> bytes:
    space = _known(subject, nsid)
    if not space.attached:
        return b""
    page = bytearray(PAGE)
    page[3] = 0x80 | subject.formatter.remaining_percent(space.number)
    page[14] = 1  # NSTAT: ready
    return bytes(page)


def _numbers(numbers: Iterable[int]) -> bytes:
    found = sorted(numbers)[:1024]
    return struct.pack(f"<{len(found)}I", *found)


def _controllers(subject: Subject, command: Command, *, of_namespace: bool) -> bytes:
    first = command.dword(10) >> 16
    found = [each for each in sorted(subject.controllers) if each >= first]
    if of_namespace and not _known(subject, command.nsid).attached:
        found = []
    return struct.pack(f"<H{len(found)}H", len(found), *found)


def _text(words: str, length: int) -> bytes:
    return words.encode("ascii")[:length].ljust(length)
