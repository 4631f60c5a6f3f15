"""What the drive's own erases came to in the last run, kept for the page; those of an earlier program are gone at the start of a run."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.lab.guest import PLACE

_CELLS = PLACE / "own-erases"
_CUTS = PLACE / "own-cuts"
KEEPS_POWER, LOSES_POWER = "the machine's power", "the machine's and the drive's"


@dataclass(frozen=True)
class OwnCell:
    """What one technique came to on one fault; `left` are planted bytes that the medium still holds, `behind` where no read reaches."""

    technique: str
    fault: str
    outcome: str
    reason: str
    left: int
    level: str
    status_after: tuple[str, ...]
    behind: int = 0

    def save(self) -> None:
        """Keep it for the page."""
        _save(_CELLS, f"{self.technique}.{self.fault}", asdict(self))


@dataclass(frozen=True)
class OwnCut:
    """What one technique came to whose power was cut: the outcomes of the cut session and of the next start."""

    technique: str
    power: str
    outcomes: tuple[str, ...]

    def save(self) -> None:
        """Keep it for the page."""
        _save(_CUTS, f"{self.technique}.{self.power}", asdict(self))


def own_cells() -> dict[tuple[str, str], OwnCell]:
    """Every cell, by technique and fault."""
    cells = [OwnCell(**{**_load(path), "status_after": ()}) for path in sorted(_CELLS.glob("*.json"))]
    return {(cell.technique, cell.fault): cell for cell in cells}


def own_cuts() -> dict[tuple[str, str], OwnCut]:
    """Every power cut, by technique and whose power went."""
    cuts = [
        OwnCut(**{**_load(path), "outcomes": tuple(_load(path)["outcomes"])})
        for path in sorted(_CUTS.glob("*.json"))
    ]
    return {(cut.technique, cut.power): cut for cut in cuts}


def forget() -> None:
    """Drop what an earlier run left: a page is of one run."""
    for path in (*_CELLS.glob("*.json"), *_CUTS.glob("*.json")):
        path.unlink()


def _save(folder: Path, name: str, values: dict[str, object]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    plain = "".join(c if c.isalnum() else "-" for c in name)
    (folder / f"{plain}.json").write_text(json.dumps(values))


def _load(path: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads(path.read_text())
    return found
