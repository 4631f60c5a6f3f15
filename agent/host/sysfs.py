"""Reading small kernel files below a root that tests can replace; a file that is absent or unreadable is empty text."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Roots:
    """The file trees that the host layer reads; `root` is / on a real machine."""

    root: Path = Path("/")

    @property
    def sys(self) -> Path:
        """The kernel's device tree."""
        return self.root / "sys"

    @property
    def proc(self) -> Path:
        """The kernel's process and mount tables."""
        return self.root / "proc"

    @property
    def dev(self) -> Path:
        """Device nodes."""
        return self.root / "dev"


def read_text(path: Path) -> str:
    """Content without surrounding white space and NULs; invalid UTF-8 is replaced, an unreadable file is ''."""
    return read_bytes(path).decode("utf-8", "replace").strip().strip("\0").strip()


def read_bytes(path: Path) -> bytes:
    """Content, b'' where there is none: sysfs attributes answer ENXIO, EIO or EINVAL for what a device lacks."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


def read_int(path: Path) -> int | None:
    """A decimal or 0x-prefixed number, None where the file is absent or says something else."""
    text = read_text(path)
    try:
        return int(text, 0)
    except ValueError:
        return int(text) if text.isdecimal() else None


def block_name(node: str) -> str:
    """The kernel's name of a node: /dev/cciss/c0d0 is cciss!c0d0 in sysfs."""
    return node.removeprefix("/dev/").replace("/", "!")


def node_of(name: str) -> str:
    """The node of a kernel name."""
    return "/dev/" + name.replace("!", "/")


def block_folder(roots: Roots, name: str) -> Path:
    """The sysfs folder of a block device or partition, symbolic links resolved (the path tells the bus)."""
    return (roots.sys / "class/block" / name).resolve()


def folder_of_number(roots: Roots, major: int, minor: int) -> Path | None:
    """The sysfs folder of a device number, None when the kernel no longer knows it."""
    link = roots.sys / "dev/block" / f"{major}:{minor}"
    return link.resolve() if link.exists() else None


def partitions(folder: Path) -> tuple[Path, ...]:
    """The sysfs folders of a disk's partitions, in the kernel's order of names."""
    found = [entry for entry in _entries(folder) if (entry / "partition").exists()]
    return tuple(sorted(found, key=lambda entry: (len(entry.name), entry.name)))


def entry_names(folder: Path) -> tuple[str, ...]:
    """Names in a folder, sorted; none where it is absent."""
    return tuple(sorted(entry.name for entry in _entries(folder)))


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []
