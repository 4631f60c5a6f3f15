"""Who may read a private key's file: its mode, and where a file system keeps no modes of its own."""

import os
from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")
_WITHOUT_MODES = frozenset({"vfat", "msdos", "exfat"})
_OTHERS_MAY_READ_OR_WRITE = 0o066


def is_shared(path: Path) -> bool:
    """Whether group or others may read or write the file; False where it can't be looked at."""
    try:
        return bool(path.stat().st_mode & _OTHERS_MAY_READ_OR_WRITE)
    except OSError:
        return False


def keeps_modes(path: Path, mounts: Path = MOUNTS) -> bool:
    """Whether a file's mode is its own: on FAT it is the mount's, and chmod changes nothing (mount(8), umask)."""
    try:
        device = path.stat().st_dev
        wanted = f"{os.major(device)}:{os.minor(device)}"
        # proc_pid_mountinfo(5): major:minor is the third field, the type stands behind the lone hyphen.
        lines = [line.split() for line in mounts.read_text(encoding="utf-8", errors="replace").splitlines()]
        kinds = {fields[fields.index("-") + 1] for fields in lines if "-" in fields and fields[2] == wanted}
    except (OSError, IndexError):
        return True
    return not kinds & _WITHOUT_MODES
