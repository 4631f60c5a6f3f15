"""What one run came to: the program's word for it, what it lists, and what the drive holds by our own look."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.e2e.conftest import record_folders
from tests.lab.disk import Left, ranges
from tests.lab.guest import PLACE, Result

_CELLS = PLACE / "cells"


@dataclass(frozen=True)
class Cell:
    """One run of a fault; `left_bytes` of planted data are on the drive, `code` is the exit code of the last run."""

    fault: str
    passes: str
    verify: str
    outcome: str
    code: int
    listed: str
    left_bytes: int
    left_share: float
    reason: str

    def save(self) -> None:
        """Keep it for the page."""
        _CELLS.mkdir(parents=True, exist_ok=True)
        (_CELLS / f"{self.fault}.{self.passes}.{self.verify}.json").write_text(json.dumps(asdict(self)))


def all_cells() -> dict[tuple[str, str, str], Cell]:
    """Every cell of the last `make lab-overwrite`, by fault, passes and verification."""
    cells = [Cell(**json.loads(path.read_text())) for path in sorted(_CELLS.glob("*.json"))]
    return {(c.fault, c.passes, c.verify): c for c in cells}


def drive_records(evidence: Path, node: str) -> list[dict[str, Any]]:
    """What the records say of a drive, in the order of the station's sequence."""
    records = [json.loads((folder / "record.json").read_text()) for folder in record_folders(evidence)]
    records.sort(key=lambda r: int(r["station_link"]["sequence"]))
    return [d for r in records for d in r["drives"] if d["node"] == node]


def judge(fault: str, passes: str, verify: str, result: Result, evidence: Path, node: str, found: Left) -> Cell:
    """The cell of a run whose evidence was copied here."""
    last = result.runs[-1]
    records = drive_records(evidence, node) if evidence.exists() else []
    drive = records[-1] if records else None
    return Cell(
        fault,
        passes,
        verify,
        drive["outcome"] if drive else "refused" if last["code"] == 3 else "no record",
        last["code"],
        listed(drive) if drive else "",
        found.bytes,
        found.share,
        drive["reason"] if drive else last["err"].strip(),
    )


def listed(drive: dict[str, Any]) -> str:
    """The sectors that a record lists, in its own numbers."""
    parts = [_errors("not written", p["first_errors"]) for p in drive["passes"]]
    if check := drive["verification"]:
        parts.append(_errors("unreadable", check["first_unreadable"]))
        if count := int(check["mismatched_sectors"]):
            first = ranges([int(n) for n in check["first_mismatches"]])
            parts.append(f"{count:,} differ: {first}{' ...' if count > len(check['first_mismatches']) else ''}")
    return "; ".join(part for part in parts if part)


def _errors(words: str, errors: Sequence[dict[str, Any]]) -> str:
    spans = [(int(e["lba"]), int(e["sector_count"])) for e in errors]
    shown = ", ".join(str(lba) if count == 1 else f"{lba}-{lba + count - 1}" for lba, count in spans)
    return f"{words}: {shown}" if shown else ""
