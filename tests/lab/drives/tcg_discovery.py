"""Level 0 Discovery: TCG Storage Core 2.01, 3.3.6; Opal SSC 2.01, 3.1.1; Block SID Authentication 1.00, 4.1."""

from __future__ import annotations

import struct
from dataclasses import dataclass

BASE_COMID = 0x07FE
_TPER, _LOCKING, _GEOMETRY, _OPAL_2, _DATA_STORE, _BLOCK_SID = 0x0001, 0x0002, 0x0003, 0x0203, 0x0202, 0x0402


@dataclass(frozen=True)
class Situation:
    """What the discovery tells of the drive's present state."""

    activated: bool
    locked: bool
    sid_changed: bool
    sid_blocked: bool
    lba_bytes: int


def level_0(now: Situation) -> bytes:
    """The whole response: a header of 48 bytes, then one descriptor for each feature."""
    # Locking: supported, enabled, locked, media encryption; MBR shadowing is there and off.
    locking = 0x01 | now.activated << 1 | now.locked << 2 | 0x08
    sid = now.sid_changed | now.sid_blocked << 1
    features = b"".join(
        [
            # Sync, streaming, ComID management.
            _descriptor(_TPER, 1, bytes([0x51]).ljust(12, b"\0")),
            _descriptor(_LOCKING, 1, bytes([locking]).ljust(12, b"\0")),
            _descriptor(_GEOMETRY, 1, struct.pack(">B7xIQQ", 1, now.lba_bytes, 4096 // now.lba_bytes, 0)),
            _descriptor(_DATA_STORE, 1, struct.pack(">2xHII", 1, 10 << 20, 1)),
            # Base ComID, their number, range crossing, 4 admins, 8 users, the PIN is the MSID, also after a revert.
            _descriptor(_OPAL_2, 1, struct.pack(">HHBHHBB5x", BASE_COMID, 1, 0, 4, 8, 0, 0)),
            _descriptor(_BLOCK_SID, 1, bytes([sid]).ljust(12, b"\0")),
        ]
    )
    return struct.pack(">II", 44 + len(features), 1).ljust(48, b"\0") + features


def _descriptor(code: int, version: int, data: bytes) -> bytes:
    return struct.pack(">HBB", code, version << 4, len(data)) + data
