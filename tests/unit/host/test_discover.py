"""Each exclusion with its reason, on trees laid out as the kernel lays them out; no udev, no program, no device."""

import time
from pathlib import Path
from typing import Any

import pytest

from agent.engine.planning import make_plan
from agent.errors import MediaVanished
from agent.host import sg_io, signatures
from agent.host.discover import discover_drives, exclusions_now
from agent.host.sg_io import Answer
from agent.model.drive import Bus, Drive, Exclusion, ExclusionReason, HiddenAreaState, MediaType, SerialSource
from agent.model.sanitization import Policy, Refusal
from tests.conftest import Allow
from tests.unit.host.programs import install
from tests.unit.host.scsi_answers import GOOD, RUNNING, Answers, data
from tests.unit.host.trees import NVME_PATH, SAS_PATH, USB_PATH, Tree, identify_page, put, sata


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tree:
    """An empty machine; no helper program is installed on it."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("agent.host.run.SEARCH_PATH", str(tmp_path))
    return Tree(tmp_path)


def only(tree: Tree, *named: str, live: bool = False) -> Drive:
    (drive,) = discover_drives(tree.roots, named, live=live)
    return drive


def reasons(tree: Tree, *named: str, live: bool = False) -> list[tuple[ExclusionReason, str]]:
    return [(e.reason, e.detail) for e in only(tree, *named, live=live).exclusions]


def test_a_free_sata_disk_is_on_offer_with_its_own_identity(tree: Tree) -> None:
    sata(tree)
    drive = only(tree)
    assert drive.on_offer
    assert (drive.node, drive.bus, drive.media_type, drive.rotation_rpm) == (
        "/dev/sda",
        Bus.SATA,
        MediaType.HARD_DISK,
        7200,
    )
    # The 40 characters of IDENTIFY, not libata's 16.
    assert drive.identity.model == "WDC WD5000AAKS-00UU3A0"
    assert (drive.identity.serial, drive.identity.serial_source) == ("WD-WCAYU0000001", SerialSource.DEVICE)
    assert drive.identity.wwn == "naa.50014ee2a0000001"
    assert drive.identity.capacity_bytes == 2048 * 512


def test_a_disk_without_identify_data_keeps_what_the_kernel_says(tree: Tree) -> None:
    page = bytearray(identify_page())
    page[60 + 511] ^= 1  # a wrong checksum: nothing in it is believed
    sata(tree, device__vpd_pg89=bytes(page), device__vpd_pg80=b"\x00\x80\x00\x08 SER-1  ")
    drive = only(tree)
    assert (drive.identity.model, drive.identity.serial) == ("WDC WD5000AAKS-0", "SER-1")
    assert drive.hidden_areas.state is HiddenAreaState.NOT_EXAMINED


@pytest.mark.parametrize(
    ("words", "state"),
    [
        ({}, HiddenAreaState.NONE_FOUND),
        ({82: 1 << 10}, HiddenAreaState.NOT_EXAMINED),
        ({83: 0x4800}, HiddenAreaState.NOT_EXAMINED),
    ],
)
def test_without_hdparm_a_feature_that_hides_sectors_is_not_examined(
    tree: Tree, words: dict[int, int], state: HiddenAreaState
) -> None:
    sata(tree, device__vpd_pg89=identify_page(words=words))
    assert only(tree).hidden_areas.state is state


def test_nvme_identity_from_its_controller(tree: Tree) -> None:
    tree.disk(
        "nvme0n1",
        NVME_PATH,
        attributes={
            "wwid": "eui.0025385791b4f595\n",
            "device/model": "SAMSUNG KUS020203M-B000\n",
            "device/serial": "S3UVNY0J804215      \n",
            "device/firmware_rev": "52L9SMU1\n",
            "device/transport": "pcie\n",
            "queue/rotational": "0\n",
        },
    )
    drive = only(tree)
    assert drive.on_offer
    assert (drive.bus, drive.media_type) == (Bus.NVME, MediaType.SOLID_STATE)
    assert (drive.identity.serial, drive.identity.firmware, drive.identity.wwn) == (
        "S3UVNY0J804215",
        "52L9SMU1",
        "eui.0025385791b4f595",
    )
    assert drive.hidden_areas.state is HiddenAreaState.NOT_APPLICABLE


def test_network_disks_are_not_in_this_machine(tree: Tree) -> None:
    tree.disk(
        "nvme0n1",
        NVME_PATH,
        attributes={"device/model": "Linux\n", "device/serial": "1a2b\n", "device/transport": "tcp\n"},
    )
    assert reasons(tree) == [(ExclusionReason.NETWORK, "NVMe over tcp")]


def test_an_iscsi_disk_is_not_in_this_machine(tree: Tree) -> None:
    sata(tree, where="platform/host8/session1/target8:0:0/8:0:0:0")
    assert reasons(tree) == [(ExclusionReason.NETWORK, "iSCSI")]


def test_a_mounted_partition_excludes_the_disk(tree: Tree) -> None:
    disk = sata(tree)
    tree.mount(tree.partition(disk, "sda2"), "/srv/my\\040files")
    assert reasons(tree) == [(ExclusionReason.MOUNTED, "/srv/my files")]


def test_the_system_disk_of_a_host_is_mounted_and_no_stick(tree: Tree) -> None:
    disk = sata(tree)
    lvm = tree.stacked("dm-0", tree.partition(disk, "sda3"), uuid="CRYPT-LUKS2-abc-root", label="root")
    tree.mount(lvm, "/")
    drive = only(tree)
    assert not drive.is_boot_medium
    assert {e.reason for e in drive.exclusions} == {ExclusionReason.MOUNTED, ExclusionReason.LUKS}


@pytest.mark.parametrize(
    ("live", "reason"), [(True, ExclusionReason.BOOT_MEDIUM), (False, ExclusionReason.MOUNTED)]
)
def test_the_stick_is_the_boot_medium_in_the_live_system_only(
    tree: Tree, live: bool, reason: ExclusionReason
) -> None:
    disk = sata(tree, "sdb", USB_PATH, removable="1\n")
    tree.mount(tree.partition(disk, "sdb1"), "/run/live/medium", kind="iso9660")
    drive = only(tree, "/dev/sdb", live=live)
    assert drive.exclusions == (Exclusion(reason, "/run/live/medium"),)
    assert drive.is_boot_medium is live


def test_btrfs_mounts_have_no_device_number_of_their_own(tree: Tree) -> None:
    tree.partition(sata(tree), "sda1")
    tree.mount("0:45", "/data", source="/dev/sda1", kind="btrfs")
    assert reasons(tree) == [(ExclusionReason.MOUNTED, "/data")]


def test_the_second_disk_of_a_btrfs_volume_is_mounted_too(tree: Tree) -> None:
    sata(tree)
    (tree.roots.sys / "fs/btrfs/uuid/devices/sda").mkdir(parents=True)
    assert reasons(tree) == [(ExclusionReason.MOUNTED, "btrfs")]


def test_swap_on_a_partition(tree: Tree) -> None:
    tree.partition(sata(tree), "sda5")
    tree.swap("/dev/sda5")
    assert reasons(tree) == [(ExclusionReason.SWAP, "/dev/sda5")]


def test_swap_by_a_mapper_name(tree: Tree) -> None:
    tree.stacked("dm-1", sata(tree), uuid="LVM-xyz", label="vg-swap")
    (tree.roots.dev / "mapper").mkdir()
    (tree.roots.dev / "mapper/vg-swap").symlink_to("../dm-1")
    tree.swap("/dev/mapper/vg-swap")
    assert (ExclusionReason.SWAP, "/dev/dm-1") in reasons(tree)


@pytest.mark.parametrize(
    ("name", "uuid", "reason"),
    [
        ("dm-0", "LVM-AbCd", ExclusionReason.LVM),
        ("dm-0", "CRYPT-LUKS2-x", ExclusionReason.LUKS),
        ("dm-0", "DMRAID-ddf", ExclusionReason.RAID),
        ("dm-0", "mpath-3600", ExclusionReason.HELD),
        ("md127", "", ExclusionReason.RAID),
        ("bcache0", "", ExclusionReason.HELD),
    ],
)
def test_holders_of_a_partition(tree: Tree, name: str, uuid: str, reason: ExclusionReason) -> None:
    tree.stacked(name, tree.partition(sata(tree), "sda1"), uuid=uuid, label="x")
    assert reasons(tree) == [(reason, name)]


def test_a_stack_of_stacks_is_followed_to_its_mount(tree: Tree) -> None:
    raid = tree.stacked("md0", tree.partition(sata(tree), "sda1"))
    crypt = tree.stacked("dm-0", raid, uuid="CRYPT-LUKS2-x", label="c")
    tree.mount(tree.stacked("dm-1", crypt, uuid="LVM-y", label="v"), "/home")
    assert {r for r, _ in reasons(tree)} == {
        ExclusionReason.MOUNTED,
        ExclusionReason.RAID,
        ExclusionReason.LUKS,
        ExclusionReason.LVM,
    }


def test_a_loop_device_on_the_disk_holds_it(tree: Tree) -> None:
    sata(tree)
    put(tree.disk("loop0", "virtual") / "loop/backing_file", "/dev/sda\n")
    assert reasons(tree) == [(ExclusionReason.HELD, "loop0")]


def test_read_only_zero_size_dead_and_unreadable(tree: Tree) -> None:
    sata(tree, ro="1\n", size="0\n", device__state="offline\n", device__vpd_pg89=b"", device__model="\n")
    assert [r for r, _ in reasons(tree)] == [
        ExclusionReason.DIED,
        ExclusionReason.ZERO_SIZE,
        ExclusionReason.READ_ONLY,
        ExclusionReason.IDENTITY_UNREADABLE,
    ]


def test_an_empty_card_reader_says_so(tree: Tree) -> None:
    sata(tree, size="0\n", removable="1\n")
    assert (ExclusionReason.ZERO_SIZE, "no medium in the reader") in reasons(tree)


def test_a_usb_disk_is_offered_only_when_named(tree: Tree) -> None:
    sata(tree, "sdb", USB_PATH, removable="0\n")
    assert reasons(tree) == [(ExclusionReason.REMOVABLE, "USB")]
    assert only(tree, "/dev/sdb").on_offer


def test_a_usb_bridge_speaks_with_its_own_serial(tree: Tree) -> None:
    sata(
        tree,
        "sdb",
        USB_PATH,
        device__vpd_pg89=b"",
        device__vpd_pg80=b"\x00\x80\x00\x0512345",
        device__vendor="ASMT\n",
    )
    assert only(tree).identity.serial_source is SerialSource.BRIDGE
    assert only(tree).media_type is MediaType.UNKNOWN


@pytest.mark.parametrize(
    ("vendor", "model", "excluded"),
    [
        ("DELL", "PERC H730 Mini", True),
        ("LSI", "MR9271-8i", True),
        ("AVAGO", "MR9361-8i", True),
        ("HP", "LOGICAL VOLUME", True),
        ("Adaptec", "Array1", True),
        ("IBM", "ServeRAID M5210", True),
        ("LSILOGIC", "Logical Volume", True),
        ("DELL", "VIRTUAL DISK", True),
        ("Promise", "2+0 Stripe/RAID0", True),
        ("FTS", "PRAID EP400i", True),
        ("SMC", "SMC3108", True),
        ("LSILOGIC", "1030 IM", False),
        ("DELL", "MK2001TRKB", False),
        ("SEAGATE", "ST4000NM0043", False),
        ("HP", "EG0300FBDBR", False),
        ("IBM", "MBF2300RC", False),
    ],
)
def test_virtual_disks_of_raid_controllers(tree: Tree, vendor: str, model: str, excluded: bool) -> None:
    sata(tree, where=SAS_PATH, device__vendor=vendor, device__model=model, device__vpd_pg89=b"")
    drive = only(tree)
    assert (ExclusionReason.VIRTUAL_RAID_DISK in {e.reason for e in drive.exclusions}) is excluded
    assert drive.bus is Bus.SAS


@pytest.mark.parametrize(
    ("model", "excluded"), [("DELLBOSS VD", True), ("MARVELL Raid VD", True), ("MARVELL SSD", False)]
)
def test_cards_that_answer_as_one_sata_drive(tree: Tree, model: str, excluded: bool) -> None:
    """Their lsscsi lines are those of any SATA drive, but for the model: no command reaches the two drives behind."""
    sata(tree, device__vendor="ATA", device__model=model, device__vpd_pg89=b"")
    drive = only(tree)
    assert [e for e in drive.exclusions if e.reason is ExclusionReason.VIRTUAL_RAID_DISK] == (
        [Exclusion(ExclusionReason.VIRTUAL_RAID_DISK, model)] if excluded else []
    )
    planned = make_plan(drive, Policy())
    assert isinstance(planned, Refusal) is excluded
    if excluded:
        assert planned.reasons == (f"virtual disk of a RAID controller: {model}",)


def test_a_card_that_answers_as_one_nvme_drive(tree: Tree) -> None:
    tree.disk("nvme0n1", NVME_PATH, attributes={"device/model": "Dell BOSS-N1", "device/transport": "pcie"})
    assert ExclusionReason.VIRTUAL_RAID_DISK in {e.reason for e in only(tree).exclusions}


def test_what_is_no_medium_is_not_listed(tree: Tree) -> None:
    for name in ("ram0", "zram0", "loop0", "sr0", "fd0", "mtdblock0", "dm-3", "md1", "mmcblk0boot0", "mmcblk0rpmb"):
        tree.disk(name, f"virtual/{name}")
    tree.disk("nbd0", "virtual/nbd", sectors=0)
    tree.disk("nvme0c0n1", "virtual/nvme", attributes={"hidden": "1\n"})
    assert discover_drives(tree.roots, (), live=False) == ()


def test_a_named_loop_device_is_known_by_its_backing_file(tree: Tree, tmp_path: Path) -> None:
    image = tmp_path / "image"
    image.write_bytes(b"x")
    put(tree.disk("loop1", "virtual/loop1") / "loop/backing_file", f"{image}\n")
    drive = only(tree, "/dev/loop1")
    assert drive.on_offer
    assert drive.bus is Bus.LOOP
    assert (drive.identity.serial, drive.identity.serial_source) == ("", SerialSource.NONE)
    before = drive.identity
    image.unlink()
    (tmp_path / "other").write_bytes(b"y")
    (tmp_path / "third").write_bytes(b"y")
    (tmp_path / "third").rename(image)
    assert not only(tree, "/dev/loop1").identity.same_medium(before)


@pytest.mark.parametrize(("kind", "media"), [("MMC", MediaType.EMBEDDED_FLASH), ("SD", MediaType.REMOVABLE_FLASH)])
def test_mmc(tree: Tree, kind: str, media: MediaType) -> None:
    tree.disk(
        "mmcblk0",
        "platform/mmc0/mmc0:0001",
        attributes={"device/type": kind, "device/name": "DF4032", "device/serial": "0x1234"},
    )
    drive = only(tree)
    assert (drive.media_type, drive.soldered, drive.on_offer) == (media, kind == "MMC", kind == "MMC")


def test_exclusions_are_read_anew(tree: Tree) -> None:
    disk = sata(tree)
    assert exclusions_now(tree.roots, "/dev/sda", (), live=False) == ()
    tree.mount(disk, "/mnt")
    assert exclusions_now(tree.roots, "/dev/sda", (), live=False) == (Exclusion(ExclusionReason.MOUNTED, "/mnt"),)
    with pytest.raises(MediaVanished):
        exclusions_now(tree.roots, "/dev/sdz", (), live=False)


# a drive at its own erase: asked before any block of it is read -------------------------------------------------

REQUEST_SENSE, TEST_UNIT_READY = "03 00 00 00 fc 00", "00 00 00 00 00 00"
SAS: dict[str, Any] = {
    "where": SAS_PATH,
    "device__vendor": "SEAGATE",
    "device__model": "ST4000NM0043",
    "device__vpd_pg89": b"",
}
# SBC-4: NOT READY, SANITIZE IN PROGRESS, a third done; MEDIUM ERROR, SANITIZE COMMAND FAILED.
SAS_WORKING = data(bytes.fromhex("70 00 02 00 00 00 00 0a 00 00 00 00 04 1b 00 80 55 55"))
SAS_FAILED = data(bytes.fromhex("70 00 03 00 00 00 00 0a 00 00 00 00 31 03 00 00 00 00"))
SAS_AT_REST = data(bytes.fromhex("70 00 00 00 00 00 00 0a 00 00 00 00 00 00 00 00 00 00"))


@pytest.fixture
def blkid(tmp_path: Path, tree: Tree, monkeypatch: pytest.MonkeyPatch, allow_programs: Allow) -> Path:
    """blkid that hangs as on a disk whose reads nobody answers; the file with what it was asked."""
    allow_programs("blkid")
    monkeypatch.setattr(signatures, "_TIMEOUT_SECONDS", 0.3)
    return install(tmp_path / "bin", monkeypatch, "blkid", "exec sleep 60")


@pytest.mark.parametrize("state", [SAS_WORKING, SAS_FAILED])
def test_no_block_of_a_sas_drive_at_its_own_erase_is_read(
    tree: Tree, drive: Answers, blkid: Path, state: Answer
) -> None:
    tree.partition(sata(tree, **SAS), "sda1")
    drive.to(REQUEST_SENSE, state)
    assert only(tree).signatures == ()
    assert drive.sent == [(bytes.fromhex(REQUEST_SENSE), b"")]
    assert not blkid.exists()


def test_a_drive_at_rest_is_read_once_its_status_is_known(tree: Tree, drive: Answers, blkid: Path) -> None:
    tree.partition(sata(tree, **SAS), "sda1")
    drive.to(REQUEST_SENSE, SAS_AT_REST).to(TEST_UNIT_READY, GOOD)
    assert only(tree).signatures == ()
    # It hangs: its partition is not asked too.
    assert blkid.read_text() == "-p -o export /dev/sda\n"


def test_the_status_is_asked_of_the_node_for_commands(
    tree: Tree, monkeypatch: pytest.MonkeyPatch, blkid: Path
) -> None:
    folder = sata(tree, **SAS)
    (folder / "device/scsi_generic/sg3").mkdir(parents=True)
    put(tree.roots.dev / "sg3", "")
    asked = []

    def told(node: str, *_: object, **_more: object) -> Answer:
        asked.append(node)
        return SAS_WORKING

    monkeypatch.setattr(sg_io, "on_node", told)
    only(tree)
    assert asked == [str(tree.roots.dev / "sg3")]


@pytest.mark.parametrize(("word", "read"), [(1 << 12, False), (0, True)])
def test_an_ata_drive_that_can_sanitize_is_asked_first(
    tree: Tree, drive: Answers, blkid: Path, word: int, read: bool
) -> None:
    sata(tree, device__vpd_pg89=identify_page(words={59: word}))
    drive.status(RUNNING)
    only(tree)
    assert blkid.exists() is read


def test_an_nvme_drive_is_asked_first(
    tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, blkid: Path, allow_programs: Allow
) -> None:
    allow_programs("nvme")
    log = tmp_path / "log"
    # Sanitize Status (NVMe Base 2.0): SPROG 5555h, SSTAT 2 (in progress).
    log.write_bytes(bytes([0x55, 0x55, 2, 0]) + bytes(508))
    asked = install(tmp_path / "bin", monkeypatch, "nvme", f"cat {log}")
    tree.disk("nvme0n1", NVME_PATH, attributes={"device/model": "M\n", "device/serial": "S\n"})
    assert only(tree).signatures == ()
    assert "sanitize-log" in asked.read_text()
    assert not blkid.exists()


def test_many_drives_that_hang_are_asked_at_once(tree: Tree, drive: Answers, blkid: Path) -> None:
    for number in range(6):
        where = f"pci0000:00/0000:00:17.0/ata{number}/host{number}/target{number}:0:0/{number}:0:0:0"
        sata(tree, f"sd{'abcdef'[number]}", where)
    began = time.monotonic()
    assert len(discover_drives(tree.roots, (), live=False)) == 6
    assert time.monotonic() - began < 6 * 0.3
