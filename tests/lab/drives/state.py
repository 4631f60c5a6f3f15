"""What a drive still knows after a power cut: one JSON file, replaced as a whole."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

NEVER, RUNNING, COMPLETED, FAILED = "never", "running", "completed", "failed"


@dataclass
class Erase:
    """An erase under way; `done` is the share of the whole, all passes together."""

    technique: str
    values: list[str]
    sectors: int
    done: float = 0.0
    failure_mode: bool = False

    @property
    def progress(self) -> int:
        """Of 65,536, below FFFFh: that one says that nothing runs (ACS-4 7.36.6)."""
        return min(int(self.done * 0x10000), 0xFFFE)


@dataclass
class SelfTest:
    """A self-test: its kind (SMART EXECUTE OFF-LINE IMMEDIATE's LBA field), how it ended, where."""

    kind: int
    result: int
    hours: int
    sector: int | None = None
    remaining: float = 0.0


@dataclass
class State:
    """The drive's non-volatile memory."""

    serial: str
    current: int
    native: int
    accessible: int
    power_cycles: int = 0
    user_password: str = ""
    master_password: str = ""
    master_identifier: int = 0xFFFE
    maximum: bool = False
    sanitize: str = NEVER
    failure_mode: bool = False
    erase: Erase | None = None
    formatted: bool = True
    healed: list[int] = field(default_factory=list)
    error_count: int = 0
    errors: list[list[int]] = field(default_factory=list)
    self_tests: list[SelfTest] = field(default_factory=list)
    self_test: SelfTest | None = None
    write_cache: bool = True
    path: Path | None = None

    def save(self) -> None:
        """Replace the file, durably: after this returns no power cut brings the old one back."""
        assert self.path is not None
        values: dict[str, Any] = asdict(self)
        del values["path"]
        new = self.path.with_name(self.path.name + ".new")
        with new.open("w") as file:
            json.dump(values, file)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def load(path: Path) -> State | None:
    """What the drive knew; None at its first start."""
    if not path.exists():
        return None
    values = json.loads(path.read_text())
    values["erase"] = Erase(**values["erase"]) if values["erase"] else None
    values["self_test"] = SelfTest(**values["self_test"]) if values["self_test"] else None
    values["self_tests"] = [SelfTest(**each) for each in values["self_tests"]]
    return State(**values, path=path)
