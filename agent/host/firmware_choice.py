"""From what a drive offers to the one technique that may be tried now; the same for every family of drives."""

from agent.errors import EraseRunning, Refused
from agent.model.firmware import (
    CommandState,
    DeviceStatus,
    FirmwareReading,
    FoundObstacle,
    Obstacle,
    TechniqueOffer,
)
from agent.model.sanitization import Technique

BRIDGED = FoundObstacle(Obstacle.BRIDGED, "plug the drive into the machine itself")


def nothing_offered(obstacle: FoundObstacle) -> FirmwareReading:
    """The reading of a drive that was not asked, or did not answer."""
    return FirmwareReading((), (obstacle,), DeviceStatus(CommandState.UNKNOWN, ()), (), ())


def permitted_offer(node: str, reading: FirmwareReading, technique: Technique) -> TechniqueOffer:
    """The offer of a technique that nothing stands against; raises EraseRunning, Refused."""
    for found in reading.obstacles:
        if not found.forbids or technique in found.forbids:
            words = f"{found.obstacle.value}: {found.detail}" if found.detail else found.obstacle.value
            kind = EraseRunning if found.obstacle is Obstacle.SANITIZE_RUNNING else Refused
            raise kind(f"{node} can't do {technique.value} now, {words}.", "Choose another technique.")
    for offer in reading.offers:
        if offer.technique is technique:
            return offer
    raise Refused(f"{node} does not offer {technique.value}.", "Choose another technique.")


def running_words(status: DeviceStatus) -> str:
    """How far a sanitize that runs has got, in figures that every language has; '' where the drive does not say it."""
    return "" if status.progress_permille is None else f"{status.progress_permille // 10} %"
