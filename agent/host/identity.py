"""Identity, bus and type of one block device, by one reading that discovery and the open descriptor share.

Both must read through here, otherwise the check before the first write would compare two spellings of one serial number.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from agent.host import scsi
from agent.host.sysfs import read_bytes, read_int, read_text
from agent.model.drive import Bus, Identity, MediaType, SerialSource

PageReader = Callable[[int], bytes]

# Disks of hypervisors: their sectors are somebody else's file.
_HYPERVISOR = re.compile(r"^(QEMU|VBOX|VMware|Virtual disk|Msft|Xen|Google|Nutanix)", re.IGNORECASE)
_STABLE_NAME = re.compile(r"^(naa|eui|nvme|uuid)\.[0-9A-Za-z-]+$")


@dataclass(frozen=True)
class Geometry:
    """Sizes as the kernel says them now."""

    capacity_bytes: int
    logical_sector_bytes: int
    physical_sector_bytes: int


@dataclass(frozen=True)
class Reading:
    """What one device says of itself; `network` names the transport of a disk that is not in this machine, `raid` its maker."""

    identity: Identity
    bus: Bus
    media_type: MediaType
    rotation_rpm: int | None
    soldered: bool
    ata: scsi.AtaIdentify | None
    network: str
    raid: str


def geometry_of(folder: Path) -> Geometry:
    """Sizes from sysfs, where `size` counts 512-byte units whatever the sector size is."""
    logical = read_int(folder / "queue/logical_block_size") or 512
    return Geometry(
        capacity_bytes=(read_int(folder / "size") or 0) * 512,
        logical_sector_bytes=logical,
        physical_sector_bytes=read_int(folder / "queue/physical_block_size") or logical,
    )


def sysfs_pages(folder: Path) -> PageReader:
    """Vital product data as the kernel read it when it found the disk (device/vpd_pg80, ...)."""
    return lambda page: read_bytes(folder / f"device/vpd_pg{page:x}")


def first_answer(*readers: PageReader) -> PageReader:
    """The first reader that has a page decides."""

    def read(page: int) -> bytes:
        return next((data for data in (reader(page) for reader in readers) if data), b"")

    return read


def read_device(folder: Path, geometry: Geometry, pages: PageReader) -> Reading:
    """Read one device; a serial that nobody says is '' with SerialSource.NONE, never invented."""
    name = folder.name
    if name.startswith("loop"):
        return _loop(folder, geometry)
    if name.startswith("nvme"):
        return _nvme(folder, geometry)
    if name.startswith("mmcblk"):
        return _mmc(folder, geometry)
    if (folder / "device/vendor").exists() and (folder / "device/model").exists():
        return _scsi(folder, geometry, pages)
    return _other(folder, geometry)


def _identity(
    geometry: Geometry, model: str, serial: str, firmware: str = "", *, wwn: str = "", bridge: bool = False
) -> Identity:
    source = SerialSource.BRIDGE if bridge else SerialSource.DEVICE
    return Identity(
        model=model,
        serial=serial,
        firmware=firmware,
        wwn=wwn,
        capacity_bytes=geometry.capacity_bytes,
        logical_sector_bytes=geometry.logical_sector_bytes,
        physical_sector_bytes=geometry.physical_sector_bytes,
        serial_source=source if serial else SerialSource.NONE,
    )


def _loop(folder: Path, geometry: Geometry) -> Reading:
    # A loop device has no serial: the backing file's device and inode tell one attachment from the next.
    wwn = ""
    if backing := read_text(folder / "loop/backing_file"):
        with suppress(OSError):
            status = Path(backing).stat()
            wwn = f"file.{status.st_dev}-{status.st_ino}"
    identity = _identity(geometry, "loop device", "", wwn=wwn)
    return Reading(identity, Bus.LOOP, MediaType.VIRTUAL, None, soldered=False, ata=None, network="", raid="")


def _nvme(folder: Path, geometry: Geometry) -> Reading:
    controller = folder / "device"
    model = read_text(controller / "model")
    identity = _identity(
        geometry,
        model,
        read_text(controller / "serial"),
        read_text(controller / "firmware_rev"),
        wwn=_stable_name(read_text(folder / "wwid")),
    )
    # With native multipath `device` is the subsystem: the transport is its controllers'.
    paths = [controller, *sorted(controller.glob("nvme[0-9]*"))]
    transport = next((text for text in (read_text(path / "transport") for path in paths) if text), "")
    network = "" if transport in {"", "pcie", "apple-nvme"} else f"NVMe over {transport}"
    kind = MediaType.VIRTUAL if _HYPERVISOR.match(model) else MediaType.SOLID_STATE
    raid = _raid_card(model)
    return Reading(identity, Bus.NVME, kind, None, soldered=False, ata=None, network=network, raid=raid)


def _mmc(folder: Path, geometry: Geometry) -> Reading:
    device = folder / "device"
    soldered = read_text(device / "type") != "SD"
    identity = _identity(
        geometry,
        read_text(device / "name"),
        read_text(device / "serial"),
        read_text(device / "fwrev"),
        wwn=read_text(device / "cid"),
    )
    kind = MediaType.EMBEDDED_FLASH if soldered else MediaType.REMOVABLE_FLASH
    return Reading(identity, Bus.MMC, kind, None, soldered=soldered, ata=None, network="", raid="")


def _scsi(folder: Path, geometry: Geometry, pages: PageReader) -> Reading:
    ata = scsi.ata_identify(pages(scsi.VPD_ATA))
    vendor, product = read_text(folder / "device/vendor"), read_text(folder / "device/model")
    bus = _scsi_bus(folder, vendor, ata)
    # libata cuts the model to the 16 characters of INQUIRY; page 89h has all 40.
    model = ata.model if ata else product if vendor in {"ATA", ""} else f"{vendor} {product}".strip()
    # A bridge that hands over the drive's own IDENTIFY data speaks for the drive; its INQUIRY serial is its own.
    serial = ata.serial if ata and ata.serial else scsi.unit_serial(pages(scsi.VPD_SERIAL))
    identity = _identity(
        geometry,
        model,
        serial,
        ata.firmware if ata else read_text(folder / "device/rev"),
        wwn=ata.wwn if ata and ata.wwn else _stable_name(read_text(folder / "device/wwid")),
        bridge=bus is Bus.USB and not (ata and ata.serial),
    )
    rotation = ata.rotation_rpm if ata else scsi.rotation_rate(pages(scsi.VPD_CHARACTERISTICS))
    return Reading(
        identity,
        bus,
        _scsi_media_type(folder, bus, model, rotation),
        rotation or None,
        soldered="ufshc" in str(folder),
        ata=ata,
        network=_network(folder),
        raid=_raid_maker(vendor, product) or _raid_card(model),
    )


def _scsi_bus(folder: Path, vendor: str, ata: scsi.AtaIdentify | None) -> Bus:
    path = str(folder)
    if "/usb" in path:
        return Bus.USB
    if ata is not None or vendor == "ATA":
        return Bus.PATA if ata is not None and ata.parallel else Bus.SATA
    return Bus.SAS if "/end_device-" in path else Bus.SCSI


def _scsi_media_type(folder: Path, bus: Bus, model: str, rotation: int | None) -> MediaType:
    if _HYPERVISOR.match(model):
        return MediaType.VIRTUAL
    if "ufshc" in str(folder):
        return MediaType.EMBEDDED_FLASH
    if rotation is not None:
        return MediaType.HARD_DISK if rotation else MediaType.SOLID_STATE
    if bus is Bus.USB:
        # USB sticks report themselves as rotating: without the drive's own word the kernel's guess says nothing.
        return MediaType.REMOVABLE_FLASH if read_int(folder / "removable") else MediaType.UNKNOWN
    spinning = read_int(folder / "queue/rotational")
    return MediaType.UNKNOWN if spinning is None else MediaType.HARD_DISK if spinning else MediaType.SOLID_STATE


def _network(folder: Path) -> str:
    path = str(folder)
    if re.search(r"/session\d+/", path):
        return "iSCSI"
    return "Fibre Channel" if "/rport-" in path else ""


# As INQUIRY spells them: the vendor in eight characters, the product in sixteen.
_RAID_DISKS = (
    ("DELL", r"PERC|Virtual Disk|VIRTUAL DISK"),
    (
        "LSI|LSILOGIC|AVAGO|BROADCOM|INTEL|LENOVO|FTS|FUJITSU|CISCO|SMC|SUN",
        r"MR|MegaRAID|RAID|RMS|RS[0-9M]|SMC|LOGICAL|Logical|PRAID|UCS|STK RAID",
    ),
    ("HP|HPE|COMPAQ|MSCC|MICROCHP", r"LOGICAL VOLUME"),
    ("ADAPTEC|ASR|IBM|SERVERA", r".*"),
    ("ARECA|AMCC|3WARE|PROMISE|HPT", r".*"),
)
# Cards that join two drives and answer as one SATA or NVMe drive: Dell BOSS-S1 ("DELLBOSS VD" in the kernel's own list of quirks,
# drivers/ata/libata-core.c) and BOSS-N1, Marvell 88SE9230 and its like, HPE NS204i.
_RAID_CARDS = re.compile(r"^(DELLBOSS|Dell BOSS|MARVELL Raid|HPE NS204)", re.IGNORECASE)


def _raid_card(model: str) -> str:
    """The model of a drive that a small RAID card made up; '' for any other."""
    return model if _RAID_CARDS.match(model) else ""


def _raid_maker(vendor: str, product: str) -> str:
    """The RAID controller's maker where a disk is one that a controller made up; '' for a drive that one can hold."""
    if re.match(r"^(MegaRAID|ServeRAID)", product):
        return vendor or product
    if vendor == "IBM" and not product.startswith("ServeRAID"):
        return ""
    for makers, products in _RAID_DISKS:
        if re.fullmatch(makers, vendor, re.IGNORECASE) and re.match(products, product):
            return vendor
    return ""


def _other(folder: Path, geometry: Geometry) -> Reading:
    name = folder.name
    bus = Bus.VIRTIO if "/virtio" in str(folder) or name.startswith("vd") else Bus.UNKNOWN
    model = "virtio disk" if bus is Bus.VIRTIO else read_text(folder / "device/model")
    kind = MediaType.VIRTUAL if bus is Bus.VIRTIO or name.startswith("xvd") else MediaType.UNKNOWN
    network = "network block device" if re.match(r"^(nbd|rbd|drbd)", name) else ""
    identity = _identity(
        geometry, model or ("Xen disk" if name.startswith("xvd") else ""), read_text(folder / "serial")
    )
    return Reading(identity, bus, kind, None, soldered=False, ata=None, network=network, raid="")


def _stable_name(text: str) -> str:
    # t10.* names repeat model and serial in spellings that differ between kernels.
    return text if _STABLE_NAME.match(text) else ""
