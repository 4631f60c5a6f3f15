"""The main job in the image, in French, by key strokes: an NVMe and a SATA disk from power-on to the registry's receipt.

Judged from outside: every MiB of the disks, the untouched disk and the stick, the certificate by openssl, the image's digest.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.__main__ import main as ardoise
from server_stub.app import create_app
from server_stub.judge import Judge, TrustFiles
from server_stub.keys import load_key
from server_stub.settings import Settings
from tests.boot import enrol
from tests.boot.disks import MIB, markers_left, plant
from tests.boot.machine import IN_TOOLS, PLACE, REPOSITORY, Machine, inside, running, stick_from
from tests.boot.screen import BACKGROUND, CODE_BACK, HIGHLIGHTED_ROW, read_code, share_of
from tests.boot.tls import make_certificate, serve_over_tls
from tests.conftest import Allow

pytestmark = pytest.mark.timeout(2400)
_SIZE = 48 * MIB


@pytest.fixture
def registry(trust: enrol.Trust) -> Iterator[str]:
    """The registry on the host's loopback, which QEMU shows the guest as 10.0.2.2, behind TLS."""
    database = PLACE / "registry.sqlite"
    database.unlink(missing_ok=True)
    settings = Settings(
        key=load_key(trust.pki / "registry.key.pem"),
        verifier=Judge(TrustFiles(trust.pki / "root.pem", None)),
        database=f"sqlite:///{database}",
    )
    certificate, key = make_certificate(PLACE, "10.0.2.2")
    with serve_over_tls(create_app(settings), certificate, key) as port:
        yield f"https://10.0.2.2:{port}"


@pytest.fixture
def trust(allow_programs: Allow) -> enrol.Trust:
    allow_programs("in-tools", "openssl")
    PLACE.mkdir(parents=True, exist_ok=True)
    return enrol.make_trust("main-job")


def test_two_disks_in_french(iso: Path, trust: enrol.Trust, registry: str) -> None:
    stick = stick_from(iso, "main-job")
    enrol.enrol(stick, trust, operator="op-17", language="fr", registry=registry)
    enrol.put(stick, PLACE / "tls.pem", "registry-ca.pem")
    disks = {name: PLACE / f"{name}.disk" for name in ("nvme", "sata", "spared")}
    for name, path in disks.items():
        plant(path, _SIZE, name)
    spared, stick_before = digest(disks["spared"]), stick.read_bytes()
    options = (
        *drive_option("nvme", disks["nvme"]),
        *("-device", "nvme,drive=nvme,serial=NVME0001"),
        *drive_option("sata", disks["sata"]),
        *("-device", "ide-hd,drive=sata,bus=ide.0,serial=SATA0001,model=ESSAI SATA"),
        *drive_option("spared", disks["spared"]),
        *("-device", "virtio-blk-pci,drive=spared,serial=SPARED01"),
        *("-netdev", "user,id=net,ipv6=off", "-device", "virtio-net-pci,netdev=net"),
    )
    font = code_font(iso)
    with running("main-job", stick, "bios", *options) as machine:
        erase_by_keys(machine, font)
        machine.wait_until(lambda: archived(stick), "receipt on the stick", 300)
        machine.picture("receipt")
    judge_disks(disks, spared)
    judge_stick(stick, stick_before)
    judge_evidence(stick, trust, (REPOSITORY / "build").glob("ardoise-*-amd64.sha256"))


def erase_by_keys(machine: Machine, font: Path) -> None:
    """From power-on to the result: passphrase, drives, plan, code, countdown."""
    machine.wait_for("passphrase", 600)
    machine.monitor.type(enrol.PASSPHRASE + "\n")
    machine.wait_for("screen", 180)
    machine.wait_until(lambda: share_of(machine.picture("drives"), BACKGROUND) > 0.3, "the agent's screen", 180)
    machine.wait_until(lambda: share_of(machine.picture("drives"), HIGHLIGHTED_ROW) > 0.01, "list of drives", 240)
    for number, key in enumerate(("spc", "down", "spc")):
        step(machine, key, f"chosen-{number}")
    step(machine, "ret", "plan")
    step(machine, "ret", "confirm")
    machine.wait_until(lambda: share_of(machine.picture("confirm"), CODE_BACK) > 0, "the code", 60)
    time.sleep(4)
    machine.monitor.type(read_code(machine.picture("confirm"), font))
    time.sleep(3)
    machine.picture("countdown")
    time.sleep(30)
    machine.picture("running")


def step(machine: Machine, key: str, what: str) -> None:
    """Press one key and wait until the picture has changed and then stood still."""
    before = machine.picture(what).read_bytes()
    machine.monitor.key(key)
    machine.wait_until(lambda: machine.picture(what).read_bytes() != before, f"change after {key}", 60)
    last = b""
    while (now := machine.picture(what).read_bytes()) != last:
        last = now
        time.sleep(2)


def code_font(iso: Path) -> Path:
    """The bold face that the terminal draws with, out of the image itself."""
    face = "usr/share/fonts/truetype/dejavu/DejaVuSansMono-Bold.ttf"
    script = f"""cd {inside(PLACE)} && rm -rf font face.squashfs
        xorriso -osirrox on -indev {inside(iso)} -extract /live/root.squashfs face.squashfs 2>/dev/null
        unsquashfs -quiet -no-progress -d font face.squashfs {face} >/dev/null && cp font/{face} bold.ttf && rm -rf face.squashfs"""
    subprocess.run([IN_TOOLS, "sh", "-c", script], check=True)
    return PLACE / "bold.ttf"


def archived(stick: Path) -> bool:
    """Whether the registry's receipt stands on the data partition, looked at through a copy."""
    try:
        return any(enrol.read_evidence(stick, "looking").glob("*/receipt.json"))
    except subprocess.CalledProcessError:
        return False


def drive_option(name: str, path: Path) -> tuple[str, str]:
    """A disk's file, with every flush carried out."""
    return "-drive", f"if=none,id={name},format=raw,cache=writethrough,file={inside(path)}"


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def judge_disks(disks: dict[str, Path], spared: str) -> None:
    """No marker is left in any MiB of the two, and the third is untouched."""
    for name in ("nvme", "sata"):
        assert markers_left(disks[name], name) == []
    assert digest(disks["spared"]) == spared


def judge_stick(stick: Path, before: bytes) -> None:
    """Nothing but the data partition has changed."""
    first, length = enrol.partition(stick, 3)
    after = stick.read_bytes()
    assert after[:first] == before[:first]
    assert after[first + length :] == before[first + length :]


def judge_evidence(stick: Path, trust: enrol.Trust, published: Iterator[Path]) -> None:
    """One record: signed, verified by openssl, of the live image whose digest the build published."""
    records = [p for p in enrol.read_evidence(stick, "main-job").iterdir() if (p / "record.json").exists()]
    assert len(records) == 1
    folder = records[0]
    record = json.loads((folder / "record.json").read_bytes())
    assert record["environment"] == "live-image"
    assert record["tool"]["image_sha256"] == next(published).read_text().strip()
    outcomes = {d["identity"]["serial"]: d["outcome"] for d in record["drives"]}
    assert outcomes["NVME0001"] == outcomes["SATA0001"] == "sanitized"
    subprocess.run(
        [
            *("openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", str(folder / "record.json.p7s")),
            *("-content", str(folder / "record.json"), "-CAfile", str(trust.pki / "root.pem"), "-purpose", "any"),
            *("-certfile", str(trust.station / "chain.pem"), "-out", "/dev/null"),
        ],
        check=True,
    )
    # The third disk was not chosen: authentic evidence of an incomplete job.
    assert ardoise(["verify", str(folder), "--trust", str(trust.pki / "root.pem")]) == 1
