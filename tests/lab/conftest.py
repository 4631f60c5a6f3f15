"""The lab's tests run only by `make lab`: they need the guest's kernel and root, and minutes."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.conftest import Allow
from tests.e2e.conftest import Shop, make_shop
from tests.lab import network


@pytest.fixture(autouse=True)
def _programs(allow_programs: Allow) -> None:
    allow_programs("linux", *network.PROGRAMS, Path(sys.executable).name)


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A trust chain of its own, under a real root: in the guest the program runs as on any host."""
    return make_shop(tmp_path_factory.mktemp("shop"), test=False)


@pytest.fixture
def lab(tmp_path: Path, shop: Shop) -> Path:
    """The folder that a guest sees as /lab, with a station in it."""
    folder = tmp_path / "lab"
    shutil.copytree(shop.station, folder / "station")
    shutil.copyfile(shop.passphrase, folder / "passphrase")
    return folder


def sanitize(
    *nodes: str, passes: str, verify: str = "full", confirms: Sequence[str] = (), technique: str = "overwrite"
) -> tuple[str, ...]:
    """The command that a guest runs; `confirms` are the serials of drives that have one."""
    return (
        *(
            "sanitize",
            "--drive",
            *nodes,
            "--confirm",
            *(confirms or nodes),
            "--real-drives",
            "--technique",
            technique,
            "--passes",
            passes,
            "--verify",
            verify,
        ),
        *("--operator", "op-17", "--station", "/lab/station", "--passphrase-file", "/lab/passphrase"),
        *("--evidence", "/stick/evidence", "--json"),
    )
