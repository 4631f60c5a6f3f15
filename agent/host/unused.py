"""A last look at who uses a disk, just before a tool that does not ask the kernel for an exclusive claim."""

from collections.abc import Iterable

from agent.errors import MediaBusy
from agent.host.holders import exclusions_by_use, read_usage
from agent.host.sysfs import Roots, block_folder, node_of


def refuse_if_used(roots: Roots, names: Iterable[str]) -> None:
    """Raise MediaBusy where one of these disks (kernel names) is mounted, held, swapped to, or the boot medium."""
    usage = read_usage(roots)
    for name in names:
        uses = exclusions_by_use(roots, block_folder(roots, name), usage, live=True)
        if uses:
            # Without details, which may be a donor's: these words get into records.
            words = ", ".join(use.reason.value for use in uses)
            raise MediaBusy(f"{node_of(name)} is in use: {words}.", "Unmount it or stop what uses it.")
