"""What an eMMC can do by itself, and the command for one of its techniques, through mmc-utils.

mmc-utils gives no verdict: `mmc erase legacy` says "Succeed!" where nothing was erased (drives.md 5), and `mmc sanitize`
says nothing at all.
"""

from collections.abc import Callable

from agent.errors import MediaVanished, Refused
from agent.host.firmware import FirmwareCommand
from agent.host.mmc_commands import EmmcDevice, MmcSanitize, MmcSecureErase
from agent.host.mmc_ext_csd import ExtCsd, is_emmc, read_ext_csd
from agent.host.sysfs import Roots, block_folder, block_name, read_int, read_text
from agent.model.firmware import (
    CommandState,
    DeviceStatus,
    FirmwareReading,
    FoundObstacle,
    Obstacle,
    TechniqueOffer,
)
from agent.model.sanitization import Technique

_SYSTEM = Roots()
# eMMC 4.4 to 4.51 define secure erase; later revisions keep it for compatibility only, and sanitize replaces it.
_SECURE_ERASE_REVISIONS = range(4, 7)
_OWN = (Technique.MMC_SANITIZE, Technique.MMC_SECURE_ERASE)
_NO_STATUS = DeviceStatus(CommandState.UNKNOWN, ("no status of an erase",))


def read_mmc(node: str, roots: Roots = _SYSTEM) -> FirmwareReading:
    """Read a node; an SD card offers nothing, what could not be read is an obstacle, nothing is raised."""
    if not is_emmc(roots, node):
        return FirmwareReading((), (), _NO_STATUS, (), ("no eMMC",))
    register = read_ext_csd(roots, node)
    if register is None or register.sectors != _kernel_sectors(roots, node):
        detail = "EXT_CSD is not in debugfs" if register is None else "EXT_CSD and the kernel name different sizes"
        words = () if register is None else register.words
        return FirmwareReading((), (FoundObstacle(Obstacle.UNREADABLE, detail, _OWN),), _NO_STATUS, (), words)
    return FirmwareReading(_offers(register), (), _NO_STATUS, (), register.words)


def mmc_command(
    node: str, technique: Technique, roots: Roots = _SYSTEM, release: Callable[[], None] = lambda: None
) -> FirmwareCommand:
    """One technique on the eMMC behind a node; raises Refused where it does not offer it, MediaVanished."""
    register = read_ext_csd(roots, node) if is_emmc(roots, node) else None
    if register is None or register.sectors != _kernel_sectors(roots, node):
        raise MediaVanished(f"{node} is no eMMC whose EXT_CSD register can be read.", "List the drives again.")
    offer = next((offer for offer in _offers(register) if offer.technique is technique), None)
    if offer is None:
        raise Refused(f"{node} does not offer {technique.value}.", "List the drives again.")
    cid = read_text(block_folder(roots, block_name(node)) / "device/cid")
    device = EmmcDevice(node, roots, cid, register)
    if technique is Technique.MMC_SANITIZE:
        return MmcSanitize(device, offer, release)
    return MmcSecureErase(device, offer, release)


def _kernel_sectors(roots: Roots, node: str) -> int | None:
    return read_int(block_folder(roots, block_name(node)) / "size")


def _offers(register: ExtCsd) -> tuple[TechniqueOffer, ...]:
    # Either value may stand on the medium: QEMU names one and leaves the other (drives.md 5).
    other = "00" if register.erased_hex == "ff" else "ff"
    erased, remarks = (register.erased_hex, other), _not_reached(register)
    found = []
    if register.sanitize:
        found.append(TechniqueOffer(Technique.MMC_SANITIZE, erased_hex=erased, remarks=remarks))
    if register.secure_erase and register.revision in _SECURE_ERASE_REVISIONS:
        found.append(TechniqueOffer(Technique.MMC_SECURE_ERASE, erased_hex=erased, remarks=remarks))
    return tuple(found)


def _not_reached(register: ExtCsd) -> tuple[str, ...]:
    # mmc-utils tells of a sanitize no more than that it was not refused; what is behind what can be read stays the drive's word.
    found = ["blocks behind those that can be read: that they were erased is the drive's word alone"]
    if register.boot_area_bytes:
        found.append(f"does not reach the two boot areas of {register.boot_area_bytes} bytes each")
    if any(register.general_purpose_bytes):
        sizes = ", ".join(f"{size} bytes" for size in register.general_purpose_bytes if size)
        found.append(f"does not reach the general purpose partitions ({sizes})")
    if register.rpmb_bytes:
        found.append(f"does not reach the replay protected memory block of {register.rpmb_bytes} bytes")
    return tuple(found)
