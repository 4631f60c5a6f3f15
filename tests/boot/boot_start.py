"""The ISO starts on BIOS, on UEFI with Secure Boot enforced and on 32-bit UEFI; a broken signature is refused.

Each start goes from power-on to the agent's screen: the desk's passphrase by keys, the screen judged by its picture, and by a
key that changes it.
"""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

import pytest

from tests.boot import enrol
from tests.boot.machine import IN_TOOLS, PLACE, Machine, inside, running, stick_from
from tests.boot.screen import BACKGROUND, changed_share, share_of
from tests.conftest import Allow

pytestmark = pytest.mark.timeout(1500)
_START_SECONDS = 600


@pytest.fixture
def stick(iso: Path, allow_programs: Allow, request: pytest.FixtureRequest) -> Path:
    allow_programs("in-tools")
    name = request.node.name.replace("test_", "")
    made = stick_from(iso, name)
    enrol.enrol(made, enrol.make_trust(name), operator="op-17")
    return made


def reach_screen(machine: Machine) -> None:
    """From power-on to the agent's screen, with a key that changes it."""
    machine.wait_for("passphrase", _START_SECONDS)
    machine.picture("desk")
    machine.monitor.type(enrol.PASSPHRASE + "\n")
    machine.wait_for("screen", 180)
    machine.wait_until(lambda: share_of(machine.picture("screen"), BACKGROUND) > 0.4, "the agent's screen", 180)
    machine.events["painted"] = time.monotonic() - machine.started
    time.sleep(10)
    before = machine.picture("screen")
    machine.monitor.key("f1")
    machine.wait_until(lambda: changed_share(before, machine.picture("help")) > 0.1, "change by a key", 60)
    machine.monitor.key("esc")
    (PLACE / f"{machine.name}.seconds.json").write_text(json.dumps(machine.events, indent=2))


def test_bios(stick: Path) -> None:
    with running("bios", stick, "bios") as machine:
        reach_screen(machine)


def test_secure_boot(stick: Path) -> None:
    with running("secure-boot", stick, "secure") as machine:
        reach_screen(machine)


def test_ia32(stick: Path) -> None:
    with running("ia32", stick, "ia32") as machine:
        reach_screen(machine)


def test_broken_signature_is_refused(stick: Path) -> None:
    """The unchanged stick starts under the very same firmware: test_secure_boot."""
    break_signature(stick)
    with running("broken-signature", stick, "secure") as machine:
        machine.wait_for_serial("Access Denied", 240)
        machine.picture("refused")
        assert "Ardoise" not in machine.serial_text()


def break_signature(stick: Path) -> None:
    """Change one byte in the middle of the first loader, which the firmware checks against Microsoft's keys."""
    volume = f"{inside(stick)}@@{enrol.partition(stick, 2)[0]}"
    loader = PLACE / "bootx64.efi"
    subprocess.run([IN_TOOLS, "mcopy", "-o", "-i", volume, "::/EFI/BOOT/BOOTX64.EFI", inside(loader)], check=True)
    data = bytearray(loader.read_bytes())
    data[len(data) // 2] ^= 0x01
    loader.write_bytes(data)
    subprocess.run([IN_TOOLS, "mcopy", "-o", "-i", volume, inside(loader), "::/EFI/BOOT/BOOTX64.EFI"], check=True)
