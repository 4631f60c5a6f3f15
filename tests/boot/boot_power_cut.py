"""UEFI: the power goes in the middle of an erasure; the next start, by BIOS, has a record of it, and the outbox is whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agent.__main__ import main as ardoise
from agent.registry.outbox import Outbox
from tests.boot import enrol
from tests.boot.disks import MIB, markers_left, plant
from tests.boot.machine import PLACE, Machine, inside, running, stick_from
from tests.boot.screen import PANEL
from tests.boot.steps import (
    code_font,
    confirm_by_code,
    reach_list,
    settle,
    step,
    unlock,
    wait_for_colour,
    wait_for_list,
)
from tests.conftest import Allow

pytestmark = pytest.mark.timeout(2400)
# Slow enough that the power goes while the disk is being written.
_SIZE, _BYTES_PER_SECOND = 64 * MIB, 2 * MIB


def test_power_cut_in_the_middle(iso: Path, allow_programs: Allow) -> None:
    allow_programs("in-tools")
    trust = enrol.make_trust("power-cut")
    stick = stick_from(iso, "power-cut")
    enrol.enrol(stick, trust, operator="op-17", language="en")
    disk = PLACE / "power-cut.disk"
    plant(disk, _SIZE, "power-cut")
    drive = f"if=none,id=sata,format=raw,cache=writethrough,throttling.bps-write={_BYTES_PER_SECOND},file={inside(disk)}"
    options = ("-drive", drive, "-device", "ide-hd,drive=sata,bus=ide.0,serial=SATA0003")

    with running("power-cut", stick, "uefi", *options) as machine:
        erase_until_half(machine, disk, code_font(iso))
    left = markers_left(disk, "power-cut")
    assert left, "the power went before the end"
    assert not list(records(stick, "power-cut"))

    with running("after-power-cut", stick, "bios", *options) as machine:
        unlock(machine)
        machine.wait_until(lambda: bool(list(records(stick, "after"))), "record of the interruption", 240)
        wait_for_colour(machine, "told", PANEL, 0.05, 120)
        settle(machine, "told")
        machine.monitor.key("ret")
        wait_for_list(machine)
    judge(stick, trust, left)


def erase_until_half(machine: Machine, disk: Path, font: Path) -> None:
    """Choose the one disk, confirm, and wait until some of it is overwritten."""
    reach_list(machine)
    step(machine, "t", "chosen")
    confirm_by_code(machine, font)
    machine.wait_until(lambda: len(markers_left(disk, "power-cut")) < _SIZE // MIB - 8, "some MiB overwritten", 180)
    machine.picture("running")


def records(stick: Path, name: str) -> list[Path]:
    return sorted(p.parent for p in enrol.read_evidence(stick, name).glob("*/record.json"))


def judge(stick: Path, trust: enrol.Trust, left: list[int]) -> None:
    """One signed record that says interrupted; nothing set aside, nothing half-written; the disk is called nothing else."""
    evidence = enrol.read_evidence(stick, "after")
    (folder,) = (p.parent for p in evidence.glob("*/record.json"))
    record = json.loads((folder / "record.json").read_bytes())
    assert record["ended"] == "interrupted"
    assert [d["outcome"] for d in record["drives"] if d["identity"]["serial"] == "SATA0003"] == ["interrupted"]
    assert (folder / "record.pdf").exists()
    assert not (folder / "certificate.pdf").exists()
    assert not (evidence / "set-aside").exists()
    scan = Outbox(evidence).scan()
    assert [p.record_id for p in scan.pending] == [record["record_id"]]
    assert not scan.set_aside
    assert ardoise(["verify", str(folder), "--trust", str(trust.pki / "root.pem")]) == 1
    assert left
