"""Which controller and which other namespaces belong to an NVMe node: from sysfs, never from the numbers in its name.

With native multipath nvme0n1 may be reached through nvme1, and its `device` is the subsystem (wipers.md 4.23).
"""

import re
from dataclasses import dataclass
from pathlib import Path

from agent.errors import MediaVanished
from agent.host.sysfs import Roots, block_folder, block_name, entry_names, node_of, read_int, read_text

_CONTROLLER = re.compile(r"nvme\d+")
# nvme0c1n1 is one path to nvme0n1, hidden by the kernel.
_NAMESPACE = re.compile(r"nvme\d+n\d+")


@dataclass(frozen=True)
class NvmePlace:
    """Where a namespace sits: its identifier, its size in bytes, a controller that leads to it, the subsystem's other namespaces by kernel name."""

    name: str
    nsid: int
    capacity_bytes: int
    controller: str
    serial: str
    others: tuple[tuple[str, int | None], ...]


def find_place(roots: Roots, node: str) -> NvmePlace:
    """Look a namespace's node up; raises MediaVanished where the kernel does not list it with a controller."""
    name = block_name(node)
    folder = block_folder(roots, name)
    nsid = read_int(folder / "nsid")
    controllers = _controllers(roots, folder)
    if nsid is None or not controllers:
        raise MediaVanished(
            f"The kernel lists no NVMe controller for {node}.", "Check the drive, list the drives again."
        )
    best = next((path for path in controllers if read_text(path / "state") == "live"), controllers[0])
    return NvmePlace(
        name=name,
        nsid=nsid,
        capacity_bytes=(read_int(folder / "size") or 0) * 512,
        controller=node_of(best.name),
        serial=read_text(best / "serial"),
        others=tuple((path.name, read_int(path / "nsid")) for path in _namespaces(roots, controllers, folder)),
    )


def _controllers(roots: Roots, folder: Path) -> list[Path]:
    """All controllers of the namespace's subsystem, the one that it hangs on first."""
    device = (folder / "device").resolve()
    found = [device] if _CONTROLLER.fullmatch(device.name) and device.exists() else []
    subsystem = _subsystem(roots, device)
    if subsystem is not None:
        found += [(subsystem / name).resolve() for name in entry_names(subsystem) if _CONTROLLER.fullmatch(name)]
    return list(dict.fromkeys(found))


def _subsystem(roots: Roots, device: Path) -> Path | None:
    if device.name.startswith("nvme-subsys"):
        return device
    listed = roots.sys / "class/nvme-subsystem"
    return next((listed / name for name in entry_names(listed) if (listed / name / device.name).exists()), None)


def _namespaces(roots: Roots, controllers: list[Path], own: Path) -> list[Path]:
    parents = [*controllers]
    subsystem = _subsystem(roots, controllers[0])
    if subsystem is not None:
        parents.append(subsystem.resolve())
    found = {
        name: (parent / name).resolve()
        for parent in parents
        for name in entry_names(parent)
        if _NAMESPACE.fullmatch(name) and name != own.name
    }
    return [found[name] for name in sorted(found, key=lambda name: (len(name), name))]
