"""Each fault does what faults.json says and nothing else."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.errors import EnvironmentLacks, MediaVanished
from agent.host.simulated import SimulatedMachine
from agent.model.drive import Drive
from tests.unit.simulated.conftest import MIB, buffer, drive_named

WithFaults = Callable[..., tuple[SimulatedMachine, Drive]]
IO_ERROR = os.strerror(errno.EIO)


def test_a_dying_drive_writes_to_the_last_good_sector_and_then_nothing(
    with_faults: WithFaults, laptop: Path
) -> None:
    machine, disk = with_faults(write_error_from_fraction=0.5)
    medium = machine.open_medium(disk)
    half = MIB // 2
    assert medium.write_at(0, buffer(half - 4096)) == half - 4096
    assert medium.write_at(half - 4096, buffer(8192)) == 4096
    with pytest.raises(OSError, match=IO_ERROR):
        medium.write_at(half, buffer(4096))
    with pytest.raises(OSError, match=IO_ERROR):
        medium.write_at(0, buffer(4096))
    with pytest.raises(OSError, match=IO_ERROR):
        medium.read_at(0, buffer(4096))
    with pytest.raises(OSError, match=IO_ERROR):
        medium.flush()
    assert medium.read_identity() == disk.identity
    medium.close()
    data = (laptop / "drives/sda/image").read_bytes()
    assert data == b"\xa5" * half + bytes(half)


def test_a_dead_drive_stays_dead(with_faults: WithFaults, laptop: Path) -> None:
    machine, disk = with_faults(write_error_from_fraction=0)
    medium = machine.open_medium(disk)
    with pytest.raises(OSError, match=IO_ERROR):
        medium.write_at(0, buffer(4096))
    medium.close()
    again = SimulatedMachine(laptop).open_medium(disk)
    with pytest.raises(OSError, match=IO_ERROR):
        again.read_at(0, buffer(4096))
    again.close()


def test_bad_sectors_refuse_writes_that_touch_them(with_faults: WithFaults, laptop: Path) -> None:
    machine, disk = with_faults(bad_sectors_write=[10])
    medium = machine.open_medium(disk)
    with pytest.raises(OSError, match=IO_ERROR):
        medium.write_at(0, buffer(8192))
    assert medium.write_at(0, buffer(5120)) == 5120
    assert medium.write_at(11 * 512, buffer(4096)) == 4096
    assert medium.read_at(10 * 512, buffer(512)) == 512
    medium.close()
    assert (laptop / "drives/sda/image").read_bytes()[5120 : 5120 + 512] == bytes(512)


def test_bad_sectors_refuse_reads_even_after_writing(with_faults: WithFaults) -> None:
    machine, disk = with_faults(bad_sectors_read=[10])
    medium = machine.open_medium(disk)
    assert medium.write_at(0, buffer(8192)) == 8192
    with pytest.raises(OSError, match=IO_ERROR):
        medium.read_at(10 * 512, buffer(512))
    assert medium.read_at(0, buffer(5120)) == 5120
    medium.close()


@pytest.mark.parametrize(("first", "last"), [(0, 0), (3, 4), (15, 15), (8, 4000)])
def test_dropped_writes_claim_success(with_faults: WithFaults, laptop: Path, first: int, last: int) -> None:
    machine, disk = with_faults(drop_writes=[[first, last]])
    medium = machine.open_medium(disk)
    assert medium.write_at(0, buffer(8192)) == 8192
    medium.close()
    written = (laptop / "drives/sda/image").read_bytes()[:8192]
    sectors = [written[i * 512 : i * 512 + 512] == b"\xa5" * 512 for i in range(16)]
    assert sectors == [not first <= i <= last for i in range(16)]


def test_several_dropped_ranges(with_faults: WithFaults, laptop: Path) -> None:
    machine, disk = with_faults(drop_writes=[[6, 7], [1, 2]])
    medium = machine.open_medium(disk)
    medium.write_at(1024, buffer(4096))
    medium.close()
    written = (laptop / "drives/sda/image").read_bytes()
    assert [i for i in range(16) if written[i * 512] == 0xA5] == [3, 4, 5, 8, 9]


def test_short_writes_say_how_much_was_written(with_faults: WithFaults, laptop: Path) -> None:
    machine, disk = with_faults(short_writes=1)
    medium = machine.open_medium(disk)
    assert medium.write_at(0, buffer(8192)) == 4096
    assert medium.write_at(4096, buffer(8192)) == 8192
    medium.close()
    assert (laptop / "drives/sda/image").read_bytes().count(0xA5) == 12288


def test_a_drive_vanishes_in_the_middle(with_faults: WithFaults, laptop: Path) -> None:
    machine, disk = with_faults(vanish_at_fraction=0.25)
    medium = machine.open_medium(disk)
    assert medium.write_at(0, buffer(MIB // 4)) == MIB // 4
    with pytest.raises(OSError, match=os.strerror(errno.ENXIO)):
        medium.write_at(MIB // 4, buffer(4096))
    with pytest.raises(MediaVanished):
        medium.read_identity()
    medium.close()
    assert [d.node for d in SimulatedMachine(laptop).discover()] == ["/dev/sdb"]


def test_a_drive_stalls_once(laptop: Path, with_faults: WithFaults) -> None:
    machine, disk = with_faults(stall_seconds=7, stall_at_fraction=0.5)
    medium = machine.open_medium(disk)
    slept: list[float] = []
    medium._sleep = slept.append
    medium.write_at(0, buffer(4096))
    assert slept == []
    medium.write_at(MIB // 2, buffer(4096))
    medium.write_at(MIB // 2, buffer(4096))
    assert slept == [7]
    medium.close()


@pytest.mark.parametrize(
    "faults", [{"write_eror_from_fraction": 0.5}, {"bad_sectors_read": ["x"]}, {"drop_writes": [1]}]
)
def test_a_fault_that_is_not_understood_is_not_left_out(with_faults: WithFaults, faults: dict[str, object]) -> None:
    machine, disk = with_faults(**faults)
    with pytest.raises(EnvironmentLacks, match=r"faults\.json"):
        machine.open_medium(disk)


def test_the_other_drives_have_no_faults(with_faults: WithFaults, laptop: Path) -> None:
    machine, _ = with_faults(write_error_from_fraction=0)
    assert machine._drives["sdb"].faults().write_error_from_fraction is None
    assert drive_named(machine, "sdb").on_offer is False
