"""What the maker wrote into the firmware, batteries and storage controllers; never a host name, a user name or a MAC address."""

import re
from pathlib import Path

from agent.host.power import on_mains, own_batteries, power_supplies
from agent.host.sysfs import Roots, entry_names, read_int, read_text
from agent.model.machine import Battery, MachineInventory, StorageController

# PCI class 01h, by subclass (PCI Code and ID Assignment Specification).
_SUBCLASSES = {
    0x00: "SCSI controller",
    0x01: "IDE controller",
    0x04: "RAID controller",
    0x05: "ATA controller",
    0x06: "SATA controller",
    0x07: "SAS controller",
    0x08: "NVMe controller",
    0x09: "UFS controller",
}
# The chip of a hardware RAID, or Intel RST switched on in the firmware: even with a driver bound, drives may be behind it that
# Linux does not see (RST remaps NVMe drives; a RAID controller keeps unconfigured ones). A VMD that Linux drives hides nothing.
_RAID_CLASS = 0x0104
_MMC_CLASS = 0x0805
_INTEL = 0x8086
# Intel Volume Management Device: NVMe drives sit behind it and are invisible without the vmd driver (drivers/pci/controller/vmd.c).
_VMD_DEVICES = frozenset({0x201D, 0x28C0, 0x467F, 0x4C3D, 0x7D0B, 0x9A0B, 0xA77F, 0xAD0B, 0xB06F, 0xB60B})

# SMBIOS 3.7 table 17, chassis types.
_CHASSIS = {
    3: "desktop", 4: "low-profile desktop", 5: "pizza box", 6: "mini tower", 7: "tower", 8: "portable", 9: "laptop",
    10: "notebook", 11: "hand-held", 12: "docking station", 13: "all in one", 14: "sub notebook", 15: "space-saving",
    16: "lunch box", 17: "main server chassis", 23: "rack-mount chassis", 24: "sealed-case PC", 28: "blade",
    29: "blade enclosure", 30: "tablet", 31: "convertible", 32: "detachable", 35: "mini PC", 36: "stick PC",
}  # fmt: skip

LOOKED_AT = (
    "NVMe",
    "SATA, SAS and SCSI",
    "PATA",
    "eMMC, SD and UFS",
    "USB",
    "virtio",
    "PCI storage controllers, their drivers and RAID modes",
)


def read_inventory(roots: Roots) -> MachineInventory:
    """Read DMI, processor, memory, batteries and controllers; text is the firmware's own, placeholders included."""
    dmi = roots.sys / "class/dmi/id"
    kind = read_int(dmi / "chassis_type")
    return MachineInventory(
        manufacturer=read_text(dmi / "sys_vendor"),
        model=read_text(dmi / "product_name"),
        version=read_text(dmi / "product_version"),
        serial=read_text(dmi / "product_serial"),
        asset_tag=read_text(dmi / "chassis_asset_tag"),
        chassis=_CHASSIS.get(kind & 0x7F, f"type {kind}") if kind is not None else "",
        bios_version=read_text(dmi / "bios_version"),
        bios_date=read_text(dmi / "bios_date"),
        processor=_processor(read_text(roots.proc / "cpuinfo")),
        memory_bytes=_memory(read_text(roots.proc / "meminfo")),
        batteries=_batteries(roots),
        controllers=_controllers(roots.sys / "bus/pci/devices"),
        looked_at=LOOKED_AT,
    )


def _processor(cpuinfo: str) -> str:
    match = re.search(r"^model name\s*:\s*(.+)$", cpuinfo, re.MULTILINE)
    return " ".join(match[1].split()) if match else ""


def _memory(meminfo: str) -> int:
    match = re.search(r"^MemTotal:\s*(\d+) kB$", meminfo, re.MULTILINE)
    return int(match[1]) * 1024 if match else 0


def _batteries(roots: Roots) -> tuple[Battery, ...]:
    supplies = power_supplies(roots)
    mains = on_mains(supplies)
    return tuple(_battery(supply, mains) for supply in own_batteries(supplies))


def _battery(supply: Path, mains: bool | None) -> Battery:
    percent = read_int(supply / "capacity")
    return Battery(
        name=supply.name,
        charge_percent=percent if percent is not None and 0 <= percent <= 100 else None,
        design_mwh=_energy(supply, "full_design"),
        full_mwh=_energy(supply, "full"),
        cycles=_positive(read_int(supply / "cycle_count")),
        on_mains=mains,
    )


def _energy(supply: Path, which: str) -> int | None:
    """Energy in mWh: µWh where the firmware counts energy, µAh times the design voltage where it counts charge."""
    energy = _positive(read_int(supply / f"energy_{which}"))
    if energy is not None:
        return round(energy / 1000)
    charge = _positive(read_int(supply / f"charge_{which}"))
    voltage = _positive(read_int(supply / "voltage_min_design"))
    return round(charge * voltage / 1_000_000_000) if charge and voltage else None


def _positive(number: int | None) -> int | None:
    """Firmware says 0 or a negative number for what it does not know."""
    return number if number is not None and number > 0 else None


def _controllers(folder: Path) -> tuple[StorageController, ...]:
    found = (_controller(folder / name) for name in entry_names(folder))
    return tuple(controller for controller in found if controller is not None)


def _controller(device: Path) -> StorageController | None:
    code, vendor, product = (read_int(device / name) or 0 for name in ("class", "vendor", "device"))
    subclass = code >> 8 & 0xFF
    vmd = vendor == _INTEL and product in _VMD_DEVICES
    if code >> 16 != 0x01 and code >> 8 != _MMC_CLASS and not vmd:
        return None
    kind = "SD host controller" if code >> 8 == _MMC_CLASS else _SUBCLASSES.get(subclass, "storage controller")
    driver = device / "driver"
    bound = driver.resolve().name if driver.exists() else ""
    return StorageController(
        address=device.name,
        description=f"{kind} {vendor:04x}:{product:04x}",
        driver=bound,
        raid_mode=bound != "vmd" if vmd else code >> 8 == _RAID_CLASS or _remaps(device),
    )


def _remaps(device: Path) -> bool:
    """Whether Intel RST keeps NVMe drives behind this SATA controller, whatever class it says (drivers/ata/ahci.c, remapped_nvme)."""
    return bool(read_int(device / "remapped_nvme"))
