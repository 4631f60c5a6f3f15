"""Kinds of content from blkid, on real blkid where a file system is an ordinary file."""

import subprocess
from pathlib import Path

from agent.host.signatures import parse_kinds, read_signatures
from tests.conftest import Allow


def test_labels_and_uuids_are_never_kept() -> None:
    output = b"DEVNAME=/dev/sda1\nLABEL=MARIE-DUPONT\nUUID=8b1c-1\nTYPE=ntfs\nPTTYPE=gpt\nPARTLABEL=Basic\nTYPE=<b>x</b>\n"
    assert parse_kinds(output) == {"ntfs", "gpt"}


def test_a_file_system_is_recognised(tmp_path: Path, allow_programs: Allow) -> None:
    allow_programs("blkid", "mkfs.ext4")
    image = tmp_path / "image"
    image.write_bytes(bytes(4 << 20))
    subprocess.run(["/usr/sbin/mkfs.ext4", "-q", "-L", "DUPONT", image], check=True)
    blank = tmp_path / "blank"
    blank.write_bytes(bytes(1 << 20))
    assert read_signatures((str(image), str(blank), str(tmp_path / "gone"))) == ("ext4",)
