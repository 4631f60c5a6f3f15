"""The stick is pulled while a disk is overwritten; another one with its serial number is refused; the right one gets the record.

The overwriting goes on meanwhile, and once the record is there, the stick may go for good.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path

import pytest

from agent.__main__ import main as ardoise
from tests.boot import enrol
from tests.boot.disks import MIB, markers_left, plant
from tests.boot.machine import IN_TOOLS, PLACE, Machine, inside, running, stick_from
from tests.boot.screen import FAILED_BACK, find_colour
from tests.boot.steps import code_font, confirm_by_code, reach_list, settle, step
from tests.conftest import Allow

pytestmark = pytest.mark.timeout(1800)
# Slow enough that everything that happens to the stick happens while the disk is being written.
_SIZE, _BYTES_PER_SECOND = 64 * MIB, MIB


def test_pulled_and_back(iso: Path, allow_programs: Allow) -> None:
    allow_programs("in-tools")
    trust = enrol.make_trust("back")
    stick, other = stick_from(iso, "back"), stick_from(iso, "back-other")
    enrol.enrol(stick, trust, operator="op-17", language="en")
    enrol.enrol(other, enrol.make_trust("back-other"), operator="op-18")
    before = digest(other)
    disk = PLACE / "back.disk"
    plant(disk, _SIZE, "back")
    options = (
        *("-blockdev", f"driver=raw,node-name=other,file.driver=file,file.filename={inside(other)}"),
        "-drive",
        f"if=none,id=sata,format=raw,cache=writethrough,throttling.bps-write={_BYTES_PER_SECOND},file={inside(disk)}",
        *("-device", "ide-hd,drive=sata,bus=ide.0,serial=SATA0004"),
    )
    with running("back", stick, "bios", *options) as machine:
        reach_list(machine)
        step(machine, "t", "chosen")
        confirm_by_code(machine, code_font(iso))
        machine.wait_until(lambda: 0 < len(markers_left(disk, "back")) < _SIZE // MIB - 4, "some MiB", 180)
        pull_and_put_back(machine, disk)
        machine.wait_until(lambda: bool(records(stick)), "record on the stick that came back", 300)
        settle(machine, "recorded")
        machine.pull()
    assert digest(other) == before
    assert markers_left(disk, "back") == []
    judge(stick, trust)


def pull_and_put_back(machine: Machine, disk: Path) -> None:
    """The screen says loudly that the stick is missing, the disk goes on, another stick changes nothing."""
    machine.pull()
    machine.wait_until(lambda: find_colour(machine.picture("pulled"), FAILED_BACK) is not None, "loud line", 60)
    left = len(markers_left(disk, "back"))
    machine.plug("other")
    machine.wait_for("problem: another stick was plugged in", 120)
    machine.pull("other")
    assert len(markers_left(disk, "back")) < left, "the overwriting goes on without the stick"
    machine.plug()
    machine.wait_for("stick back", 120)
    machine.wait_until(
        lambda: find_colour(machine.picture("put-back"), FAILED_BACK) is None, "end of the loud line", 60
    )


def records(stick: Path) -> list[Path]:
    return sorted(p.parent for p in enrol.read_evidence(stick, "back").glob("*/record.json"))


def judge(stick: Path, trust: enrol.Trust) -> None:
    """One whole record that calls the disk sanitized, and a file system without damage."""
    (folder,) = records(stick)
    record = json.loads((folder / "record.json").read_bytes())
    assert record["ended"] == "completed"
    assert [d["outcome"] for d in record["drives"] if d["identity"]["serial"] == "SATA0004"] == ["sanitized"]
    assert ardoise(["verify", str(folder), "--trust", str(trust.pki / "root.pem")]) == 0
    volume = PLACE / "back.data"
    first, length = enrol.partition(stick, 3)
    with stick.open("rb") as file:
        file.seek(first)
        volume.write_bytes(file.read(length))
    # A machine whose power went has only the mark of an unclean end.
    checked = subprocess.run(
        [IN_TOOLS, "fsck.fat", "-a", inside(volume)], capture_output=True, text=True, check=False
    )
    assert checked.returncode in {0, 1}, checked.stdout


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
