"""I/O commands of the NVM Command Set 1.1, 3.3."""

from __future__ import annotations

import struct

from tests.lab.drives.nvme_space import Space
from tests.lab.drives.nvme_words import Command, Completion, Io, Refused, Status

_UNIT_ACCESS = 1 << 30
_DEALLOCATE = 1 << 2


def first_and_count(command: Command) -> tuple[int, int]:
    """Starting LBA, dwords 10 and 11, and number of blocks, of bits 15:0 of dword 12 (zeroes-based)."""
    return command.qword(10), (command.dword(12) & 0xFFFF) + 1


def ranges_of(command: Command) -> list[tuple[int, int]]:
    """The ranges of Dataset Management: 16 bytes each, attributes, length, starting LBA (3.3.3)."""
    count = (command.dword(10) & 0xFF) + 1
    found = [struct.unpack_from("<IIQ", command.data, 16 * number) for number in range(count)]
    return [(first, length) for _, length, first in found]


def carry_out(space: Space, command: Command) -> Completion:
    """Do one command on its namespace; raises Refused."""
    if command.opcode == Io.FLUSH:
        space.medium.flush()
        return Completion()
    if command.opcode == Io.DATASET_MANAGEMENT:
        return _manage(space, command)
    first, count = first_and_count(command)
    match command.opcode:
        case Io.READ:
            return Completion(data=space.read(first, count))
        case Io.WRITE:
            _check_length(space, command, count)
            space.write(first, command.data, through=bool(command.dword(12) & _UNIT_ACCESS))
        case Io.COMPARE:
            _check_length(space, command, count)
            if space.read(first, count) != command.data:
                raise Refused(Status.COMPARE_FAILURE)
        case Io.WRITE_ZEROES:
            space.check(first, count)
            space.write(first, bytes(count * space.lba_bytes), through=bool(command.dword(12) & _UNIT_ACCESS))
        case _:
            raise Refused(Status.INVALID_OPCODE)
    return Completion()


def _check_length(space: Space, command: Command, count: int) -> None:
    if len(command.data) != count * space.lba_bytes:
        raise Refused(Status.INVALID_FIELD)


def _manage(space: Space, command: Command) -> Completion:
    if command.dword(11) & _DEALLOCATE:
        for first, count in ranges_of(command):
            space.deallocate(first, count)
    return Completion()
