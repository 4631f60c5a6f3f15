"""A stick onto which the ISO's files were copied one by one (Rufus' "ISO mode"): it starts under Secure Boot and keeps evidence,
also after it was pulled and put back."""

from __future__ import annotations

import os
import struct
import subprocess
from pathlib import Path

import pytest

from tests.boot import enrol
from tests.boot.disks import MIB
from tests.boot.machine import IN_TOOLS, PLACE, inside, running
from tests.boot.steps import START_SECONDS, settle, unlock
from tests.conftest import Allow

pytestmark = pytest.mark.timeout(1800)
_COPY = """set -e
cd "$1"
rm -rf copied && xorriso -osirrox on -indev "$2" -extract / copied 2>/dev/null && chmod -R u+w copied
mkfs.fat -F 32 -n ARDOISE --offset 2048 copied.stick >/dev/null
mcopy -s -o -i copied.stick@@1M copied/* ::/
mmd -i copied.stick@@1M ::/ardoise-data && mcopy -s -i copied.stick@@1M "$3" ::/ardoise-data/
mcopy -i copied.stick@@1M "$4" ::/ardoise-data/ardoise.conf
"""


def test_copied_file_by_file(iso: Path, allow_programs: Allow) -> None:
    allow_programs("in-tools")
    PLACE.mkdir(parents=True, exist_ok=True)
    trust = enrol.make_trust("copied")
    stick, settings = PLACE / "copied.stick", PLACE / "copied.conf"
    settings.write_text("operator = op-17\n")
    stick.unlink(missing_ok=True)
    with stick.open("wb") as file:
        os.truncate(file.fileno(), 700 * MIB)
        # One active FAT32 partition (0x0C) from the first MiB to the end.
        entry = struct.pack("<B3sB3sII", 0x80, b"\xfe\xff\xff", 0x0C, b"\xfe\xff\xff", MIB // 512, 699 * MIB // 512)
        file.write(bytes(0x1BE) + entry + bytes(48) + b"\x55\xaa")
    arguments = [inside(PLACE), inside(iso), inside(trust.station), inside(settings)]
    subprocess.run([IN_TOOLS, "sh", "-c", _COPY, "sh", *arguments], check=True)
    with running("copied", stick, "secure") as machine:
        machine.skip_menu()
        machine.wait_for("screen", START_SECONDS)
        machine.pull()
        machine.plug()
        machine.wait_for("stick back", 120)
        unlock(machine)
        machine.wait_until(lambda: journal_there(stick), "evidence folder on the stick", 240)
        settle(machine, "no-drive")


def journal_there(stick: Path) -> bool:
    """Whether the agent has made its folders in the evidence folder, seen from outside."""
    command = [IN_TOOLS, "mdir", "-b", "-i", f"{inside(stick)}@@1M", "::/ardoise-data/evidence"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "journal" in done.stdout
