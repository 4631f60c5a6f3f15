"""What the built ISO holds, and what it must not hold; nothing is started here."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.boot.enrol import partition
from tests.boot.machine import IN_TOOLS, PLACE, REPOSITORY, inside
from tests.conftest import Allow

pytestmark = pytest.mark.timeout(600)
# File systems of the stick itself; the kernel can open no other, so no donated one can be mounted.
_FILE_SYSTEMS = {"isofs", "squashfs", "overlayfs", "fat", "nls", "efivarfs"}


@pytest.fixture(scope="module")
def root(iso: Path) -> Path:
    """The image's root file system, unpacked from the ISO."""
    PLACE.mkdir(parents=True, exist_ok=True)
    script = f"""cd {inside(PLACE)} && rm -rf root live && xorriso -osirrox on -indev {inside(iso)} -extract /live live 2>/dev/null
        chmod -R u+w live && unsquashfs -quiet -no-progress -d root live/root.squashfs >/dev/null"""
    subprocess.run([IN_TOOLS, "sh", "-c", script], check=True)
    return PLACE / "root"


@pytest.fixture(autouse=True)
def _programs(allow_programs: Allow) -> None:
    allow_programs("in-tools", "bash")


def output(*command: str) -> str:
    return subprocess.run([IN_TOOLS, *command], capture_output=True, text=True, check=True).stdout


def test_published_digest_is_the_squashfs(root: Path, iso: Path) -> None:
    measured = output("sha256sum", inside(PLACE / "live" / "root.squashfs"))[:64]
    assert iso.with_suffix(".sha256").read_text().strip() == measured


def test_partitions(iso: Path) -> None:
    with iso.open("rb") as file:
        table = file.read(512)
    assert table[0x1BE + 16 + 4] == 0xEF
    assert table[0x1BE + 32 + 4] == 0x0C
    first, length = partition(iso, 3)
    assert first + length <= iso.stat().st_size


def test_loaders_and_kernel_are_signed(root: Path, iso: Path) -> None:
    volume = f"{inside(iso)}@@{partition(iso, 2)[0]}"
    for name, signer in (
        ("EFI/BOOT/BOOTX64.EFI", "Microsoft Corporation UEFI CA 2011"),
        ("EFI/BOOT/grubx64.efi", "Debian Secure Boot CA"),
    ):
        target = PLACE / Path(name).name
        output("mcopy", "-o", "-i", volume, f"::/{name}", inside(target))
        assert signer in output("sbverify", "--list", inside(target))
    assert "Debian Secure Boot CA" in output("sbverify", "--list", inside(PLACE / "live" / "vmlinuz"))


def test_loaders_are_also_files(root: Path, iso: Path) -> None:
    """A stick onto which the files are copied one by one starts with the same loaders."""
    script = f"cd {inside(PLACE)} && rm -rf tree && xorriso -osirrox on -indev {inside(iso)} -extract /EFI tree 2>/dev/null"
    output("sh", "-c", f"{script} && chmod -R u+w tree")
    names = {p.name for p in (PLACE / "tree/BOOT").iterdir()}
    assert names == {"BOOTX64.EFI", "grubx64.efi", "mmx64.efi", "BOOTIA32.EFI"}
    volume = f"{inside(iso)}@@{partition(iso, 2)[0]}"
    for name in sorted(names):
        output("mcopy", "-o", "-i", volume, f"::/EFI/BOOT/{name}", inside(PLACE / name))
        assert (PLACE / name).read_bytes() == (PLACE / "tree/BOOT" / name).read_bytes(), name


def test_network_start_is_of_the_same_build(root: Path, iso: Path) -> None:
    """The boot menu of the network start names the squashfs that lies beside it, which is the ISO's."""
    netboot = iso.parent / "netboot"
    digest = iso.with_suffix(".sha256").read_text().strip()
    assert output("sha256sum", inside(netboot / "root.squashfs"))[:64] == digest
    assert f"ardoise.sha256={digest} " in (netboot / "grub/grub.cfg").read_text()
    assert (netboot / "vmlinuz").read_bytes() == (PLACE / "live/vmlinuz").read_bytes()
    assert (netboot / "initrd").stat().st_size > (PLACE / "live/initrd").stat().st_size
    assert "Microsoft Corporation UEFI CA 2011" in output(
        "sbverify", "--list", inside(netboot / "shimx64.efi.signed")
    )
    assert "Debian Secure Boot CA" in output("sbverify", "--list", inside(netboot / "grubx64.efi"))


def test_kernel_opens_only_the_sticks_file_systems(root: Path) -> None:
    kernel = next((root / "usr/lib/modules").iterdir()) / "kernel"
    found = {p.relative_to(kernel / "fs").parts[0] for p in (kernel / "fs").rglob("*.ko*")}
    assert "isofs" in found
    assert found <= _FILE_SYSTEMS
    assert not list((kernel / "drivers/md").rglob("*.ko*"))


def test_what_the_drives_own_erases_need(root: Path, iso: Path) -> None:
    """The sleep that frees frozen drives, the register of an eMMC, and Opal commands on SATA drives."""
    assert (root / "usr/sbin/rtcwake").is_file()
    assert not (root / "etc/systemd/system/sys-kernel-debug.mount").is_symlink()
    assert (root / "usr/lib/systemd/system/sys-kernel-debug.mount").is_file()
    assert " libata.allow_tpm=1" in (iso.parent / "netboot/grub/grub.cfg").read_text()


def test_no_way_in(root: Path) -> None:
    """No server, no password, no console that asks for one, no package source."""
    for name in ("usr/sbin/sshd", "usr/sbin/lvm", "usr/sbin/mdadm", "usr/sbin/cryptsetup", "usr/lib/udisks2"):
        assert not (root / name).exists(), name
    passwords = {line.split(":")[1] for line in (root / "etc/shadow").read_text().splitlines()}
    assert all(re.fullmatch(r"[!*]+", p) for p in passwords)
    units = root / "etc/systemd/system"
    for name in (
        "getty@.service",
        "serial-getty@.service",
        "debug-shell.service",
        "emergency.service",
        "ctrl-alt-del.target",
    ):
        assert (units / name).readlink() == Path("/dev/null"), name
    assert not list((root / "etc/apt").glob("sources.list*"))
    assert not list(root.glob("etc/**/pip.conf"))


def test_nothing_says_where_it_was_built(root: Path) -> None:
    """Neither the mirror nor the checkout's place stands in a configuration file or in our own files."""
    script = f'. "{REPOSITORY}/image/mirror" && echo "$MIRROR"'
    mirror = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True).stdout.strip()
    words = [str(REPOSITORY).encode(), mirror.split("//")[-1].split("/")[0].encode()]
    for folder in ("etc", "usr/lib/ardoise", "usr/share/ardoise", "usr/local/lib/python3.13/dist-packages/agent"):
        for path in (root / folder).rglob("*"):
            if path.is_file() and not path.is_symlink():
                data = path.read_bytes()
                assert not [w for w in words if w in data], path


def test_every_package_has_a_version(iso: Path) -> None:
    lines = iso.with_suffix(".manifest").read_text().splitlines()
    assert any(re.match(r"linux-image-\S+-amd64 6\.\d+", line) for line in lines)
    assert any(line.startswith("Suite: stable-security") or "security" in line for line in lines)
