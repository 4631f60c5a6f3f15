"""eMMC: the EXT_CSD bytes of JESD84-B51 7.4, and mmc-utils that say more than they did."""

from pathlib import Path

import pytest

from agent.errors import IdentityChanged, MediaBusy, MediaVanished, Refused, ToolFailed
from agent.host.mmc_ext_csd import decode_ext_csd
from agent.host.mmc_firmware import mmc_command, read_mmc
from agent.model.firmware import CommandState, FirmwareReading, Obstacle
from agent.model.sanitization import Technique
from tests.conftest import Allow
from tests.unit.host.nvme_answers import laid_out
from tests.unit.host.programs import install
from tests.unit.host.trees import Tree, put

NODE = "/dev/mmcblk0"
CARD = "pci0000:00/0000:00:1c.0/mmc_host/mmc0/mmc0:0001"
SECTORS = 0x03A3E000
# What mmc-utils of Debian 12 and 13 print where the kernel says no (seen with /dev/null).
ERASE_FAILED = "echo 'ioctl: Inappropriate ioctl for device' >&2; echo 'Could not read EXT_CSD' >&2; printf ' %s Failed!\\n\\n'; exit 255"
SANITIZE_FAILED = "echo 'ioctl: {}' >&2; echo 'Could not write 0x01 to EXT_CSD[165] in /dev/mmcblk0' >&2; exit 1"
TRIMMED = "printf 'Executing Trim from 0x00000000 to 0x03a3dfff\\n Trim Succeed!\\n\\n'"


def ext_csd(fields: dict[int, bytes] | None = None) -> bytes:
    """An eMMC 5.1 with secure erase, trim and sanitize (SEC_FEATURE_SUPPORT 55h)."""
    return laid_out(
        512,
        {
            16: b"\x3b",  # SECURE_REMOVAL_TYPE
            168: b"\x20",  # RPMB_SIZE_MULT: 4 MiB
            181: b"\x00",  # ERASED_MEM_CONT
            192: b"\x08",  # EXT_CSD_REV: 5.1
            212: SECTORS.to_bytes(4, "little"),  # SEC_COUNT
            221: b"\x10",  # HC_WP_GRP_SIZE
            224: b"\x01",  # HC_ERASE_GRP_SIZE
            226: b"\x20",  # BOOT_SIZE_MULT: 4 MiB
            231: b"\x55",  # SEC_FEATURE_SUPPORT
            **(fields or {}),
        },
    )


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    tree = Tree(tmp_path / "root")
    attributes: dict[str, str | bytes] = {"device/type": "MMC\n", "device/cid": "15010038474e4433\n"}
    tree.disk("mmcblk0", CARD, sectors=SECTORS, attributes=attributes)
    show(tree, ext_csd())
    return tree


def show(tree: Tree, data: bytes) -> None:
    """debugfs shows the bytes as 1024 hexadecimal digits and a new line (mmc_blk of the kernel)."""
    put(tree.roots.sys / "kernel/debug/mmc0/mmc0:0001/ext_csd", data.hex() + "\n")


class FakeMmc:
    """mmc-utils whose two subcommands are scripts."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        script = f'case "$1" in erase) . {folder}/erase ;; sanitize) . {folder}/sanitize ;; *) exit 1 ;; esac'
        self._log = install(folder / "bin", monkeypatch, "mmc", script)
        self.says("erase", TRIMMED)
        self.says("sanitize", "true")

    def says(self, name: str, script: str) -> None:
        """What a subcommand does."""
        (self.folder / name).write_text(script + "\n")

    @property
    def asked(self) -> list[str]:
        """The argument lists, oldest first."""
        return self._log.read_text().splitlines() if self._log.exists() else []


@pytest.fixture
def mmc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, allow_programs: Allow) -> FakeMmc:
    allow_programs("mmc")
    return FakeMmc(tmp_path, monkeypatch)


def techniques(reading: FirmwareReading) -> list[Technique]:
    return [offer.technique for offer in reading.offers]


# reading -----------------------------------------------------------------------------------------------------


def test_what_a_5_1_device_offers(tree: Tree) -> None:
    reading = read_mmc(NODE, tree.roots)
    (offer,) = reading.offers
    assert (offer.technique, offer.erased_hex, offer.minutes) == (Technique.MMC_SANITIZE, ("00", "ff"), None)
    assert offer.remarks == (
        "blocks behind those that can be read: that they were erased is the drive's word alone",
        "does not reach the two boot areas of 4194304 bytes each",
        "does not reach the replay protected memory block of 4194304 bytes",
    )
    assert (reading.obstacles, reading.also_hit, reading.status.state) == ((), (), CommandState.UNKNOWN)
    assert "SEC_FEATURE_SUPPORT 0x55" in reading.raw


@pytest.mark.parametrize(
    ("revision", "features", "expected"),
    [
        # 4.3: no secure erase yet, whatever stands there
        (3, 0x55, []),
        # 4.41: bit 6 is not yet defined
        (5, 0x55, [Technique.MMC_SECURE_ERASE]),
        (5, 0x15, [Technique.MMC_SECURE_ERASE]),
        (5, 0x10, []),
        # 4.5, 4.51
        (6, 0x55, [Technique.MMC_SANITIZE, Technique.MMC_SECURE_ERASE]),
        (6, 0x01, [Technique.MMC_SECURE_ERASE]),
        # 5.0, 5.1
        (7, 0x01, []),
        (8, 0x40, [Technique.MMC_SANITIZE]),
        (8, 0x15, []),
    ],
)
def test_offers_by_revision(tree: Tree, revision: int, features: int, expected: list[Technique]) -> None:
    show(tree, ext_csd({192: bytes([revision]), 231: bytes([features])}))
    assert techniques(read_mmc(NODE, tree.roots)) == expected


def test_erased_memory_of_ones_comes_first(tree: Tree) -> None:
    show(tree, ext_csd({181: b"\x01"}))
    assert read_mmc(NODE, tree.roots).offers[0].erased_hex == ("ff", "00")


def test_general_purpose_partitions(tree: Tree) -> None:
    # GP_SIZE_MULT_1 [145:143] and _4 [154:152] times 16 * 1 * 512 KiB
    show(tree, ext_csd({143: b"\x02\x00\x00", 152: b"\x00\x01\x00"}))
    assert decode_ext_csd(ext_csd({143: b"\x02\x00\x00", 152: b"\x00\x01\x00"})).general_purpose_bytes == (
        16 * 1024 * 1024,
        0,
        0,
        2 * 1024 * 1024 * 1024,
    )
    assert "partitions (16777216 bytes, 2147483648 bytes)" in "; ".join(
        read_mmc(NODE, tree.roots).offers[0].remarks
    )


@pytest.mark.parametrize(
    "text",
    ["", "00" * 512, ext_csd().hex()[:-2], ext_csd().hex() + "00", "Extended CSD rev 1.8 (MMC 5.1)"],
    ids=["nothing", "zeros", "short", "long", "text"],
)
def test_a_register_that_is_not_there(tree: Tree, text: str) -> None:
    put(tree.roots.sys / "kernel/debug/mmc0/mmc0:0001/ext_csd", text)
    reading = read_mmc(NODE, tree.roots)
    assert (reading.offers, [found.obstacle for found in reading.obstacles]) == ((), [Obstacle.UNREADABLE])
    with pytest.raises(MediaVanished):
        mmc_command(NODE, Technique.MMC_SANITIZE, tree.roots)


def test_a_register_of_another_size_than_the_kernels(tree: Tree) -> None:
    show(tree, ext_csd({212: (SECTORS * 2).to_bytes(4, "little")}))
    (found,) = read_mmc(NODE, tree.roots).obstacles
    assert (found.obstacle, found.forbids) == (
        Obstacle.UNREADABLE,
        (Technique.MMC_SANITIZE, Technique.MMC_SECURE_ERASE),
    )
    with pytest.raises(MediaVanished):
        mmc_command(NODE, Technique.MMC_SANITIZE, tree.roots)


def test_an_sd_card_offers_nothing(tree: Tree, mmc: FakeMmc) -> None:
    put(tree.roots.sys / "devices" / CARD / "type", "SD\n")
    reading = read_mmc(NODE, tree.roots)
    assert (reading.offers, reading.obstacles) == ((), ())
    with pytest.raises(MediaVanished):
        mmc_command(NODE, Technique.MMC_SANITIZE, tree.roots)
    assert mmc.asked == []


def test_what_the_device_does_not_offer(tree: Tree) -> None:
    with pytest.raises(Refused):
        mmc_command(NODE, Technique.MMC_SECURE_ERASE, tree.roots)


# sanitize ----------------------------------------------------------------------------------------------------


def test_everything_is_trimmed_first(tree: Tree, mmc: FakeMmc) -> None:
    command = mmc_command(NODE, Technique.MMC_SANITIZE, tree.roots)
    assert (command.in_background, command.secret_note) == (False, "")
    assert command.status().state is CommandState.UNKNOWN
    (trim,) = command.prepare()
    sanitize = command.start()
    assert mmc.asked == [f"erase trim 0 {SECTORS - 1} /dev/mmcblk0", "sanitize /dev/mmcblk0 21600000"]
    assert (trim.code, sanitize.code) == (0, 0)
    assert command.status().state is CommandState.DONE
    assert command.settle() == ()


def test_without_trim_everything_is_erased_first(tree: Tree, mmc: FakeMmc) -> None:
    show(tree, ext_csd({231: b"\x40"}))
    mmc.says("erase", "printf ' Legacy Erase Succeed!\\n\\n'")
    command = mmc_command(NODE, Technique.MMC_SANITIZE, tree.roots)
    command.prepare()
    assert mmc.asked == [f"erase legacy 0 {SECTORS - 1} /dev/mmcblk0"]


def test_a_small_device_counts_bytes(tree: Tree, mmc: FakeMmc) -> None:
    sectors = 4 * 1024 * 1024
    show(tree, ext_csd({212: sectors.to_bytes(4, "little")}))
    put(tree.roots.sys / "devices" / CARD / "block/mmcblk0/size", f"{sectors}\n")
    mmc_command(NODE, Technique.MMC_SANITIZE, tree.roots).prepare()
    assert mmc.asked == [f"erase trim 0 {(sectors - 1) * 512} /dev/mmcblk0"]


@pytest.mark.parametrize(
    "script",
    [
        ERASE_FAILED.replace("%s", "Trim"),
        "true",
        "printf ' Trim Succeed!\\n'; exit 1",
        "printf ' Legacy Erase Succeed!\\n'",
        "echo 'Erase response: 0x00008000' >&2; printf ' Trim Succeed!\\n'",
        "kill -9 $$",
    ],
)
def test_without_the_first_step_there_is_no_second(tree: Tree, mmc: FakeMmc, script: str) -> None:
    mmc.says("erase", script)
    command = mmc_command(NODE, Technique.MMC_SANITIZE, tree.roots)
    with pytest.raises(ToolFailed):
        command.prepare()
    # a caller that goes on all the same gets no success
    command.start()
    assert command.status().state is CommandState.UNKNOWN


@pytest.mark.parametrize(
    ("script", "state"),
    [
        ("true", CommandState.DONE),
        (SANITIZE_FAILED.format("Operation not supported"), CommandState.FAILED),
        (SANITIZE_FAILED.format("Input/output error"), CommandState.FAILED),
        # the kernel interrupts it then, and what the device made of that is not known
        (SANITIZE_FAILED.format("Connection timed out"), CommandState.UNKNOWN),
        ("echo 'ioctl: Input/output error' >&2", CommandState.UNKNOWN),
        ("exit 1", CommandState.UNKNOWN),
        ("kill -9 $$", CommandState.UNKNOWN),
        # Debian 12 knows no time-out
        ("echo 'Usage: mmc sanitize </path/to/mmcblkX>' >&2; exit 1", CommandState.FAILED),
    ],
)
def test_what_sanitize_says(tree: Tree, mmc: FakeMmc, script: str, state: CommandState) -> None:
    mmc.says("sanitize", script)
    command = mmc_command(NODE, Technique.MMC_SANITIZE, tree.roots)
    command.prepare()
    command.start()
    assert command.status().state is state


def test_a_device_that_no_longer_answers_is_not_done(tree: Tree, mmc: FakeMmc) -> None:
    command = mmc_command(NODE, Technique.MMC_SANITIZE, tree.roots)
    command.prepare()
    command.start()
    put(tree.roots.sys / "kernel/debug/mmc0/mmc0:0001/ext_csd", "")
    assert command.status().state is CommandState.UNKNOWN


@pytest.mark.parametrize("step", ["prepare", "start", "status"])
def test_the_node_leads_to_another_device(tree: Tree, mmc: FakeMmc, step: str) -> None:
    command = mmc_command(NODE, Technique.MMC_SANITIZE, tree.roots)
    if step == "status":
        command.prepare()
        command.start()
    done = len(mmc.asked)
    put(tree.roots.sys / "devices" / CARD / "cid", "ffff\n")
    with pytest.raises(IdentityChanged):
        getattr(command, step)()
    assert len(mmc.asked) == done


def test_a_mounted_device(tree: Tree, mmc: FakeMmc) -> None:
    disk = (tree.roots.sys / "class/block/mmcblk0").resolve()
    tree.mount(tree.partition(disk, "mmcblk0p1"), "/run/live/medium")
    with pytest.raises(MediaBusy, match="boot medium"):
        mmc_command(NODE, Technique.MMC_SANITIZE, tree.roots).prepare()
    assert mmc.asked == []


# secure erase ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "state"),
    [
        ("printf ' Secure Erase Succeed!\\n\\n'", CommandState.DONE),
        (ERASE_FAILED.replace("%s", "Secure Erase"), CommandState.FAILED),
        ("printf ' Secure Erase Succeed!\\n'; exit 255", CommandState.UNKNOWN),
        ("printf ' Secure Erase Failed!\\n'", CommandState.UNKNOWN),
        # said of an erase that erased nothing (drives.md 5), and of another kind than this one
        ("printf ' Legacy Erase Succeed!\\n'", CommandState.UNKNOWN),
        ("true", CommandState.UNKNOWN),
        ("kill -9 $$", CommandState.UNKNOWN),
        (
            "echo 'Erase multi-cmd ioctl: Connection timed out' >&2; echo ' Secure Erase Failed!'; exit 255",
            CommandState.UNKNOWN,
        ),
    ],
)
def test_secure_erase(tree: Tree, mmc: FakeMmc, script: str, state: CommandState) -> None:
    show(tree, ext_csd({192: b"\x05"}))
    mmc.says("erase", script)
    command = mmc_command(NODE, Technique.MMC_SECURE_ERASE, tree.roots)
    assert command.prepare() == ()
    command.start()
    assert mmc.asked == [f"erase secure-erase 0 {SECTORS - 1} /dev/mmcblk0"]
    assert command.status().state is state
