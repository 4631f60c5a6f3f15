"""The machine that the program runs on. Outside the live image nothing is opened for writing without `real_drives`."""

import os
import platform
import re
from functools import cached_property
from pathlib import Path

from agent.errors import MediaBusy, MediaVanished, Refused, ToolFailed, ToolMissing
from agent.host import discover, smart
from agent.host.ata_security import lift_password
from agent.host.hidden_area_restore import Restoration, restore_hidden_areas
from agent.host.holders import LIVE_MEDIUM_PATHS, read_usage
from agent.host.hwmon import limit_celsius
from agent.host.inventory import read_inventory
from agent.host.media import BlockMedium, open_exclusively
from agent.host.node_lock import NodeGuard
from agent.host.own_erase import GuardedCommand, own_erase_command, read_own_erase
from agent.host.power import read_power
from agent.host.psid_store import PsidStore
from agent.host.run import run
from agent.host.suspend import check_idle, sleep, sleep_obstacle
from agent.host.sysfs import Roots, read_text
from agent.model.drive import Bus, Drive, Exclusion, ExclusionReason, HiddenAreas, Identity
from agent.model.firmware import FirmwareReading
from agent.model.health import SelfTestKind, SmartSnapshot, TemperatureReading
from agent.model.machine import Environment, MachineInventory
from agent.model.power import PowerReading
from agent.model.psid import Psid
from agent.model.sanitization import Technique
from agent.model.sleep import SleepObstacle, Slept

# Inside the image's squashfs; its first boot unit measures the squashfs and leaves the digest in the second.
IMAGE_MARKER = "etc/ardoise-image"
IMAGE_DIGEST = "run/ardoise/image.sha256"
# The boot script leaves it where the squashfs was copied to memory.
IN_MEMORY = "run/ardoise/in-memory"

_IN_USE = frozenset(
    {
        ExclusionReason.MOUNTED,
        ExclusionReason.SWAP,
        ExclusionReason.LVM,
        ExclusionReason.RAID,
        ExclusionReason.LUKS,
        ExclusionReason.HELD,
    }
)
_VERSIONS = (
    (("smartctl", "--version"), re.compile(rb"^smartctl (\S+)")),
    (("hdparm", "-V"), re.compile(rb"^hdparm v(\S+)")),
    (("nvme", "version"), re.compile(rb"^nvme version (\S+)")),
    (("sg_sanitize", "--version"), re.compile(rb"^(?:sg_sanitize: )?version: (\S+)")),
    (("blkid", "-V"), re.compile(rb"^blkid from util-linux (\S+)")),
)


class RealMachine:
    """The Machine of real hardware; `named_nodes` are loop, USB and removable disks that the operator spelled out."""

    def __init__(self, *, real_drives: bool, named_nodes: tuple[str, ...] = (), roots: Roots | None = None) -> None:
        self._roots = roots or Roots()
        self._real_drives = real_drives
        self._named = named_nodes
        self._smart_types: dict[str, str] = {}
        self._psids = PsidStore()

    @cached_property
    def environment(self) -> Environment:
        """LIVE_IMAGE only with the image's marker and a root file system that is the live one; HOST otherwise."""
        mounts = read_usage(self._roots).mounts
        marked = (self._roots.root / IMAGE_MARKER).is_file()
        overlay = any(m.mount_point == "/" and m.kind == "overlay" for m in mounts)
        medium = any(m.mount_point in LIVE_MEDIUM_PATHS for m in mounts)
        return Environment.LIVE_IMAGE if marked and overlay and medium else Environment.HOST

    @cached_property
    def image_sha256(self) -> str:
        """What the image measured of its root file system at boot; '' elsewhere, or where it measured nothing."""
        digest = read_text(self._roots.root / IMAGE_DIGEST).lower()
        return digest if self._live and re.fullmatch(r"[0-9a-f]{64}", digest) else ""

    @cached_property
    def runs_from_memory(self) -> bool | None:
        """Whether the boot script copied the live system to memory; None elsewhere."""
        return (self._roots.root / IN_MEMORY).is_file() if self._live else None

    def is_there(self, folder: Path) -> bool:
        """Whether this folder is there, on a medium that the kernel still knows."""
        try:
            device = folder.stat().st_dev
        except OSError:
            return False
        known = self._roots.sys / "dev/block"
        # Without a major number it lies in memory, or on a file system of several devices that answers for itself.
        name = f"{os.major(device)}:{os.minor(device)}"
        return folder.is_dir() and (os.major(device) == 0 or not known.is_dir() or (known / name).exists())

    def helper_versions(self) -> tuple[str, ...]:
        """ "name version" of each helper program that is installed."""
        return tuple(text for text in (_version(argv, pattern) for argv, pattern in _VERSIONS) if text)

    def kernel(self) -> str:
        """Release of the running kernel."""
        return platform.release()

    def inventory(self) -> MachineInventory:
        """DMI, batteries, controllers, from sysfs."""
        return read_inventory(self._roots)

    def power(self) -> PowerReading:
        """What feeds the machine, from sysfs."""
        return read_power(self._roots)

    def sleep_obstacle(self) -> SleepObstacle | None:
        """What stands against a sleep of this machine; the live system sleeps only where it was copied to memory."""
        permitted = self._live or self._real_drives
        return sleep_obstacle(self._roots, permitted=permitted, from_memory=self.runs_from_memory)

    def sleep(self, seconds: int) -> Slept:
        """Let the machine sleep by rtcwake; raises Refused, ToolMissing, ToolFailed."""
        obstacle = self.sleep_obstacle()
        if obstacle is not None:
            raise Refused(f"This machine is not let sleep: {obstacle.value}.")
        check_idle(drive.node for drive in self.discover())
        return sleep(self._roots, seconds)

    def discover(self) -> tuple[Drive, ...]:
        """All drives with what excludes them; nothing is opened for writing."""
        return discover.discover_drives(self._roots, self._named, live=self._live)

    def read_smart(self, drive: Drive) -> SmartSnapshot:
        """One reading by smartctl, which opens nodes for reading only; raises ToolMissing, ToolFailed."""
        snapshot = smart.read_snapshot(drive.node)
        device = snapshot.document.get("device")
        # Some bridges are recognised by a scan only, which asks all drives: too much to do for each temperature.
        self._smart_types[drive.node] = str(device.get("type", "")) if isinstance(device, dict) else ""
        return snapshot

    def read_temperature(self, drive: Drive) -> TemperatureReading:
        """The temperature by smartctl and the limit that the kernel's sensor names; raises ToolMissing, ToolFailed."""
        kind = self._smart_types.get(drive.node, "")
        document = smart.read_temperature(drive.node, kind, bridged=drive.bus is Bus.USB)
        return TemperatureReading(document, limit_celsius(self._roots, drive.node))

    def start_self_test(self, drive: Drive, kind: SelfTestKind) -> None:
        """Start the drive's own self-test; raises ToolFailed where the drive refuses, Refused without `real_drives`."""
        self.permit_writing()
        smart.start_self_test(drive.node, kind)

    def abort_self_test(self, drive: Drive) -> None:
        """Abort the running self-test; raises ToolFailed, Refused without `real_drives`."""
        self.permit_writing()
        smart.abort_self_test(drive.node)

    def permit_writing(self) -> None:
        """Raise Refused outside the live image, unless real drives were asked for in words."""
        if not (self._live or self._real_drives):
            raise Refused(
                "This is not the live system: no real drive is opened for writing.",
                "Boot the live system, or spell out --real-drives.",
            )

    def open_medium(self, drive: Drive) -> BlockMedium:
        """Open exclusively for writing; raises Refused, MediaBusy, MediaVanished, MediaError."""
        self.permit_writing()
        _check_free(drive.node, self._exclusions_of(drive))
        return open_exclusively(drive.node, self._roots, lambda: self._holders_of(drive))

    def read_firmware(self, drive: Drive) -> FirmwareReading | None:
        """What the drive can do by itself; None where it is of no kind that could; raises ToolMissing, ToolFailed."""
        return read_own_erase(drive, self._roots, may_write=self._live or self._real_drives)

    def firmware_command(self, drive: Drive, technique: Technique) -> GuardedCommand:
        """One technique of this drive, nothing started yet; raises Refused, MediaBusy, ToolMissing, ToolFailed."""
        self.permit_writing()
        _check_free(drive.node, self._exclusions_of(drive))
        psid = self._psids.of(drive.identity)
        return own_erase_command(drive, technique, self._roots, lambda: self._free_identity(drive), psid)

    def keep_psid(self, drive: Drive, psid: Psid | None) -> None:
        """Keep the PSID in memory, for this very drive; None forgets it."""
        self._psids.keep(drive.identity, psid)

    def has_psid(self, drive: Drive) -> bool:
        """Whether the PSID of this drive is kept."""
        return self._psids.of(drive.identity) is not None

    def read_hidden_areas(self, drive: Drive) -> HiddenAreas:
        """HPA, AMA and DCO as they are now; raises MediaVanished."""
        return discover.hidden_areas_now(self._roots, drive.node)

    def restore_hidden_areas(self, drive: Drive) -> Restoration:
        """Give hidden sectors back, by hdparm, while the node is held; raises Refused, MediaError, ToolMissing, ToolFailed."""
        self.permit_writing()
        _check_free(drive.node, self._exclusions_of(drive))
        guard = NodeGuard(drive, lambda: self._free_identity(drive))
        try:
            return restore_hidden_areas(drive.node, self._roots, guard=guard)
        finally:
            guard.let_go()

    def lift_password(self, drive: Drive) -> tuple[bool, str]:
        """Take our published password back from an ATA drive; raises Refused, MediaBusy, ToolMissing, ToolFailed."""
        if drive.bus not in {Bus.SATA, Bus.PATA}:
            return True, "A drive of this kind gets no password."
        self.permit_writing()
        _check_free(drive.node, self._exclusions_of(drive))
        lift = lift_password(drive.node)
        return lift.lifted, lift.words

    def _free_identity(self, drive: Drive) -> Identity:
        _check_free(drive.node, self._exclusions_of(drive))
        return discover.identity_now(self._roots, drive.node)

    @property
    def _live(self) -> bool:
        return self.environment is Environment.LIVE_IMAGE

    def _exclusions_of(self, drive: Drive) -> tuple[Exclusion, ...]:
        return discover.exclusions_now(self._roots, drive.node, self._named, live=self._live)

    def _holders_of(self, drive: Drive) -> tuple[str, ...]:
        try:
            return tuple(_words(e) for e in self._exclusions_of(drive) if e.reason in _IN_USE)
        except MediaVanished:
            return ()


def _check_free(node: str, exclusions: tuple[Exclusion, ...]) -> None:
    """Discovery may be minutes old: whatever excludes the drive now counts."""
    if not exclusions:
        return
    reasons = ", ".join(_words(e) for e in exclusions)
    if all(e.reason in _IN_USE for e in exclusions):
        raise MediaBusy(
            f"{node} is in use: {reasons}.", "Unmount it or stop what uses it, then list the drives again."
        )
    raise Refused(f"{node} may not be written to: {reasons}.", "List the drives again.")


def _words(exclusion: Exclusion) -> str:
    # These words get into records: a mount point of a desktop holds a user's name and the donor's volume label.
    if not exclusion.detail or exclusion.reason is ExclusionReason.MOUNTED:
        return exclusion.reason.value
    return f"{exclusion.reason.value} ({exclusion.detail})"


def _version(argv: tuple[str, ...], pattern: re.Pattern[bytes]) -> str:
    try:
        done = run(argv, timeout=10.0)
    except (ToolMissing, ToolFailed):
        return ""
    match = pattern.match(done.stdout.strip() or done.stderr.strip())
    return f"{argv[0]} {match[1].decode('ascii', 'replace')}" if match else ""
