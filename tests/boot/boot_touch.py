"""Secure Boot enforced: the main job by touch alone, without a network; then the network comes back and the record goes out.

That the firmware does enforce it is shown by the same stick with one byte of its first loader changed.
"""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

import pytest

from agent.__main__ import main as ardoise
from tests.boot import enrol
from tests.boot.disks import MIB, markers_left, plant
from tests.boot.machine import IN_TOOLS, PLACE, Machine, inside, running, stick_from
from tests.boot.registry import archived, registry_over_tls
from tests.boot.screen import HIGHLIGHTED_ROW, PRIMARY
from tests.boot.steps import hold, reach_list, settle, tap_field
from tests.conftest import Allow

pytestmark = pytest.mark.timeout(2400)


@pytest.fixture
def _programs(allow_programs: Allow) -> None:
    allow_programs("in-tools", "openssl")


@pytest.mark.usefixtures("_programs")
def test_by_touch_without_a_network_and_then_with_it(iso: Path) -> None:
    trust = enrol.make_trust("touch")
    stick = stick_from(iso, "touch")
    disk = PLACE / "touch.disk"
    plant(disk, 48 * MIB, "touch")
    options = (
        *("-drive", f"if=none,id=sata,format=raw,cache=writethrough,file={inside(disk)}"),
        *("-device", "ide-hd,drive=sata,bus=ide.0,serial=SATA0004,model=ESSAI SATA"),
        *("-netdev", "user,id=net,ipv6=off", "-device", "virtio-net-pci,netdev=net,id=nic"),
        *("-device", "virtio-multitouch-pci"),
    )
    with registry_over_tls(trust, "touch") as url:
        enrol.enrol(stick, trust, operator="op-17", language="en", registry=url)
        enrol.put(stick, PLACE / "touch.tls" / "tls.pem", "registry-ca.pem")
        with running("touch", stick, "secure", *options) as machine:
            machine.monitor.command("set_link", name="nic", up=False)
            erase_by_touch(machine)
            machine.wait_until(lambda: certified(stick), "certificate on the stick", 300)
            settle(machine, "no-network")
            folder = only_record(stick)
            judge(folder, trust)
            assert not (folder / "receipt.json").exists()
            machine.monitor.command("set_link", name="nic", up=True)
            machine.wait_until(lambda: archived(stick), "receipt on the stick", 420)
            settle(machine, "archived")
    assert markers_left(disk, "touch") == []


def erase_by_touch(machine: Machine) -> None:
    """Passphrase on the keyboard of the screen, the first disk, plan, confirmation, three seconds of holding."""
    reach_list(machine, touch=True)
    tap_field(machine, HIGHLIGHTED_ROW, "chosen")
    tap_field(machine, PRIMARY, "plan")
    tap_field(machine, PRIMARY, "confirm")
    time.sleep(5)
    hold(machine, 4.5)
    machine.picture("countdown")


def certified(stick: Path) -> bool:
    try:
        return any(enrol.read_evidence(stick, "touch-looking").glob("*/certificate.pdf"))
    except subprocess.CalledProcessError:
        return False


def only_record(stick: Path) -> Path:
    (record,) = enrol.read_evidence(stick, "touch").glob("*/record.json")
    return record.parent


def judge(folder: Path, trust: enrol.Trust) -> None:
    """Sanitized, and readable on another machine."""
    record = json.loads((folder / "record.json").read_bytes())
    assert [d["outcome"] for d in record["drives"]] == ["sanitized"]
    assert ardoise(["verify", str(folder), "--trust", str(trust.pki / "root.pem")]) == 0


@pytest.mark.usefixtures("_programs")
def test_broken_signature_is_refused(iso: Path) -> None:
    stick = stick_from(iso, "broken-signature")
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
