"""Log pages: NVMe Base 2.1, 5.1.12."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from tests.lab.drives.nvme_config import Drive
from tests.lab.drives.nvme_identify import ERROR_LOG_ENTRIES, MDTS, PAGE
from tests.lab.drives.nvme_sanitize import Sanitizer
from tests.lab.drives.nvme_self_test import SelfTester
from tests.lab.drives.nvme_state import State
from tests.lab.drives.nvme_words import Admin, Command, Io, Refused, Status

_SUPPORTED, _ERRORS, _SMART, _FIRMWARE, _CHANGED, _EFFECTS, _SELF_TEST, _SANITIZE = 0, 1, 2, 3, 4, 5, 6, 0x81
# What may be read while a sanitize goes on (NVMe Base 2.1, 8.1.24.4: admin commands allowed).
ALLOWED_IN_SANITIZE = {_ERRORS, _SMART, _CHANGED, _SANITIZE}
# LBCC, NCC, NIC and CSE of a command's effects (5.1.12.1.6).
_CHANGES_BLOCKS, _CHANGES_NAMESPACES, _CHANGES_INVENTORY, _ALONE = 1 << 1, 1 << 2, 1 << 3, 2 << 16


@dataclass(frozen=True)
class Logs:
    """What the logs are made from."""

    config: Drive
    state: State
    sanitizer: Sanitizer
    tester: SelfTester

    def page(self, command: Command) -> bytes:
        """The part of a log page that a Get Log Page command asks for; raises Refused."""
        identifier = command.dword(10) & 0xFF
        length = ((command.dword(11) & 0xFFFF) << 16 | command.dword(10) >> 16) * 4 + 4
        offset = command.qword(12)
        whole = self._whole(identifier)
        if length > PAGE << MDTS or offset > len(whole) or offset % 4:
            raise Refused(Status.INVALID_FIELD)
        return whole[offset : offset + length].ljust(length, b"\0")

    def _whole(self, identifier: int) -> bytes:
        match identifier:
            case 0x00:
                return self._supported()
            case 0x01:
                return self._errors()
            case 0x02:
                return self._smart()
            case 0x03:
                # One slot, active (bits 2:0 of AFI).
                return (b"\x01" + bytes(7) + self.config.firmware.encode().ljust(8)).ljust(512, b"\0")
            case 0x04:
                return bytes(4096)
            case 0x05:
                return self._effects()
            case 0x06 if self.config.oacs & 1 << 4:
                return self.tester.log()
            case 0x81 if self.config.capabilities.sanicap & 7:
                return self.sanitizer.log()
        raise Refused(Status.INVALID_LOG_PAGE)

    def _supported(self) -> bytes:
        page = bytearray(1024)
        for identifier in (_SUPPORTED, _ERRORS, _SMART, _FIRMWARE, _CHANGED, _EFFECTS, _SELF_TEST, _SANITIZE):
            page[4 * identifier] = 1
        return bytes(page)

    def _errors(self) -> bytes:
        entries = b""
        for error in reversed(self.state.errors[-ERROR_LOG_ENTRIES:]):
            # The address is zero while a sanitize goes on.
            lba = 0 if self.sanitizer.busy else error["lba"]
            status = error["status"] << 1
            head = struct.pack(
                "<QHHHHQI", error["count"], error["queue"], error["command"], status, 0, lba, error["nsid"]
            )
            entries += head.ljust(64, b"\0")
        return entries.ljust(64 * ERROR_LOG_ENTRIES, b"\0")

    def _smart(self) -> bytes:
        smart, state = self.config.smart, self.state
        page = bytearray(512)
        struct.pack_into(
            "<BHBBB",
            page,
            0,
            smart.critical_warning,
            smart.temperature_kelvin,
            smart.spare_percent,
            10,
            smart.used_percent,
        )
        # Data units are thousands of 512 bytes, rounded up.
        counters = (
            -(-state.read_blocks // 1000),
            -(-state.written_blocks // 1000),
            state.reads,
            state.writes,
            0,
            state.starts,
            smart.power_on_hours,
            smart.unsafe_shutdowns,
            state.media_errors,
            state.error_count,
        )
        for number, value in enumerate(counters):
            struct.pack_into("<QQ", page, 32 + 16 * number, value, 0)
        return bytes(page)

    def _effects(self) -> bytes:
        page = bytearray(4096)
        for opcode in Admin:
            struct.pack_into("<I", page, 4 * opcode, 1)
        struct.pack_into("<I", page, 4 * Admin.FORMAT_NVM, 1 | _CHANGES_BLOCKS | _CHANGES_NAMESPACES | _ALONE)
        struct.pack_into("<I", page, 4 * Admin.NAMESPACE_ATTACHMENT, 1 | _CHANGES_INVENTORY)
        struct.pack_into("<I", page, 4 * Admin.SANITIZE, 1 | _CHANGES_BLOCKS | _ALONE)
        for command in Io:
            writes = command in {Io.WRITE, Io.WRITE_ZEROES, Io.DATASET_MANAGEMENT}
            struct.pack_into("<I", page, 1024 + 4 * command, 1 | (_CHANGES_BLOCKS if writes else 0))
        return bytes(page)
