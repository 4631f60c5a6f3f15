"""Who uses a disk: mounts, swap and stacked devices, found from the kernel's own tables by device number."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from agent.host.sysfs import Roots, block_name, entry_names, node_of, partitions, read_text
from agent.model.drive import Exclusion, ExclusionReason

# live-boot mounts the medium it started from here; older releases below /lib/live (live-boot(7)).
LIVE_MEDIUM_PATHS = frozenset({"/run/live/medium", "/lib/live/mount/medium"})

_OCTAL = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True)
class Mount:
    """One line of /proc/self/mountinfo (proc_pid_mountinfo(5))."""

    device: str
    mount_point: str
    kind: str
    source: str


@dataclass(frozen=True)
class Usage:
    """The system's tables, read once for all disks."""

    mounts: tuple[Mount, ...]
    swap_nodes: tuple[str, ...]
    loops: tuple[tuple[str, str], ...]
    btrfs_members: tuple[str, ...]


def read_usage(roots: Roots) -> Usage:
    """Read mounts, swap areas, loop devices and members of mounted btrfs file systems."""
    return Usage(
        mounts=tuple(_mounts(read_text(roots.proc / "self/mountinfo"))),
        swap_nodes=tuple(_swaps(read_text(roots.proc / "swaps"))),
        loops=tuple(_loops(roots)),
        btrfs_members=tuple(
            name
            for volume in entry_names(roots.sys / "fs/btrfs")
            for name in entry_names(roots.sys / "fs/btrfs" / volume / "devices")
        ),
    )


def _mounts(table: str) -> Iterator[Mount]:
    for line in table.splitlines():
        before, _, after = line.partition(" - ")
        fields, origin = before.split(" "), after.split(" ")
        if len(fields) >= 5 and len(origin) >= 2:
            yield Mount(fields[2], _unescape(fields[4]), origin[0], _unescape(origin[1]))


def _swaps(table: str) -> Iterator[str]:
    for line in table.splitlines()[1:]:
        if line.strip():
            yield _unescape(line.split()[0])


def _loops(roots: Roots) -> Iterator[tuple[str, str]]:
    for name in entry_names(roots.sys / "block"):
        if name.startswith("loop") and (backing := read_text(roots.sys / "block" / name / "loop/backing_file")):
            yield name, backing


def _unescape(text: str) -> str:
    return _OCTAL.sub(lambda match: chr(int(match[1], 8)), text)


def exclusions_by_use(roots: Roots, folder: Path, usage: Usage, *, live: bool) -> tuple[Exclusion, ...]:
    """Every use of a disk, its partitions and whatever is stacked on them; the boot medium alone where it is one."""
    stack = _stack(roots, folder)
    points = _mount_points(roots, stack, usage)
    boot = sorted(points & LIVE_MEDIUM_PATHS)
    if live and boot:
        return (Exclusion(ExclusionReason.BOOT_MEDIUM, boot[0]),)
    found = [Exclusion(ExclusionReason.MOUNTED, point) for point in sorted(points)]
    found += [Exclusion(ExclusionReason.SWAP, node_of(name)) for name in _swapped(roots, stack, usage)]
    found += [_by_holder(path) for path in stack.values() if path not in _own(folder)]
    found += [
        Exclusion(ExclusionReason.HELD, name) for name, backing in usage.loops if _names_any(roots, backing, stack)
    ]
    if not points:
        found += [Exclusion(ExclusionReason.MOUNTED, "btrfs") for name in usage.btrfs_members if name in stack]
    return tuple(dict.fromkeys(found))


def _own(folder: Path) -> tuple[Path, ...]:
    return (folder, *partitions(folder))


def _stack(roots: Roots, folder: Path) -> dict[str, Path]:
    """The disk, its partitions, and every device that sits on one of them, however deep; by kernel name."""
    found: dict[str, Path] = {}
    waiting = list(_own(folder))
    while waiting:
        path = waiting.pop(0)
        if path.name in found:
            continue
        found[path.name] = path
        for name in entry_names(path / "holders"):
            holder = (roots.sys / "class/block" / name).resolve()
            waiting += _own(holder)
    return found


def _mount_points(roots: Roots, stack: dict[str, Path], usage: Usage) -> set[str]:
    numbers = {read_text(path / "dev") for path in stack.values()} - {""}
    # btrfs mounts have an anonymous number: only the source names the device.
    return {
        mount.mount_point
        for mount in usage.mounts
        if mount.device in numbers or (mount.device.startswith("0:") and _names_any(roots, mount.source, stack))
    }


def _swapped(roots: Roots, stack: dict[str, Path], usage: Usage) -> list[str]:
    return [name for node in usage.swap_nodes for name in stack if _names_any(roots, node, {name: stack[name]})]


def _names_any(roots: Roots, node: str, stack: dict[str, Path]) -> bool:
    """Whether a node, or what a symbolic link such as /dev/mapper/x leads to, is one of these devices."""
    if not node.startswith("/dev/"):
        return False
    below = roots.dev / node.removeprefix("/dev/")
    real = os.path.realpath(below)
    name = block_name("/dev/" + os.path.relpath(real, os.path.realpath(roots.dev)))
    mapped = {read_text(path / "dm/name") for path in stack.values()} - {""}
    return name in stack or block_name(node) in stack or node.removeprefix("/dev/mapper/") in mapped


def _by_holder(path: Path) -> Exclusion:
    identifier = read_text(path / "dm/uuid")
    for prefix, reason in _DEVICE_MAPPER.items():
        if identifier.startswith(prefix):
            return Exclusion(reason, path.name)
    if (path / "md").exists() or path.name.startswith("md"):
        return Exclusion(ExclusionReason.RAID, path.name)
    return Exclusion(ExclusionReason.HELD, path.name)


# Device-mapper UUIDs start with the name of the subsystem that made the device (libdevmapper.h, DM_UUID_PREFIX).
_DEVICE_MAPPER = {
    "LVM-": ExclusionReason.LVM,
    "CRYPT-": ExclusionReason.LUKS,
    "DMRAID-": ExclusionReason.RAID,
}
