"""The image behaves as a block device does: exclusive, of fixed size, truthful about what it is at this moment."""

import errno
import json
import os
import time
from pathlib import Path

import pytest

from agent.errors import MediaBusy, MediaVanished
from agent.host.simulated import SimulatedMachine
from tests.unit.simulated.conftest import MIB, buffer, drive_named


@pytest.fixture
def machine(laptop: Path) -> SimulatedMachine:
    return SimulatedMachine(laptop, pace=0)


def test_what_is_written_is_in_the_file_and_read_back(machine: SimulatedMachine, laptop: Path) -> None:
    medium = machine.open_medium(drive_named(machine, "sda"))
    assert medium.write_at(4096, buffer(8192)) == 8192
    medium.flush()
    back = buffer(8192, b"\0")
    assert medium.read_at(4096, back) == 8192
    assert back == buffer(8192)
    medium.close()
    data = (laptop / "drives/sda/image").read_bytes()
    assert data[4096:12288] == b"\xa5" * 8192
    assert data.count(0xA5) == 8192


def test_it_works_without_direct_io(machine: SimulatedMachine, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.open

    def as_tmpfs(path, flags, *rest, **options):  # type: ignore[no-untyped-def]
        if flags & os.O_DIRECT:
            raise OSError(errno.EINVAL, "as tmpfs says")
        return real(path, flags, *rest, **options)

    monkeypatch.setattr(os, "open", as_tmpfs)
    medium = machine.open_medium(drive_named(machine, "sda"))
    assert medium.direct_io is False
    assert medium.write_at(0, buffer(4096)) == 4096
    medium.flush()
    back = buffer(4096, b"\0")
    assert medium.read_at(0, back) == 4096
    assert back == buffer(4096)
    medium.close()


def test_a_flush_syncs(machine: SimulatedMachine, monkeypatch: pytest.MonkeyPatch) -> None:
    medium = machine.open_medium(drive_named(machine, "sda"))
    synced = []
    monkeypatch.setattr(os, "fsync", synced.append)
    medium.flush()
    assert len(synced) == 1
    medium.close()


def test_a_second_opener_is_told_that_it_is_busy(machine: SimulatedMachine, laptop: Path) -> None:
    disk = drive_named(machine, "sda")
    medium = machine.open_medium(disk)
    with pytest.raises(MediaBusy):
        SimulatedMachine(laptop).open_medium(disk)
    medium.close()
    medium.close()
    machine.open_medium(disk).close()


def test_it_ends_where_a_device_ends(machine: SimulatedMachine, laptop: Path) -> None:
    medium = machine.open_medium(drive_named(machine, "sda"))
    assert medium.write_at(MIB - 4096, buffer(8192)) == 4096
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        medium.write_at(MIB, buffer(4096))
    assert medium.read_at(MIB, buffer(4096)) == 0
    medium.close()
    assert (laptop / "drives/sda/image").stat().st_size == MIB


@pytest.mark.parametrize(("offset", "length"), [(1, 512), (0, 511), (512, 0)])
def test_parts_of_sectors_are_refused(machine: SimulatedMachine, offset: int, length: int) -> None:
    medium = machine.open_medium(drive_named(machine, "sda"))
    with pytest.raises(OSError, match=os.strerror(errno.EINVAL)):
        medium.write_at(offset, buffer(4096)[:length])
    medium.close()


@pytest.mark.parametrize("field", ["model", "serial", "wwn"])
def test_identity_is_read_at_the_moment_of_the_question(
    machine: SimulatedMachine, laptop: Path, field: str
) -> None:
    disk = drive_named(machine, "sda")
    medium = machine.open_medium(disk)
    assert medium.read_identity() == disk.identity
    path = laptop / "drives/sda/identity.json"
    document = json.loads(path.read_text())
    document["identity"][field] = "ANOTHER"
    path.write_text(json.dumps(document))
    assert not medium.read_identity().same_medium(disk.identity)
    medium.close()


def test_a_drive_that_shrinks_says_so_and_does_not_grow_again(machine: SimulatedMachine, laptop: Path) -> None:
    disk = drive_named(machine, "sda")
    medium = machine.open_medium(disk)
    os.truncate(laptop / "drives/sda/image", MIB // 2)
    assert medium.capacity_bytes == MIB // 2
    assert medium.read_identity().capacity_bytes == MIB // 2
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        medium.write_at(MIB // 2, buffer(4096))
    assert (laptop / "drives/sda/image").stat().st_size == MIB // 2
    medium.close()


@pytest.mark.parametrize("how", ["unlinked", "replaced", "folder gone", "identity gone"])
def test_a_drive_that_vanishes_is_gone_for_every_access(machine: SimulatedMachine, laptop: Path, how: str) -> None:
    medium = machine.open_medium(drive_named(machine, "sda"))
    image = laptop / "drives/sda/image"
    if how == "folder gone":
        image.parent.rename(laptop / "drives/elsewhere")
    elif how == "identity gone":
        (image.parent / "identity.json").unlink()
    else:
        image.rename(laptop / "elsewhere")
    if how == "replaced":
        image.write_bytes(bytes(MIB))
    with pytest.raises(MediaVanished):
        medium.read_identity()
    with pytest.raises(OSError, match=os.strerror(errno.ENXIO)):
        medium.write_at(0, buffer(4096))
    with pytest.raises(OSError, match=os.strerror(errno.ENXIO)):
        medium.flush()
    medium.close()


def test_a_drive_that_vanished_before_opening(machine: SimulatedMachine, laptop: Path) -> None:
    disk = drive_named(machine, "sda")
    (laptop / "drives/sda/image").unlink()
    with pytest.raises(MediaVanished):
        machine.open_medium(disk)


def test_pace_slows_reads_and_writes(laptop: Path) -> None:
    machine = SimulatedMachine(laptop, pace=MIB)
    medium = machine.open_medium(drive_named(machine, "sda"))
    started = time.monotonic()
    medium.write_at(0, buffer(MIB // 8))
    medium.read_at(0, buffer(MIB // 8))
    assert time.monotonic() - started >= 0.2
    medium.close()


def test_pace_comes_from_the_folder_unless_said_otherwise(laptop: Path) -> None:
    about = json.loads((laptop / "machine.json").read_text())
    (laptop / "machine.json").write_text(json.dumps({**about, "pace_bytes_per_second": 1024}))
    assert SimulatedMachine(laptop)._pace == 1024
    assert SimulatedMachine(laptop, pace=0)._pace == 0
