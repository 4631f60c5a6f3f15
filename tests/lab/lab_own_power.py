"""The power goes while a drive erases itself: the next start ends sanitized, or says that it does not know; nobody is locked out."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.lab import guest
from tests.lab.cells import drive_records
from tests.lab.conftest import sanitize
from tests.lab.disk import left, plant
from tests.lab.guest import Case
from tests.lab.network import Network
from tests.lab.own_erases import ATA, NVME_KIND, SAS, SECTORS, Kind

_SLOW = {
    ATA: {"erase_seconds": 4.0},
    SAS: {"erase_seconds": 4.0},
    NVME_KIND: {"timing": {"sanitize": 4.0, "format": 4.0}},
}
_TECHNIQUES = (
    ("ata sanitize block erase", ATA),
    ("ata sanitize overwrite", ATA),
    ("ata security erase", ATA),
    ("ata security erase enhanced", ATA),
    ("scsi sanitize block erase", SAS),
    ("scsi sanitize overwrite", SAS),
    ("nvme sanitize block erase", NVME_KIND),
    ("nvme sanitize overwrite", NVME_KIND),
    ("nvme format user data erase", NVME_KIND),
)
_WAIT_SECONDS = 6.0


@pytest.mark.parametrize("drive_too", [False, True], ids=["guest", "guest-and-drive"])
@pytest.mark.parametrize(("technique", "kind"), _TECHNIQUES, ids=[t.replace(" ", "-") for t, _ in _TECHNIQUES])
def test_power_cut(lab: Path, technique: str, kind: Kind, *, drive_too: bool) -> None:
    remote, image = kind.remote(0), lab / "0" / kind.image
    image.parent.mkdir()
    plant(image, SECTORS)
    with Network(lab / "network") as network:
        drive = network.drive(remote, {"drives": [kind.config(0, _SLOW[kind])]})
        assert guest.run_until_cut(lab, [], _case(kind, technique), network=network, when=_half_erased(image))
        if drive_too:
            drive.cut()
            drive.power_on()
        guest.run(lab, [], _case(kind, "auto", f"sleep {_WAIT_SECONDS}"), network=network)
        drive.cut()
    first, *later = drive_records(lab / "evidence", remote.node)
    assert first["outcome"] in {"unknown", "interrupted"}, first
    assert first["level_reached"] == "none", first
    told = f"{[(d['outcome'], d['reason']) for d in later]}"
    assert later, told
    assert later[-1]["outcome"] == "sanitized", told
    assert left(image, SECTORS).bytes == 0, told


def _case(kind: Kind, technique: str, *before: str) -> Case:
    remote = kind.remote(0)
    word = technique.replace(" ", "-")
    argv = sanitize(remote.node, passes="random", confirms=[kind.serial(0)], technique=word)
    return Case(argv, remote.node, before=before, module="tests.lab.on_network", remotes=(remote,))


def _half_erased(image: Path) -> Callable[[], bool]:
    """Whether the drive has begun to erase: planted text is gone from the middle of its first half. Markers take single places only."""
    looks = itertools.count()

    def look() -> bool:
        if next(looks) % 25:
            return False
        with image.open("rb") as file:
            file.seek(SECTORS * 512 // 8)
            return b"PLANTED" not in file.read(1 << 20)

    return look
