"""The machine as a whole: where the program runs, and what the maker wrote into the firmware."""

from dataclasses import dataclass
from enum import StrEnum


class Environment(StrEnum):
    """Where a run took place; every record says it (DESIGN section 3)."""

    LIVE_IMAGE = "live-image"
    HOST = "host"
    SIMULATED = "simulated"


@dataclass(frozen=True)
class Battery:
    """One battery; energies in mWh, None where the firmware did not say or said something impossible."""

    name: str
    charge_percent: int | None
    design_mwh: int | None
    full_mwh: int | None
    cycles: int | None
    on_mains: bool | None

    @property
    def health_percent(self) -> int | None:
        """Full over design capacity, clamped to 100; unknown where either is absent or zero."""
        if not self.design_mwh or not self.full_mwh:
            return None
        return min(100, round(100 * self.full_mwh / self.design_mwh))


@dataclass(frozen=True)
class StorageController:
    """One controller of a storage class; without a driver, or in a RAID mode, drives may be hidden behind it."""

    address: str
    description: str
    driver: str
    raid_mode: bool


@dataclass(frozen=True)
class MachineInventory:
    """DMI identity, batteries and storage controllers; no host name, no user name (users.md G02)."""

    manufacturer: str
    model: str
    version: str
    serial: str
    asset_tag: str
    chassis: str
    bios_version: str
    bios_date: str
    processor: str
    memory_bytes: int
    batteries: tuple[Battery, ...]
    controllers: tuple[StorageController, ...]
    looked_at: tuple[str, ...]
