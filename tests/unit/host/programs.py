"""Programs that answer what a test tells them, found through PATH as the real ones are."""

from pathlib import Path

import pytest


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, script: str) -> Path:
    """Put a shell script in a folder that is searched first; returns the file its arguments are appended to."""
    folder.mkdir(exist_ok=True)
    log = folder / f"{name}.argv"
    path = folder / name
    path.write_text(f'#!/bin/sh\necho "$@" >> {log}\n{script}\n')
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return log
