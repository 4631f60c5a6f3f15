"""Block devices to measure on: loop devices over files that are made here and go with the bench. No other device is touched."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MIB = 1 << 20
_BLKIO = Path("/sys/fs/cgroup/blkio")


@dataclass(frozen=True)
class Target:
    """A loop device and what lies below it."""

    node: str
    kind: str
    size: int

    @property
    def stat(self) -> Path:
        """The kernel's counters of this device."""
        return Path("/sys/block") / Path(self.node).name / "stat"

    @property
    def number(self) -> str:
        """Major and minor number."""
        return (Path("/sys/block") / Path(self.node).name / "dev").read_text().strip()


@contextlib.contextmanager
def in_memory(size: int, count: int = 1) -> Iterator[tuple[Target, ...]]:
    """Loop devices over a tmpfs with huge pages: as fast as memory, and their copying takes part of a core."""
    with tempfile.TemporaryDirectory(prefix="ardoise-bench.") as folder:
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"huge=always,size={size * count + 64 * MIB}", "tmpfs", folder],
            check=True,
        )
        try:
            with _attached(Path(folder), size, count, "memory", ()) as targets:
                yield targets
        finally:
            subprocess.run(["umount", folder], check=True)


@contextlib.contextmanager
def on_disk(size: int, folder: Path) -> Iterator[tuple[Target, ...]]:
    """A loop device with direct I/O over a file on this machine's disk: asynchronous, as drives are."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with _attached(folder, size, 1, "disk", ("--direct-io=on",)) as targets:
            yield targets
    finally:
        shutil.rmtree(folder)


@contextlib.contextmanager
def _attached(
    folder: Path, size: int, count: int, kind: str, options: tuple[str, ...]
) -> Iterator[tuple[Target, ...]]:
    with contextlib.ExitStack() as stack:
        targets = []
        for number in range(count):
            image = folder / f"image{number}"
            subprocess.run(["fallocate", "-l", str(size), str(image)], check=True)
            node = _output("losetup", "--find", "--show", *options, str(image))
            stack.callback(subprocess.run, ["losetup", "--detach", node], check=True)
            targets.append(Target(node, kind, size))
        yield tuple(targets)


@contextlib.contextmanager
def slowed(targets: tuple[Target, ...], bytes_per_second: int) -> Iterator[bool]:
    """Make the devices this slow for this process and its children; whether the kernel can."""
    group = _BLKIO / f"ardoise-bench-{os.getpid()}"
    try:
        group.mkdir()
    except OSError:
        yield False
        return
    if not (group / "blkio.throttle.write_bps_device").exists():
        # A folder of that name is no controller.
        group.rmdir()
        yield False
        return
    try:
        for name in ("read", "write"):
            for target in targets:
                (group / f"blkio.throttle.{name}_bps_device").write_text(f"{target.number} {bytes_per_second}")
        (group / "cgroup.procs").write_text(str(os.getpid()))
        yield True
    finally:
        (_BLKIO / "cgroup.procs").write_text(str(os.getpid()))
        group.rmdir()


def _output(*argv: str) -> str:
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()
