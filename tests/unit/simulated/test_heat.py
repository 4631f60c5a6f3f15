"""A simulated drive gets warm while it is written to and cools down at rest, in the fields of smartctl's document."""

from collections.abc import Callable

import pytest

from agent.errors import EnvironmentLacks
from agent.host.simulated import SimulatedMachine
from agent.host.simulated_faults import NO_FAULTS, Faults
from agent.host.simulated_heat import SimulatedHeat
from agent.model.drive import Drive
from tests.unit.simulated.conftest import buffer

With = Callable[..., tuple[SimulatedMachine, Drive]]
WARM = Faults(heats_per_second=2.0, cools_per_second=0.5)
DOCUMENT = {"temperature": {"current": 30, "drive_trip": 68}}


def celsius(heat: SimulatedHeat, faults: Faults = WARM) -> int:
    return int(heat.served(DOCUMENT, faults)["temperature"]["current"])


def test_work_warms_and_rest_cools() -> None:
    now = [100.0]
    heat = SimulatedHeat(lambda: now[0])
    assert celsius(heat) == 30
    now[0] += 10
    heat.worked(10, WARM)
    assert celsius(heat) == 50
    now[0] += 20
    assert celsius(heat) == 40
    now[0] += 1000
    assert celsius(heat) == 30
    now[0] += 1000
    heat.worked(1000, WARM)
    assert celsius(heat) == 95


def test_a_drive_that_is_not_told_to_get_warm_keeps_its_capture() -> None:
    heat = SimulatedHeat()
    heat.worked(1000, NO_FAULTS)
    assert heat.served(DOCUMENT, NO_FAULTS) is DOCUMENT


def test_nvme_tells_it_in_its_own_log_too() -> None:
    now = [0.0]
    heat = SimulatedHeat(lambda: now[0])
    now[0] = 5.0
    heat.worked(5, WARM)
    served = heat.served(DOCUMENT | {"nvme_smart_health_information_log": {"temperature": 30}}, WARM)
    assert served["nvme_smart_health_information_log"] == {"temperature": 40}
    assert served["temperature"] == {"current": 40, "drive_trip": 68}


def test_writing_warms_the_drive_that_the_machine_reads(with_faults: With) -> None:
    machine, drive = with_faults(heats_per_second=1e6, cools_per_second=0)
    before = machine.read_temperature(drive).document["temperature"]["current"]
    medium = machine.open_medium(drive)
    medium.write_at(0, buffer(4096))
    medium.close()
    assert machine.read_temperature(drive).document["temperature"]["current"] == 95 > before
    assert machine.read_smart(drive).document["temperature"]["current"] == 95


def test_a_malformed_rate_is_an_error(with_faults: With) -> None:
    machine, drive = with_faults(heats_per_second="fast")
    with pytest.raises(EnvironmentLacks, match="malformed"):
        machine.read_temperature(drive)
