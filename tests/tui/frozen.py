"""A machine whose firmware has locked the erase of some drives, and what a sleep does to them."""

from dataclasses import replace

from agent.model.firmware import (
    CommandState,
    DeviceStatus,
    FirmwareReading,
    FoundObstacle,
    Obstacle,
    TechniqueOffer,
    ToolRun,
)
from agent.model.sanitization import Technique
from agent.model.session import InspectedDrive
from agent.model.sleep import SleepObstacle, Slept
from agent.workflow.thawing import Thawed, frozen_nodes
from agent.workflow.view import Caution, CautionKind, Inspection
from tests.tui.fake_sitting import INVENTORY, FakeSitting, make_drive, make_health

_OFFERS = (TechniqueOffer(Technique.ATA_SECURITY_ERASE, 96, ("00",)),)


def locked_drive(number: int, *, locked: bool = True) -> InspectedDrive:
    """A disk whose own erase is locked, or free."""
    obstacles = (FoundObstacle(Obstacle.FROZEN, "", (Technique.ATA_SECURITY_ERASE,)),) if locked else ()
    reading = FirmwareReading(_OFFERS, obstacles, DeviceStatus(CommandState.NEVER, ()), (), ())
    return InspectedDrive(make_drive(number), make_health(), reading)


def frozen_sitting(*after: bool, asleep_ms: int = 10_200, number: int = 3) -> FakeSitting:
    """Locked drives, of which those named True are still locked after the sleep."""
    before = tuple(locked_drive(n) for n in range(number))
    sitting = FakeSitting(before)
    left = tuple(locked_drive(n, locked=still) for n, still in enumerate(after or (True,) * number))
    found = Inspection(INVENTORY, left, None)
    slept = Slept(10, asleep_ms, ToolRun(("rtcwake",), 0, "", 1))
    sitting.rest.came_to = Thawed(slept, found, frozen_nodes(before), frozen_nodes(left), ())
    return sitting


def sleepless_sitting() -> FakeSitting:
    """The same on a machine that can't sleep."""
    sitting = frozen_sitting()
    sitting.rest.stands_against = SleepObstacle.NO_S3
    return sitting


def cautious_sitting() -> FakeSitting:
    """A laptop of which much is to be said before its drives are erased."""
    sitting = FakeSitting()
    sitting.own_erase = True
    sitting.inspection = replace(sitting.inspection, inventory=INVENTORY)
    sitting.cautions = (
        Caution(CautionKind.RAID_MODE, "", "0000:00:17.0 RAID controller 8086:282a"),
        Caution(CautionKind.ON_BATTERY, "", "31 %"),
        Caution(CautionKind.BATTERY_TOO_LOW, "/dev/nvme0n1", "31 % < 50 %"),
        Caution(CautionKind.BAD_HEALTH, "/dev/sdb", "self-assessment FAILED"),
    )
    return sitting
