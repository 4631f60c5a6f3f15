"""A drive in layers: a file, device-mapper's faults on it, a loop device with direct I/O on top, which the program may be given by name."""

from __future__ import annotations

from dataclasses import dataclass

SECTORS = 131_072
LOOP = "/dev/loop0"
BASE = "/dev/ubdb"
SPARE_SECTORS = 8
"""Sectors of the file behind the drive's end; they keep what was planted."""

_NULL_BLK = "/sys/kernel/config/nullb/nullb0"
# dm-flakey: up for 0 seconds, down for ever (Documentation/admin-guide/device-mapper/dm-flakey.rst).
_DOWN = "0 100000"


@dataclass(frozen=True)
class Piece:
    """Sectors of a drive that behave in their own way."""

    start: int
    sectors: int
    kind: str

    def line(self, device: str, end: int) -> str:
        """Its line of a device-mapper table; `end` is the first sector behind the drive."""
        at = f"{device} {self.start}"
        kinds = {
            "linear": f"linear {at}",
            "write-error": f"flakey {at} {_DOWN} 1 error_writes",
            "read-error": f"flakey {at} {_DOWN} 1 error_reads",
            "both-error": "error",
            "drop": f"flakey {at} {_DOWN} 1 drop_writes",
            # dm-delay takes one place for reads and another for writes.
            "stale": f"delay {device} {end} 0 {at} 0",
            "alias": f"linear {device} 0",
            "dust": f"dust {at} 512",
        }
        return f"{self.start} {self.sectors} {kinds[self.kind]}"


@dataclass(frozen=True)
class Stack:
    """The layers of one drive, from the file (or another driver's device) up."""

    sectors: int = SECTORS
    sector_bytes: int = 512
    pieces: tuple[Piece, ...] = ()
    delay_ms: int = 0
    device: str = BASE
    logged: bool = False

    @property
    def file_sectors(self) -> int:
        """Size of the file: a drive that lies about its size has less, one that reads from elsewhere has more."""
        kinds = {piece.kind for piece in self.pieces}
        if "alias" in kinds:
            return self.pieces[0].start
        return self.sectors + (SPARE_SECTORS if "stale" in kinds else 0)

    def commands(self) -> tuple[str, ...]:
        """Shell commands that make it; each must succeed."""
        made, device = [], self.device
        if device != BASE:
            made += [
                f"mkdir {_NULL_BLK}",
                f"cd {_NULL_BLK} && echo {self.sectors // 2048} >size && echo 1 >memory_backed && echo 512 >blocksize && echo 1 >power",
                f"dd if={BASE} of={device} bs=1M oflag=direct status=none",
            ]
        if self.delay_ms:
            made.append(_create("slow", [f"0 {self.sectors} delay {device} 0 {self.delay_ms}"]))
            device = "/dev/mapper/slow"
        if self.logged:
            made.append(_create("logged", [f"0 {self.sectors} log-writes {device} /dev/ubdc"]))
            device = "/dev/mapper/logged"
        made.append(_create("faulty", [p.line(device, self.sectors) for p in self._whole()]))
        size = f"--sector-size {self.sector_bytes}" if self.sector_bytes != 512 else ""
        made.append(f"losetup --direct-io=on {size} {LOOP} /dev/mapper/faulty")
        # Through the page cache every dropped write would read back as if it had been stored.
        made.append(f"[ $(cat /sys/block/{LOOP.removeprefix('/dev/')}/loop/dio) = 1 ]")
        return tuple(made)

    def _whole(self) -> list[Piece]:
        found, at = [], 0
        for piece in sorted(self.pieces, key=lambda p: p.start):
            if piece.start > at:
                found.append(Piece(at, piece.start - at, "linear"))
            found.append(piece)
            at = piece.start + piece.sectors
        if at < self.sectors:
            found.append(Piece(at, self.sectors - at, "linear"))
        return found


def _create(name: str, table: list[str]) -> str:
    lines = "\n".join(table)
    return f"dmsetup create {name} <<'END'\n{lines}\nEND"
