"""The eMMC that mmc_shim.c answers for: its EXT_CSD register, its areas and what goes wrong with it, as the folder that MMC_SHIM names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Operation = Literal["erase", "trim", "discard", "secure-erase", "secure-trim1", "secure-trim2", "sanitize"]
Kind = Literal["refuse", "nothing", "half", "fail", "hang"]
"""`refuse`: an error, nothing done; `nothing`: success, nothing done; `half`: success after half; `fail`: an error after half; `hang`: no answer."""

# JESD84-B51, 7.4: SEC_FEATURE_SUPPORT[231].
SECURE_ER_EN, SEC_BD_BLK_EN, SEC_GB_CL_EN, SEC_SANITIZE = 1 << 0, 1 << 2, 1 << 4, 1 << 6
_NODES = {"user": "/dev/mmcblk0", "boot0": "/dev/mmcblk0boot0", "boot1": "/dev/mmcblk0boot1"}
_BOOT_UNIT = 128 << 10
_VERSION_5_1, _CSD_IN_REGISTER, _HS400 = 8, 2, 0x57


@dataclass(frozen=True)
class Emmc:
    """A device of this many sectors; `boot_size_mult` counts the 128 KiB of each boot partition, `slow_ms` is what 1 MiB takes.

    What a discard leaves is the device's own business: here everything, the most that the standard allows, unless `discard_erases`.
    """

    sectors: int
    sec_feature_support: int = SECURE_ER_EN | SEC_BD_BLK_EN | SEC_GB_CL_EN | SEC_SANITIZE
    ext_csd_rev: int = _VERSION_5_1
    erased_mem_cont: int = 0
    boot_size_mult: int = 0
    faults: Mapping[Operation, Kind] = field(default_factory=dict)
    slow_ms: int = 0
    discard_erases: bool = False

    @property
    def boot_bytes(self) -> int:
        """The size of each boot partition."""
        return self.boot_size_mult * _BOOT_UNIT

    def register(self) -> bytes:
        """EXT_CSD as the kernel's driver leaves it after its own initialisation."""
        csd = bytearray(512)
        values = {
            168: 1,  # RPMB_SIZE_MULT
            175: 1,  # ERASE_GROUP_DEF: erase groups are those of HC_ERASE_GRP_SIZE
            181: self.erased_mem_cont,
            192: self.ext_csd_rev,
            194: _CSD_IN_REGISTER,
            196: _HS400,
            221: 1,  # HC_WP_GRP_SIZE
            223: 1,  # ERASE_TIMEOUT_MULT: 300 ms for an erase group
            224: 1,  # HC_ERASE_GRP_SIZE: 512 KiB
            226: self.boot_size_mult,
            229: 1,  # SEC_TRIM_MULT
            230: 1,  # SEC_ERASE_MULT
            231: self.sec_feature_support,
            232: 1,  # TRIM_MULT
            267: 1,  # PRE_EOL_INFO: normal
            268: 1,  # DEVICE_LIFE_TIME_EST_TYP_A: at most 10 % used
            269: 1,  # and TYP_B
            504: 1,  # S_CMD_SET: the standard's
        }
        for index, value in values.items():
            csd[index] = value
        csd[212:216] = self.sectors.to_bytes(4, "little")
        return bytes(csd)

    def make(self, folder: Path, **nodes: str) -> None:
        """Make the folder anew; `nodes` are the areas (user, boot0, boot1) as the program's side names them."""
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.iterdir():
            path.unlink()
        lines = [
            *(f"area {name} {node}" for name, node in nodes.items()),
            *(f"fault {operation} {kind}" for operation, kind in self.faults.items()),
            f"set slow_ms {self.slow_ms}",
            f"set discard {'erases' if self.discard_erases else 'keeps'}",
        ]
        (folder / "settings").write_text("\n".join(lines) + "\n")
        (folder / "ext_csd").write_bytes(self.register())

    def make_drive(self, lab: Path) -> list[Path]:
        """The files of a guest's eMMC: its user area and its boot partitions, in the order of the guest's drives; emmc_tree.py is the rest."""
        self.make(lab / "emmc", **_NODES)
        sizes = {"drive": self.sectors * 512, "boot0": self.boot_bytes, "boot1": self.boot_bytes}
        for name, size in sizes.items():
            with (lab / name).open("wb") as file:
                file.truncate(size)
        return [lab / name for name, size in sizes.items() if size]


def leftover(folder: Path, area: str = "user") -> bytes:
    """What the flash still holds of an area, behind what its addresses show."""
    path = folder / f"leftover.{area}"
    return path.read_bytes() if path.exists() else b""


def commands(folder: Path) -> list[str]:
    """Every command that the device took, as `user CMD38 00000000`."""
    path = folder / "log"
    return path.read_text().splitlines() if path.exists() else []
