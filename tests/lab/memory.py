"""What a drive's model has in its memory of its own erase, read from outside: nothing goes over its cable meanwhile."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_EACH_LOOK = 25
_IDLE_SECONDS = 60.0


@dataclass(frozen=True)
class Memory:
    """`share` is how far its erase has come, None while none is under way; `password`: somebody's is set."""

    share: float | None
    password: bool


def read(folder: Path) -> Memory:
    """The memory of the drive whose files are in this folder; of one that was never switched on, nothing."""
    for name, parse in (("state", _of_scsi), ("state.json", _of_nvme)):
        path = folder / name
        if path.exists():
            return parse(json.loads(path.read_text()))
    return Memory(None, password=False)


def all_at_work(folders: Sequence[Path], share: float) -> Callable[[], bool]:
    """Whether each of the drives is erasing itself and has come so far."""
    looks = itertools.count()

    def look() -> bool:
        if next(looks) % _EACH_LOOK:
            return False
        return all((read(folder).share or 0.0) >= share for folder in folders)

    return look


def wait_until_idle(folders: Sequence[Path]) -> None:
    """Until no drive erases itself any more; raises AssertionError."""
    end = time.monotonic() + _IDLE_SECONDS
    while busy := [folder.name for folder in folders if read(folder).share is not None]:
        assert time.monotonic() < end, f"still at work: {busy}"
        time.sleep(0.1)


def _of_scsi(state: dict[str, Any]) -> Memory:
    erase = state["erase"]
    return Memory(erase["done"] if erase else None, password=bool(state["user_password"]))


def _of_nvme(state: dict[str, Any]) -> Memory:
    if state["sanitizing"]:
        return Memory(state["sanitize_progress"], password=False)
    formatting = state["formatting"]
    return Memory(formatting["progress"] if formatting else None, password=False)
