"""Every technique of a drive's own on every fault where it applies, with the real tools: no fault ends in *sanitized* while something is left.

One guest has all drives of a technique, each with a fault of its own, in one session; those that must be refused are in a session of their own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.lab import guest
from tests.lab.cells import drive_records
from tests.lab.conftest import sanitize
from tests.lab.disk import left, plant
from tests.lab.guest import Case
from tests.lab.network import Network
from tests.lab.own_cells import OwnCell
from tests.lab.own_erases import ERASES, REFUSED, SANITIZED, SECTORS, Erase, OwnFault

_GROUPS = [(erase, refused) for erase in ERASES for refused in (False, True) if erase.of(refused=refused)]


@pytest.mark.parametrize(
    ("erase", "refused"), _GROUPS, ids=[f"{e.word}{'-refused' if refused else ''}" for e, refused in _GROUPS]
)
def test_own_erase(lab: Path, erase: Erase, *, refused: bool) -> None:
    faults = erase.of(refused=refused)
    kind = erase.kind
    remotes = tuple(kind.remote(number) for number in range(len(faults)))
    for number in range(len(faults)):
        (lab / str(number)).mkdir()
        plant(lab / str(number) / kind.image, SECTORS)
    nodes = [remote.node for remote in remotes]
    argv = sanitize(
        *nodes, passes="random", confirms=[kind.serial(n) for n in range(len(faults))], technique=erase.word
    )
    psids = [fault.psid for fault in faults if fault.psid]
    if psids:
        # Read from a descriptor, in the order of the drives that are named.
        named = [node for node, fault in zip(nodes, faults, strict=True) if fault.psid]
        argv = (*argv, "--psid-fd", "0", *(word for node in named for word in ("--ask-psid", node)))
    case = Case(
        argv, nodes[0], module="tests.lab.on_network", remotes=remotes, typed="".join(f"{p}\n" for p in psids)
    )
    with Network(lab / "network") as network:
        drives = [kind.config(number, fault.config) for number, fault in enumerate(faults)]
        server = network.drive(remotes[0], {"drives": drives})
        result = guest.run(lab, [], case, network=network)
        server.cut()
    (run,) = result.runs
    assert "Traceback" not in run["err"], run["err"]
    # Whoever reads the evidence learns no PSID.
    told = [run["out"], run["err"], *(p.read_text(errors="replace") for p in _files(lab / "evidence"))]
    assert not [p for p in psids if any(p in text for text in told)]
    cells = [
        _cell(erase, fault, run, lab, nodes[number], left(lab / str(number) / kind.image, SECTORS).bytes)
        for number, fault in enumerate(faults)
    ]
    for cell in cells:
        cell.save()
    wrong = [problem for cell, fault in zip(cells, faults, strict=True) if (problem := _problem(cell, fault))]
    assert not wrong, "\n".join([*wrong, run["err"]])
    assert run["code"] == (3 if refused else 1), run["err"]


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def _cell(erase: Erase, fault: OwnFault, run: dict[str, Any], lab: Path, node: str, left_bytes: int) -> OwnCell:
    records = drive_records(lab / "evidence", node) if (lab / "evidence").exists() else []
    if not records:
        lines = [line for line in run["err"].splitlines() if node in line]
        outcome = REFUSED if run["code"] == 3 and lines else "no record"
        return OwnCell(erase.technique, fault.key, outcome, " ".join(lines), left_bytes, "", ())
    (drive,) = records
    attempts = drive.get("attempts", [])
    status = tuple(attempts[-1]["status_after"]["raw"]) if attempts else ()
    reason, level = drive["reason"], drive["level_reached"]
    return OwnCell(erase.technique, fault.key, drive["outcome"], reason, left_bytes, level, status)


def _problem(cell: OwnCell, fault: OwnFault) -> str:
    told = f"{cell.technique}, {cell.fault}: {cell.outcome}, {cell.left} bytes left: {cell.reason}"
    if cell.outcome not in fault.outcomes:
        return f"expected {' or '.join(fault.outcomes)}: {told}"
    if cell.outcome == SANITIZED and (cell.left or not cell.status_after or cell.level == "none"):
        return f"FALSE SUCCESS: {told}"
    if cell.outcome != SANITIZED and cell.level not in {"none", ""}:
        return f"a level without a success: {told}"
    return "" if fault.because in cell.reason else f"expected {fault.because!r}: {told}"
