"""What an ATA drive can do by itself, what stands against it at this moment, and the command for one technique."""

from agent.errors import ToolFailed
from agent.host.ata_capabilities import (
    SANITIZE_TECHNIQUES,
    SECURITY_TECHNIQUES,
    AtaCapabilities,
    offers_of,
    parse_capabilities,
    security_obstacles,
)
from agent.host.ata_device import read_identify, sanitize_status
from agent.host.ata_sanitize import AtaSanitize, is_frozen, judge_status
from agent.host.ata_security import AtaSecurityErase
from agent.host.firmware import FirmwareCommand
from agent.host.firmware_choice import BRIDGED, nothing_offered, permitted_offer, running_words
from agent.host.firmware_quirks import firmware_quirks
from agent.model.drive import Bus
from agent.model.firmware import (
    CommandState,
    DeviceStatus,
    FirmwareReading,
    FoundObstacle,
    Obstacle,
    TechniqueOffer,
)
from agent.model.sanitization import Technique

_NO_SANITIZE = DeviceStatus(CommandState.NEVER, ("no Sanitize Device feature set",))


def read_ata(node: str, bus: Bus) -> FirmwareReading:
    """What the drive at a node offers now; nothing is changed, and a USB bridge is not asked at all (trust.md A5.13)."""
    if bus is Bus.USB:
        return nothing_offered(BRIDGED)
    try:
        found = parse_capabilities(read_identify(node))
    except ToolFailed as error:
        return nothing_offered(FoundObstacle(Obstacle.UNREADABLE, error.message))
    if found is None:
        return nothing_offered(FoundObstacle(Obstacle.UNREADABLE, "IDENTIFY DEVICE data without a right checksum"))
    status, obstacles = _sanitize_now(node) if found.has_sanitize else (_NO_SANITIZE, ())
    return FirmwareReading(
        offers=_with_remarks(found),
        obstacles=(
            *security_obstacles(found.security),
            *obstacles,
            *firmware_quirks().obstacles(found.model),
        ),
        status=status,
        also_hit=(),
        raw=found.raw,
    )


def ata_command(node: str, bus: Bus, technique: Technique) -> FirmwareCommand:
    """One technique of the drive at a node, judged by a reading made now; raises Refused, ToolFailed."""
    reading = read_ata(node, bus)
    offer = permitted_offer(node, reading, technique)
    if technique in SANITIZE_TECHNIQUES:
        return AtaSanitize(node, offer)
    found = parse_capabilities(read_identify(node))
    return AtaSecurityErase(node, offer, found.sectors if found else 0)


def _sanitize_now(node: str) -> tuple[DeviceStatus, tuple[FoundObstacle, ...]]:
    try:
        answer = sanitize_status(node)
    except ToolFailed as error:
        status = DeviceStatus(CommandState.UNKNOWN, (error.message,))
        return status, (FoundObstacle(Obstacle.UNREADABLE, error.message, SANITIZE_TECHNIQUES),)
    status = judge_status(answer)
    found = []
    if status.state is CommandState.RUNNING:
        found.append(FoundObstacle(Obstacle.SANITIZE_RUNNING, running_words(status)))
    elif status.state is CommandState.FAILED:
        # State SD3: every other command that would touch the medium is aborted (ACS-4, Sanitize Device state machine).
        found.append(FoundObstacle(Obstacle.SANITIZE_FAILED, forbids=(*SECURITY_TECHNIQUES, Technique.OVERWRITE)))
    elif status.state is CommandState.UNKNOWN:
        # A drive whose status can't be read could never be said to have completed.
        found.append(FoundObstacle(Obstacle.UNREADABLE, answer.words, SANITIZE_TECHNIQUES))
    if is_frozen(answer):
        found.append(FoundObstacle(Obstacle.SANITIZE_FROZEN, "until the drive loses power", SANITIZE_TECHNIQUES))
    return status, tuple(found)


def _with_remarks(found: AtaCapabilities) -> tuple[TechniqueOffer, ...]:
    """An erase by SANITIZE leaves a password where it is (ACS-4): whoever buys the drive would be locked out."""
    offers = offers_of(found)
    if not found.security.enabled:
        return offers
    remark = "a password that is not ours is set on the drive and stays"
    return tuple(
        TechniqueOffer(o.technique, o.minutes, o.erased_hex, (*o.remarks, remark))
        if o.technique in SANITIZE_TECHNIQUES
        else o
        for o in offers
    )
