"""Disks as they come from donors: parts of LVM, LUKS, md-RAID, bcache, swap with a hibernated Linux, hibernated Windows, and look-alikes."""

from __future__ import annotations

import os
import struct
import subprocess
from pathlib import Path

from tests.boot.disks import MIB
from tests.boot.machine import IN_TOOLS, PLACE, inside

KINDS = {
    "lvm": "LVM2_member",
    "luks": "crypto_LUKS",
    "md": "linux_raid_member",
    "bcache": "bcache",
    "swap": "swsuspend",
    "ntfs": "ntfs",
    "label": "vfat",
}
_MAKE = """set -e
cd "$1"
on_loop() { node=$(losetup -f --show "$1"); shift; "$@" "$node" >/dev/null 2>&1; losetup -d "$node"; }
on_loop lvm.zoo pvcreate -q -y --config 'devices{use_devicesfile=0}'
node=$(losetup -f --show lvm.zoo); vgcreate -q -y donor "$node" >/dev/null 2>&1; losetup -d "$node"
echo donor | cryptsetup luksFormat -q --type luks1 --iter-time 10 luks.zoo -
on_loop bcache.zoo make-bcache -B
mkswap swap.zoo >/dev/null 2>&1
mkntfs -q -F -L DUPONT ntfs.zoo >/dev/null 2>&1
{ printf hibr; head -c 8192 /dev/zero; } >hiberfil && ntfscp -f ntfs.zoo hiberfil hiberfil.sys >/dev/null 2>&1
mkfs.fat -F 32 -n ARDOISE-DAT -i 41524401 label.zoo >/dev/null
"""


def make_zoo() -> dict[str, Path]:
    """One file for each kind, checked by blkid."""
    disks = {name: PLACE / f"{name}.zoo" for name in KINDS}
    for path in disks.values():
        path.unlink(missing_ok=True)
        with path.open("wb") as file:
            file.truncate(48 * MIB)
    subprocess.run([IN_TOOLS, "sh", "-c", _MAKE, "sh", inside(PLACE)], check=True)
    _make_md(disks["md"])
    _hibernate(disks["swap"])
    for name, kind in KINDS.items():
        command = [IN_TOOLS, "blkid", "-p", "-s", "TYPE", "-o", "value", inside(disks[name])]
        found = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
        assert found == kind, (name, found)
    return disks


def _make_md(path: Path) -> None:
    """An md superblock, version 1.2 (include/uapi/linux/raid/md_p.h), of a complete RAID 1 of one disk."""
    sectors = path.stat().st_size // 512
    block = bytearray(256 + 2 * 128)
    struct.pack_into(
        "<IIII16s32sQiiQII",
        block,
        0,
        0xA92B4EFC,
        1,
        0,
        0,
        os.urandom(16),
        b"donor:0",
        1,
        1,
        0,
        sectors - 2048,
        0,
        1,
    )
    struct.pack_into("<QQQQII16s", block, 128, 2048, sectors - 2048, 8, 0, 0, 0, os.urandom(16))
    struct.pack_into("<QQQ", block, 192, 1, 1, 0xFFFFFFFFFFFFFFFF)
    struct.pack_into("<II", block, 216, 0, 128)
    struct.pack_into("<128H", block, 256, 0, *[0xFFFF] * 127)
    total = sum(struct.unpack(f"<{len(block) // 4}I", block))
    struct.pack_into("<I", block, 216, ((total & 0xFFFFFFFF) + (total >> 32)) & 0xFFFFFFFF)
    with path.open("r+b") as file:
        file.seek(8 * 512)
        file.write(block)


def _hibernate(path: Path) -> None:
    """The signature that the kernel writes over a swap area's own when it suspends to disk (kernel/power/swap.c)."""
    with path.open("r+b") as file:
        file.seek(4096 - 10)
        assert file.read(10) == b"SWAPSPACE2"
        file.seek(4096 - 10)
        file.write(b"S1SUSPEND\0")
