"""What udev adds where it runs: the path a drive is plugged at. Nothing depends on it."""

from pathlib import Path

from agent.host.sysfs import Roots


def plugged_at(roots: Roots) -> dict[str, str]:
    """udev's ID_PATH for each disk by kernel name; {} without libudev or a running udev, and below any other root than /."""
    if roots.root != Path("/"):
        return {}
    try:
        # pyudev loads libudev by ctypes, which a minimal system lacks.
        import pyudev  # noqa: PLC0415

        context = pyudev.Context()
    except ImportError:
        return {}
    disks = context.list_devices(subsystem="block", DEVTYPE="disk")
    return {disk.sys_name: path for disk in disks if (path := _text(disk.properties.get("ID_PATH")))}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
