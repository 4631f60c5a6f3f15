"""A command of the drive's own touches the drive only under our lock, unused, and when the node leads to the drive that was planned."""

import fcntl
import os
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from agent.errors import IdentityChanged, MediaBusy, MediaVanished, Refused, ToolFailed
from agent.host import own_erase
from agent.host.firmware_choice import nothing_offered
from agent.host.own_erase import GuardedCommand, own_erase_command, read_own_erase
from agent.host.sysfs import Roots
from agent.model.drive import Bus, Drive, HiddenAreas, HiddenAreaState, Identity, MediaType, SerialSource
from agent.model.firmware import CommandState, DeviceStatus, FoundObstacle, Obstacle, TechniqueOffer, ToolRun
from agent.model.sanitization import Technique

IDENTITY = Identity("MODEL", "SERIAL", "1", "naa.5", 1 << 30, 512, 4096, SerialSource.DEVICE)


@dataclass
class Spy:
    """A command that notes what was asked of it, and whether the node was locked then."""

    node: Path
    fails: str = ""
    calls: list[tuple[str, bool]] = field(default_factory=list)
    offer = TechniqueOffer(Technique.ATA_SECURITY_ERASE)
    secret_note = "note"
    in_background = False

    def _note(self, name: str) -> None:
        descriptor = os.open(self.node, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            locked = False
        except BlockingIOError:
            locked = True
        os.close(descriptor)
        self.calls.append((name, locked))
        if self.fails == name:
            raise ToolFailed(("hdparm",), 5, name)

    def status(self) -> DeviceStatus:
        self._note("status")
        return DeviceStatus(CommandState.NEVER, ())

    def prepare(self) -> tuple[ToolRun, ...]:
        self._note("prepare")
        return ()

    def start(self) -> ToolRun:
        self._note("start")
        return ToolRun((), 0, "", 0)

    def settle(self) -> tuple[ToolRun, ...]:
        self._note("settle")
        return ()

    def close(self) -> None:
        self._note("close")


@pytest.fixture
def node(tmp_path: Path) -> Path:
    path = tmp_path / "sdx"
    path.write_bytes(b"")
    return path


def drive_at(node: object, bus: Bus = Bus.SATA) -> Drive:
    hidden = HiddenAreas(HiddenAreaState.NONE_FOUND)
    return Drive(str(node), IDENTITY, bus, MediaType.SOLID_STATE, None, False, False, "", (), hidden, ())


def test_the_node_is_locked_from_the_preparation_to_the_settling(node: Path) -> None:
    spy = Spy(node)
    command = GuardedCommand(drive_at(node), spy, lambda: IDENTITY)
    command.status()
    command.prepare()
    command.start()
    command.status()
    command.settle()
    command.close()
    command.close()
    assert spy.calls[:6] == [
        ("status", False),
        ("prepare", True),
        ("start", True),
        ("status", True),
        ("settle", True),
        ("close", False),
    ]


def test_another_drive_at_the_node_is_not_touched(node: Path) -> None:
    spy = Spy(node)
    command = GuardedCommand(drive_at(node), spy, lambda: replace(IDENTITY, serial="OTHER"))
    with pytest.raises(IdentityChanged):
        command.prepare()
    command.settle()
    assert ("prepare", True) not in spy.calls


def test_what_is_in_use_now_is_not_touched(node: Path) -> None:
    def in_use() -> Identity:
        raise MediaBusy("mounted")

    spy = Spy(node)
    with pytest.raises(MediaBusy):
        GuardedCommand(drive_at(node), spy, in_use).prepare()
    assert not spy.calls


def test_what_another_program_has_locked_is_not_touched(node: Path) -> None:
    spy = Spy(node)
    with node.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(MediaBusy, match="locked"):
            GuardedCommand(drive_at(node), spy, lambda: IDENTITY).prepare()
    assert not spy.calls


def test_the_lock_goes_even_where_settling_fails(node: Path) -> None:
    spy = Spy(node, fails="settle")
    command = GuardedCommand(drive_at(node), spy, lambda: IDENTITY)
    command.prepare()
    with pytest.raises(ToolFailed):
        command.settle()
    command.status()
    assert spy.calls[-1] == ("status", False)


def test_a_node_that_is_gone(tmp_path: Path) -> None:
    command = GuardedCommand(drive_at(tmp_path / "gone"), Spy(tmp_path), lambda: IDENTITY)
    with pytest.raises(MediaVanished):
        command.prepare()


def test_kinds_without_an_erase_of_their_own(node: Path) -> None:
    assert read_own_erase(drive_at(node, Bus.LOOP), Roots()) is None
    with pytest.raises(Refused):
        own_erase_command(drive_at(node, Bus.LOOP), Technique.ATA_SECURITY_ERASE, Roots(), lambda: IDENTITY)


def test_nothing_is_asked_of_a_drive_behind_a_bridge(node: Path) -> None:
    reading = read_own_erase(drive_at(node, Bus.USB), Roots())
    assert reading is not None
    assert not reading.offers
    assert [o.obstacle for o in reading.obstacles] == [Obstacle.BRIDGED]
    with pytest.raises(Refused):
        own_erase_command(drive_at(node, Bus.USB), Technique.ATA_SECURITY_ERASE, Roots(), lambda: IDENTITY)


def test_a_lock_that_goes_in_a_moment_is_waited_for(node: Path) -> None:
    """A program that is being started elsewhere has our descriptors for as long as its fork takes."""
    held = node.open()
    fcntl.flock(held, fcntl.LOCK_EX)
    timer = threading.Timer(0.2, held.close)
    timer.start()
    spy = Spy(node)
    command = GuardedCommand(drive_at(node), spy, lambda: IDENTITY)
    command.prepare()
    assert spy.calls == [("prepare", True)]
    command.settle()


@pytest.mark.parametrize("may_write", [True, False])
def test_a_drive_that_may_not_be_written_to_is_not_opened_for_writing_by_sedutil(
    node: Path, monkeypatch: pytest.MonkeyPatch, *, may_write: bool
) -> None:
    asked: list[str] = []
    nothing = nothing_offered(FoundObstacle(Obstacle.UNREADABLE))
    monkeypatch.setattr(own_erase, "read_ata", lambda *_: nothing)
    monkeypatch.setattr(own_erase, "read_opal", lambda node, _roots: asked.append(node) or nothing)
    read_own_erase(drive_at(node), Roots(), may_write=may_write)
    assert bool(asked) == may_write
