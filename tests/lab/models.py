"""The healthy drives of the lab, and what the real tools are asked about each: data for lab_models.py."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from tests.lab.drives.emmc import Emmc
from tests.lab.network import Remote

EMMC_SECTORS = 16_384


@dataclass(frozen=True)
class Model:
    """One drive, by its model's configuration, and the commands that a guest runs on it one after the other.

    `making` are shell commands that must succeed before; `emmc` is the device in the place of a remote one.
    """

    key: str
    commands: tuple[str, ...]
    making: tuple[str, ...] = ()
    remotes: tuple[Remote, ...] = ()
    config: dict[str, Any] = field(default_factory=dict)
    emmc: Emmc | None = None


EMMC = Model(
    "emmc",
    (
        "mmc extcsd read /dev/mmcblk0",
        "mmc status get /dev/mmcblk0",
        "mmc writeprotect boot get /dev/mmcblk0",
        "mmc erase discard 0 524287 /dev/mmcblk0",
        "mmc erase trim 0 4095 /dev/mmcblk0",
        "mmc erase legacy 0 8388607 /dev/mmcblk0",
        "mmc erase secure-erase 0 8388607 /dev/mmcblk0",
        "mmc erase secure-trim1 0 4095 /dev/mmcblk0",
        "mmc erase secure-trim2 0 4095 /dev/mmcblk0",
        "mmc erase legacy 0 8388608 /dev/mmcblk0",
        "mmc erase secure-erase 0 524287 /dev/mmcblk0boot0",
        "mmc sanitize /dev/mmcblk0 60000",
    ),
    making=("python3 -m tests.lab.emmc_tree",),
    emmc=Emmc(EMMC_SECTORS, boot_size_mult=4),
)

ATA_COMMANDS = (
    "hdparm -I /dev/sda",
    "hdparm -N /dev/sda",
    "hdparm --dco-identify /dev/sda",
    "hdparm --sanitize-status /dev/sda",
    "smartctl -a /dev/sda",
    "smartctl -a -j /dev/sda",
    "sg_inq /dev/sda",
    "sg_vpd -p ai /dev/sda",
    "sg_sat_identify /dev/sda",
    "openSeaChest_Info -d /dev/sg0 -i",
    "openSeaChest_Erase -d /dev/sg0 --showEraseSupport",
    "openSeaChest_Security -d /dev/sg0 --ataSecurityInfo",
    "sedutil-cli --query /dev/sda",
)

SAS_COMMANDS = (
    "sg_inq /dev/sda",
    "sg_vpd -a /dev/sda",
    "sg_readcap --16 /dev/sda",
    "sg_opcodes /dev/sda",
    "sg_requests -p /dev/sda",
    "sdparm --all /dev/sda",
    "smartctl -a /dev/sda",
    "openSeaChest_Info -d /dev/sg0 -i",
    "openSeaChest_Erase -d /dev/sg0 --showEraseSupport",
)

NVME_COMMANDS = (
    "nvme list",
    "nvme id-ctrl -H /dev/nvme0",
    "nvme id-ns -H /dev/nvme0n1",
    "nvme smart-log /dev/nvme0",
    "nvme sanitize-log -H /dev/nvme0",
    "nvme error-log -e 2 /dev/nvme0",
    "smartctl -a /dev/nvme0",
    "smartctl -a -j /dev/nvme0",
    "openSeaChest_Info -d /dev/nvme0n1 -i",
    "openSeaChest_Erase -d /dev/nvme0n1 --showEraseSupport",
    "sedutil-cli --query /dev/nvme0n1",
)

OPAL_COMMANDS = (
    "sedutil-cli --scan",
    "sedutil-cli --query /dev/nvme0n1",
    "sedutil-cli --printDefaultPassword /dev/nvme0n1",
    "nvme security-recv /dev/nvme0 --secp 0 --spsp 0 --size 16 --al 16",
)

SDA = Remote("iscsi", "iqn.2026-11.test.ardoise:drive", "/dev/sda", 3260)
NVME = Remote("nvme", "nqn.2026-11.test.ardoise:drive", "/dev/nvme0n1", 4420)


def scsi_config(kind: str, **more: Any) -> dict[str, Any]:
    """One drive of 64 MiB of the kind `ata` or `sas`, its files in the test's folder; `more` is what else its model reads."""
    drive = {"iqn": SDA.target, "kind": kind, "image": "LAB/image", "state": "LAB/state", "size": 64 << 20, **more}
    return {"drives": [drive]}


def nvme_config(**more: Any) -> dict[str, Any]:
    """One NVMe drive, its files in a folder of its own."""
    return {"drives": [{"subnqn": NVME.target, "folder": "LAB/nvme", **more}]}


MODELS: tuple[Model, ...] = (
    EMMC,
    Model("ata", ATA_COMMANDS, remotes=(SDA,), config=scsi_config("ata")),
    Model("sas", SAS_COMMANDS, remotes=(SDA,), config=scsi_config("sas")),
    Model("nvme", NVME_COMMANDS, remotes=(NVME,), config=nvme_config()),
    Model("opal", OPAL_COMMANDS, remotes=(NVME,), config=nvme_config(tcg={})),
)

# What differs from one run, one archive or one kernel to the next, and what stands for it.
_VOLATILE = tuple(
    (re.compile(pattern, re.MULTILINE), instead)
    for pattern, instead in (
        (r"^(Local Time is: *).*", r"\1TIME"),
        (r'("time_t": )\d+', r"\1TIME"),
        (r'("asctime": ").*(")', r"\1TIME\2"),
        (r'("(?:svn_revision|platform_info|build_info)": ").*(")', r"\1VERSION\2"),
        (r"(smartctl database|\"string\":) \"?\d\.\d/\d+\"?", r"\1 VERSION"),
        (r"^smartctl \d.*", "smartctl VERSION"),
        (r"^( openSeaChest_\w+) - .*", r"\1 - VERSION"),
        (r"^( openSeaChest_\w+ Version): .*", r"\1: VERSION"),
        (r"^( Build Date| Today): .*", r"\1: TIME"),
    )
)


def masked(text: str) -> str:
    """A transcript without what another run would say otherwise."""
    for pattern, instead in _VOLATILE:
        text = pattern.sub(instead, text)
    # No line of a tool's table ends with blanks that an editor would keep.
    return re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)
