"""`ardoise` on the lab's eMMC, as it is on any: erase and sanitize, and what a fault of the device or a power cut comes to."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.lab import guest
from tests.lab.cells import drive_records
from tests.lab.conftest import sanitize
from tests.lab.disk import MIB, left, left_in, plant
from tests.lab.drives.emmc import commands, leftover
from tests.lab.guest import Case
from tests.lab.lab_own_power import check
from tests.lab.own_cells import LOSES_POWER, OwnCell
from tests.lab.own_emmc import CUTS, DEVICES, SECTORS, Cut, Device

_NODE, _SERIAL = "/dev/mmcblk0", "0x1a2b3c4d"
_LOOK_EACH = 25


@pytest.mark.parametrize("device", DEVICES, ids=[d.id for d in DEVICES])
def test_own_erase_of_an_emmc(lab: Path, device: Device) -> None:
    drives = device.emmc.make_drive(lab)
    plant(drives[0], SECTORS)
    result = guest.run(lab, drives, _case(device.technique))
    (run,) = result.runs
    records = drive_records(lab / "evidence", _NODE)
    told = f"{run['err']}\n{records[-1]['reason'] if records else ''}\n{commands(lab / 'emmc')}"
    assert "Traceback" not in run["err"], told
    assert records, told
    last = records[-1]
    outcome, held, behind = last["outcome"], left(drives[0], SECTORS).bytes, left_in(leftover(lab / "emmc"))
    level = last["level_reached"]
    OwnCell(device.technique, device.fault, outcome, last["reason"], held, level, (), behind).save()
    assert outcome in device.outcomes, f"{outcome} {told}"
    assert (run["code"] == 0) == (outcome == "sanitized"), told
    if outcome == "sanitized":
        assert held == 0
        assert any("boot" in words for words in last["not_covered"]) == bool(device.emmc.boot_size_mult)
        assert bool(behind) == device.hides


@pytest.mark.parametrize("cut", CUTS, ids=[c.id for c in CUTS])
def test_power_cut_of_an_emmc(lab: Path, cut: Cut) -> None:
    """It has the machine's power: it stops where it is, and nothing goes on by itself."""
    drives = cut.emmc.make_drive(lab)
    plant(drives[0], SECTORS)
    assert guest.run_until_cut(lab, drives, _case(cut.technique), when=_half_way(lab, drives[0], cut)), "it ended"
    held, behind = left(drives[0], SECTORS).bytes, left_in(leftover(lab / "emmc"))
    assert held or behind, "the power went after the end"
    (second,) = guest.run(lab, drives, _case("auto")).runs
    told = f"{second['err']}\n{commands(lab / 'emmc')}"
    check(cut.words, LOSES_POWER, drive_records(lab / "evidence", _NODE), told)
    assert (left(drives[0], SECTORS).bytes, left_in(leftover(lab / "emmc"))) == (0, 0), told
    assert second["code"] == 0, told


def _case(technique: str) -> Case:
    argv = sanitize(_NODE, passes="random", confirms=[_SERIAL], technique=technique.replace(" ", "-"))
    return Case(argv, _NODE, before=("python3 -m tests.lab.emmc_tree",))


def _half_way(lab: Path, drive: Path, cut: Cut) -> Callable[[], bool]:
    """Whether the device was given the command, and has begun with what it erases at its addresses."""
    looks = itertools.count()

    def look() -> bool:
        if next(looks) % _LOOK_EACH or not any(cut.command in line for line in commands(lab / "emmc")):
            return False
        with drive.open("rb") as file:
            file.seek(SECTORS * 512 // 8)
            return b"PLANTED" not in file.read(MIB)

    return look
