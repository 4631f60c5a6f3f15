"""Power cuts at thirty moments of three passes and their read-back, and in the middle of the journal's own writes.

The second start goes on where the drive and the journal both say that the first one was, and ends with a drive that holds the last pass.
"""

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
from tests.lab.observed import SERIAL

_POINTS = 30
_JOURNAL_POINTS = 6
_MODULE = "tests.lab.observed"
_PHASES = 4  # three passes and one read-back
_DRIVE = Stack(sectors=65_536, delay_ms=120)
_LOGGED = Stack(sectors=65_536, delay_ms=120, logged=True)
_LOG_BYTES = 160 << 20
_DRAWN = random.Random(2026)
_SHARES = [_DRAWN.uniform(0.01, 0.98) for _ in range(_POINTS)]
_JOURNAL_SHARES = [_DRAWN.uniform(0.05, 0.7) for _ in range(_JOURNAL_POINTS)]


_SIZE = _DRIVE.sectors * 512
# A mark comes every quarter of a second, after a flush; what is under way is two blocks of 1 MiB.
_MARK_BYTES = 12 << 20
_UNDER_WAY_BYTES = 4 << 20


@pytest.mark.parametrize("number", range(_POINTS))
def test_a_power_cut(lab: Path, number: int) -> None:
    """Every second drive also loses part of what it had not been told to flush."""
    loses = number % 2 == 1
    share = _SHARES[number]
    cut_off(lab, share, loses=loses, seed=number)
    carried = goes_on(lab)
    moved = round(min(share * _PHASES, _PHASES - 1) * _SIZE)
    assert moved - _MARK_BYTES < carried < moved + _UNDER_WAY_BYTES, f"{carried} of {moved}"


@pytest.mark.parametrize("share", _JOURNAL_SHARES)
def test_a_power_cut_in_the_middle_of_a_journal_write(lab: Path, share: float) -> None:
    """The stick takes 20 ms for each block that is written: the cut comes behind the first one of a mark."""
    plant(lab / "drive", _DRIVE.sectors)
    moment = Moment(
        round(share * _PHASES * _DRIVE.sectors), "announce at the journal", ("written", "read"), paused=False
    )
    case = Case(_argv(), LOOP, _DRIVE.commands(), moment=moment, module=_MODULE, stick_delay_ms=20)
    assert guest.run_until_cut(lab, [lab / "drive"], case), "the run ended before its moment"
    goes_on(lab)


def goes_on(lab: Path) -> int:
    """Start again, and return how many bytes the second run took over from the first."""
    case = Case(_argv(), LOOP, _DRIVE.commands(), module=_MODULE)
    (second,) = guest.run(lab, [lab / "drive"], case).runs
    assert second["code"] == 0, second["err"]
    before, after = drive_records(lab / "evidence", LOOP)
    assert before["outcome"] == "interrupted"
    assert after["outcome"] == "sanitized"
    assert [int(p["bytes_written"]) for p in after["passes"]] == [_SIZE] * 3
    assert int(after["verification"]["bytes_matching"]) == _SIZE
    carried = sum(int(p.get("carried_over_bytes", 0)) for p in after["passes"])
    assert bool(carried) == bool(after.get("resumed_from")), after
    assert left(lab / "drive", _DRIVE.sectors).bytes == 0
    holds_last_pass(lab / "drive", lab / "keys", after)
    return carried


def _argv() -> tuple[str, ...]:
    return sanitize(LOOP, passes="dod-3", confirms=[SERIAL])


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
    case = Case(_argv(), LOOP, stack.commands(), moment=moment, module=_MODULE)
    assert guest.run_until_cut(lab, [drive, log], case), "the run ended before its moment"
    if loses:
        lost = write_cache.lose(planted, log, drive, seed)
        # Every pass ends with a flush: in the read-back nothing can be lost.
        assert not lost or share * _PHASES < _PHASES - 1
