"""A machine whose drives are a few blank sectors: quick, and enough for every fault."""

import json
import mmap
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.host.simulated import SimulatedMachine
from agent.model.drive import Drive
from tests.bench.make import MACHINES

MIB = 1024 * 1024


@pytest.fixture
def laptop(tmp_path: Path) -> Path:
    """The laptop's captures with blank drives of 1 MiB."""
    return blank_machine(tmp_path, "laptop")


def blank_machine(tmp_path: Path, name: str, size: int = MIB) -> Path:
    """A machine's captures with blank drives."""
    folder = tmp_path / name
    shutil.copytree(MACHINES / name, folder)
    for drive in json.loads((folder / "machine.json").read_text())["drives"]:
        with (folder / "drives" / drive / "image").open("wb") as image:
            image.truncate(size)
    return folder


@pytest.fixture
def with_faults(laptop: Path) -> Callable[..., tuple[SimulatedMachine, Drive]]:
    """Call with faults: the laptop and its disk that has them."""

    def make(**faults: object) -> tuple[SimulatedMachine, Drive]:
        (laptop / "drives/sda/faults.json").write_text(json.dumps(faults))
        machine = SimulatedMachine(laptop, pace=0)
        return machine, drive_named(machine, "sda")

    return make


def drive_named(machine: SimulatedMachine, name: str) -> Drive:
    """One drive of a machine."""
    return next(d for d in machine.discover() if d.node == f"/dev/{name}")


def buffer(length: int, fill: bytes = b"\xa5") -> memoryview:
    """Aligned memory, as direct I/O wants it."""
    area = mmap.mmap(-1, length)
    area[:] = (fill * length)[:length]
    return memoryview(area)
