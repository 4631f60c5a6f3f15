"""The power source from trees as the kernel lays them out."""

from pathlib import Path

import pytest

from agent.host.power import read_power
from agent.host.sysfs import Roots
from agent.model.power import PowerReading, PowerSource
from tests.unit.host.test_inventory import supply

FULL = {
    "type": "Battery",
    "present": "1",
    "energy_full": "50000000",
    "energy_now": "20000000",
    "power_now": "10000000",
}


def test_a_machine_without_a_battery(tmp_path: Path) -> None:
    assert read_power(Roots(tmp_path)) == PowerReading(PowerSource.NO_BATTERY)
    supply(tmp_path, "AC", type="Mains", online="1")
    supply(tmp_path, "hidpp_battery_0", type="Battery", scope="Device", capacity="5", status="Discharging")
    supply(tmp_path, "BAT0", type="Battery", present="0")
    assert read_power(Roots(tmp_path)) == PowerReading(PowerSource.NO_BATTERY)


@pytest.mark.parametrize(
    ("mains", "status", "source"),
    [
        ("1", "Charging", PowerSource.MAINS),
        ("1", "Discharging", PowerSource.MAINS),  # some firmware charges up to a limit, and discharges to it
        ("0", "Discharging", PowerSource.BATTERY),
        ("", "Discharging", PowerSource.BATTERY),
        ("", "Full", PowerSource.MAINS),
        ("", "Not charging", PowerSource.UNKNOWN),
        ("", "Unknown", PowerSource.UNKNOWN),
    ],
)
def test_mains_or_battery(tmp_path: Path, mains: str, status: str, source: PowerSource) -> None:
    if mains:
        supply(tmp_path, "ADP1", type="Mains", online=mains)
    supply(tmp_path, "BAT0", status=status, **FULL)
    found = read_power(Roots(tmp_path))
    assert (found.source, found.charge_percent) == (source, 40)
    assert found.remaining_minutes == (120 if source is PowerSource.BATTERY else None)


def test_a_usb_c_charger_is_mains(tmp_path: Path) -> None:
    supply(tmp_path, "ucsi-source-psy-USBC000:001", type="USB", online="1")
    supply(tmp_path, "BAT0", status="Charging", **FULL)
    assert read_power(Roots(tmp_path)).source is PowerSource.MAINS


def test_several_batteries_count_by_their_stock(tmp_path: Path) -> None:
    supply(tmp_path, "BAT0", status="Discharging", **{**FULL, "energy_full": "10000000", "energy_now": "10000000"})
    supply(
        tmp_path,
        "BAT1",
        status="Unknown",
        **{**FULL, "energy_full": "30000000", "energy_now": "0", "power_now": "0"},
    )
    found = read_power(Roots(tmp_path))
    assert (found.charge_percent, found.remaining_minutes) == (25, 60)


def test_firmware_that_counts_charge(tmp_path: Path) -> None:
    supply(
        tmp_path, "BAT0", type="Battery", status="Discharging", charge_full="4000000", charge_now="1000000",
        current_now="-2000000", voltage_min_design="11100000",
    )  # fmt: skip
    assert read_power(Roots(tmp_path)) == PowerReading(PowerSource.BATTERY, 25, 30)


def test_what_is_not_told_stays_unknown(tmp_path: Path) -> None:
    supply(tmp_path, "BAT0", type="Battery", status="Discharging", capacity="61")
    assert read_power(Roots(tmp_path)) == PowerReading(PowerSource.BATTERY, 61, None)
    supply(tmp_path, "BAT1", type="Battery", status="Discharging", capacity="250")
    assert read_power(Roots(tmp_path)) == PowerReading(PowerSource.BATTERY, None, None)
