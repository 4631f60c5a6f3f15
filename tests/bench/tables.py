"""Partition tables: MBR, and GPT with its protective MBR and backup (UEFI 2.10, chapter 5)."""

import struct
import uuid
import zlib
from dataclasses import dataclass

SECTOR = 512
ALIGNMENT = 2048
_GPT_ENTRIES = 128
_GPT_TYPE = {
    "fat": uuid.UUID("EBD0A0A2-B9E5-4433-87C0-68B6B72699C7"),
    "ext4": uuid.UUID("0FC63DAF-8483-4772-8E79-3D69D8477DE4"),
}
_MBR_TYPE = {"fat": 0x0E, "ext4": 0x83}


@dataclass(frozen=True)
class Partition:
    """A partition in sectors."""

    file_system: str
    label: str
    first: int
    count: int


def divide(file_systems: list[tuple[str, str]], sectors: int) -> list[Partition]:
    """Equal, aligned parts of a disk for (file system, label) pairs, with room for both tables."""
    usable = sectors - 2 * ALIGNMENT
    each = usable // len(file_systems) // ALIGNMENT * ALIGNMENT
    return [Partition(fs, label, ALIGNMENT + i * each, each) for i, (fs, label) in enumerate(file_systems)]


def mbr(partitions: list[Partition]) -> dict[int, bytes]:
    """Sectors of a master boot record, by LBA."""
    entries = [_mbr_entry(_MBR_TYPE[p.file_system], p.first, p.count) for p in partitions]
    return {0: _boot_sector(entries)}


def gpt(partitions: list[Partition], sectors: int, seed: str) -> dict[int, bytes]:
    """Sectors of a protective MBR and both GPTs, by LBA."""
    array = b"".join(_gpt_entry(p, seed).ljust(128, b"\0") for p in partitions).ljust(_GPT_ENTRIES * 128, b"\0")
    array_sectors = len(array) // SECTOR
    first, last = 2 + array_sectors, sectors - 2 - array_sectors
    disk = _guid(seed, "disk")

    def header(here: int, there: int, entries_at: int) -> bytes:
        def pack(crc: int) -> bytes:
            return struct.pack(
                "<8sIIIIQQQQ16sQIII",
                *(b"EFI PART", 0x10000, 92, crc, 0, here, there, first, last, disk),
                *(entries_at, _GPT_ENTRIES, 128, zlib.crc32(array)),
            )

        return pack(zlib.crc32(pack(0))).ljust(SECTOR, b"\0")

    return {
        0: _boot_sector([_mbr_entry(0xEE, 1, sectors - 1)]),
        1: header(1, sectors - 1, 2),
        2: array,
        sectors - 1 - array_sectors: array,
        sectors - 1: header(sectors - 1, 1, sectors - 1 - array_sectors),
    }


def _guid(seed: str, what: str) -> bytes:
    return uuid.uuid5(uuid.NAMESPACE_URL, f"{seed}/{what}").bytes_le


def _gpt_entry(partition: Partition, seed: str) -> bytes:
    name = partition.label.encode("utf-16-le").ljust(72, b"\0")
    last = partition.first + partition.count - 1
    unique = _guid(seed, f"partition {partition.first}")
    return struct.pack(
        "<16s16sQQQ72s", _GPT_TYPE[partition.file_system].bytes_le, unique, partition.first, last, 0, name
    )


def _mbr_entry(kind: int, first: int, count: int) -> bytes:
    return struct.pack("<B3sB3sII", 0, b"\xfe\xff\xff", kind, b"\xfe\xff\xff", first, count)


def _boot_sector(entries: list[bytes]) -> bytes:
    return b"".join(entries).ljust(64, b"\0").rjust(510, b"\0") + b"\x55\xaa"
