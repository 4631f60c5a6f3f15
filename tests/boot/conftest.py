"""Boot tests run only by `make boot-test`: they need the built ISO, the tools chroot and minutes for each start."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.boot.machine import REPOSITORY


@pytest.fixture(scope="session")
def iso() -> Path:
    found = sorted((REPOSITORY / "build").glob("ardoise-*-amd64.iso"))
    assert len(found) == 1, f"build one ISO with `make image`; found {found}"
    return found[0]
