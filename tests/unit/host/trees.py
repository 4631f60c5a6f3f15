"""Fake /sys, /proc and /dev trees with the kernel's layout: real folders below devices/, symbolic links elsewhere."""

from pathlib import Path

from agent.host.sysfs import Roots

ATA_PATH = "pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0"
NVME_PATH = "pci0000:00/0000:01:00.0/nvme/nvme0"
USB_PATH = "pci0000:00/0000:00:14.0/usb1/1-2/1-2:1.0/host6/target6:0:0/6:0:0:0"
SAS_PATH = "pci0000:00/0000:02:00.0/host1/port-1:0/end_device-1:0/target1:0:0/1:0:0:0"


def put(path: Path, content: str | bytes) -> None:
    """Write one attribute."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


class Tree:
    """A machine made of files; methods return the disk's sysfs folder."""

    def __init__(self, root: Path) -> None:
        self.roots = Roots(root)
        for folder in ("sys/block", "sys/class/block", "sys/dev/block", "proc/self", "dev"):
            (root / folder).mkdir(parents=True)
        self.mounts: list[str] = []
        self._minor = 0

    def disk(
        self, name: str, where: str, *, sectors: int = 2048, attributes: dict[str, str | bytes] | None = None
    ) -> Path:
        """A whole disk; `attributes` are relative to its folder (device/... belongs to its parent)."""
        folder = self.roots.sys / "devices" / where / ("" if where.endswith("nvme0") else "block") / name
        parent = self.roots.sys / "devices" / where
        self._add(folder, name)
        (self.roots.sys / "block" / name).symlink_to(folder)
        if not (folder / "device").exists():
            parent.mkdir(parents=True, exist_ok=True)
            (folder / "device").symlink_to(parent)
        base = {"size": f"{sectors}\n", "ro": "0\n", "removable": "0\n", "queue/logical_block_size": "512\n"}
        for key, value in {**base, "queue/rotational": "1\n", **(attributes or {})}.items():
            put(folder / key, value)
        return folder

    def partition(self, disk: Path, name: str) -> Path:
        """A partition of a disk."""
        folder = disk / name
        self._add(folder, name)
        put(folder / "partition", "1\n")
        return folder

    def stacked(self, name: str, below: Path, *, uuid: str = "", label: str = "") -> Path:
        """A device-mapper or md device on top of another."""
        folder = self.roots.sys / "devices/virtual/block" / name
        if not folder.exists():
            self._add(folder, name)
            (self.roots.sys / "block" / name).symlink_to(folder)
        if uuid:
            put(folder / "dm/uuid", uuid + "\n")
            put(folder / "dm/name", label + "\n")
        (below / "holders").mkdir(exist_ok=True)
        (below / "holders" / name).symlink_to(folder)
        return folder

    def mount(self, device: Path | str, point: str, *, source: str = "/dev/x", kind: str = "ext4") -> None:
        """One more line of mountinfo."""
        number = device if isinstance(device, str) else (device / "dev").read_text().strip()
        self.mounts.append(
            f"{36 + len(self.mounts)} 35 {number} / {point} rw,relatime shared:1 - {kind} {source} rw"
        )
        put(self.roots.proc / "self/mountinfo", "\n".join(self.mounts) + "\n")

    def swap(self, node: str) -> None:
        """A swap area in use."""
        table = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
        put(self.roots.proc / "swaps", f"{table}{node}  partition\t1000\t0\t-2\n")

    def _add(self, folder: Path, name: str) -> None:
        self._minor += 1
        put(folder / "dev", f"8:{self._minor}\n")
        (self.roots.sys / "class/block" / name).symlink_to(folder)
        (self.roots.sys / "dev/block" / f"8:{self._minor}").symlink_to(folder)
        put(self.roots.dev / name, "")


def identify_page(
    model: str = "WDC WD5000AAKS-00UU3A0",
    serial: str = "WD-WCAYU0000001",
    firmware: str = "01.03B01",
    rotation: int = 7200,
    words: dict[int, int] | None = None,
) -> bytes:
    """VPD page 89h (SAT-4 12.4.2) around IDENTIFY DEVICE data (ACS-4 7.13) with a right checksum."""
    data = bytearray(512)
    for first, last, text in ((10, 19, serial), (23, 26, firmware), (27, 46, model)):
        raw = text.ljust((last - first + 1) * 2).encode()
        data[first * 2 : last * 2 + 2] = bytes(raw[i ^ 1] for i in range(len(raw)))
    fields = {
        217: rotation,
        76: 0x0006,
        87: 0x4100,
        108: 0x5001,
        109: 0x4EE2,
        110: 0xA000,
        111: 0x0001,
        **(words or {}),
    }
    for word, value in fields.items():
        data[word * 2 : word * 2 + 2] = value.to_bytes(2, "little")
    data[510] = 0xA5
    data[511] = -sum(data[:511]) % 256
    return bytes([0x00, 0x89, 0x02, 0x38]) + bytes(56) + bytes(data)


def sata(tree: Tree, name: str = "sda", where: str = ATA_PATH, **more: str | bytes) -> Path:
    """A SATA disk with IDENTIFY data in sysfs."""
    attributes: dict[str, str | bytes] = {
        "device/vendor": "ATA     \n",
        "device/model": "WDC WD5000AAKS-0\n",
        "device/rev": "3B01\n",
        "device/state": "running\n",
        "device/vpd_pg89": identify_page(),
        **{key.replace("__", "/"): value for key, value in more.items()},
    }
    return tree.disk(name, where, attributes=attributes)
