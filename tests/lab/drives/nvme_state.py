"""What a drive still knows after a power cut: one JSON file, replaced as a whole."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.lab.drives.nvme_config import Drive


@dataclass
class State:
    """The drive's own non-volatile memory; the sanitize fields are those of log page 81h (NVMe Base 2.1, 5.1.12.3.1)."""

    path: Path
    lba_bytes: list[int] = field(default_factory=list)
    attached: list[bool] = field(default_factory=list)
    starts: int = 0
    erased_once: bool = False
    sanitize_status: int = 0
    sanitize_passes: int = 0
    sanitize_cdw10: int = 0
    sanitize_pattern: int = 0
    sanitize_progress: float = 0.0
    sanitizing: bool = False
    sanitize_failure: str = ""
    global_erased: bool = False
    warns_of_deallocation: bool = False
    formatting: dict[str, Any] | None = None
    media_errors: int = 0
    read_blocks: int = 0
    written_blocks: int = 0
    reads: int = 0
    writes: int = 0
    errors: list[dict[str, int]] = field(default_factory=list)
    error_count: int = 0
    self_tests: list[dict[str, int]] = field(default_factory=list)
    tcg: dict[str, Any] = field(default_factory=dict)

    def save(self, *, durably: bool = True) -> None:
        """Write it; what was there before stays until the new one is whole."""
        values = {name: value for name, value in asdict(self).items() if name != "path"}
        new = self.path.with_suffix(".new")
        with new.open("w") as file:
            json.dump(values, file, indent=1)
            if durably:
                file.flush()
                os.fsync(file.fileno())
        new.replace(self.path)
        if durably:
            folder = os.open(self.path.parent, os.O_RDONLY)
            os.fsync(folder)
            os.close(folder)


def load(config: Drive) -> State:
    """What the drive knows as its power comes on."""
    path = config.place / "state.json"
    config.place.mkdir(parents=True, exist_ok=True)
    state = State(path, **json.loads(path.read_text())) if path.exists() else _first(config, path)
    state.starts += 1
    # A format does not go on by itself: what it had erased is erased, the rest is as before.
    state.formatting = None
    state.save()
    return state


def _first(config: Drive, path: Path) -> State:
    before = config.before
    state = State(
        path,
        lba_bytes=[each.lba_bytes for each in config.namespaces],
        attached=[each.attached for each in config.namespaces],
        sanitize_status=before.sstat & 7,
        sanitize_passes=before.sstat >> 3 & 0x1F,
        global_erased=bool(before.sstat & 0x100),
        sanitize_cdw10=before.scdw10,
        media_errors=config.smart.media_errors,
    )
    if before.running:
        state.sanitizing, state.sanitize_status = True, 2
        state.sanitize_cdw10, state.sanitize_progress = before.running, before.running_progress
    return state
