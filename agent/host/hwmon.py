"""Limits of temperature that the kernel knows of a drive: smartctl before 7.5 does not tell those of NVMe in its JSON."""

from agent.host.sysfs import Roots, block_folder, block_name, read_int

# NVMe controllers have the sensor right below them, SCSI devices in a folder of its own.
_PLACES = ("device/hwmon*/temp1_max", "device/hwmon/hwmon*/temp1_max")


def limit_celsius(roots: Roots, node: str) -> int | None:
    """The sensor's temp1_max in whole degrees: WCTEMP of an NVMe drive (drivers/nvme/host/hwmon.c), SCT's limit by drivetemp."""
    folder = block_folder(roots, block_name(node))
    for place in _PLACES:
        for path in sorted(folder.glob(place)):
            thousandths = read_int(path)
            if thousandths is not None:
                return thousandths // 1000
    return None
