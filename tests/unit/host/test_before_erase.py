"""The real machine before an erase: hidden areas are given back, and locks reverted, only on the drive that was listed, unused and held."""

import fcntl
import os
from dataclasses import replace
from pathlib import Path

import pytest

from agent.errors import IdentityChanged, MediaBusy, MediaVanished, Refused
from agent.host import own_erase, real
from agent.host.hidden_area_restore import POWER_CYCLE, Restoration, restore_hidden_areas
from agent.host.node_lock import NodeGuard
from agent.host.own_erase import read_own_erase
from agent.host.real import RealMachine
from agent.model.drive import Bus, Drive, HiddenAreas, HiddenAreaState
from agent.model.firmware import CommandState, DeviceStatus, FirmwareReading, TechniqueOffer
from agent.model.psid import Psid
from agent.model.sanitization import Technique
from tests.conftest import Allow
from tests.unit.host.programs import install
from tests.unit.host.scsi_answers import Answers, ata_words
from tests.unit.host.test_hidden_area_restore import DCO, FULL, HPA, RESTORES, SETS, SHOWN, Disk, changes
from tests.unit.host.test_own_erase import IDENTITY, drive_at, node
from tests.unit.host.trees import Tree, put, sata

__all__ = ["node"]

PSID = "ABCDEFGH23456789JKLMNPQR23456789"
REVERT = Technique.OPAL_PSID_REVERT


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tree:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("agent.host.run.SEARCH_PATH", str(tmp_path))
    return Tree(tmp_path)


@pytest.fixture
def restored(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The nodes on which the commands would have been run; the guard is asked as the real ones ask it."""
    nodes: list[str] = []

    def restore(node: str, _roots: object, guard: NodeGuard) -> Restoration:
        guard.hold()
        nodes.append(node)
        return Restoration(HiddenAreas(HiddenAreaState.NONE_FOUND))

    monkeypatch.setattr(real, "restore_hidden_areas", restore)
    monkeypatch.setattr("agent.host.node_lock.lock_node", lambda _node: os.open(os.devnull, os.O_RDONLY))
    return nodes


def listed(tree: Tree, *, real_drives: bool = True) -> tuple[RealMachine, Drive]:
    machine = RealMachine(roots=tree.roots, real_drives=real_drives)
    (drive,) = machine.discover()
    return machine, drive


def test_the_drive_that_was_listed_is_changed(tree: Tree, restored: list[str]) -> None:
    sata(tree)
    machine, drive = listed(tree)
    machine.restore_hidden_areas(drive)
    assert restored == [drive.node]


def test_nothing_is_changed_outside_the_live_system(tree: Tree, restored: list[str]) -> None:
    sata(tree)
    machine, drive = listed(tree, real_drives=False)
    with pytest.raises(Refused, match="--real-drives"):
        machine.restore_hidden_areas(drive)
    assert restored == []


def test_a_drive_that_was_mounted_since_is_not_changed(tree: Tree, restored: list[str]) -> None:
    disk = sata(tree)
    machine, drive = listed(tree)
    tree.mount(disk, "/mnt/late")
    with pytest.raises(MediaBusy, match="mounted"):
        machine.restore_hidden_areas(drive)
    assert restored == []


def test_a_usb_disk_that_nobody_named_is_not_changed(tree: Tree, restored: list[str]) -> None:
    sata(tree, removable="1\n")
    machine, drive = listed(tree)
    with pytest.raises(Refused, match="removable"):
        machine.restore_hidden_areas(drive)
    assert restored == []


def test_another_drive_at_the_node_is_not_changed(tree: Tree, restored: list[str]) -> None:
    disk = sata(tree)
    machine, drive = listed(tree)
    put(disk / "size", "4096\n")
    with pytest.raises(IdentityChanged):
        machine.restore_hidden_areas(drive)
    assert restored == []


def test_a_drive_that_is_gone(tree: Tree, restored: list[str]) -> None:
    disk = sata(tree)
    machine, drive = listed(tree)
    (disk / "dev").unlink()
    with pytest.raises(MediaVanished):
        machine.restore_hidden_areas(drive)
    with pytest.raises(MediaVanished):
        machine.read_hidden_areas(drive)
    assert restored == []


# the guard ---------------------------------------------------------------------------------------------------


def is_locked(path: Path) -> bool:
    with path.open() as other:
        try:
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def test_the_node_is_held_from_the_check_until_it_is_let_go(node: Path) -> None:
    seen: list[bool] = []

    def check() -> object:
        seen.append(is_locked(node))
        return IDENTITY

    guard = NodeGuard(drive_at(node), check)  # type: ignore[arg-type]
    guard.hold()
    guard.hold()
    assert seen == [True, True]
    guard.let_go()
    guard.let_go()
    assert not is_locked(node)


def test_only_its_own_change_of_size_is_accepted(node: Path) -> None:
    now = replace(IDENTITY, capacity_bytes=IDENTITY.capacity_bytes * 2)
    with pytest.raises(IdentityChanged):
        NodeGuard(drive_at(node), lambda: now).hold()
    answers = [IDENTITY, now, replace(now, serial="OTHER")]
    guard = NodeGuard(drive_at(node), lambda: answers.pop(0))
    guard.hold()
    guard.hold()
    with pytest.raises(IdentityChanged):
        guard.hold()
    guard.let_go()


class Spy(NodeGuard):
    """Notes when it was asked, and may refuse from a question on."""

    def __init__(self, refuse_from: int = 99) -> None:
        self.asked: list[str] = []
        self._refuse_from = refuse_from

    def hold(self) -> None:
        self.asked.append("hold")
        if self.asked.count("hold") >= self._refuse_from:
            raise IdentityChanged("another one")

    def let_go(self) -> None:
        self.asked.append("let go")


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, drive: Answers, allow_programs: Allow) -> Disk:
    allow_programs("hdparm")
    drive.identify(ata_words(w82=HPA, w83=DCO))
    return Disk(tmp_path, monkeypatch, drive)


def test_each_command_asks_and_a_new_look_at_the_port_finds_the_node_free(disk: Disk) -> None:
    disk.hdparm(native=SHOWN, real=FULL, set_max=SETS, restore=RESTORES)
    spy = Spy()
    restore_hidden_areas("/dev/sda", disk.tree.roots, 0.0, spy)
    # The DCO's restore, after which the kernel sees no other size yet, then what shows as HPA.
    assert spy.asked == ["hold", "let go", "hold"]


def test_a_guard_that_refuses_first_is_heard(disk: Disk) -> None:
    log = disk.hdparm(native=FULL, real=FULL)
    with pytest.raises(IdentityChanged):
        restore_hidden_areas("/dev/sda", disk.tree.roots, 0.0, Spy(refuse_from=1))
    assert changes(log) == []


def test_what_was_changed_is_told_even_where_the_drive_is_another_one_then(disk: Disk) -> None:
    log = disk.hdparm(native=SHOWN, real=FULL)
    done = restore_hidden_areas("/dev/sda", disk.tree.roots, 0.0, Spy(refuse_from=2))
    assert len(changes(log)) == len(done.tools) == 1
    assert done.words == POWER_CYCLE


# PSID --------------------------------------------------------------------------------------------------------


@pytest.fixture
def opal(monkeypatch: pytest.MonkeyPatch) -> list[FirmwareReading]:
    """What the drive says of its locks."""
    never = DeviceStatus(CommandState.NEVER, ())
    readings = [FirmwareReading((TechniqueOffer(REVERT),), (), never, (), ())]
    monkeypatch.setattr(own_erase, "read_opal", lambda *_: readings[0])
    monkeypatch.setattr(own_erase, "read_ata", lambda *_: FirmwareReading((), (), never, (), ()))
    return readings


def test_the_revert_is_offered(tree: Tree, opal: list[FirmwareReading]) -> None:
    sata(tree)
    machine, drive = listed(tree)
    reading = machine.read_firmware(drive)
    assert reading is not None
    assert [o.technique for o in reading.offers] == [REVERT]


def test_a_revert_that_reaches_another_node_is_neither_offered_nor_made(
    tree: Tree, opal: list[FirmwareReading]
) -> None:
    sata(tree)
    machine, drive = listed(tree)
    opal[0] = replace(opal[0], also_hit=("/dev/sdz",))
    reading = read_own_erase(drive, tree.roots)
    assert reading is not None
    assert not reading.offers
    machine.keep_psid(drive, Psid(PSID))
    with pytest.raises(Refused, match="/dev/sdz"):
        machine.firmware_command(drive, REVERT)


def test_without_a_psid_there_is_no_revert(tree: Tree, opal: list[FirmwareReading]) -> None:
    sata(tree)
    machine, drive = listed(tree)
    assert not machine.has_psid(drive)
    with pytest.raises(Refused, match="PSID"):
        machine.firmware_command(drive, REVERT)
    machine.keep_psid(replace(drive, identity=replace(drive.identity, serial="OTHER")), Psid(PSID))
    with pytest.raises(Refused, match="PSID"):
        machine.firmware_command(drive, REVERT)


def test_only_kinds_of_drives_that_may_have_locks_are_reverted(tree: Tree, opal: list[FirmwareReading]) -> None:
    sata(tree)
    machine, drive = listed(tree)
    machine.keep_psid(drive, Psid(PSID))
    with pytest.raises(Refused, match="USB"):
        machine.firmware_command(replace(drive, bus=Bus.USB), REVERT)


def test_the_psid_reaches_the_drive_and_no_text(
    tree: Tree, opal: list[FirmwareReading], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, allow_programs: Allow
) -> None:
    from tests.unit.host.test_opal_firmware import REVERTED_QUERY, XG8_QUERY  # noqa: PLC0415 - two of its answers

    allow_programs("sedutil-cli")
    (tmp_path / "before").write_text(XG8_QUERY)
    (tmp_path / "after").write_text(REVERTED_QUERY)
    done = f"touch {tmp_path}/done; echo 'revertTper completed successfully'"
    script = f'case "$1" in --query) if [ -e {tmp_path}/done ]; then /bin/cat {tmp_path}/after; else /bin/cat {tmp_path}/before; fi ;; *) /usr/bin/{done} ;; esac'
    log = install(tmp_path / "bin", monkeypatch, "sedutil-cli", script)
    monkeypatch.setattr("agent.host.own_erase.lock_node", lambda _node: os.open(os.devnull, os.O_RDONLY))
    sata(tree)
    machine, drive = listed(tree)
    machine.keep_psid(drive, Psid(PSID))
    command = machine.firmware_command(drive, REVERT)
    command.prepare()
    tool = command.start()
    status = command.status()
    command.settle()
    command.close()
    assert PSID in log.read_text()
    assert status.state is CommandState.DONE
    assert PSID not in repr((tool, status, command, machine, vars(machine)))
