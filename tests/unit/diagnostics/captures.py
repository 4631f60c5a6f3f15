"""Real smartctl readings (tests/data/smartctl, with their licences) as snapshots."""

import json
from pathlib import Path
from typing import Any

from agent.model.health import SmartSnapshot

FOLDER = Path(__file__).parents[2] / "data/smartctl"


def documents() -> list[tuple[str, dict[str, Any]]]:
    """Every reading with its file's name; some files hold a list of drives."""
    found = []
    for path in sorted(FOLDER.glob("*/*")):
        if path.name != "LICENSE":
            content = json.loads(path.read_text())
            found += [(path.name, row) for row in (content if isinstance(content, list) else [content])]
    return found


def snapshot(document: dict[str, Any], exit_status: int | None = None) -> SmartSnapshot:
    """A reading with the exit status that smartctl itself wrote into it."""
    status = document.get("smartctl", {}).get("exit_status", 0) if exit_status is None else exit_status
    return SmartSnapshot(status, document, "smartctl", "00")


def load(name: str, index: int = 0) -> SmartSnapshot:
    """The reading of one file."""
    return snapshot([document for file, document in documents() if file == name][index])
