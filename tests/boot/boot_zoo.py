"""32-bit UEFI, the simple display, a shell asked for in the boot menu, and disks that want to be mounted, started or mistaken for the stick.

Every mount of the whole start is taken from the kernel itself: a probe on vfs_get_tree, through which the old and the new
system calls go.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from tests.boot import enrol
from tests.boot.machine import PLACE, Machine, inside, running, stick_from
from tests.boot.screen import CONSOLE_BLUE, changed_share, share_of
from tests.boot.steps import settle
from tests.boot.zoo import make_zoo
from tests.conftest import Allow

pytestmark = pytest.mark.timeout(2400)
_PROBE = "'kprobe_event=p:mnt,vfs_get_tree,src=fc->source:string,fs=fc->fs_type->name:string'"
_WORDS = f" ardoise.shell loglevel=8 console=ttyS0,115200 tp_printk {_PROBE}"
_MOUNT = re.compile(r'mnt: \(vfs_get_tree\S*\) src="?([^" ]*)"? fs="?(\w+)')
_DOWN, _END, _BOOT = "\x0e", "\x05", "\x18"
_NOMODESET_ENTRY = 5


def test_nothing_is_mounted_started_or_mistaken(iso: Path, allow_programs: Allow) -> None:
    allow_programs("in-tools")
    stick = stick_from(iso, "zoo")
    second = stick_from(iso, "zoo-second")
    trust = enrol.make_trust("zoo")
    enrol.enrol(stick, trust, operator="op-17")
    enrol.enrol(second, trust, operator="op-18")
    zoo = make_zoo()
    before = {name: digest(path) for name, path in zoo.items()} | {"second": digest(second)}
    options: list[str] = []
    for name, path in zoo.items():
        options += ["-drive", f"if=none,id={name},format=raw,cache=writethrough,file={inside(path)}"]
        options += ["-device", f"virtio-blk-pci,drive={name},serial=ZOO-{name.upper()}"]
    options += ["-blockdev", f"driver=raw,node-name=second,file.driver=file,file.filename={inside(second)}"]
    options += ["-device", "usb-storage,bus=usb.0,drive=second,serial=STICK0002,id=second"]
    with running("zoo", stick, "ia32", *options) as machine:
        start_with_words(machine)
        machine.wait_for_serial("several equal sticks", 300)
        machine.picture("several-sticks")
        machine.monitor.command("device_del", id="second")
        reach_console(machine)
        machine.monitor.command(
            "device_add", driver="usb-storage", bus="usb.0", drive="second", serial="STICK0002", id="second"
        )
        time.sleep(10)
        listed = list_of_drives(machine)
        text = machine.serial_text()
    judge_list(listed)
    judge_mounts(text)
    assert before == {name: digest(path) for name, path in zoo.items()} | {"second": digest(second)}


def start_with_words(machine: Machine) -> None:
    """In the boot menu: the simple display's entry, its editor, our words at the end of its line."""
    # GRUB draws slowly and loses what comes meanwhile: one key after the other has been drawn.
    machine.wait_for_serial("executed automatically", 240)
    for _ in range(_NOMODESET_ENTRY):
        machine.send(_DOWN, 1.5)
    time.sleep(5)
    machine.send("e")
    machine.wait_for_serial("setparams 'Simple display", 90)
    time.sleep(5)
    machine.send(_DOWN, 1.5)
    machine.send(_END, 1.5)
    machine.send(_WORDS, 0.25)
    machine.picture("menu")
    machine.send(_BOOT)


def reach_console(machine: Machine) -> None:
    """The passphrase screen on the bare console, then the list of drives, and a key that changes it."""
    machine.wait_for("screen", 600)
    machine.wait_until(lambda: share_of(machine.picture("unlock"), CONSOLE_BLUE) > 0.0003, "first screen", 240)
    machine.events["first screen"] = time.monotonic() - machine.started
    time.sleep(5)
    settle(machine, "unlock")
    machine.monitor.type(enrol.PASSPHRASE + "\n")
    machine.wait_until(lambda: share_of(machine.picture("drives"), CONSOLE_BLUE) > 0.015, "list of drives", 300)
    machine.events["list of drives"] = time.monotonic() - machine.started
    (PLACE / "zoo.seconds.json").write_text(json.dumps(machine.events, indent=2))
    before = settle(machine, "drives")
    machine.monitor.key("f1")
    machine.wait_until(lambda: changed_share(before, machine.picture("help")) > 0.02, "change by a key", 60)
    machine.monitor.key("esc")
    settle(machine, "drives")


def list_of_drives(machine: Machine) -> list[dict[str, Any]]:
    """What `ardoise list` says, asked in the shell on the second console."""
    machine.monitor.chord("alt", "f2")
    time.sleep(3)
    machine.monitor.type("(echo begin; ardoise list --json; cat /proc/swaps /proc/meminfo; echo end) >/dev/ttyS0\n")
    machine.wait_for_serial("\nend", 180)
    machine.picture("shell")
    text = machine.serial_text()
    inner = text[text.rindex("\nbegin") + 6 : text.rindex("\nend")]
    body, _, swaps = inner.rpartition("Filename")
    assert "/dev/" not in swaps, swaps
    (PLACE / "zoo.meminfo").write_text(swaps)
    drives: list[dict[str, Any]] = json.loads(re.sub(r"(?m)^\[ *\d+\.\d+\].*$", "", body))["drives"]
    return drives


def judge_list(drives: list[dict[str, Any]]) -> None:
    """The donors' disks are on offer, both sticks are not."""
    found = [d["drive"] for d in drives]
    reasons = {d["identity"]["serial"]: [e["reason"] for e in d["exclusions"]] for d in found}
    assert reasons["STICK0001"] == ["boot medium"], reasons
    assert "removable" in reasons["STICK0002"], reasons
    donors = {serial: why for serial, why in reasons.items() if serial.startswith("ZOO-")}
    assert len(donors) == 7
    assert not any(donors.values()), donors


def judge_mounts(text: str) -> None:
    """Of all that was mounted, only three came from a block device: the stick's ISO, its squashfs, its data partition."""
    mounts = _MOUNT.findall(text)
    assert "tmpfs" in {fs for _, fs in mounts}, "the probe saw the start"
    devices = [(src, fs) for src, fs in mounts if src.startswith("/dev/")]
    assert sorted(fs for _, fs in devices) == ["iso9660", "squashfs", "vfat"], devices
    by_kind = {fs: src for src, fs in devices}
    assert by_kind["vfat"] == by_kind["iso9660"][:-1] + "3"
    assert by_kind["squashfs"].startswith("/dev/loop")


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
