"""Simulated drives for their own tests: small ones, planted, with a clock that only the test moves."""

from __future__ import annotations

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
