"""A drive that an erase of its own may have left locked: the password is taken back at the next start, from that very drive only."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.engine.journal import AttemptEvent, CommandEvent, Journal, StateEvent
from agent.errors import ToolFailed
from agent.host.simulated import SimulatedMachine
from agent.model.drive import Drive
from agent.model.firmware import (
    CommandOutcome,
    CommandState,
    DeviceStatus,
    FirmwareReading,
    FirmwareResult,
    TechniqueOffer,
)
from agent.model.job import JobState
from agent.model.sanitization import Policy, Technique
from agent.workflow.desk import make_header
from agent.workflow.plan_set import make_plan_set
from agent.workflow.sitting import Sitting

NOTE = "the user password 'ardoise'"
STATUS = DeviceStatus(CommandState.NEVER, ("word 128 0x0021",))
ERASE = Technique.ATA_SECURITY_ERASE_ENHANCED
THEN = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


class Lockable:
    """A simulated machine whose drive can be asked for its password back."""

    def __init__(self, machine: SimulatedMachine, answer: tuple[bool, str] | Exception) -> None:
        self._machine = machine
        self._answer = answer
        self.asked: list[str] = []

    def __getattr__(self, name: str):
        return getattr(self._machine, name)

    def lift_password(self, drive: Drive) -> tuple[bool, str]:
        self.asked.append(drive.node)
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def crashed_session(machine, sit, desk, *events) -> Path:
    """A journal as a power cut leaves it after a password was announced; its path."""
    sitting: Sitting = sit(machine)
    inspection = sitting.inspect()
    drives = tuple(f.drive for f in inspection.drives)
    reading = FirmwareReading((TechniqueOffer(ERASE),), (), STATUS, (), ())
    plans = make_plan_set(drives, drives, Policy(technique=ERASE.value), (), {d.node: reading for d in drives})
    header = make_header(machine, desk, inspection, plans, THEN)
    sitting.close()
    journal = Journal.create(desk.evidence / "journal", header)
    node = drives[0].node
    journal.append(StateEvent("job-1", node, JobState.CONFIRMED, "", THEN))
    for event in events:
        journal.append(event)
    journal.close()
    return journal.path


def command(note: str = NOTE) -> CommandEvent:
    return CommandEvent("job-1", ERASE, note, STATUS, THEN)


def attempt(outcome: CommandOutcome) -> AttemptEvent:
    return AttemptEvent("job-1", FirmwareResult(ERASE, outcome, "", STATUS, (), STATUS, (), None, None, THEN, 1))


@pytest.fixture
def laptop(machine) -> SimulatedMachine:
    return machine("laptop")


@pytest.mark.parametrize("events", [(command(),), (command(), attempt(CommandOutcome.UNCONFIRMED))])
def test_the_password_is_taken_back_once(laptop, sit, desk, events) -> None:
    path = crashed_session(laptop, sit, desk, *events)
    lockable = Lockable(laptop, (True, "Our password was taken back."))
    sitting = sit(lockable)
    assert path.exists(), "kept until the drive was seen without it"
    sitting.inspect()
    assert lockable.asked == ["/dev/sda"]
    assert "/dev/sda: Our password was taken back." in sitting.notices()
    assert not path.exists()
    sitting.inspect()
    assert len(lockable.asked) == 1


def test_the_record_says_unknown_and_how_to_unlock(laptop, sit, desk) -> None:
    crashed_session(laptop, sit, desk, command())
    (record,) = sit(laptop).recovered()
    (medium,) = record.media
    assert medium.outcome.value == "unknown"
    assert NOTE in medium.reason


@pytest.mark.parametrize("answer", [(False, "It is not ours."), ToolFailed(("hdparm",), 5, "no answer")])
def test_it_is_tried_again_at_the_next_start(laptop, sit, desk, answer) -> None:
    path = crashed_session(laptop, sit, desk, command())
    first = sit(Lockable(laptop, answer))
    first.inspect()
    first.close()
    assert path.exists()
    again = Lockable(laptop, (True, "gone"))
    sit(again).inspect()
    assert again.asked == ["/dev/sda"]


@pytest.mark.parametrize("events", [(), (command(note=""),), (command(), attempt(CommandOutcome.DONE))])
def test_nothing_is_asked_where_no_password_can_stand(laptop, sit, desk, events) -> None:
    path = crashed_session(laptop, sit, desk, *events)
    lockable = Lockable(laptop, (True, ""))
    sit(lockable).inspect()
    assert not lockable.asked
    assert not path.exists()


def test_another_drive_is_not_asked(laptop, sit, desk) -> None:
    crashed_session(laptop, sit, desk, command())

    class Exchanged(Lockable):
        def discover(self) -> tuple[Drive, ...]:
            return tuple(replace(d, identity=replace(d.identity, serial="OTHER")) for d in self._machine.discover())

    lockable = Exchanged(laptop, (True, ""))
    sit(lockable).inspect()
    assert not lockable.asked


def test_a_drive_that_can_not_be_told_from_others_is_not_asked_and_the_way_out_is_said(laptop, sit, desk) -> None:
    class Filler(Lockable):
        def discover(self) -> tuple[Drive, ...]:
            return tuple(replace(d, identity=replace(d.identity, serial="0000")) for d in self._machine.discover())

    lockable = Filler(laptop, (True, ""))
    crashed_session(lockable, sit, desk, command())
    sitting = sit(lockable)
    sitting.inspect()
    assert not lockable.asked
    (told,) = [n for n in sitting.notices() if n.startswith("/dev/sda: may have been left")]
    assert "hdparm --user-master u --security-unlock ardoise /dev/sda" in told
    assert "--security-disable ardoise /dev/sda" in told
