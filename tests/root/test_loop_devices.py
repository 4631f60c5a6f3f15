"""The host layer on real block devices: exclusive open, direct I/O, identity on the descriptor, and what excludes a disk."""

import errno
import fcntl
import mmap
import os
from contextlib import ExitStack
from pathlib import Path

import pytest

from agent.errors import IdentityChanged, MediaBusy, MediaVanished, Refused
from agent.host.media import open_exclusively
from agent.host.real import RealMachine
from agent.host.sysfs import Roots
from agent.model.drive import Bus, Drive, ExclusionReason
from tests.root.conftest import Attach, one_partition, tool

pytestmark = pytest.mark.root

SIZE = 32 << 20


def machine(node: str) -> RealMachine:
    return RealMachine(real_drives=True, named_nodes=(node,))


def found(node: str) -> Drive:
    (drive,) = (d for d in machine(node).discover() if d.node == node)
    return drive


def reasons(node: str) -> set[ExclusionReason]:
    return {e.reason for e in found(node).exclusions}


def test_a_named_loop_device_is_on_offer_and_others_are_not_listed(attach: Attach) -> None:
    node, other = attach(), attach()
    drive = found(node)
    assert drive.on_offer
    assert (drive.bus, drive.identity.capacity_bytes, drive.identity.logical_sector_bytes) == (Bus.LOOP, SIZE, 512)
    assert other not in {d.node for d in machine(node).discover()}


def test_direct_writes_arrive_and_are_read_back(attach: Attach, tmp_path: Path) -> None:
    node = attach()
    medium = machine(node).open_medium(found(node))
    with mmap.mmap(-1, 1 << 20) as page, memoryview(page) as view:
        assert medium.direct_io
        assert (medium.capacity_bytes, medium.logical_sector_bytes) == (SIZE, 512)
        told = Path("/sys/class/block", Path(node).name, "queue/optimal_io_size").read_text()
        assert medium.optimal_io_bytes == int(told)
        view[:] = b"\xa5" * len(view)
        assert medium.write_at(SIZE - len(view), view) == len(view)
        medium.flush()
        view[:] = bytes(len(view))
        assert medium.read_at(SIZE - len(view), view) == len(view)
        assert bytes(view) == b"\xa5" * len(view)
        assert medium.read_at(SIZE, view) == 0
        with pytest.raises(OSError) as caught:
            medium.write_at(SIZE, view)
        assert caught.value.errno == errno.ENOSPC
    medium.close()
    medium.close()
    assert (tmp_path / "disk1.img").read_bytes()[-(1 << 20) :] == b"\xa5" * (1 << 20)


def test_unaligned_direct_io_is_an_error_and_not_a_cached_write(attach: Attach) -> None:
    node = attach()
    medium = machine(node).open_medium(found(node))
    with mmap.mmap(-1, 4096) as page, memoryview(page) as view, pytest.raises(OSError):
        medium.write_at(3, view[:512])
    medium.close()


def test_identity_on_the_descriptor_is_the_one_of_discovery(attach: Attach) -> None:
    node = attach()
    drive = found(node)
    medium = machine(node).open_medium(drive)
    assert medium.read_identity() == drive.identity
    medium.close()


def test_a_second_exclusive_open_is_busy(attach: Attach) -> None:
    node = attach()
    drive = found(node)
    first = machine(node).open_medium(drive)
    with pytest.raises(MediaBusy, match="another program"):
        machine(node).open_medium(drive)
    first.close()
    machine(node).open_medium(drive).close()


def test_a_lock_of_another_program_is_busy_and_held_while_open(attach: Attach) -> None:
    node = attach()
    holder = os.open(node, os.O_RDONLY)
    fcntl.flock(holder, fcntl.LOCK_SH)
    with pytest.raises(MediaBusy, match="locked"):
        machine(node).open_medium(found(node))
    fcntl.flock(holder, fcntl.LOCK_UN)
    medium = machine(node).open_medium(found(node))
    with pytest.raises(BlockingIOError):
        fcntl.flock(holder, fcntl.LOCK_SH | fcntl.LOCK_NB)
    medium.close()
    os.close(holder)


def test_without_the_permission_the_device_stays_closed(attach: Attach) -> None:
    node = attach()
    drive = found(node)
    with pytest.raises(Refused, match="--real-drives"):
        RealMachine(real_drives=False, named_nodes=(node,)).open_medium(drive)


def test_another_file_behind_the_same_node_is_another_medium(attach: Attach, tmp_path: Path) -> None:
    node = attach()
    before = found(node)
    tool("losetup", "--detach", node)
    (tmp_path / "other.img").write_bytes(bytes(SIZE))
    tool("losetup", node, str(tmp_path / "other.img"))
    medium = machine(node).open_medium(before)
    assert not medium.read_identity().same_medium(before.identity)
    medium.close()


def test_a_medium_that_shrinks_while_it_is_open(attach: Attach, tmp_path: Path) -> None:
    node = attach()
    drive = found(node)
    medium = machine(node).open_medium(drive)
    os.truncate(tmp_path / "disk1.img", SIZE // 2)
    tool("losetup", "--set-capacity", node)
    assert medium.capacity_bytes == SIZE // 2
    assert not medium.read_identity().same_medium(drive.identity)
    os.truncate(tmp_path / "disk1.img", 0)
    tool("losetup", "--set-capacity", node)
    with pytest.raises(MediaVanished):
        medium.read_identity()
    medium.close()


def test_a_node_that_leads_to_another_device(attach: Attach, tmp_path: Path) -> None:
    node, other = attach(), attach()
    copy = tmp_path / "node"
    os.mknod(copy, 0o600 | 0o060000, os.stat(node).st_rdev)
    medium = open_exclusively(str(copy), Roots())
    medium.read_identity()
    copy.unlink()
    with pytest.raises(MediaVanished):
        medium.read_identity()
    os.mknod(copy, 0o600 | 0o060000, os.stat(other).st_rdev)
    with pytest.raises(IdentityChanged, match="another device"):
        medium.read_identity()
    medium.close()


def test_a_number_that_the_kernel_gave_to_another_disk_since(attach: Attach, tmp_path: Path) -> None:
    node = attach()
    number = os.stat(node).st_rdev
    listed = tmp_path / "sys/dev/block" / f"{os.major(number)}:{os.minor(number)}"
    listed.mkdir(parents=True)
    real = Path("/sys/dev/block") / listed.name
    medium = open_exclusively(node, Roots(tmp_path))
    (listed / "diskseq").write_text((real / "diskseq").read_text())
    medium.read_identity()
    (listed / "diskseq").write_text("1\n")
    with pytest.raises(IdentityChanged, match="replaced"):
        medium.read_identity()
    medium.close()


def test_a_read_only_device_is_excluded(attach: Attach) -> None:
    node = attach(SIZE, "--read-only")
    assert reasons(node) == {ExclusionReason.READ_ONLY}
    with pytest.raises(Refused, match="read-only"):
        machine(node).open_medium(found(node))


def test_a_device_of_zero_size_is_excluded(attach: Attach) -> None:
    node = attach(0)
    assert reasons(node) == {ExclusionReason.ZERO_SIZE}


def test_a_mounted_disk_is_excluded_and_can_not_be_opened(
    attach: Attach, tmp_path: Path, cleanup: ExitStack
) -> None:
    node = attach()
    drive = found(node)
    tool("mkfs.ext4", "-q", "-L", "DUPONT", node)
    assert found(node).signatures == ("ext4",)
    (tmp_path / "point").mkdir()
    tool("mount", node, str(tmp_path / "point"))
    cleanup.callback(tool, "umount", str(tmp_path / "point"))
    assert reasons(node) == {ExclusionReason.MOUNTED}
    with pytest.raises(MediaBusy, match="mounted"):
        machine(node).open_medium(drive)
    with pytest.raises(MediaBusy, match="in use by mounted"):
        open_exclusively(node, Roots(), lambda: ("mounted",))


def test_a_mounted_partition_excludes_the_whole_disk(attach: Attach, tmp_path: Path, cleanup: ExitStack) -> None:
    node = attach(SIZE, "--partscan", content=one_partition(SIZE // 512))
    partition = f"{node}p1"
    if not Path(partition).exists():  # a kernel built without MBR support takes the table's word from us
        tool("addpart", node, "1", "2048", str(SIZE // 512 - 2048))
    tool("mkfs.ext4", "-q", partition)
    assert found(node).signatures == ("dos", "ext4")
    (tmp_path / "point").mkdir()
    tool("mount", partition, str(tmp_path / "point"))
    cleanup.callback(tool, "umount", str(tmp_path / "point"))
    assert reasons(node) == {ExclusionReason.MOUNTED}
    with pytest.raises(MediaBusy):
        open_exclusively(node, Roots())


def test_swap_in_use_excludes_the_disk(attach: Attach, cleanup: ExitStack) -> None:
    node = attach()
    tool("mkswap", node)
    tool("swapon", node)
    cleanup.callback(tool, "swapoff", node)
    assert reasons(node) == {ExclusionReason.SWAP}
    with pytest.raises(MediaBusy, match="swap"):
        machine(node).open_medium(found(node))


def test_a_loop_device_on_a_loop_device_holds_it(attach: Attach, cleanup: ExitStack) -> None:
    node = attach()
    upper = tool("losetup", "--find", "--show", node)
    cleanup.callback(tool, "losetup", "--detach", upper)
    assert reasons(node) == {ExclusionReason.HELD}
