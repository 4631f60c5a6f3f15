"""The extended CSD register of an eMMC: its raw 512 bytes as the kernel shows them, and what they say of erasing.

Byte numbers: JEDEC JESD84-B51 (eMMC 5.1) 7.4. The bytes come from debugfs, because mmc-utils prints text only (neither
the version of Debian 12 nor that of Debian 13 has a raw form); the kernel asks the device anew for each reading.
"""

from dataclasses import dataclass
from pathlib import Path

from agent.host.sysfs import Roots, block_folder, block_name, read_text

EXT_CSD_BYTES = 512
_BOOT_UNIT = 128 * 1024
_GROUP_UNIT = 512 * 1024
# Devices of more than 2 GiB count sectors, smaller ones bytes (7.4, SEC_COUNT).
_MOST_BYTE_ADDRESSED_SECTORS = 4 * 1024 * 1024


@dataclass(frozen=True)
class ExtCsd:
    """Revision, erase features, sizes in bytes; `sectors` counts 512 bytes."""

    revision: int
    erase_features: int
    erased_content: int
    sectors: int
    boot_area_bytes: int
    general_purpose_bytes: tuple[int, ...]
    rpmb_bytes: int
    secure_removal: int

    @property
    def secure_erase(self) -> bool:
        """SEC_FEATURE_SUPPORT bit 0 (SECURE_ER_EN)."""
        return bool(self.erase_features & 1 << 0)

    @property
    def trim(self) -> bool:
        """SEC_FEATURE_SUPPORT bit 4 (SEC_GB_CL_EN)."""
        return bool(self.erase_features & 1 << 4)

    @property
    def sanitize(self) -> bool:
        """SEC_FEATURE_SUPPORT bit 6 (SEC_SANITIZE), defined since revision 6 (eMMC 4.5)."""
        return bool(self.erase_features & 1 << 6) and self.revision >= 6

    @property
    def erased_hex(self) -> str:
        """What erased memory reads as (ERASED_MEM_CONT)."""
        return "ff" if self.erased_content & 1 else "00"

    @property
    def last_address(self) -> int:
        """The address of the last block, in the unit that the device counts in."""
        last = self.sectors - 1
        return last if self.sectors > _MOST_BYTE_ADDRESSED_SECTORS else last * 512

    @property
    def words(self) -> tuple[str, ...]:
        """The fields that it is judged by, for the record."""
        return (
            f"EXT_CSD_REV {self.revision}",
            f"SEC_FEATURE_SUPPORT 0x{self.erase_features:02x}",
            f"ERASED_MEM_CONT 0x{self.erased_content:02x}",
            f"SEC_COUNT {self.sectors}",
            f"SECURE_REMOVAL_TYPE 0x{self.secure_removal:02x}",
        )


def decode_ext_csd(data: bytes) -> ExtCsd:
    """The register from its 512 bytes, little-endian."""
    # GP_SIZE_MULT counts write protect groups of HC_WP_GRP_SIZE times HC_ERASE_GRP_SIZE units.
    group = data[221] * data[224] * _GROUP_UNIT
    return ExtCsd(
        revision=data[192],
        erase_features=data[231],
        erased_content=data[181],
        sectors=int.from_bytes(data[212:216], "little"),
        boot_area_bytes=data[226] * _BOOT_UNIT,
        general_purpose_bytes=tuple(
            int.from_bytes(data[first : first + 3], "little") * group for first in range(143, 155, 3)
        ),
        rpmb_bytes=data[168] * _BOOT_UNIT,
        secure_removal=data[16],
    )


def is_emmc(roots: Roots, node: str) -> bool:
    """Whether the kernel found an MMC device behind a node; SD cards have no such register."""
    return read_text(block_folder(roots, block_name(node)) / "device/type") == "MMC"


def read_ext_csd(roots: Roots, node: str) -> ExtCsd | None:
    """The register of the device behind a node; None where debugfs does not show it, or shows something else."""
    card = (block_folder(roots, block_name(node)) / "device").resolve()
    text = read_text(_debug_folder(roots, card) / "ext_csd")
    try:
        data = bytes.fromhex(text)
    except ValueError:
        return None
    return decode_ext_csd(data) if len(data) == EXT_CSD_BYTES and any(data) else None


def _debug_folder(roots: Roots, card: Path) -> Path:
    """The card mmc0:0001 of the host mmc0 is below mmc0/mmc0:0001 there."""
    return roots.sys / "kernel/debug" / card.name.partition(":")[0] / card.name
