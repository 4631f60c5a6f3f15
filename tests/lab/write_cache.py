"""A drive whose volatile write cache is lost with the power: what dm-log-writes had logged is what had been flushed."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from pathlib import Path

SECTOR = 512
BLOCK = 4096
_MAGIC = 0x6A736677736872
_DISCARD, _MARK = 4, 8


def entries(log: Path) -> Iterator[tuple[int, bytes]]:
    """Offset and bytes of each write that was flushed, in their order (drivers/md/dm-log-writes.c).

    The log's own count of entries is older than the power cut: it ends where its file was never written.
    """
    size = log.stat().st_size
    with log.open("rb") as file:
        magic = struct.unpack("<Q", file.read(8))[0]
        # Without a flush before the cut not even the log's head is there.
        assert magic in {0, _MAGIC}, "a log of dm-log-writes"
        file.seek(SECTOR)
        while file.tell() < size:
            start, count, flags, _ = struct.unpack("<QQQQ", file.read(SECTOR)[:32])
            if not count and not flags:
                return
            assert not flags & _DISCARD, "the program discards nothing"
            if count and not flags & _MARK:
                yield start * SECTOR, file.read(count * SECTOR)


def lose(planted: Path, log: Path, drive: Path, seed: int) -> int:
    """Leave of what was written but not flushed only some blocks, by the seed; returns how many bytes were lost.

    `planted` is the drive before the run, `drive` what it would be with nothing lost; it is changed.
    """
    durable = bytearray(planted.read_bytes())
    for offset, data in entries(log):
        durable[offset : offset + len(data)] = data
    written = drive.read_bytes()
    chance, kept, lost = random.Random(seed), bytearray(written), 0
    for at in range(0, len(written), BLOCK):
        if durable[at : at + BLOCK] != written[at : at + BLOCK] and chance.random() < 0.5:
            kept[at : at + BLOCK] = durable[at : at + BLOCK]
            lost += BLOCK
    drive.write_bytes(kept)
    return lost
