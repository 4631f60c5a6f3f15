"""Which other disks are the same SCSI device: the second actuator of a drive with two, the second path to a dual-ported one.

SANITIZE is a command to one logical unit (SBC-4); whether a drive with two keeps it to one of them is not told by anything that
can be asked, so that they count as hit. Source: SPC-5 7.7 (VPD pages 80h and 83h, the association of a designator).
"""

import re
from collections.abc import Iterator
from pathlib import Path

from agent.host import scsi
from agent.host.sysfs import Roots, block_folder, block_name, entry_names, node_of, read_bytes, read_text

_DISK = re.compile(r"sd[a-z]+")
_GENERIC = re.compile(r"sg\d+")
_TARGET = re.compile(r"target\d+:\d+:\d+")
VPD_DEVICE_IDENTIFICATION = 0x83
# EUI-64, NAA and SCSI name string are unique in the world; relative ports and vendors' texts are not.
_UNIQUE_TYPES = frozenset({0x2, 0x3, 0x8})
# Of the logical unit, of the port through which it was asked, of the device that holds both.
_ASSOCIATIONS = frozenset({0, 1, 2})

_Sign = tuple[str, ...]


def same_device(roots: Roots, node: str) -> tuple[str, ...]:
    """The nodes of other disks that share a target, a world-wide name or a serial with this one; by what the kernel keeps, nothing is asked."""
    own = block_name(node)
    signs = _signs(roots, own)
    disks = sorted(
        (name for name in entry_names(roots.sys / "block") if _DISK.fullmatch(name)),
        key=lambda name: (len(name), name),
    )
    return tuple(node_of(name) for name in disks if name != own and signs & _signs(roots, name))


def command_node(roots: Roots, name: str, node: str) -> str:
    """The node of the same disk that takes commands only (/dev/sgN); the given one where the kernel lists none."""
    listed = entry_names(block_folder(roots, name) / "device/scsi_generic")
    found = [roots.dev / name for name in listed if _GENERIC.fullmatch(name)]
    return str(found[0]) if len(found) == 1 and found[0].exists() else node


def _signs(roots: Roots, name: str) -> frozenset[_Sign]:
    """What two logical units of one device have in common, and two devices never."""
    device = (block_folder(roots, name) / "device").resolve()
    found = set(unique_designators(read_bytes(device / f"vpd_pg{VPD_DEVICE_IDENTIFICATION:x}")))
    if _TARGET.fullmatch(device.parent.name):
        found.add(("target", str(device.parent)))
    found |= _serial(device)
    return frozenset(found)


def _serial(device: Path) -> set[_Sign]:
    serial = scsi.unit_serial(read_bytes(device / f"vpd_pg{scsi.VPD_SERIAL:x}"))
    if not serial.strip("0 "):
        return set()
    return {("serial", read_text(device / "vendor"), read_text(device / "model"), serial)}


def unique_designators(page: bytes) -> Iterator[_Sign]:
    """The world-wide names of VPD page 83h, whatever they belong to; none of a page that is absent, those before the cut of a short one."""
    if len(page) < 4 or page[1] != VPD_DEVICE_IDENTIFICATION:
        return
    end = min(len(page), 4 + int.from_bytes(page[2:4], "big"))
    at = 4
    while at + 4 <= end:
        association, kind, size = page[at + 1] >> 4 & 0b11, page[at + 1] & 0x0F, page[at + 3]
        value = page[at + 4 : at + 4 + size]
        at += 4 + size
        if at > end:
            return
        if association in _ASSOCIATIONS and kind in _UNIQUE_TYPES and any(value):
            # Without the association: a drive may name its port where another path names its device.
            yield ("name", str(kind), value.hex())
