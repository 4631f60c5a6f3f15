"""The real tools on the healthy models: what they say is in tests/lab/transcripts, to be read by people who know the real drives.

A model and the program by the same hand could share a misreading; hdparm, smartctl, nvme-cli, sg3_utils, openSeaChest, sedutil and mmc-utils
are of other hands. As docs/faults.md, a transcript is written anew where it differs, and the test fails until that is committed.
"""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tests.lab import guest, models
from tests.lab.disk import plant
from tests.lab.guest import Case
from tests.lab.models import Model, masked
from tests.lab.network import Network

_TRANSCRIPTS = Path(__file__).parent / "transcripts"


@pytest.mark.parametrize("model", models.MODELS, ids=lambda model: model.key)
def test_what_the_tools_say(tmp_path: Path, model: Model) -> None:
    lab = tmp_path / "lab"
    lab.mkdir()
    told = transcript(lab, model)
    path = _TRANSCRIPTS / f"{model.key}.txt"
    before = path.read_text() if path.exists() else ""
    path.parent.mkdir(exist_ok=True)
    path.write_text(told)
    assert told == before, f"{path.name} has changed: look at the difference and commit it"


def transcript(lab: Path, model: Model) -> str:
    """Each command of the model with what it says and its exit code, masked."""
    drives = []
    if model.emmc:
        drives = model.emmc.make_drive(lab)
        plant(drives[0], model.emmc.sectors)
    asked = tuple(_asked(command) for command in model.commands)
    case = Case((), "", (*model.making, *asked), runs=0, remotes=model.remotes)
    if model.remotes:
        with Network(lab / "network") as network:
            for remote in model.remotes:
                network.drive(remote, model.config)
            guest.run(lab, drives, case, network=network)
    else:
        guest.run(lab, drives, case)
    return masked((lab / "told").read_text())


def _asked(command: str) -> str:
    line = shlex.quote(f"$ {command}")
    return f'printf "%s\\n" {line} >>/lab/told; ({command}) >>/lab/told 2>&1 && code=0 || code=$?; echo "exit $code" >>/lab/told'
