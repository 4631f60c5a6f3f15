"""Loop devices on sparse files below the test's folder; detached at the end whatever happens. No other device is touched."""

import os
import struct
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.conftest import Allow

ROOT_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
PROGRAMS = (
    "losetup",
    "addpart",
    "mkfs.ext4",
    "mkswap",
    "mount",
    "umount",
    "swapon",
    "swapoff",
    "blkid",
    "smartctl",
    "hdparm",
    "nvme",
    "udevadm",
)

Attach = Callable[..., str]


def tool(*argv: str) -> str:
    """Run a system tool; raises CalledProcessError."""
    done = subprocess.run(
        argv, check=True, capture_output=True, text=True, env={"PATH": ROOT_PATH, "LC_ALL": "C.UTF-8"}
    )
    return done.stdout.strip()


@pytest.fixture(autouse=True)
def _root_only(allow_programs: Allow) -> None:
    if os.geteuid() != 0:
        pytest.fail("these tests need root: `make test-root`")
    allow_programs(*PROGRAMS)


@pytest.fixture
def cleanup() -> Iterator[ExitStack]:
    """What must be undone, in reverse order, before the loop devices go."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def attach(tmp_path: Path, cleanup: ExitStack) -> Attach:
    """Attach a sparse file of so many bytes; further options go to losetup."""
    count = 0

    def make(size: int = 32 << 20, *options: str, content: bytes = b"") -> str:
        nonlocal count
        count += 1
        image = tmp_path / f"disk{count}.img"
        with image.open("wb") as file:
            file.write(content)
            file.truncate(size)
        node = tool("losetup", "--find", "--show", *options, str(image))
        assert node.startswith("/dev/loop"), node
        cleanup.callback(tool, "losetup", "--detach", node)
        return node

    return make


def one_partition(sectors: int) -> bytes:
    """A master boot record with one Linux partition from sector 2048 on."""
    entry = struct.pack("<B3sB3sII", 0, b"\0\0\0", 0x83, b"\0\0\0", 2048, sectors - 2048)
    return bytes(446) + entry + bytes(48) + b"\x55\xaa"
