"""Blocks that suit the device: whole multiples of what it calls optimal, whatever pass and whatever size."""

import pytest

from agent.engine.crew import MIB, PACE, Pace, Setting
from agent.model.job import JobState

from . import fakes
from .fakes import OLD, Faults, fake_drive, run_one

KIB = 1024


def blocks(pace: Pace) -> list[int]:
    return [s.block_bytes for s in pace.ladder]


@pytest.mark.parametrize("optimal", [0, -1, 4096, 64 * KIB, 512 * KIB, MIB])
def test_what_divides_the_blocks_already_changes_nothing(optimal):
    assert PACE.fitted(optimal) == PACE


@pytest.mark.parametrize(
    ("optimal", "expected"),
    [
        (2 * MIB, [2 * MIB, 2 * MIB, 4 * MIB]),
        (1536 * KIB, [1536 * KIB, 3 * MIB, 4608 * KIB]),  # three disks of a RAID, 512 KiB each
        (192 * KIB, [1152 * KIB, 2112 * KIB, 4224 * KIB]),
        (10 * MIB, [10 * MIB]),
        (16 * MIB, [16 * MIB]),
        (9 * MIB, [9 * MIB]),
    ],
)
def test_blocks_are_rounded_up_to_multiples(optimal, expected):
    assert blocks(PACE.fitted(optimal)) == expected


@pytest.mark.parametrize("optimal", [17 * MIB, 65_535 * 512, 32_767 * 512, 512, 4095])
def test_what_can_not_be_meant_is_left_aside(optimal):
    assert PACE.fitted(optimal) == PACE


def test_large_blocks_take_no_more_memory_than_two_of_the_largest():
    for optimal in range(4096, 16 * MIB + 1, 4096):
        assert all(s.workers >= 2 and s.block_bytes * s.workers <= 32 * MIB for s in PACE.fitted(optimal).ladder)


@pytest.mark.parametrize("pass_set", ["random", "dod-3", "vsitr-7"])
@pytest.mark.parametrize("optimal", [1536 * KIB, 3 * MIB, 16 * MIB])
def test_every_byte_is_written_and_read_back_in_such_blocks(tmp_path, monkeypatch, optimal, pass_set):
    asked = []
    monkeypatch.setattr(fakes.FakeMedium, "optimal_io_bytes", optimal)
    drive = fake_drive(Faults(on_write=asked.append), size=9 * MIB + 512 * 3)
    result = run_one(tmp_path, drive, pace=Pace(ladder=(Setting(MIB, 2),)), pass_set=pass_set)
    assert result.state is JobState.SANITIZED
    assert OLD not in drive.store.data
    assert set(asked) == set(range(0, 9 * MIB + 512 * 3, optimal))


def test_a_lie_is_found_in_such_blocks_too(tmp_path, monkeypatch):
    monkeypatch.setattr(fakes.FakeMedium, "optimal_io_bytes", 1536 * KIB)
    drive = fake_drive(Faults(lying_lba=4000), size=9 * MIB)
    result = run_one(tmp_path, drive, pace=Pace(ladder=(Setting(MIB, 2),)))
    assert (result.state, result.verification.first_mismatches) == (JobState.FAILED, (4000,))
