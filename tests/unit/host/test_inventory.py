"""Machine inventory from trees as the kernel lays them out."""

from pathlib import Path

import pytest

from agent.host.inventory import read_inventory
from agent.host.sysfs import Roots
from agent.model.json_form import to_json_form
from tests.unit.host.trees import put


def supply(root: Path, name: str, **attributes: str) -> None:
    for key, value in attributes.items():
        put(root / "sys/class/power_supply" / name / key, value + "\n")


def controller(root: Path, address: str, code: str, vendor: str, device: str, driver: str = "") -> None:
    folder = root / "sys/bus/pci/devices" / address
    for key, value in {"class": code, "vendor": vendor, "device": device}.items():
        put(folder / key, value + "\n")
    if driver:
        (root / "sys/bus/pci/drivers" / driver).mkdir(parents=True, exist_ok=True)
        (folder / "driver").symlink_to(root / "sys/bus/pci/drivers" / driver)


def test_dmi_is_kept_raw_placeholders_included(tmp_path: Path) -> None:
    dmi = tmp_path / "sys/class/dmi/id"
    for key, value in {
        "sys_vendor": "Microsoft Corporation",
        "product_name": "Surface Pro 7",
        "product_serial": "To be filled by O.E.M.",
        "chassis_asset_tag": "OGO-2024-00123",
        "chassis_type": "9",
        "bios_date": "03/15/2021",
    }.items():
        put(dmi / key, value + "\n")
    put(tmp_path / "proc/cpuinfo", "processor\t: 0\nmodel name\t: Intel(R) Core(TM)  i5-1035G4 CPU @ 1.10GHz\n")
    put(tmp_path / "proc/meminfo", "MemTotal:        8023456 kB\nMemFree: 1 kB\n")
    put(tmp_path / "proc/sys/kernel/hostname", "pc-de-marie-dupont\n")
    read = read_inventory(Roots(tmp_path))
    assert (read.manufacturer, read.model, read.chassis) == ("Microsoft Corporation", "Surface Pro 7", "laptop")
    assert (read.serial, read.asset_tag) == ("To be filled by O.E.M.", "OGO-2024-00123")
    assert (read.processor, read.memory_bytes) == ("Intel(R) Core(TM) i5-1035G4 CPU @ 1.10GHz", 8023456 * 1024)
    assert "dupont" not in str(to_json_form(read))


def test_a_machine_that_says_nothing(tmp_path: Path) -> None:
    read = read_inventory(Roots(tmp_path))
    assert (read.manufacturer, read.serial, read.memory_bytes, read.batteries, read.controllers) == (
        "",
        "",
        0,
        (),
        (),
    )
    assert "NVMe" in read.looked_at


def test_batteries_in_energy_or_charge(tmp_path: Path) -> None:
    supply(
        tmp_path,
        "BAT0",
        type="Battery",
        present="1",
        capacity="61",
        cycle_count="388",
        energy_full="42980000",
        energy_full_design="84240000",
    )
    supply(
        tmp_path,
        "BAT1",
        type="Battery",
        capacity="250",
        cycle_count="0",
        charge_full="3000000",
        charge_full_design="4000000",
        voltage_min_design="11100000",
    )
    supply(tmp_path, "BAT2", type="Battery", present="0")
    supply(tmp_path, "hidpp_battery_0", type="Battery", scope="Device", capacity="50")
    supply(tmp_path, "AC", type="Mains", online="1")
    first, second = read_inventory(Roots(tmp_path)).batteries
    assert (first.name, first.charge_percent, first.design_mwh, first.full_mwh, first.cycles, first.on_mains) == (
        "BAT0", 61, 84240, 42980, 388, True,
    )  # fmt: skip
    assert first.health_percent == 51
    assert (second.charge_percent, second.design_mwh, second.full_mwh, second.cycles) == (None, 44400, 33300, None)


@pytest.mark.parametrize(
    ("code", "vendor", "device", "driver", "raid_mode"),
    [
        ("0x010601", "0x8086", "0xa102", "ahci", False),
        ("0x010802", "0x144d", "0xa808", "nvme", False),
        ("0x010400", "0x8086", "0x2822", "ahci", True),  # Intel RST switched on
        ("0x010400", "0x8086", "0x9a0b", "", True),  # VMD that nobody drives
        ("0x010400", "0x8086", "0x9a0b", "vmd", False),
        ("0x010400", "0x1000", "0x005d", "megaraid_sas", True),
    ],
)
def test_storage_controllers(
    tmp_path: Path, code: str, vendor: str, device: str, driver: str, raid_mode: bool
) -> None:
    controller(tmp_path, "0000:00:17.0", code, vendor, device, driver)
    controller(tmp_path, "0000:00:02.0", "0x030000", "0x8086", "0x8a52", "i915")
    (found,) = read_inventory(Roots(tmp_path)).controllers
    assert (found.address, found.driver, found.raid_mode) == ("0000:00:17.0", driver, raid_mode)
    assert f"{vendor[2:]}:{device[2:]}" in found.description


def test_nvme_drives_that_rst_keeps_behind_a_sata_controller(tmp_path: Path) -> None:
    for address, count in (("0000:00:17.0", "1"), ("0000:00:17.1", "0")):
        controller(tmp_path, address, "0x010601", "0x8086", "0xa102", "ahci")
        put(tmp_path / "sys/bus/pci/devices" / address / "remapped_nvme", f"{count}\n")
    assert [c.raid_mode for c in read_inventory(Roots(tmp_path)).controllers] == [True, False]
