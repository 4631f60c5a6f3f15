"""The kinds of drives for which the defaults are shown in docs/plans.md and checked by a test."""

from dataclasses import dataclass

from agent.model.drive import (
    Bus,
    Drive,
    Exclusion,
    ExclusionReason,
    HiddenAreas,
    HiddenAreaState,
    Identity,
    MediaType,
    SerialSource,
)
from agent.model.firmware import (
    CommandState,
    DeviceStatus,
    FirmwareReading,
    FoundObstacle,
    Obstacle,
    TechniqueOffer,
)
from agent.model.sanitization import Technique

T = Technique
ERASED = ("00", "ff")
_NEVER = DeviceStatus(CommandState.NEVER, ())


@dataclass(frozen=True)
class PlanCase:
    """One kind of drive, as an inspection finds it."""

    name: str
    drive: Drive
    firmware: FirmwareReading | None


def _drive(bus: Bus, media_type: MediaType, *exclusions: ExclusionReason, hidden: HiddenAreaState) -> Drive:
    identity = Identity("MODEL", "SERIAL", "FW", "naa.5", 512 * 10**9, 512, 4096, SerialSource.DEVICE)
    removable = bus is Bus.USB
    found = tuple(Exclusion(reason) for reason in exclusions)
    return Drive("/dev/x", identity, bus, media_type, None, removable, False, "", (), HiddenAreas(hidden), found)


def _reading(
    *offers: TechniqueOffer, obstacles: tuple[FoundObstacle, ...] = (), also_hit: tuple[str, ...] = ()
) -> FirmwareReading:
    return FirmwareReading(offers, obstacles, _NEVER, also_hit, ())


def _offers(**techniques: int | None) -> tuple[TechniqueOffer, ...]:
    """Offers by name with minutes; those that leave anything are accepted with no value."""
    changed = ("CRYPTO", "ENHANCED", "PSID")
    return tuple(
        TechniqueOffer(T[name], minutes, () if any(word in name for word in changed) else ERASED)
        for name, minutes in techniques.items()
    )


_DISK, _SSD = MediaType.HARD_DISK, MediaType.SOLID_STATE
_SECURITY = frozenset({T.ATA_SECURITY_ERASE, T.ATA_SECURITY_ERASE_ENHANCED})
_SATA = _offers(ATA_SECURITY_ERASE=90, ATA_SECURITY_ERASE_ENHANCED=90)
_SATA_SSD = _offers(
    ATA_SANITIZE_BLOCK_ERASE=2, ATA_SANITIZE_CRYPTO_SCRAMBLE=1, ATA_SECURITY_ERASE=2, ATA_SECURITY_ERASE_ENHANCED=2
)
_NVME = _offers(
    NVME_SANITIZE_BLOCK_ERASE=2,
    NVME_SANITIZE_OVERWRITE=60,
    NVME_SANITIZE_CRYPTO_ERASE=1,
    NVME_FORMAT_USER_DATA_ERASE=None,
)
_FROZEN = FoundObstacle(Obstacle.FROZEN, forbids=tuple(sorted(_SECURITY)))

PLAN_CASES = (
    PlanCase("SATA disk", _drive(Bus.SATA, _DISK, hidden=HiddenAreaState.NONE_FOUND), _reading(*_SATA)),
    PlanCase(
        "SATA disk with the SANITIZE feature set",
        _drive(Bus.SATA, _DISK, hidden=HiddenAreaState.NONE_FOUND),
        _reading(*_offers(ATA_SANITIZE_OVERWRITE=600), *_SATA),
    ),
    PlanCase("SATA SSD", _drive(Bus.SATA, _SSD, hidden=HiddenAreaState.NONE_FOUND), _reading(*_SATA_SSD)),
    PlanCase(
        "SATA SSD without SANITIZE",
        _drive(Bus.SATA, _SSD, hidden=HiddenAreaState.NONE_FOUND),
        _reading(*_offers(ATA_SECURITY_ERASE=2, ATA_SECURITY_ERASE_ENHANCED=2)),
    ),
    PlanCase(
        "SATA SSD without SANITIZE, frozen",
        _drive(Bus.SATA, _SSD, hidden=HiddenAreaState.NONE_FOUND),
        _reading(*_offers(ATA_SECURITY_ERASE=2, ATA_SECURITY_ERASE_ENHANCED=2), obstacles=(_FROZEN,)),
    ),
    PlanCase("NVMe with sanitize", _drive(Bus.NVME, _SSD, hidden=HiddenAreaState.NOT_APPLICABLE), _reading(*_NVME)),
    PlanCase(
        "NVMe with sanitize and a second namespace",
        _drive(Bus.NVME, _SSD, hidden=HiddenAreaState.NOT_APPLICABLE),
        _reading(*_NVME, also_hit=("/dev/nvme0n2",)),
    ),
    PlanCase(
        "NVMe without sanitize",
        _drive(Bus.NVME, _SSD, hidden=HiddenAreaState.NOT_APPLICABLE),
        _reading(*_offers(NVME_FORMAT_USER_DATA_ERASE=None, NVME_FORMAT_CRYPTO_ERASE=None)),
    ),
    PlanCase(
        "self-encrypting NVMe that only changes its key",
        _drive(Bus.NVME, _SSD, hidden=HiddenAreaState.NOT_APPLICABLE),
        _reading(*_offers(NVME_SANITIZE_CRYPTO_ERASE=1, OPAL_PSID_REVERT=None)),
    ),
    PlanCase(
        "SAS disk",
        _drive(Bus.SAS, _DISK, hidden=HiddenAreaState.NOT_APPLICABLE),
        _reading(*_offers(SCSI_SANITIZE_OVERWRITE=None, SCSI_SANITIZE_CRYPTO_ERASE=None)),
    ),
    PlanCase(
        "SAS disk with two actuators, each a disk of its own",
        _drive(Bus.SAS, _DISK, hidden=HiddenAreaState.NOT_APPLICABLE),
        _reading(*_offers(SCSI_SANITIZE_OVERWRITE=None), also_hit=("/dev/sdb",)),
    ),
    PlanCase(
        "eMMC 5.1",
        _drive(Bus.MMC, MediaType.EMBEDDED_FLASH, hidden=HiddenAreaState.NOT_APPLICABLE),
        _reading(*_offers(MMC_SANITIZE=None)),
    ),
    PlanCase(
        "eMMC 4.41",
        _drive(Bus.MMC, MediaType.EMBEDDED_FLASH, hidden=HiddenAreaState.NOT_APPLICABLE),
        _reading(*_offers(MMC_SECURE_ERASE=None)),
    ),
    PlanCase(
        "USB stick, named", _drive(Bus.USB, MediaType.REMOVABLE_FLASH, hidden=HiddenAreaState.NOT_EXAMINED), None
    ),
    PlanCase(
        "SATA SSD behind a USB bridge, named",
        _drive(Bus.USB, _SSD, hidden=HiddenAreaState.NOT_EXAMINED),
        _reading(*_SATA_SSD, obstacles=(FoundObstacle(Obstacle.BRIDGED),)),
    ),
    PlanCase("virtual disk", _drive(Bus.VIRTIO, MediaType.VIRTUAL, hidden=HiddenAreaState.NOT_APPLICABLE), None),
    PlanCase(
        "virtual disk that offers an erase of its own",
        _drive(Bus.NVME, MediaType.VIRTUAL, hidden=HiddenAreaState.NOT_APPLICABLE),
        _reading(*_NVME),
    ),
    PlanCase(
        "virtual disk of a RAID controller",
        _drive(Bus.SCSI, _DISK, ExclusionReason.VIRTUAL_RAID_DISK, hidden=HiddenAreaState.NOT_APPLICABLE),
        None,
    ),
    PlanCase(
        "any drive whose sanitize is running at start",
        _drive(Bus.NVME, _SSD, hidden=HiddenAreaState.NOT_APPLICABLE),
        _reading(*_NVME, obstacles=(FoundObstacle(Obstacle.SANITIZE_RUNNING, "43 %"),)),
    ),
)
