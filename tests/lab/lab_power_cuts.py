"""Power cuts at thirty moments of three passes and their read-back: the second start ends with a drive that holds the last pass, and nothing else."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from tests.lab import guest, write_cache
from tests.lab.cells import drive_records
from tests.lab.conftest import sanitize
from tests.lab.disk import left, plant
from tests.lab.guest import Case, Moment
from tests.lab.last_pass import holds_last_pass
from tests.lab.layers import LOOP, Stack

_POINTS = 30
_PHASES = 4  # three passes and one read-back
_DRIVE = Stack(sectors=65_536, delay_ms=120)
_LOGGED = Stack(sectors=65_536, delay_ms=120, logged=True)
_LOG_BYTES = 160 << 20
_SHARES = [random.Random(2026).uniform(0.01, 0.98) for _ in range(_POINTS)]


@pytest.mark.parametrize("number", range(_POINTS))
def test_a_power_cut(lab: Path, number: int) -> None:
    """Every second drive also loses part of what it had not been told to flush."""
    loses = number % 2 == 1
    cut_off(lab, _SHARES[number], loses=loses, seed=number)
    argv = sanitize(LOOP, passes="dod-3")
    case = Case(argv, LOOP, _DRIVE.commands(), module="tests.lab.with_keys")
    (second,) = guest.run(lab, [lab / "drive"], case).runs
    assert second["code"] == 0, second["err"]
    before, after = drive_records(lab / "evidence", LOOP)
    # The second start begins anew; one that resumes says so here.
    assert before["outcome"] == "interrupted"
    assert after["outcome"] == "sanitized"
    assert [int(p["bytes_written"]) for p in after["passes"]] == [_DRIVE.sectors * 512] * 3
    assert left(lab / "drive", _DRIVE.sectors).bytes == 0
    holds_last_pass(lab / "drive", lab / "keys", after)


def cut_off(lab: Path, share: float, *, loses: bool, seed: int) -> None:
    """Run three passes up to this share of all that goes over the drive, and cut the power; a drive that `loses` has a write cache."""
    planted, drive, log = lab / "planted", lab / "drive", lab / "log"
    stack = _LOGGED if loses else _DRIVE
    plant(planted, stack.sectors)
    shutil.copyfile(planted, drive)
    with log.open("wb") as file:
        file.truncate(_LOG_BYTES)
    moment = Moment(
        round(share * _PHASES * stack.sectors), "freeze" if loses else "announce", ("written", "read"), paused=loses
    )
    case = Case(sanitize(LOOP, passes="dod-3"), LOOP, stack.commands(), moment=moment, module="tests.lab.with_keys")
    assert guest.run_until_cut(lab, [drive, log], case), "the run ended before its moment"
    if loses:
        lost = write_cache.lose(planted, log, drive, seed)
        # Every pass ends with a flush: only what the read-back finds is whole.
        assert (lost > 0) == (share * _PHASES < _PHASES - 1)
