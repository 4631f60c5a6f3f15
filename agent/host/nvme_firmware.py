"""What an NVMe drive can do by itself, and the command for one of its techniques."""

from collections.abc import Callable

from agent.errors import MediaError, Refused, ToolFailed, ToolMissing
from agent.host.firmware import FirmwareCommand
from agent.host.firmware_choice import permitted_offer, running_words
from agent.host.nvme_ask import ask_sanitize_log
from agent.host.nvme_drive import NvmeDrive, identify_nvme
from agent.host.nvme_format import NvmeFormat
from agent.host.nvme_offers import FORMAT_SETTINGS, SANITIZE_ACTIONS, also_hit, format_offers, sanitize_offers
from agent.host.nvme_sanitize import NvmeSanitize
from agent.host.nvme_structures import SanitizeLog
from agent.host.sysfs import Roots
from agent.model.firmware import (
    CommandState,
    DeviceStatus,
    FirmwareReading,
    FoundObstacle,
    Obstacle,
    TechniqueOffer,
)
from agent.model.sanitization import Technique

_SYSTEM = Roots()
_NOT_READ = DeviceStatus(CommandState.UNKNOWN, ("not read",))
# What cannot be read stands in the way of the drive's own techniques, not of an overwrite.
_OWN = (*SANITIZE_ACTIONS, *FORMAT_SETTINGS)
_NO_SANITIZE = DeviceStatus(CommandState.NEVER, ("no Sanitize command",))


def read_nvme(node: str, roots: Roots = _SYSTEM) -> FirmwareReading:
    """Read a namespace's node; what could not be read is an obstacle, nothing is raised."""
    try:
        drive = identify_nvme(node, roots)
    except (ToolMissing, ToolFailed, MediaError) as error:
        return FirmwareReading((), (FoundObstacle(Obstacle.UNREADABLE, error.message, _OWN),), _NOT_READ, (), ())
    return _reading(drive)


def _reading(drive: NvmeDrive) -> FirmwareReading:
    offers, obstacles, status = _sanitize_side(drive)
    return FirmwareReading(
        offers=(*offers, *format_offers(drive)),
        obstacles=obstacles,
        status=status,
        also_hit=also_hit(drive),
        raw=(*drive.controller.words, *drive.namespace.words),
        unreached=tuple(other for other in drive.others if not other.startswith("/dev/")),
    )


def nvme_command(
    node: str, technique: Technique, roots: Roots = _SYSTEM, release: Callable[[], None] = lambda: None
) -> FirmwareCommand:
    """One technique on the drive behind a node, read anew; `release` ends what kept others from the node.

    Raises Refused where the drive does not offer it or something stands against it, MediaVanished, IdentityChanged, ToolMissing, ToolFailed.
    """
    drive = identify_nvme(node, roots)
    offer = permitted_offer(node, _reading(drive), technique)
    hits_all = technique in SANITIZE_ACTIONS or drive.controller.erases_all
    others = [other for other in drive.others if other.startswith("/dev/")]
    if hits_all and others:
        raise Refused(f"{technique.value} of {node} would erase {', '.join(others)} too.", "List the drives again.")
    if technique in SANITIZE_ACTIONS:
        return NvmeSanitize(drive, offer, release)
    return NvmeFormat(drive, offer, release)


def _sanitize_side(
    drive: NvmeDrive,
) -> tuple[tuple[TechniqueOffer, ...], tuple[FoundObstacle, ...], DeviceStatus]:
    """Sanitize is only of use where its status can be read: it returns at once, and nothing else tells how it ended."""
    if not drive.controller.sanitize_actions:
        return (), (), _NO_SANITIZE
    try:
        log = ask_sanitize_log(drive.node)
    except ToolFailed as error:
        unreadable = FoundObstacle(
            Obstacle.UNREADABLE, f"sanitize status: {error.message}", tuple(SANITIZE_ACTIONS)
        )
        return (), (unreadable,), _NOT_READ
    return sanitize_offers(drive, log), _obstacles(log), log.status


def _obstacles(log: SanitizeLog) -> tuple[FoundObstacle, ...]:
    detail = ", ".join(log.words)
    match log.status.state:
        case CommandState.RUNNING:
            return (
                FoundObstacle(
                    Obstacle.SANITIZE_RUNNING, "; ".join(w for w in (running_words(log.status), detail) if w)
                ),
            )
        case CommandState.FAILED:
            # The drive refuses every read, write and format until a sanitize succeeds.
            return (FoundObstacle(Obstacle.SANITIZE_FAILED, detail, (Technique.OVERWRITE, *FORMAT_SETTINGS)),)
        case CommandState.UNKNOWN:
            return (FoundObstacle(Obstacle.UNREADABLE, f"sanitize status: {detail}", _OWN),)
        case _:
            return ()
