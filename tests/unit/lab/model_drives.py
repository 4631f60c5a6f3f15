"""Simulated drives for their own tests: small ones, planted, with a clock that only the test moves."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.lab.disk import SECTOR, left, plant
from tests.lab.drives.faults import drive_config
from tests.lab.drives.sas import SasDisk
from tests.lab.drives.sat import AtaDisk
from tests.lab.drives.scsi_disk import Reply, ScsiDisk

SECTORS = 4096
KINDS = {"ata": AtaDisk, "sas": SasDisk}


class Hands:
    """A clock whose hands the test turns; a drive that waits turns them itself."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.slept = 0.0

    def now(self) -> float:
        return self.seconds

    def sleep(self, _seconds: float) -> None:
        self.slept += 1
        if self.slept > 300:
            raise TimeoutError("the drive never ends")
        self.seconds += 1


@dataclass
class Bench:
    """One drive and its files; `start` again is a power cut and the power back."""

    folder: Path
    kind: str = "ata"
    identity: dict[str, Any] = field(default_factory=dict)
    faults: dict[str, Any] = field(default_factory=dict)
    clock: Hands = field(default_factory=Hands)
    drive: ScsiDisk | None = None

    @property
    def image(self) -> Path:
        return self.folder / "image"

    def start(self) -> Bench:
        if not self.image.exists():
            plant(self.image, SECTORS)
        given = {
            "iqn": "iqn.2026-11.test.lab:one",
            "kind": self.kind,
            "image": str(self.image),
            "state": str(self.folder / "state.json"),
            "size": SECTORS * SECTOR,
            "identity": self.identity,
            "faults": {"erase_seconds": 100, **self.faults},
        }
        self.drive = KINDS[self.kind](drive_config(given), self.clock)
        return self

    def send(self, cdb: str, data: bytes = b"") -> Reply:
        assert self.drive is not None
        return self.drive.execute(bytes.fromhex(cdb).ljust(16, b"\0"), data)

    def good(self, cdb: str, data: bytes = b"") -> bytes:
        reply = self.send(cdb, data)
        assert reply.status == 0, reply.sense.hex(" ")
        return reply.data

    def after(self, seconds: float) -> None:
        self.clock.seconds += seconds
        assert self.drive is not None
        self.drive.tick()

    def left(self) -> float:
        """The share of what was planted that is still on the medium."""
        return left(self.image, SECTORS).share

    def first_left(self) -> tuple[int, ...]:
        return left(self.image, SECTORS).sectors


def read(bench: Bench, sector: int, count: int = 1) -> Reply:
    """READ (10)."""
    return bench.send(f"28 00 {sector:08x} 00 {count:04x} 00")


def write(bench: Bench, sector: int, data: bytes) -> Reply:
    """WRITE (10)."""
    return bench.send(f"2a 00 {sector:08x} 00 {len(data) // SECTOR:04x} 00", data)


# ATA by pass-through.

IDENTIFY = "85 08 0e 00 00 00 01 00 00 00 00 00 00 40 ec 00"
STATUS = "85 07 20 00 00 00 00 00 00 00 00 00 00 40 b4 00"
BLOCK_ERASE = "85 07 20 00 12 00 00 42 72 00 45 00 6b 40 b4 00"
CRYPTO = "85 07 20 00 11 00 00 43 70 00 79 00 72 40 b4 00"
FREEZE_SANITIZE = "85 07 20 00 20 00 00 46 6b 00 4c 00 72 40 b4 00"
ANTIFREEZE = "85 07 20 00 40 00 00 41 69 00 74 00 6e 40 b4 00"
SET_PASSWORD, UNLOCK, PREPARE, ERASE, FREEZE, DISABLE = 0xF1, 0xF2, 0xF3, 0xF4, 0xF5, 0xF6
NATIVE_MAX = "85 07 20 00 00 00 00 00 00 00 00 00 00 40 27 00"


def bench(folder: Path, **faults: object) -> Bench:
    return Bench(folder, faults=dict(faults)).start()


def words(drive: Bench) -> tuple[int, ...]:
    return struct.unpack("<256H", drive.good(IDENTIFY))


def registers(drive: Bench, cdb: str, data: bytes = b"") -> dict[str, int]:
    """The ATA Status Return descriptor (SAT-4 12.2.2.7), read field by field."""
    sense = drive.send(cdb, data).sense
    assert sense[0] == 0x72, sense.hex(" ")
    d = sense[8:22]
    assert d[0:2] == b"\x09\x0c"
    return {
        "key": sense[1],
        "error": d[3],
        "count": d[4] << 8 | d[5],
        "lba": d[7] | d[9] << 8 | d[11] << 16 | d[6] << 24 | d[8] << 32 | d[10] << 40,
        "status": d[13],
    }


def security(drive: Bench, command: int, password: str = "", flags: int = 0) -> int:
    """One security command; its status byte."""
    data = b"" if command in {PREPARE, FREEZE} else struct.pack("<H", flags) + password.encode().ljust(510, b"\0")
    protocol = "06" if not data else "0a"
    return registers(drive, f"85 {protocol} 2e 00 00 00 01 00 00 00 00 00 00 40 {command:02x} 00", data)["status"]


def secured(drive: Bench, flags: int = 0) -> None:
    assert security(drive, SET_PASSWORD, "p", flags) == 0x50


def erase(drive: Bench, password: str = "p", flags: int = 0) -> int:
    assert security(drive, PREPARE) == 0x50
    return security(drive, ERASE, password, flags)
