"""What a SCSI disk tells of itself: INQUIRY, vital product data, mode pages (SPC-5, SBC-4)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from tests.lab.drives.faults import CRYPTO, OVERWRITE, Identity
from tests.lab.drives.sense import (
    ILLEGAL_REQUEST,
    INVALID_FIELD_IN_CDB,
    INVALID_FIELD_IN_LIST,
    LIST_LENGTH_ERROR,
    CheckCondition,
)

RECOVERY, CACHING, CONTROL, EXCEPTIONS, ALL = 0x01, 0x08, 0x0A, 0x1C, 0x3F
_CURRENT, _CHANGEABLE = 0, 1
_D_SENSE, _WCE, _RCD = 0x04, 0x04, 0x01
_MOST_BLOCKS = 1 << 20
NAA = (0x01, 0x03, 0x00, 0x08)


@dataclass(frozen=True)
class Names:
    """How the drive appears: `attached` is b"ATA" behind a SATL (SAT-4 10.3), else the vendor's name."""

    attached: bytes
    identity: Identity
    serial: str

    @property
    def revision(self) -> bytes:
        """PRODUCT REVISION LEVEL: the last four characters of an ATA firmware's name (SAT-4 table 44)."""
        firmware = self.identity.firmware.encode()
        return firmware[-4:].ljust(4) if self.attached == b"ATA" else firmware[:4].ljust(4)

    @property
    def naa(self) -> bytes:
        """The world wide name."""
        return self.identity.wwn.to_bytes(8, "big")


def inquiry(names: Names) -> bytes:
    """Standard INQUIRY data (SPC-5 6.7.2) of a direct access device, SPC-4, with command queuing."""
    data = bytearray(96)
    data[2:5] = (0x06, 0x02, len(data) - 5)
    data[7] = 0x02
    data[8:16] = names.attached[:8].ljust(8)
    data[16:32] = names.identity.model.encode()[:16].ljust(16)
    data[32:36] = names.revision
    # SAM-5, SPC-4, SBC-3; behind a SATL also SAT-3.
    descriptors = (0x00A0, 0x0460, 0x04C0) + ((0x1EA0,) if names.attached == b"ATA" else (0x0C00,))
    data[58 : 58 + 2 * len(descriptors)] = struct.pack(f">{len(descriptors)}H", *descriptors)
    return bytes(data)


def vpd(page: int, names: Names, extra: dict[int, bytes]) -> bytes:
    """One vital product data page; `extra` are the contents of pages that only this kind of drive has."""
    made = {
        0x80: names.serial.encode().rjust(20),
        0x83: _designators(names),
        0xB0: _block_limits(names.identity),
        0xB1: struct.pack(">HBB", names.identity.rotation, 0, 3).ljust(60, b"\0"),
        0xB2: _provisioning(names.identity),
        **extra,
    }
    made[0x00] = bytes(sorted({0x00, *made}))
    if page not in made:
        raise CheckCondition(ILLEGAL_REQUEST, INVALID_FIELD_IN_CDB)
    return struct.pack(">BBH", 0, page, len(made[page])) + made[page]


def _designators(names: Names) -> bytes:
    """Device identification (SPC-5 7.7.6): NAA, and the T10 vendor's as SAT-4 10.3.4 composes it."""
    text = names.attached[:8].ljust(8) + names.identity.model.encode()[:40].ljust(40)
    text += names.serial.encode()[:20].rjust(20)
    return bytes(NAA) + names.naa + bytes((0x02, 0x01, 0x00, len(text))) + text


def _block_limits(identity: Identity) -> bytes:
    """Block limits (SBC-4 6.6.4): unmap in up to 64 descriptors, WRITE SAME of any length."""
    data = bytearray(60)
    granularity = identity.physical_bytes // identity.sector_bytes
    struct.pack_into(">HIII", data, 2, granularity, 0xFFFF, granularity, 0)
    if identity.trim:
        struct.pack_into(">III", data, 16, _MOST_BLOCKS, 64, granularity)
    struct.pack_into(">Q", data, 32, _MOST_BLOCKS)
    return bytes(data)


def _provisioning(identity: Identity) -> bytes:
    """Logical block provisioning (SBC-4 6.6.6): LBPU, LBPWS, LBPWS10, LBPRZ where the drive trims."""
    return bytes((0, 0xE4, 0x02, 0)) if identity.trim else bytes(4)


class ModePages:
    """The mode pages with what can be changed of them; a power cut brings the defaults back but for the write cache."""

    def __init__(self, *, write_cache: bool, sense_choice: bool) -> None:
        control = bytearray(10)
        # GLTSD: no implicit saving; QUEUE ALGORITHM MODIFIER 1h: unrestricted reordering.
        control[0:2] = (0x02, 0x10)
        caching = bytearray(18)
        caching[0] = _WCE if write_cache else 0
        self._current = {
            RECOVERY: bytearray((0xC0, *bytes(9))),
            CACHING: caching,
            CONTROL: control,
            EXCEPTIONS: bytearray((0, 0x06, *bytes(8))),
        }
        self._default = {page: bytes(data) for page, data in self._current.items()}
        self._changeable = {page: bytearray(len(data)) for page, data in self._current.items()}
        self._changeable[CACHING][0] = _WCE
        self._changeable[CONTROL][0] = _D_SENSE if sense_choice else 0

    @property
    def descriptor(self) -> bool:
        """D_SENSE."""
        return bool(self._current[CONTROL][0] & _D_SENSE)

    @property
    def write_cache(self) -> bool:
        """WCE."""
        return bool(self._current[CACHING][0] & _WCE)

    @write_cache.setter
    def write_cache(self, on: bool) -> None:
        self._current[CACHING][0] = self._current[CACHING][0] & ~_WCE | (_WCE if on else 0)

    def sense(self, cdb: bytes, sectors: int, sector_bytes: int) -> bytes:
        """MODE SENSE 6 and 10 (SPC-5 6.14, 6.15)."""
        ten = cdb[0] == 0x5A
        control, page, subpage = cdb[2] >> 6, cdb[2] & 0x3F, cdb[3]
        if page not in {*self._current, ALL} or subpage not in {0, 0xFF}:
            raise CheckCondition(ILLEGAL_REQUEST, INVALID_FIELD_IN_CDB)
        pages = b"".join(
            bytes((number, len(data))) + data
            for number, data in sorted(self._values(control).items())
            if page in {number, ALL}
        )
        block = b"" if cdb[1] & 0x08 else struct.pack(">II", min(sectors, 0xFFFFFFFF), sector_bytes)
        # DPOFUA: the disk understands the FUA bit.
        if ten:
            return struct.pack(">HBBHH", 6 + len(block) + len(pages), 0, 0x10, 0, len(block)) + block + pages
        return bytes((3 + len(block) + len(pages), 0, 0x10, len(block))) + block + pages

    def select(self, cdb: bytes, given: bytes) -> None:
        """MODE SELECT 6 and 10 (SPC-5 6.12, 6.13); a change that the page doesn't allow changes nothing."""
        ten = cdb[0] == 0x55
        header = 8 if ten else 4
        if not given:
            return
        if len(given) < header:
            raise CheckCondition(ILLEGAL_REQUEST, LIST_LENGTH_ERROR)
        at = header + (int.from_bytes(given[6:8], "big") if ten else given[3])
        changed = {}
        while at < len(given):
            page, length = given[at] & 0x3F, given[at + 1]
            values = given[at + 2 : at + 2 + length]
            self._check(page, values)
            changed[page] = bytearray(values)
            at += 2 + length
        self._current.update(changed)

    def _check(self, page: int, values: bytes) -> None:
        current = self._current.get(page)
        if current is None or len(values) != len(current):
            raise CheckCondition(ILLEGAL_REQUEST, INVALID_FIELD_IN_LIST)
        for old, new, allowed in zip(current, values, self._changeable[page], strict=True):
            if (old ^ new) & ~allowed:
                raise CheckCondition(ILLEGAL_REQUEST, INVALID_FIELD_IN_LIST)

    def _values(self, control: int) -> dict[int, bytes]:
        if control == _CURRENT:
            return {page: bytes(data) for page, data in self._current.items()}
        if control == _CHANGEABLE:
            return {page: bytes(data) for page, data in self._changeable.items()}
        return self._default


@dataclass(frozen=True)
class Operation:
    """A command for REPORT SUPPORTED OPERATION CODES."""

    code: int
    action: int | None = None

    @property
    def length(self) -> int:
        """Bytes of its CDB, by its group (SPC-5 4.2.5.1)."""
        return {0: 6, 1: 10, 2: 10, 4: 16, 5: 12}[self.code >> 5]


def sanitize_operations(identity: Identity) -> list[Operation]:
    """The SANITIZE service actions that a SAS drive has (SBC-4 5.37)."""
    actions = {OVERWRITE: 0x01, "block": 0x02, CRYPTO: 0x03}
    return [Operation(0x48, actions[each]) for each in identity.sanitize] + [Operation(0x48, 0x1F)]


def supported_operations(cdb: bytes, operations: list[Operation]) -> bytes:
    """REPORT SUPPORTED OPERATION CODES (SPC-5 6.35), without command timeouts descriptors."""
    options, code, action = cdb[2] & 0x07, cdb[3], int.from_bytes(cdb[4:6], "big")
    if options == 0:
        listed = b"".join(
            struct.pack(">BBHBBH", o.code, 0, o.action or 0, 0, o.action is not None, o.length)
            for o in sorted(operations, key=lambda o: (o.code, o.action or 0))
        )
        return struct.pack(">I", len(listed)) + listed
    same = [o for o in operations if o.code == code]
    if options == 2 and same and same[0].action is None:
        raise CheckCondition(ILLEGAL_REQUEST, INVALID_FIELD_IN_CDB)
    if options == 1 and same and same[0].action is not None:
        raise CheckCondition(ILLEGAL_REQUEST, INVALID_FIELD_IN_CDB)
    found = [o for o in same if o.action is None or o.action == action]
    if not found:
        return bytes((0, 1, 0, 0))
    usage = bytearray(b"\xff" * found[0].length)
    usage[0] = code
    return struct.pack(">BBH", 0, 3, len(usage)) + bytes(usage)
