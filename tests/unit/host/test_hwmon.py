"""The kernel's sensor of a drive, where NVMe and SCSI have it."""

from pathlib import Path

import pytest

from agent.host.hwmon import limit_celsius
from tests.unit.host.trees import ATA_PATH, NVME_PATH, Tree


@pytest.mark.parametrize(
    ("name", "where", "sensor"),
    [
        ("nvme0n1", NVME_PATH, "device/hwmon3/temp1_max"),
        ("nvme0n1", NVME_PATH, "device/hwmon/hwmon3/temp1_max"),
        ("sda", ATA_PATH, "device/hwmon/hwmon1/temp1_max"),
    ],
)
def test_the_limit_in_thousandths(tmp_path: Path, name: str, where: str, sensor: str) -> None:
    tree = Tree(tmp_path)
    tree.disk(name, where, attributes={sensor: "83850\n"})
    assert limit_celsius(tree.roots, f"/dev/{name}") == 83


@pytest.mark.parametrize("text", ["", "garbage\n"])
def test_without_one(tmp_path: Path, text: str) -> None:
    tree = Tree(tmp_path)
    tree.disk("sda", ATA_PATH, attributes={"device/hwmon/hwmon1/temp1_max": text})
    assert limit_celsius(tree.roots, "/dev/sda") is None
    assert limit_celsius(tree.roots, "/dev/sdz") is None
