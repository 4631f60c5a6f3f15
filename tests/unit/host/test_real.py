"""The real machine's rules: what it refuses, and that refusing opens nothing."""

import os
from pathlib import Path

import pytest

from agent.errors import MediaBusy, MediaVanished, Refused
from agent.host.real import RealMachine
from agent.model.drive import Drive, ExclusionReason
from agent.model.health import SelfTestKind
from agent.model.machine import Environment
from tests.conftest import Allow
from tests.unit.host.programs import install
from tests.unit.host.trees import USB_PATH, Tree, put, sata


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Every os.open with more than reading, while the test runs."""
    calls: list[tuple[str, int]] = []
    real = os.open

    def watched(path, flags, *rest, **options):  # type: ignore[no-untyped-def]
        if flags & (os.O_WRONLY | os.O_RDWR):
            calls.append((str(path), flags))
        return real(path, flags, *rest, **options)

    monkeypatch.setattr(os, "open", watched)
    return calls


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tree:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("agent.host.run.SEARCH_PATH", str(tmp_path))
    return Tree(tmp_path)


def found(tree: Tree, **options) -> tuple[RealMachine, Drive]:  # type: ignore[no-untyped-def]
    machine = RealMachine(roots=tree.roots, **options)
    (drive,) = machine.discover()
    return machine, drive


def test_outside_the_live_image_nothing_is_opened_for_writing(tree: Tree, opened: list[tuple[str, int]]) -> None:
    sata(tree)
    machine, drive = found(tree, real_drives=False)
    assert machine.environment is Environment.HOST
    with pytest.raises(Refused, match="--real-drives"):
        machine.open_medium(drive)
    with pytest.raises(Refused, match="--real-drives"):
        machine.start_self_test(drive, SelfTestKind.SHORT)
    with pytest.raises(Refused, match="--real-drives"):
        machine.abort_self_test(drive)
    assert opened == []


def test_health_is_read_without_the_permission_to_write(
    tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, allow_programs: Allow
) -> None:
    sata(tree)
    machine, drive = found(tree, real_drives=False)
    allow_programs("smartctl")
    install(tmp_path / "bin", monkeypatch, "smartctl", "echo '{}'; exit 4")
    assert machine.read_smart(drive).exit_status == 4


def test_what_excludes_a_drive_now_counts_and_not_what_did_at_discovery(
    tree: Tree, opened: list[tuple[str, int]]
) -> None:
    disk = sata(tree)
    machine, drive = found(tree, real_drives=True)
    assert drive.on_offer
    tree.mount(disk, "/mnt/late")
    with pytest.raises(MediaBusy, match="in use: mounted") as told:
        machine.open_medium(drive)
    # It gets into a record, and where a desktop mounts a disk names a person and the disk's label.
    assert "/mnt/late" not in str(told.value)
    assert opened == []


def test_a_removable_disk_that_was_not_named_is_refused(tree: Tree, opened: list[tuple[str, int]]) -> None:
    sata(tree, "sdb", USB_PATH)
    machine, drive = found(tree, real_drives=True)
    assert drive.exclusions[0].reason is ExclusionReason.REMOVABLE
    with pytest.raises(Refused, match="removable"):
        machine.open_medium(drive)
    assert opened == []


def test_a_drive_that_has_gone(tree: Tree, opened: list[tuple[str, int]]) -> None:
    sata(tree)
    machine, drive = found(tree, real_drives=True)
    (tree.roots.sys / "class/block/sda").unlink()
    with pytest.raises(MediaVanished):
        machine.open_medium(drive)
    assert opened == []


LIVE_MOUNTS = (("0:30", "/", "overlay"), ("0:31", "/run/live/medium", "tmpfs"))


@pytest.mark.parametrize(
    ("marker", "mounts", "expected"),
    [
        (True, LIVE_MOUNTS, Environment.LIVE_IMAGE),
        (False, LIVE_MOUNTS, Environment.HOST),
        (True, LIVE_MOUNTS[:1], Environment.HOST),
        (True, (("8:1", "/", "ext4"), LIVE_MOUNTS[1]), Environment.HOST),
        (False, (), Environment.HOST),
    ],
)
def test_the_live_image_needs_its_marker_and_its_root(
    tree: Tree, marker: bool, mounts: tuple[tuple[str, str, str], ...], expected: Environment
) -> None:
    if marker:
        put(tree.roots.root / "etc/ardoise-image", "2026.11\n")
    put(tree.roots.root / "run/ardoise/image.sha256", "AB" * 32 + "\n")
    for device, point, kind in mounts:
        tree.mount(device, point, kind=kind)
    machine = RealMachine(real_drives=False, roots=tree.roots)
    assert machine.environment is expected
    assert machine.runs_from_memory is (False if expected is Environment.LIVE_IMAGE else None)
    put(tree.roots.root / "run/ardoise/in-memory", "yes\n")
    again = RealMachine(real_drives=False, roots=tree.roots)
    assert again.runs_from_memory is (True if expected is Environment.LIVE_IMAGE else None)
    assert machine.image_sha256 == ("ab" * 32 if expected is Environment.LIVE_IMAGE else "")


def test_a_folder_on_a_medium_that_is_gone_is_not_there(tree: Tree, tmp_path: Path) -> None:
    machine = RealMachine(real_drives=False, roots=tree.roots)
    folder = tmp_path / "evidence"
    assert not machine.is_there(folder)
    folder.mkdir()
    device = folder.stat().st_dev
    known = tree.roots.sys / "dev/block"
    known.mkdir(parents=True, exist_ok=True)
    # A folder in memory, as in a container, has no disk that could go.
    assert machine.is_there(folder) == (os.major(device) == 0)
    (known / f"{os.major(device)}:{os.minor(device)}").mkdir()
    assert machine.is_there(folder)
    (folder / "file").write_text("")
    assert not machine.is_there(folder / "file")


def test_versions_of_the_helpers_that_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, allow_programs: Allow
) -> None:
    allow_programs("smartctl", "hdparm", "nvme", "sg_sanitize", "blkid")
    monkeypatch.setattr("agent.host.run.SEARCH_PATH", str(tmp_path))
    install(
        tmp_path / "bin",
        monkeypatch,
        "smartctl",
        "echo 'smartctl 7.3 2022-02-28 r5338 [x86_64-linux] (local build)'",
    )
    install(tmp_path / "bin", monkeypatch, "hdparm", "echo 'hdparm v9.65'")
    install(tmp_path / "bin", monkeypatch, "sg_sanitize", "echo 'version: 1.15 20201223' >&2")
    install(
        tmp_path / "bin", monkeypatch, "nvme", "echo 'nvme version 2.13 (git 2.13)'; echo 'libnvme version 1.13'"
    )
    install(tmp_path / "bin", monkeypatch, "blkid", "exit 3")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert RealMachine(real_drives=False).helper_versions() == (
        "smartctl 7.3",
        "hdparm 9.65",
        "nvme 2.13",
        "sg_sanitize 1.15",
    )


def test_a_temperature_is_asked_as_the_health_was(
    tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, allow_programs: Allow
) -> None:
    allow_programs("smartctl")
    answer = """printf '{"device": {"type": "sat"}, "temperature": {"current": 41}}\'"""
    log = install(tmp_path / "bin", monkeypatch, "smartctl", answer)
    sata(tree, device__hwmon__hwmon0__temp1_max="65000")
    machine, drive = found(tree, real_drives=False)
    machine.read_smart(drive)
    reading = machine.read_temperature(drive)
    assert (reading.document["temperature"]["current"], reading.kernel_limit_celsius) == (41, 65)
    assert log.read_text().splitlines()[-1] == "--json=c -A -c -l scttemp -d sat /dev/sda"
