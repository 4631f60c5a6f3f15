"""Every fault with random data and with zeros, read back in full: no success unless nothing is left, and nothing left but what can't be written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lab import guest
from tests.lab.cells import Cell, drive_records, judge
from tests.lab.conftest import sanitize
from tests.lab.disk import left, plant
from tests.lab.faults import FAULTS, REFUSED, SANITIZED, Fault, expected

_RUNS = [
    *((fault, passes, "full") for fault in FAULTS for passes in ("random", "zeros")),
    *((fault, "random", "sampled") for fault in FAULTS if fault.sampled),
]
# A few blocks are under way while a moment is noticed.
_MOMENT = 0.15
_CODES = {SANITIZED: 0, REFUSED: 3}


@pytest.mark.parametrize(
    ("fault", "passes", "verify"), _RUNS, ids=[f"{f.key}-{passes}-{verify}" for f, passes, verify in _RUNS]
)
def test_a_fault(lab: Path, fault: Fault, passes: str, verify: str) -> None:
    drive = lab / "drive"
    plant(drive, fault.stack.file_sectors)
    case = fault.case(sanitize(fault.node, passes=passes, verify=verify))
    result = guest.run(lab, [drive], case, options=fault.options)
    found = left(drive, min(fault.stack.sectors, fault.stack.file_sectors))
    cell = judge(fault.key, passes, verify, result, lab / "evidence", fault.node, found)
    cell.save()

    told = f"{cell}\n{result.runs[-1]['err']}"
    assert "Traceback" not in result.runs[-1]["err"], told
    assert fault.share is None or result.runs[0]["met"], "the moment never came"
    no_false_success(cell, told)
    assert cell.outcome == expected(fault, passes), told
    assert fault.because in cell.reason, told
    assert cell.code == _CODES.get(cell.outcome, 1), told
    if fault.left is not None:
        assert cell.left_bytes == fault.left, told
    elif fault.share is not None:
        assert abs(cell.left_share - (1 - fault.share)) < _MOMENT, told
    if fault.runs > 1:
        outcomes = [d["outcome"] for d in drive_records(lab / "evidence", fault.node)]
        assert outcomes == ["interrupted", "sanitized"], told


def no_false_success(cell: Cell, told: str) -> None:
    """Exit 0 and *sanitized* mean the same, and that nothing is left."""
    assert (cell.code == 0) == (cell.outcome == SANITIZED), told
    assert cell.left_bytes == 0 or not cell.outcome.startswith(SANITIZED), told
