"""Every write to a stick in its order, and the stick as it would be had the power gone at a flush (QEMU's blklogwrites, the form of dm-log-writes)."""

from __future__ import annotations

import shutil
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from agent.registry.outbox import Outbox
from tests.boot import enrol
from tests.boot.machine import IN_TOOLS, PLACE, inside

_SECTOR = 512
_MAGIC = 0x6A736677736872
_FLUSH, _FUA, _DISCARD = 1, 2, 4


@dataclass(frozen=True)
class Write:
    """One entry: bytes at an offset; `flushed` says that all up to here is on stable storage."""

    offset: int
    data: bytes
    flushed: bool


def read_log(path: Path) -> Iterator[Write]:
    """The entries in their order."""
    with path.open("rb") as file:
        magic, version, entries, sector = struct.unpack("<QQQI", file.read(28))
        assert (magic, version, sector) == (_MAGIC, 1, _SECTOR), "a log of dm-log-writes"
        file.seek(_SECTOR)
        for _ in range(entries):
            start, count, flags, _length = struct.unpack("<QQQQ", file.read(_SECTOR)[:32])
            data = b"" if flags & _DISCARD else file.read(count * _SECTOR)
            yield Write(start * _SECTOR, data, bool(flags & (_FLUSH | _FUA)))


@dataclass
class Seen:
    """What was there at one flush or an earlier one."""

    points: int = 0
    journals: frozenset[str] = frozenset()
    records: frozenset[str] = frozenset()
    receipts: frozenset[str] = frozenset()


def replay(before: Path, log: Path) -> Seen:
    """Check the data partition at each flush: repaired, read, recovered, nothing of what was there before is missing."""
    first, length = enrol.partition(before, 3)
    volume = PLACE / "replay.fat"
    with before.open("rb") as source, volume.open("wb") as target:
        source.seek(first)
        target.write(source.read(length))
    seen, changed = Seen(), False
    with volume.open("r+b", buffering=0) as file:
        for write in read_log(log):
            if write.data:
                assert first <= write.offset < first + length, "only the data partition is written to"
                file.seek(write.offset - first)
                file.write(write.data)
                changed = True
            if write.flushed and changed:
                look(volume, seen)
                changed = False
    return seen


def look(volume: Path, seen: Seen) -> None:
    """Repair a copy as the start does, take the evidence over as the agent does, compare with what was there."""
    copy, folder = PLACE / "replay.copy", PLACE / "replay.evidence"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    script = """cp --sparse=always "$1" "$2"; fsck.fat -a -w "$2" >/dev/null 2>&1; [ $? -le 1 ] || exit 9
        fsck.fat -n "$2" >/dev/null 2>&1 || exit 8
        mcopy -s -n -m -i "$2" ::/evidence "$3" 2>/dev/null || true"""
    command = [IN_TOOLS, "sh", "-c", script, "sh", inside(volume), inside(copy), inside(folder)]
    subprocess.run(command, check=True)
    evidence = folder / "evidence"
    if not evidence.is_dir():
        assert not seen.journals, "the evidence folder was there before"
        return
    journals = frozenset(p.stem for p in evidence.glob("journal/*.jsonl") if b"\n" in p.read_bytes())
    outbox = Outbox(evidence)
    outbox.scan()
    records = frozenset(p.parent.name for p in evidence.glob("*-*/record.json") if outbox.is_whole(p.parent.name))
    receipts = frozenset(
        p.parent.name for p in evidence.glob("*-*/receipt.json") if outbox.is_archived(p.parent.name)
    )
    assert seen.records <= records, "a whole record stays"
    assert seen.receipts <= receipts, "a receipt stays"
    assert seen.journals <= journals | records, "a session has its journal until it has its record"
    seen.points += 1
    seen.journals, seen.records, seen.receipts = seen.journals | journals, records, receipts
