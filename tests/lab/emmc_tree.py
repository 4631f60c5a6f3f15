"""In the guest: `python3 -m tests.lab.emmc_tree` makes the guest's drives the eMMC mmcblk0 and its boot partitions.

The nodes are made, and what the kernel would show of an eMMC stands before its tree of devices: sysfs and debugfs, to be read by a program that
knows of no simulation. Commands go through the mmc of drives/bin.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

_EMMC = Path("/lab/emmc")
_TREE = Path("/run/emmc")
_CARD = "mmc0:0001"
_DRIVES = {"ubdb": "mmcblk0", "ubdc": "mmcblk0boot0", "ubdd": "mmcblk0boot1"}
# Documentation/mmc/mmc-dev-attrs.rst: the manufacturer's number is no real one's.
_ATTRIBUTES = {
    "type": "MMC",
    "name": "SIM64M",
    "serial": "0x1a2b3c4d",
    "manfid": "0x0000fe",
    "oemid": "0x0000",
    "date": "01/2020",
    "fwrev": "0x0100000000000000",
    "cid": "fe000053494d36344d011a2b3c4d1700",
}


def main() -> None:
    """Replace the kernel's names of the drives."""
    card = _TREE / _CARD
    card.mkdir(parents=True)
    for name, text in _ATTRIBUTES.items():
        (card / name).write_text(f"{text}\n")
    found = {old: new for old, new in _DRIVES.items() if Path("/sys/block", old).exists()}
    for old, new in found.items():
        _device(old, new, card)
    _links("/sys/block", {old: (new, _TREE / new) for old, new in found.items()})
    _links("/sys/class/block", {old: (new, _TREE / new) for old, new in found.items()})
    numbers = {(_TREE / new / "dev").read_text().strip(): _TREE / new for new in found.values()}
    _links("/sys/dev/block", {number: (number, folder) for number, folder in numbers.items()})
    _debug()


def _device(old: str, new: str, card: Path) -> None:
    """Its node, and its folder of sysfs with the card in the place of its own device."""
    folder, kernel = _TREE / new, Path("/sys/block", old).resolve()
    folder.mkdir()
    for entry in kernel.iterdir():
        if entry.name != "device":
            (folder / entry.name).symlink_to(entry)
    (folder / "device").symlink_to(card)
    major, minor = (kernel / "dev").read_text().split(":")
    os.mknod(f"/dev/{new}", 0o60600, os.makedev(int(major), int(minor)))
    Path("/dev", old).unlink()


def _links(place: str, instead: dict[str, tuple[str, Path]]) -> None:
    """Put a folder of links before one of sysfs: its own, but for those that are replaced."""
    copy = _TREE / place.strip("/").replace("/", "-")
    copy.mkdir()
    for entry in Path(place).iterdir():
        name, target = instead.get(entry.name, (entry.name, entry.resolve()))
        (copy / name).symlink_to(target)
    subprocess.run(["mount", "--bind", str(copy), place], check=True)


def _debug() -> None:
    """The register as debugfs shows it, in a kernel without debugfs: below a folder of links to what else is in /sys/kernel."""
    kernel, real = _TREE / "kernel", _TREE / "real-kernel"
    folder = kernel / "debug/mmc0" / _CARD
    folder.mkdir(parents=True)
    real.mkdir()
    subprocess.run(["mount", "--bind", "/sys/kernel", str(real)], check=True)
    (folder / "ext_csd").write_text((_EMMC / "ext_csd").read_bytes().hex() + "\n")
    for entry in real.iterdir():
        (kernel / entry.name).symlink_to(entry)
    subprocess.run(["mount", "--bind", str(kernel), "/sys/kernel"], check=True)


if __name__ == "__main__":
    main()
