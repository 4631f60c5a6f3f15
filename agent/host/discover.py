"""All disks of the machine, each with everything that excludes it; reads only, opens nothing for writing.

The kernel's own tree decides what is there: udev may be absent, or not yet done, and only adds where a drive is plugged.
"""

import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from agent.errors import MediaVanished
from agent.host import scsi
from agent.host.erase_status import takes_no_reads
from agent.host.hidden_areas import NOT_APPLICABLE, read_hidden_areas
from agent.host.holders import Usage, exclusions_by_use, read_usage
from agent.host.identity import PageReader, Reading, first_answer, geometry_of, read_device, sysfs_pages
from agent.host.signatures import read_signatures
from agent.host.sysfs import Roots, block_folder, block_name, entry_names, node_of, partitions, read_int, read_text
from agent.host.udev import plugged_at
from agent.model.drive import Bus, Drive, Exclusion, ExclusionReason, HiddenAreas, Identity, MediaType

_AT_ONCE = 8
# No media a person could hand over: memory, stacks on other disks (their parents are listed), optical, floppy, firmware flash.
_NOT_MEDIA = re.compile(r"^(ram|zram|loop|dm-|md|sr|fd|bcache|mtdblock|drbd)\d|^md_")
# Boot and replay-protected partitions of an eMMC: parts of the medium that mmcblkN lists, not media of their own.
_PARTS_OF_EMMC = re.compile(r"^mmcblk\d+(boot\d+|rpmb)$")


def discover_drives(roots: Roots, named_nodes: tuple[str, ...], *, live: bool) -> tuple[Drive, ...]:
    """List every medium, those excluded too; a loop device, a USB or a removable disk is offered only when named."""
    named = _named(named_nodes)
    usage = read_usage(roots)
    bays = plugged_at(roots)
    names = [name for name in entry_names(roots.sys / "block") if _is_medium(roots, name, named)]

    def inspected(name: str) -> Drive:
        return _inspect(roots, name, usage, bays.get(name, ""), named=name in named, live=live)

    # One that answers slowly delays no other.
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="discovery") as pool:
        return tuple(pool.map(inspected, names))


def exclusions_now(roots: Roots, node: str, named_nodes: tuple[str, ...], *, live: bool) -> tuple[Exclusion, ...]:
    """What forbids writing to one node at this moment; raises MediaVanished."""
    name = block_name(os.path.realpath(node))
    folder = block_folder(roots, name)
    if not (folder / "dev").exists():
        raise MediaVanished(f"{node} is not there any more.", "Check its cable, list the drives again.")
    reading = read_device(folder, geometry_of(folder), _pages(roots, folder, name))
    named = name in _named(named_nodes)
    return (
        *exclusions_by_use(roots, folder, read_usage(roots), live=live),
        *_by_itself(folder, reading, named=named),
    )


def identity_now(roots: Roots, node: str) -> Identity:
    """What the node leads to at this moment; raises MediaVanished."""
    name = block_name(os.path.realpath(node))
    folder = block_folder(roots, name)
    if not (folder / "dev").exists():
        raise MediaVanished(f"{node} is not there any more.", "Check its cable, list the drives again.")
    return read_device(folder, geometry_of(folder), _pages(roots, folder, name)).identity


def hidden_areas_now(roots: Roots, node: str) -> HiddenAreas:
    """What the drive behind a node hides at this moment; raises MediaVanished."""
    name = block_name(os.path.realpath(node))
    folder = block_folder(roots, name)
    if not (folder / "dev").exists():
        raise MediaVanished(f"{node} is not there any more.", "Check its cable, list the drives again.")
    return _hidden(node, read_device(folder, geometry_of(folder), _pages(roots, folder, name)))


def _named(nodes: tuple[str, ...]) -> frozenset[str]:
    return frozenset(block_name(os.path.realpath(node)) for node in nodes)


def _is_medium(roots: Roots, name: str, named: frozenset[str]) -> bool:
    if name.startswith("loop"):
        return name in named
    folder = roots.sys / "block" / name
    # `hidden` marks the single paths of a multipath namespace: they have no node.
    if _NOT_MEDIA.match(name) or _PARTS_OF_EMMC.match(name) or read_int(folder / "hidden"):
        return False
    # Unconnected network block devices always exist, with no size.
    return not (name.startswith("nbd") and not read_int(folder / "size"))


def _inspect(roots: Roots, name: str, usage: Usage, bay: str, *, named: bool, live: bool) -> Drive:
    folder = block_folder(roots, name)
    node = node_of(name)
    reading = read_device(folder, geometry_of(folder), _pages(roots, folder, name))
    used = exclusions_by_use(roots, folder, usage, live=live)
    exclusions = used if _is_boot(used) else (*used, *_by_itself(folder, reading, named=named))
    # A drive at its own erase is asked for no block: each would hang for minutes.
    readable = not _unanswering(exclusions) and not takes_no_reads(roots, name, reading)
    return Drive(
        node=node,
        identity=reading.identity,
        bus=reading.bus,
        media_type=reading.media_type,
        rotation_rpm=reading.rotation_rpm,
        removable=_removable(folder, reading),
        soldered=reading.soldered,
        bay=_bay(folder) or bay,
        signatures=read_signatures((node, *(node_of(p.name) for p in partitions(folder)))) if readable else (),
        hidden_areas=_hidden(node, reading) if not _unanswering(exclusions) else NOT_APPLICABLE,
        exclusions=exclusions,
    )


def _pages(roots: Roots, folder: Path, name: str) -> PageReader:
    """Pages that the kernel did not keep are asked of the device, through a descriptor that can only read."""

    def ask(page: int) -> bytes:
        try:
            descriptor = os.open(roots.dev / name.replace("!", "/"), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return b""
        try:
            return scsi.inquiry_page(descriptor, page)
        finally:
            os.close(descriptor)

    return first_answer(sysfs_pages(folder), ask)


def _by_itself(folder: Path, reading: Reading, *, named: bool) -> tuple[Exclusion, ...]:
    """Reasons that lie in the disk and not in its use."""
    found: list[Exclusion] = []
    state = read_text(folder / "device/state")
    if state in {"offline", "transport-offline", "dead", "deleting"}:
        found.append(Exclusion(ExclusionReason.DIED, state))
    if reading.identity.capacity_bytes == 0:
        empty = read_int(folder / "removable") == 1
        found.append(Exclusion(ExclusionReason.ZERO_SIZE, "no medium in the reader" if empty else ""))
    if read_int(folder / "ro"):
        found.append(Exclusion(ExclusionReason.READ_ONLY))
    if not reading.identity.model and not reading.identity.serial:
        found.append(Exclusion(ExclusionReason.IDENTITY_UNREADABLE))
    if reading.network:
        found.append(Exclusion(ExclusionReason.NETWORK, reading.network))
    if reading.raid:
        found.append(Exclusion(ExclusionReason.VIRTUAL_RAID_DISK, reading.raid))
    if _removable(folder, reading) and not named:
        found.append(Exclusion(ExclusionReason.REMOVABLE, reading.bus.value))
    return tuple(found)


def _removable(folder: Path, reading: Reading) -> bool:
    """Whether a hand can pull it out; USB disks count, whatever they say of themselves."""
    marked = read_int(folder / "removable") == 1
    return marked or reading.bus is Bus.USB or reading.media_type is MediaType.REMOVABLE_FLASH


def _is_boot(exclusions: tuple[Exclusion, ...]) -> bool:
    return any(e.reason is ExclusionReason.BOOT_MEDIUM for e in exclusions)


def _unanswering(exclusions: tuple[Exclusion, ...]) -> bool:
    dead = {ExclusionReason.DIED, ExclusionReason.ZERO_SIZE, ExclusionReason.BOOT_MEDIUM}
    return any(e.reason in dead for e in exclusions)


def _hidden(node: str, reading: Reading) -> HiddenAreas:
    identity = reading.identity
    return read_hidden_areas(
        node, reading.bus, reading.ata, identity.capacity_bytes // identity.logical_sector_bytes
    )


def _bay(folder: Path) -> str:
    """The slot that an enclosure names (SES), '' elsewhere."""
    names = [name for name in entry_names(folder / "device") if name.startswith("enclosure_device:")]
    return names[0].partition(":")[2] if names else ""
