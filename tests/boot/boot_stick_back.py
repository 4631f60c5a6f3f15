"""The stick is pulled, another one with its serial number is plugged in, then the right one comes back: evidence goes to that one."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest

from tests.boot import enrol
from tests.boot.machine import IN_TOOLS, PLACE, inside, running, stick_from
from tests.boot.steps import START_SECONDS, settle, unlock
from tests.conftest import Allow

pytestmark = pytest.mark.timeout(1800)


def test_pulled_and_back(iso: Path, allow_programs: Allow) -> None:
    allow_programs("in-tools")
    stick, other = stick_from(iso, "back"), stick_from(iso, "back-other")
    enrol.enrol(stick, enrol.make_trust("back"), operator="op-17")
    enrol.enrol(other, enrol.make_trust("back-other"), operator="op-18")
    before = digest(other)
    options = ("-blockdev", f"driver=raw,node-name=other,file.driver=file,file.filename={inside(other)}")
    with running("back", stick, "bios", *options) as machine:
        machine.wait_for("screen", START_SECONDS)
        machine.pull()
        machine.plug("other")
        machine.wait_for("problem: another stick was plugged in", 120)
        machine.pull("other")
        machine.plug()
        machine.wait_for("stick back", 120)
        unlock(machine)
        machine.wait_until(lambda: journal_there(stick), "journal on the stick that came back", 240)
        settle(machine, "no-drive")
    assert digest(other) == before
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


def journal_there(stick: Path) -> bool:
    """Whether the agent has made its folders, seen from outside."""
    volume = f"{inside(stick)}@@{enrol.partition(stick, 3)[0]}"
    command = [IN_TOOLS, "mdir", "-b", "-i", volume, "::/evidence"]
    return "journal" in subprocess.run(command, capture_output=True, text=True, check=False).stdout
