"""Drives that hide a part of themselves: given back before the erase, nothing of it is left; kept, nothing is called sanitized."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lab import guest
from tests.lab.cells import drive_records
from tests.lab.conftest import sanitize
from tests.lab.disk import left, plant
from tests.lab.guest import Case
from tests.lab.network import Network
from tests.lab.own_cells import OwnCell
from tests.lab.own_erases import ATA, REFUSED, SANITIZED, SECTORS
from tests.lab.own_hidden import GIVING_BACK, KEEPING, TECHNIQUES, Hiding

_BLOCK_ERASE = TECHNIQUES[0]


@pytest.mark.parametrize("technique", TECHNIQUES)
def test_given_back(lab: Path, technique: str) -> None:
    for cell in _run(lab, technique, GIVING_BACK):
        cell.save()
        assert (cell.outcome, cell.left) == (SANITIZED, 0), cell


@pytest.mark.parametrize("hiding", KEEPING, ids=lambda hiding: hiding.key)
def test_kept(lab: Path, hiding: Hiding) -> None:
    (cell,) = _run(lab, _BLOCK_ERASE, (hiding,))
    cell.save()
    assert cell.outcome in hiding.outcomes, cell
    assert cell.left, "the drive has kept nothing: the test shows nothing"


def _run(lab: Path, technique: str, hidings: tuple[Hiding, ...]) -> list[OwnCell]:
    remotes = tuple(ATA.remote(number) for number in range(len(hidings)))
    images = [lab / str(number) / ATA.image for number in range(len(hidings))]
    for image in images:
        image.parent.mkdir()
        plant(image, SECTORS)
    nodes, serials = [r.node for r in remotes], [ATA.serial(n) for n in range(len(hidings))]
    argv = sanitize(*nodes, passes="random", confirms=serials, technique=technique.replace(" ", "-"))
    if all(hiding.restore for hiding in hidings):
        argv = (*argv, "--restore-hidden-areas")
    case = Case(argv, nodes[0], module="tests.lab.on_network", remotes=remotes)
    with Network(lab / "network") as network:
        server = network.drive(remotes[0], {"drives": [_config(n, h) for n, h in enumerate(hidings)]})
        (run,) = guest.run(lab, [], case, network=network).runs
        server.cut()
    assert "Traceback" not in run["err"], run["err"]
    return [
        _cell(lab, technique, hiding, node, left(image, SECTORS).bytes, run["err"])
        for hiding, node, image in zip(hidings, nodes, images, strict=True)
    ]


def _config(number: int, hiding: Hiding) -> dict[str, object]:
    config = ATA.config(number, hiding.config)
    return {**config, "identity": {**config["identity"], **hiding.identity}}


def _cell(lab: Path, technique: str, hiding: Hiding, node: str, left_bytes: int, said: str) -> OwnCell:
    records = drive_records(lab / "evidence", node) if (lab / "evidence").exists() else []
    if not records:
        return OwnCell(technique, hiding.key, REFUSED, said.strip(), left_bytes, "", ())
    drive = records[-1]
    return OwnCell(
        technique, hiding.key, drive["outcome"], drive["reason"] or said, left_bytes, drive["level_reached"], ()
    )
