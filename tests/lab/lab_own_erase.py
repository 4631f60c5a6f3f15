"""Every technique of a drive's own on every fault where it applies, with the real tools: no fault ends in *sanitized* while something is left."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.lab import guest
from tests.lab.cells import drive_records
from tests.lab.conftest import sanitize
from tests.lab.disk import left, plant
from tests.lab.guest import PLACE, Case
from tests.lab.network import Network
from tests.lab.own_erases import ERASES, REFUSED, SANITIZED, SECTORS, Erase, OwnFault, config

CELLS = PLACE / "own-erases"
_RUNS = [(erase, fault) for erase in ERASES for fault in erase.faults]
_CODES = {SANITIZED: 0, REFUSED: 3}


@pytest.mark.parametrize(("erase", "fault"), _RUNS, ids=[f"{e.word}-{f.key.replace(' ', '-')}" for e, f in _RUNS])
def test_own_erase(lab: Path, erase: Erase, fault: OwnFault) -> None:
    kind = erase.kind
    image = lab / kind.image
    image.parent.mkdir(parents=True, exist_ok=True)
    plant(image, SECTORS)
    argv = sanitize(kind.remote.node, passes="random", confirm=kind.serial, technique=erase.word)
    case = Case(argv, kind.remote.node, module="tests.lab.on_network", remotes=(kind.remote,))
    with Network(lab / "network") as network:
        drive = network.drive(kind.remote, config(kind, fault))
        result = guest.run(lab, [], case, network=network)
        drive.cut()
    (run,) = result.runs
    records = drive_records(lab / "evidence", kind.remote.node)
    record = records[-1] if records else None
    outcome = record["outcome"] if record else "refused" if run["code"] == 3 else "no record"
    reason = record["reason"] if record else run["err"].strip()
    found = left(image, SECTORS)
    save(erase, fault, outcome, reason, found.bytes)

    told = f"{outcome}: {reason}\n{found.bytes} bytes left\n{json.dumps(record, indent=1) if record else ''}\n{run['err']}"
    assert "Traceback" not in run["err"], told
    assert (run["code"] == 0) == (outcome == SANITIZED), told
    assert outcome != SANITIZED or found.bytes == 0, told
    assert outcome in fault.outcomes, told
    assert fault.because in reason, told
    assert run["code"] == _CODES.get(outcome, 1), told
    if outcome == SANITIZED:
        assert record
        (attempt,) = record["attempts"]
        assert attempt["technique"] == erase.technique
        assert attempt["status_after"]["raw"], told


def save(erase: Erase, fault: OwnFault, outcome: str, reason: str, left_bytes: int) -> None:
    """Keep the cell for the page."""
    CELLS.mkdir(parents=True, exist_ok=True)
    cell = {
        "technique": erase.technique,
        "fault": fault.key,
        "outcome": outcome,
        "reason": reason,
        "left": left_bytes,
    }
    (CELLS / f"{erase.word}.{fault.key.replace(' ', '-').replace('%', '')}.json").write_text(json.dumps(cell))
