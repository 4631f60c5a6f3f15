"""What udev adds where it runs: the path a drive is plugged at. Nothing depends on it."""

from pathlib import Path
from typing import Any

from agent.host.sysfs import Roots

_RUNNING = Path("/run/udev/control")


def plugged_at(roots: Roots) -> dict[str, str]:
    """udev's ID_PATH for each disk by kernel name; {} where udev does not run, libudev is absent, or the root is not /."""
    if roots.root != Path("/") or not _RUNNING.exists():
        return {}
    try:
        context = _context()
    except (ImportError, OSError):
        return {}
    disks = context.list_devices(subsystem="block", DEVTYPE="disk")
    return {disk.sys_name: path for disk in disks if (path := _text(disk.properties.get("ID_PATH")))}


def _context() -> Any:  # noqa: ANN401 - pyudev has no types
    """A udev context; raises ImportError, OSError where libudev can't be loaded."""
    from pyudev import Context  # noqa: PLC0415
    from pyudev._ctypeslib import utils  # noqa: PLC0415

    # ctypes looks for a library by running ldconfig, gcc and objdump: only host/run.py may start programs.
    utils.find_library = lambda name: f"lib{name}.so.1"
    return Context()


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
