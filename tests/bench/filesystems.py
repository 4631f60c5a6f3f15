"""Real file systems made without root: FAT by pyfatfs, ext4 by mkfs.ext4 where the machine has it."""

import os
import shutil
import struct
import subprocess
import tempfile
import warnings
import zlib
from pathlib import Path

from tests.bench.files import PlantedFile

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # pyfatfs reaches pkg_resources, which says that it is deprecated
    from pyfatfs.PyFat import PyFat
    from pyfatfs.PyFatFS import PyFatFS

_EXT4_TIME = "1561118400"
_CTIME = (
    f"ctime @{_EXT4_TIME}",
    "ctime_extra 0",
    f"atime @{_EXT4_TIME}",
    "atime_extra 0",
    f"mtime @{_EXT4_TIME}",
    "mtime_extra 0",
)
_FAT_TIME = (12 << 11, (2019 - 1980) << 9 | 6 << 5 | 21)  # 21 June 2019, noon
_VOLUME_LABEL = 0x08
_LONG_NAME = 0x0F
_FAT32_FROM_BYTES = 34 * 1024 * 1024


def mkfs_ext4() -> str | None:
    """Path of mkfs.ext4; an ordinary user's PATH often leaves /usr/sbin out."""
    return shutil.which("mkfs.ext4", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def make_fat(image: Path, size: int, label: str, files: list[PlantedFile]) -> None:
    """A FAT file system with these files, each in one piece; the same bytes for the same input."""
    with image.open("wb") as out:
        out.truncate(size)
    volume = zlib.crc32(b"".join(f.data for f in files)) or 1
    kind = PyFat.FAT_TYPE_FAT32 if size >= _FAT32_FROM_BYTES else PyFat.FAT_TYPE_FAT16
    maker = PyFat()
    maker.mkfs(str(image), fat_type=kind, size=size, label=label[:11], volume_id=volume)
    maker.close()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        volume_fs = PyFatFS(str(image), preserve_case=False)
        for file in files:
            volume_fs.writebytes(f"/{file.name}", file.data)
        volume_fs.close()
    _settle_root(image, label)


def _settle_root(image: Path, label: str) -> None:
    """Fix the times in the root folder, so that the same input gives the same bytes, and write the whole label there."""
    with image.open("r+b") as out:
        start, entries = _root_folder(out.read(512))
        out.seek(start)
        root = bytearray(out.read(entries * 32))
        for at in range(0, len(root), 32):
            attributes = root[at + 11]
            if root[at] in {0x00, 0xE5} or attributes == _LONG_NAME:
                continue
            if attributes & _VOLUME_LABEL:
                root[at : at + 11] = label[:11].ljust(11).encode("ascii")
            struct.pack_into("<BHHH", root, at + 13, 0, *_FAT_TIME, _FAT_TIME[1])
            struct.pack_into("<HH", root, at + 22, *_FAT_TIME)
        out.seek(start)
        out.write(root)


def _root_folder(boot: bytes) -> tuple[int, int]:
    """Offset in bytes and number of entries (Microsoft FAT specification 1.03, pages 9 to 14)."""
    sector, cluster_sectors, reserved, fats, entries = struct.unpack_from("<HBHBH", boot, 11)
    fat_sectors = struct.unpack_from("<H", boot, 22)[0] or struct.unpack_from("<I", boot, 36)[0]
    start = (reserved + fats * fat_sectors) * sector
    if entries:
        return start, entries
    root_cluster = struct.unpack_from("<I", boot, 44)[0]
    return start + (root_cluster - 2) * cluster_sectors * sector, cluster_sectors * sector // 32


def make_ext4(image: Path, size: int, label: str, files: list[PlantedFile], seed_uuid: str) -> None:
    """An ext4 file system with these files; raises FileNotFoundError where mkfs.ext4 is absent, CalledProcessError."""
    program = mkfs_ext4()
    if not program:
        raise FileNotFoundError("mkfs.ext4")
    with image.open("wb") as out:
        out.truncate(size)
    with tempfile.TemporaryDirectory() as folder:
        for file in files:
            path = Path(folder, file.name)
            path.write_bytes(file.data)
            os.utime(path, (int(_EXT4_TIME), int(_EXT4_TIME)))
        features = [
            "-O",
            "^has_journal,^resize_inode",
            "-E",
            f"hash_seed={seed_uuid},lazy_itable_init=0",
            "-U",
            seed_uuid,
        ]
        _run_e2fs(program, "-q", "-F", "-m", "0", "-L", label[:16], *features, "-d", folder, str(image))
        # mkfs copies the moment at which the source files were written; only debugfs sets it.
        commands = Path(folder, "commands")
        fields = [f"set_inode_field /{name} {field}" for name in ["", *(f.name for f in files)] for field in _CTIME]
        commands.write_text("\n".join(fields) + "\n")
        _run_e2fs(str(Path(program).with_name("debugfs")), "-w", "-f", str(commands), str(image))


def _run_e2fs(*argv: str) -> None:
    environment = {**os.environ, "E2FSPROGS_FAKE_TIME": _EXT4_TIME, "LC_ALL": "C.UTF-8"}
    subprocess.run(argv, check=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=60, env=environment)
