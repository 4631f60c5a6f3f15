"""The power goes while a drive erases itself: the next start ends sanitized, or says that it does not know; nobody is locked out.

Two drives are in each session: the power of one goes with the guest's, the other has its own and goes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.lab import guest, memory
from tests.lab.cells import drive_records
from tests.lab.conftest import sanitize
from tests.lab.disk import left, plant
from tests.lab.guest import Case
from tests.lab.network import Network, Remote
from tests.lab.own_cells import KEEPS_POWER, LOSES_POWER, OwnCut
from tests.lab.own_erases import CUT_ERASES, SANITIZED, SECTORS, Erase, Kind

_SECONDS = 5.0
# Early enough that each of both drives is still at work when the slower one has come so far.
_SHARE = 0.15
_POWERS = (KEEPS_POWER, LOSES_POWER)


@pytest.mark.parametrize("erase", CUT_ERASES, ids=[erase.word for erase in CUT_ERASES])
def test_power_cut(lab: Path, erase: Erase) -> None:
    remotes = [_remote(erase.kind, number) for number in range(len(_POWERS))]
    folders = [lab / str(number) for number in range(len(_POWERS))]
    images = [folder / erase.kind.image for folder in folders]
    for image in images:
        image.parent.mkdir()
        plant(image, SECTORS)
    with Network(lab / "network") as network:
        drives = [network.drive(r, {"drives": [_slow(erase.kind, n)]}) for n, r in enumerate(remotes)]
        at_work = memory.all_at_work(folders, _SHARE)
        met = guest.run_until_cut(lab, [], _case(erase.kind, remotes, erase.word), network=network, when=at_work)
        assert met, "no moment at which both were at work"
        drives[1].cut()
        assert left(images[1], SECTORS).bytes, "the power went after the end"
        drives[1].power_on()
        memory.wait_until_idle(folders)
        (second,) = guest.run(lab, [], _case(erase.kind, remotes, "auto"), network=network).runs
        for drive in drives:
            drive.cut()
    for number, power in enumerate(_POWERS):
        records = drive_records(lab / "evidence", remotes[number].node)
        told = f"{power}: {[(d['outcome'], d['reason']) for d in records]} {second['err']}"
        check(erase.technique, power, records, told)
        assert left(images[number], SECTORS).bytes == 0, told
        assert not memory.read(folders[number]).password, told
    assert second["code"] == 0, second["err"]


def check(technique: str, power: str, records: Sequence[dict[str, Any]], told: str) -> None:
    """Keep what it came to for the page; raise AssertionError unless the cut session claims nothing and the next one is done."""
    first, *later = records
    OwnCut(technique, power, tuple(d["outcome"] for d in records)).save()
    assert first["outcome"] in {"unknown", "interrupted"}, told
    assert first["level_reached"] == "none", told
    assert later, told
    assert later[-1]["outcome"] == SANITIZED, told


def _remote(kind: Kind, number: int) -> Remote:
    """Each drive has a place of its own on the network: a process whose power is its own."""
    remote = kind.remote(number)
    return replace(remote, port=remote.port + number)


def _slow(kind: Kind, number: int) -> dict[str, Any]:
    return kind.config(number, kind.slow(_SECONDS, cached=_POWERS[number] == LOSES_POWER))


def _case(kind: Kind, remotes: Sequence[Remote], technique: str) -> Case:
    nodes = [remote.node for remote in remotes]
    serials = [kind.serial(number) for number in range(len(nodes))]
    argv = sanitize(*nodes, passes="random", confirms=serials, technique=technique)
    return Case(argv, nodes[0], module="tests.lab.on_network", remotes=tuple(remotes))
