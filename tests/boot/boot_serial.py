"""The main job over the serial line, in German, as on a server without a display: menu, passphrase, drives, code, result."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from tests.boot import enrol
from tests.boot.disks import MIB, markers_left, plant
from tests.boot.machine import PLACE, Machine, inside, running, stick_from
from tests.conftest import Allow

pytestmark = pytest.mark.timeout(1800)
_COUNTDOWN = "Jede Taste hält an"
_SHOWN_CODE = re.compile(r"Code[^:]*:\s+([B-X]) ([B-X]) ([B-X]) ([B-X]) ")


def test_one_disk_over_serial(iso: Path, allow_programs: Allow) -> None:
    allow_programs("in-tools")
    stick = stick_from(iso, "serial")
    enrol.enrol(stick, enrol.make_trust("serial"), operator="op-17", language="de")
    disk = PLACE / "serial.disk"
    plant(disk, 32 * MIB, "serial")
    options = ("-drive", f"if=none,id=sata,format=raw,cache=writethrough,file={inside(disk)}")
    options += ("-device", "ide-hd,drive=sata,bus=ide.0,serial=SATA0002")
    with running("serial", stick, "bios", *options, memory_mb=768) as machine:
        erase_over_serial(machine)
        machine.wait_until(lambda: recorded(stick), "record on the stick", 400)
    assert markers_left(disk, "serial") == []


def erase_over_serial(machine: Machine) -> None:
    """Menu entry S, then the same steps as on the screen."""
    machine.wait_for_serial("Ardoise", 240)
    machine.send("s")
    # 768 MiB: too little for a copy in memory, and the screen says what follows from that.
    machine.wait_for_serial("Wenig Speicher", 600)
    time.sleep(3)
    machine.send(enrol.PASSPHRASE + "\r")
    machine.wait_for_serial("SATA0002", 240)
    time.sleep(5)
    machine.send("t", 2)
    machine.send("\r", 12)
    machine.send("\r", 12)
    machine.wait_until(lambda: shown_code(machine) != "", "code on the line", 60)
    give_code(machine)


def give_code(machine: Machine) -> None:
    """Type the code once the screen takes it; a person does so again where busy cores bunched the keys."""
    for _ in range(4):
        # Said from the moment on in which the first letter counts; before that the line says to read.
        machine.wait_until(lambda: "Langsam tippen" in machine.serial_text(), "code is taken", 60)
        machine.send(shown_code(machine), 1.5)
        time.sleep(3)
        if _COUNTDOWN in machine.serial_text():
            return
    raise AssertionError("the code was not taken four times")


def shown_code(machine: Machine) -> str:
    """The confirmation's code as the line shows it; empty while there is none."""
    found = _SHOWN_CODE.findall(machine.serial_text())
    return "".join(found[-1]) if found else ""


def recorded(stick: Path) -> bool:
    """Whether a certificate stands on the data partition."""
    return any(enrol.read_evidence(stick, "serial").glob("*/certificate.pdf"))
