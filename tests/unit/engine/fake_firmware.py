"""A drive's own erase in memory, that does nothing, a part, forgets, fails, hangs or lies as it is told."""

import os
from dataclasses import dataclass, field

from agent.errors import ToolFailed
from agent.model.drive import Bus
from agent.model.firmware import (
    CommandState,
    DeviceStatus,
    FirmwareReading,
    FoundObstacle,
    TechniqueOffer,
    ToolRun,
)
from agent.model.sanitization import Technique
from tests.unit.engine.fakes import FakeDrive, fake_drive

BLOCK = Technique.NVME_SANITIZE_BLOCK_ERASE
CRYPTO = Technique.NVME_SANITIZE_CRYPTO_ERASE
FORMAT = Technique.NVME_FORMAT_USER_DATA_ERASE
REVERT = Technique.OPAL_PSID_REVERT
ENHANCED = Technique.ATA_SECURITY_ERASE_ENHANCED

NEVER = DeviceStatus(CommandState.NEVER, ("SSTAT 0x0000",))
LONG_AGO = DeviceStatus(CommandState.DONE, ("SSTAT 0x0101", "SCDW10 0x00000002"))


@dataclass
class Behaviour:
    """How one technique of the drive behaves; `polls` is how often it is asked while it runs."""

    does: tuple[tuple[float, float], ...] = ((0.0, 1.0),)  # what is erased, in fractions of the medium
    value: bytes | None = b"\0"  # None: noise
    before: DeviceStatus = NEVER
    ends: DeviceStatus = LONG_AGO
    polls: int = 2
    exit_code: int | None = 0
    prepare_error: str = ""
    settle_error: str = ""
    status_error_from: int | None = None  # the status can't be read from this question on
    hangs_at: int | None = None  # permille at which it stays
    note: str = ""
    loses_writes_after: bool = False


@dataclass
class FakeCommand:
    drive: FakeDrive
    offer: TechniqueOffer
    behaviour: Behaviour
    in_background: bool = True
    asked: int = 0
    started: bool = False
    calls: list[str] = field(default_factory=list)

    @property
    def secret_note(self) -> str:
        return self.behaviour.note

    def status(self) -> DeviceStatus:
        b = self.behaviour
        if not self.started:
            return b.before
        self.asked += 1
        if b.status_error_from is not None and self.asked >= b.status_error_from:
            raise ToolFailed(("nvme",), 1, "no answer")
        if b.hangs_at is not None:
            return DeviceStatus(CommandState.RUNNING, ("SSTAT 0x0002",), b.hangs_at)
        if self.asked <= b.polls:
            return DeviceStatus(CommandState.RUNNING, ("SSTAT 0x0002",), 1000 * self.asked // (b.polls + 1))
        return b.ends

    def prepare(self) -> tuple[ToolRun, ...]:
        self.calls.append("prepare")
        if self.behaviour.prepare_error:
            raise ToolFailed(("hdparm",), 5, self.behaviour.prepare_error)
        return ()

    def start(self) -> ToolRun:
        self.calls.append("start")
        self.started = True
        store, size = self.drive.store, self.drive.drive.identity.capacity_bytes
        for start, end in self.behaviour.does:
            first, last = int(size * start) // 512 * 512, int(size * end) // 512 * 512
            value = self.behaviour.value
            store.write(first, os.urandom(last - first) if value is None else value * (last - first))
        return ToolRun(("nvme", "sanitize"), self.behaviour.exit_code, "", 1)

    def settle(self) -> tuple[ToolRun, ...]:
        self.calls.append("settle")
        if self.behaviour.settle_error:
            raise ToolFailed(("hdparm",), 5, self.behaviour.settle_error)
        return ()

    def close(self) -> None:
        self.calls.append("close")


def offer(technique: Technique, **more) -> TechniqueOffer:
    changed = technique in {CRYPTO, ENHANCED, REVERT}
    return TechniqueOffer(technique, more.pop("minutes", None), () if changed else ("00", "ff"), **more)


def firmware_drive(
    *techniques: tuple[Technique, Behaviour], obstacles: tuple[FoundObstacle, ...] = (), **drive
) -> FakeDrive:
    """A drive that offers these, and whose commands are in `commands` once they were asked for."""
    bus = Bus.NVME if techniques[0][0].value.startswith("nvme") else Bus.SATA
    made = fake_drive(bus=bus, **drive)
    offers = tuple(offer(technique) for technique, _ in techniques)
    made.firmware = FirmwareReading(offers, obstacles, NEVER, (), ())
    behaviours = dict(techniques)
    made.commands = []

    def command(found: FakeDrive, technique: Technique) -> FakeCommand:
        new = FakeCommand(found, offer(technique), behaviours[technique])
        made.commands.append(new)
        return new

    made.command = command
    return made
