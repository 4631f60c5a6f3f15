"""The main job in the image, in French, by key strokes: an NVMe and a SATA disk from power-on to the registry's receipt.

Judged from outside: every MiB of the disks, the untouched disk and the stick, the certificate by openssl, the image's digest.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.__main__ import main as ardoise
from tests.boot import enrol
from tests.boot.disks import MIB, markers_left, plant
from tests.boot.machine import PLACE, REPOSITORY, Machine, inside, running, stick_from
from tests.boot.registry import archived, registry_over_tls
from tests.boot.steps import code_font, confirm_by_code, key_changes_screen, reach_list, settle, step
from tests.boot.write_log import replay
from tests.conftest import Allow
from tests.e2e.test_laptop import pdfsig

pytestmark = pytest.mark.timeout(2400)
_SIZE = 48 * MIB


@pytest.fixture
def trust(allow_programs: Allow) -> enrol.Trust:
    allow_programs("in-tools", "openssl", "pdfsig", "certutil")
    PLACE.mkdir(parents=True, exist_ok=True)
    return enrol.make_trust("main-job")


def test_two_disks_in_french(iso: Path, trust: enrol.Trust) -> None:
    stick = stick_from(iso, "main-job")
    disks = {name: PLACE / f"{name}.disk" for name in ("nvme", "sata", "spared")}
    for name, path in disks.items():
        plant(path, _SIZE, name)
    spared = digest(disks["spared"])
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
    with registry_over_tls(trust, "main-job") as url:
        enrol.enrol(stick, trust, operator="op-17", language="fr", registry=url)
        enrol.put(stick, PLACE / "main-job.tls" / "tls.pem", "registry-ca.pem")
        stick_before = stick.read_bytes()
        before, log = PLACE / "main-job.before", PLACE / "main-job.log-writes"
        before.write_bytes(stick_before)
        with running("main-job", stick, "bios", *options, write_log=log) as machine:
            erase_by_keys(machine, font)
            machine.wait_until(lambda: archived(stick), "receipt on the stick", 300)
            settle(machine, "archived")
    judge_disks(disks, spared)
    judge_stick(stick, stick_before)
    seen = replay(before, log)
    assert seen.points > 10
    assert len(seen.records) == len(seen.receipts) == 1
    judge_evidence(stick, trust, (REPOSITORY / "build").glob("ardoise-*-amd64.sha256"))


def erase_by_keys(machine: Machine, font: Path) -> None:
    """From power-on to the running job: passphrase, drives, plan, code, countdown."""
    reach_list(machine)
    key_changes_screen(machine)
    for number, key in enumerate(("spc", "down", "spc")):
        step(machine, key, f"chosen-{number}")
    confirm_by_code(machine, font)


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
    said = pdfsig(folder / "certificate.pdf", trust.pki / "root.pem", trust.station.parent)
    assert "Signature is Valid." in said
    assert "Certificate is Trusted." in said
    # The third disk was not chosen: authentic evidence of an incomplete job.
    assert ardoise(["verify", str(folder), "--trust", str(trust.pki / "root.pem")]) == 1
