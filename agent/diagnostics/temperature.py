"""A drive's temperature and its limit, from what was read; pure.

Limits that drives name, in smartctl's fields: temperature.op_limit_max is the highest temperature recommended for continuous
operation (ATA8-ACS SCT, from smartctl 7.5 on also WCTEMP of NVMe), nvme_composite_temperature_threshold.warning is WCTEMP, from
which on NVMe asks for less work (NVM Express Base 2.0, figure 275), temperature.drive_trip is SCSI's reference temperature, up to
which a drive works continuously without harm (SPC-4, Temperature log page).
"""

from agent.diagnostics.document import number_at
from agent.model.drive import MediaType
from agent.model.health import Heat, TemperatureReading

DISK_LIMIT_CELSIUS = 60
"""For a drive that names none: what most makers state for hard disks, and the limit of Pacemaker's HealthSMART."""
FLASH_LIMIT_CELSIUS = 70
"""The same for flash: 343 K is what NVM Express recommends for WCTEMP (Base 2.0, figure 275, 0157h)."""
_LIMITS = (
    ("temperature", "op_limit_max"),
    ("nvme_composite_temperature_threshold", "warning"),
    ("temperature", "drive_trip"),
)


def heat_of(reading: TemperatureReading, media_type: MediaType) -> Heat | None:
    """The temperature with its limit; None where the drive tells no temperature that can be one."""
    celsius = celsius_of(reading.document)
    if celsius is None:
        return None
    told = [number_at(reading.document, *path) for path in _LIMITS]
    limit = next((n for n in (*told, reading.kernel_limit_celsius) if n is not None and _may_be_limit(n)), None)
    default = FLASH_LIMIT_CELSIUS if media_type.is_flash else DISK_LIMIT_CELSIUS
    return Heat(celsius, default if limit is None else limit)


def celsius_of(document: object) -> int | None:
    """The temperature; 0 stands for a sensor that is not there."""
    celsius = number_at(document, "temperature", "current")
    return celsius if celsius is not None and -40 <= celsius <= 150 and celsius != 0 else None


def _may_be_limit(celsius: int) -> bool:
    # 0, 127 and 255 stand for "none"; with 40 a drive in a warm room would never be done.
    return 45 <= celsius <= 110
