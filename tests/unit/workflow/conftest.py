"""A sitting on a small simulated machine, with a clock that tests set."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from agent.host.machine import Machine
from agent.host.simulated import SimulatedMachine
from agent.workflow.desk import Desk
from agent.workflow.sitting import Sitting
from agent.workflow.station import Station
from agent.workflow.uploads import Registry
from tests.bench.make import make_bench
from tests.samples import AT, throwaway_pki


class SetClock:
    """Wall time as a test sets it; durations are real."""

    def __init__(self, now: datetime) -> None:
        self.value = now

    def now(self) -> datetime:
        """The time that was set, a millisecond later at each look."""
        self.value += timedelta(milliseconds=1)
        return self.value

    def monotonic(self) -> float:
        """Real seconds."""
        return time.monotonic()


@pytest.fixture
def clock() -> SetClock:
    """The day on which the sample certificates are valid."""
    return SetClock(AT + timedelta(days=1))


@pytest.fixture
def station(tmp_path: Path) -> Station:
    """A station under a TEST root."""
    folder = tmp_path / "station"
    folder.mkdir()
    pki = throwaway_pki()
    return Station(folder, pki.station, pki.root.certificate.public_bytes(Encoding.PEM), None)


@pytest.fixture
def desk(tmp_path: Path, station: Station) -> Desk:
    """A desk without a registry."""
    evidence = tmp_path / "evidence"
    evidence.mkdir()
    return Desk(station, "op-3", evidence, Registry("", None))


@pytest.fixture
def machine(tmp_path: Path, allow_programs) -> Callable[..., SimulatedMachine]:
    """Make a small simulated machine by name."""
    allow_programs("mkfs.ext4", "debugfs")
    return lambda name, **options: SimulatedMachine(
        make_bench(tmp_path / "bench", [name], **({"size_mib": 16, "pace": 0} | options))[0]
    )


@pytest.fixture
def sit(desk: Desk, clock: SetClock) -> Iterator[Callable[[Machine], Sitting]]:
    """Sit down at a machine; the evidence folder is let go at the end."""
    sittings: list[Sitting] = []

    def make(machine: Machine) -> Sitting:
        sittings.append(Sitting(machine, desk, clock))
        return sittings[-1]

    yield make
    for sitting in sittings:
        sitting.close()


THE_PAST = datetime(2009, 1, 1, tzinfo=UTC)
