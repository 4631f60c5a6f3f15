"""Where a secret must not be: the process list, environments, logs, temporary files, anything that a run leaves behind."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

INTERVAL_SECONDS = 0.01


@dataclass
class ProcessWatch:
    """Reads the argument lists and environments of all processes again and again while its block runs."""

    secrets: Sequence[bytes]
    leaks: set[str] = field(default_factory=set)
    seen: set[bytes] = field(default_factory=set)
    _end: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._end.wait(INTERVAL_SECONDS):
            for process in Path("/proc").glob("[0-9]*"):
                for name in ("cmdline", "environ"):
                    self._look(process / name)

    def _look(self, path: Path) -> None:
        try:
            data = path.read_bytes()
        except OSError:
            return  # ended meanwhile, or closed to us: then nobody else reads it either
        if path.name == "cmdline":
            self.seen.add(data)
        for secret in self.secrets:
            if secret in data:
                self.leaks.add(f"{path}: {data[:120]!r}")


def files_with(secrets: Sequence[bytes], folders: Sequence[Path], allowed: Sequence[Path] = ()) -> list[Path]:
    """Files below these folders that hold one of the secrets, by content or by name."""
    found = []
    for path in sorted({p for folder in folders for p in folder.rglob("*")}):
        if path in allowed:
            continue
        data = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        if any(secret in data or secret in str(path).encode() for secret in secrets):
            found.append(path)
    return found
