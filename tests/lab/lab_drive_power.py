"""The guest's power and the drive's are cut apart, by hand and with the tools alone: a sanitize that was started ends all the same.

Whichever power is lost, the drive goes on when it has its own (ACS-4, 4.16; NVMe Base 2.1, 8.1.24), and the next start of the guest reads so.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.lab import guest
from tests.lab.disk import MIB, left, plant
from tests.lab.guest import Case
from tests.lab.models import NVME, SDA, nvme_config, scsi_config
from tests.lab.network import Network, Remote

_SECTORS = 64 * MIB // 512
_ANNOUNCE = "touch /lab/announced; sleep 600"


@dataclass(frozen=True)
class Way:
    """How a sanitize is started on a drive of one kind, and the loop that ends with its end; `image` is the medium's file."""

    remote: Remote
    config: dict[str, Any]
    image: str
    start: str
    runs: str
    done: str


_WAYS = {
    "ata": Way(
        SDA,
        scsi_config("ata", faults={"erase_seconds": 6.0}),
        "image",
        "hdparm --yes-i-know-what-i-am-doing --sanitize-block-erase /dev/sda",
        "hdparm --sanitize-status /dev/sda | grep -q 'In Process'",
        "hdparm --sanitize-status /dev/sda | grep -q 'Completed Without Error'",
    ),
    "nvme": Way(
        NVME,
        nvme_config(timing={"sanitize": 6.0}),
        "nvme/namespace-1",
        "nvme sanitize /dev/nvme0 --sanact=start-block-erase",
        "nvme sanitize-log /dev/nvme0 | grep -q 'SSTAT.*0x2$'",
        "nvme sanitize-log /dev/nvme0 | grep -q 'SSTAT.*0x101$'",
    ),
}


@pytest.mark.parametrize("drive_too", [False, True], ids=["guest", "guest-and-drive"])
@pytest.mark.parametrize("kind", _WAYS)
def test_a_sanitize_outlives_a_power_cut(tmp_path: Path, kind: str, *, drive_too: bool) -> None:
    way, lab = _WAYS[kind], tmp_path / "lab"
    image = lab / way.image
    image.parent.mkdir(parents=True)
    plant(image, _SECTORS)
    first = Case((), way.remote.node, (way.start, way.runs, _ANNOUNCE), runs=0, remotes=(way.remote,))
    second = Case(
        (), way.remote.node, (f"while {way.runs}; do sleep 0.2; done; {way.done}",), runs=0, remotes=(way.remote,)
    )
    with Network(lab / "network") as network:
        drive = network.drive(way.remote, way.config)
        assert guest.run_until_cut(lab, [], first, network=network)
        if drive_too:
            drive.cut()
            assert left(image, _SECTORS).bytes > 0
            drive.power_on()
        guest.run(lab, [], second, network=network)
        drive.power_off()
    assert left(image, _SECTORS).bytes == 0


def test_a_drive_that_lost_its_power_comes_back(tmp_path: Path) -> None:
    """The guest goes on meanwhile: its requests fail, then the same node answers again."""
    lab = tmp_path / "lab"
    lab.mkdir()
    read = "dd if=$NODE of=/dev/null bs=1M count=1 iflag=direct"
    waits = f"touch /lab/announced; while {read}; do sleep 0.1; done; touch /lab/failed; until {read}; do sleep 0.1; done"
    for way in _WAYS.values():
        with Network(lab / "network") as network:
            drive = network.drive(way.remote, way.config)
            running = guest.Guest(
                lab, [], Case((), way.remote.node, (waits,), runs=0, remotes=(way.remote,)), network=network
            )
            running.start()
            try:
                running.wait(60, running.announced)
                drive.cut()
                running.wait(60, (lab / "failed").exists)
                drive.power_on()
                running.wait(60)
            finally:
                running.cut()
            running.result()
        (lab / "failed").unlink()
