"""A drive as found: identity, capabilities, and what excludes it from sanitization."""

from dataclasses import dataclass
from enum import StrEnum


class Bus(StrEnum):
    """How the drive is attached."""

    NVME = "NVMe"
    SATA = "SATA"
    PATA = "PATA"
    SAS = "SAS"
    SCSI = "SCSI"
    USB = "USB"
    MMC = "MMC"
    VIRTIO = "virtio"
    LOOP = "loop"
    UNKNOWN = "unknown"


class MediaType(StrEnum):
    """Type of medium, in the words of NIST SP 800-88 and IEEE 2883."""

    HARD_DISK = "magnetic hard disk drive"
    SOLID_STATE = "solid-state drive"
    EMBEDDED_FLASH = "embedded flash (eMMC, UFS)"
    REMOVABLE_FLASH = "removable flash"
    VIRTUAL = "virtual disk"
    UNKNOWN = "unknown"

    @property
    def is_flash(self) -> bool:
        """Whether more than one overwriting pass only wears the medium out (NIST SP 800-88r2 FAQ Q6)."""
        return self in {MediaType.SOLID_STATE, MediaType.EMBEDDED_FLASH, MediaType.REMOVABLE_FLASH}


class SerialSource(StrEnum):
    """Who said the serial number."""

    DEVICE = "device"
    BRIDGE = "bridge"
    NONE = "none"


class ExclusionReason(StrEnum):
    """Why a drive may not be written to."""

    BOOT_MEDIUM = "boot medium"
    MOUNTED = "mounted"
    SWAP = "swap in use"
    LVM = "held by LVM"
    RAID = "held by software RAID"
    LUKS = "held by an open encrypted volume"
    HELD = "held by another device"
    READ_ONLY = "read-only"
    ZERO_SIZE = "zero size"
    REMOVABLE = "removable"
    NETWORK = "not in this machine (network disk)"
    VIRTUAL_RAID_DISK = "virtual disk of a RAID controller"
    IDENTITY_UNREADABLE = "identity unreadable"
    DIED = "no longer answering"


@dataclass(frozen=True)
class Exclusion:
    """One reason, with the detail that lets a technician act (a mount point, a holder's name; never a label)."""

    reason: ExclusionReason
    detail: str = ""


@dataclass(frozen=True)
class Identity:
    """What tells this medium from any other; read from the device itself, raw, unsanitised text."""

    model: str
    serial: str
    firmware: str
    wwn: str
    capacity_bytes: int
    logical_sector_bytes: int
    physical_sector_bytes: int
    serial_source: SerialSource

    def same_medium(self, other: "Identity") -> bool:
        """Whether both were read from one medium: every field but the firmware must agree."""
        return (
            (self.model, self.serial, self.wwn) == (other.model, other.serial, other.wwn)
            and self.capacity_bytes == other.capacity_bytes
            and self.logical_sector_bytes == other.logical_sector_bytes
        )


class HiddenAreaState(StrEnum):
    """What is known of HPA, DCO and AMA (ACS-4 accessible max address)."""

    NOT_APPLICABLE = "not applicable"
    NONE_FOUND = "none found"
    PRESENT = "present"
    NOT_EXAMINED = "not examined"


@dataclass(frozen=True)
class HiddenAreas:
    """Sectors that the host cannot address; sizes in logical sectors, None where the drive did not say."""

    state: HiddenAreaState
    accessible_sectors: int | None = None
    native_sectors: int | None = None


@dataclass(frozen=True)
class Drive:
    """The unit a person holds, at one node of this machine."""

    node: str
    identity: Identity
    bus: Bus
    media_type: MediaType
    rotation_rpm: int | None
    removable: bool
    soldered: bool
    bay: str
    signatures: tuple[str, ...]
    hidden_areas: HiddenAreas
    exclusions: tuple[Exclusion, ...]

    @property
    def is_boot_medium(self) -> bool:
        """Whether this is the stick the system runs from: never on offer, and not counted as found."""
        return any(e.reason is ExclusionReason.BOOT_MEDIUM for e in self.exclusions)

    @property
    def on_offer(self) -> bool:
        """Whether nothing forbids writing to it."""
        return not self.exclusions


PLACEHOLDER_SERIALS = frozenset(
    {
        "", "0", "00000000", "000000000000", "123456789", "1234567890", "0123456789", "none", "n/a", "na", "unknown", "default",
        "default string", "not specified", "not available", "to be filled by o.e.m.", "system serial number", "serial number",
        "chassis serial number", "0000000000000000", "ffffffffffffffff", "eval", "123456789000", "mb-1234567890",
        "bsn12345678901234567", "invalid", "xxxxxxxx",
    }
)  # fmt: skip


def is_placeholder(text: str) -> bool:
    """Whether a serial number or tag is no more than its maker's filler (users.md 0.5: 17 of 22 recorded machines)."""
    folded = text.strip().lower()
    return folded in PLACEHOLDER_SERIALS or len(set(folded)) <= 1


def confirmable_name(drive: Drive, drives: tuple[Drive, ...]) -> str:
    """The word that confirms this drive: its serial, or its node where the serial is empty, a placeholder, a bridge's, not unique, or looks like a node."""
    serial = drive.identity.serial.strip()
    same = [d for d in drives if d.identity.serial.strip() == serial]
    # A serial that looks like a node could confirm another drive than its own.
    ambiguous = len(same) != 1 or serial.startswith("/") or serial in {d.node for d in drives}
    if is_placeholder(serial) or drive.identity.serial_source is not SerialSource.DEVICE or ambiguous:
        return drive.node
    return serial


def printable(text: str, limit: int = 64) -> str:
    """Text of a device made safe for one line: control and bidirectional characters become '?', the rest is kept."""
    clean = "".join(c if c.isprintable() else "?" for c in text.strip())
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"
