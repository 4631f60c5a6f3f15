"""SCSI and SAS drives: which SANITIZE they have, its progress by REQUEST SENSE, and the command through sg_sanitize.

SCSI keeps no word of a sanitize that completed: a drive that is ready says only that none is running and none has failed. DONE is
said where this object saw the drive at work after its own start, then ready for use. Sources: SBC-4, SANITIZE and its sense data;
SPC-5, REPORT SUPPORTED OPERATION CODES, REQUEST SENSE.
"""

from dataclasses import dataclass

from agent.errors import Refused, ToolFailed
from agent.host import sg_io
from agent.host.firmware_choice import BRIDGED, nothing_offered, permitted_offer, running_words
from agent.host.firmware_quirks import firmware_quirks
from agent.host.firmware_tool import run_tool
from agent.host.scsi_units import command_node, same_device
from agent.host.sense import Sense, parse_sense
from agent.host.sysfs import Roots, block_name
from agent.model.drive import Bus
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

_SYSTEM = Roots()
_START_SECONDS = 120.0
_SANITIZE = 0x48
_SUPPORTED_AS_STANDARD = 0b011
_SENSE_BYTES = 252
_UNIT_ATTENTIONS = 4
_NOT_READY, _MEDIUM_ERROR, _UNIT_ATTENTION = 0x2, 0x3, 0x6
_IN_PROGRESS, _FAILED = (0x04, 0x1B), (0x31, 0x03)
# Sectors of 520 or 528 bytes hold a RAID controller's checksums, and the kernel can't read them back.
_SECTOR_SIZES = frozenset({512, 1024, 2048, 4096})

_FAST = ("--quick", "--early")


@dataclass(frozen=True)
class _Kind:
    """One service action of SANITIZE, sg_sanitize's options for it, and what may be read afterwards."""

    action: int
    options: tuple[str, ...]
    erased_hex: tuple[str, ...]


_KINDS = {
    Technique.SCSI_SANITIZE_OVERWRITE: _Kind(0x01, ("--overwrite", "--zero", "--count=1"), ("00",)),
    Technique.SCSI_SANITIZE_BLOCK_ERASE: _Kind(0x02, ("--block",), ("00", "ff")),
    Technique.SCSI_SANITIZE_CRYPTO_ERASE: _Kind(0x03, ("--crypto",), ()),
}


def read_scsi(node: str, bus: Bus, model: str, roots: Roots = _SYSTEM) -> FirmwareReading:
    """What the drive at a node offers now; nothing is changed, and a USB bridge is not asked at all."""
    if bus is Bus.USB:
        return nothing_offered(BRIDGED)
    asked = command_node(roots, block_name(node), node)
    try:
        status = sanitize_now(asked)
        supported = {technique: _support(asked, kind.action) for technique, kind in _KINDS.items()}
        size = _sector_bytes(asked)
    except ToolFailed as error:
        return nothing_offered(FoundObstacle(Obstacle.UNREADABLE, error.message))
    raw = (
        *(f"service action {_KINDS[t].action:02X}h support {_hex(s)}" for t, s in supported.items()),
        f"sector bytes {'not told' if size is None else size}",
    )
    obstacles = (*_standing(status), *_unreadable(supported, size, status), *firmware_quirks().obstacles(model))
    # A drive whose sanitize runs or failed refuses READ CAPACITY too, and only a new sanitize brings the second one back.
    refuses = size is None and status.state in {CommandState.RUNNING, CommandState.FAILED}
    offers = _offers(supported) if refuses or size in _SECTOR_SIZES else ()
    also_hit = same_device(roots, node) if offers else ()
    return FirmwareReading(offers, obstacles, status, also_hit, raw)


def scsi_command(node: str, bus: Bus, model: str, technique: Technique, roots: Roots = _SYSTEM) -> "ScsiSanitize":
    """One technique of the drive at a node, judged by a reading made now; raises Refused, also where it may erase another disk too."""
    reading = read_scsi(node, bus, model, roots)
    offer = permitted_offer(node, reading, technique)
    if reading.also_hit:
        others = ", ".join(reading.also_hit)
        raise Refused(f"{technique.value} of {node} may erase {others} too.", "Choose another technique.")
    return ScsiSanitize(node, offer)


def sanitize_now(node: str) -> DeviceStatus:
    """Running and failed by what the drive says; NEVER where it is ready for use; UNKNOWN where it says anything else."""
    answer = sg_io.on_node(node, "REQUEST SENSE", bytes([0x03, 0, 0, 0, _SENSE_BYTES, 0]), receive=_SENSE_BYTES)
    sense = parse_sense(answer.data) if answer.good else None
    if told := _told_by(sense):
        return told
    ready, unready = _test_ready(node)
    if told := _told_by(unready):
        return told
    words = tuple(s.words() for s in (sense, unready) if s is not None)
    state = CommandState.NEVER if ready else CommandState.UNKNOWN
    return DeviceStatus(state, (*words, "unit ready" if ready else "unit not ready"))


class ScsiSanitize:
    """One kind of SANITIZE on one drive, as a FirmwareCommand."""

    def __init__(self, node: str, offer: TechniqueOffer) -> None:
        self._node = node
        self._offer = offer
        self._kind = _KINDS[offer.technique]
        self._started: ToolRun | None = None
        self._seen_running = False

    @property
    def offer(self) -> TechniqueOffer:
        """The technique, with what the drive says of it."""
        return self._offer

    @property
    def secret_note(self) -> str:
        """Nothing: no password is set."""
        return ""

    @property
    def in_background(self) -> bool:
        """The drive goes on by itself, also after a loss of power."""
        return True

    def status(self) -> DeviceStatus:
        """Running or failed as the drive says; ready is done only after this command was seen at work; raises ToolFailed."""
        now = sanitize_now(self._node)
        if self._started is None:
            return now
        if now.state is CommandState.RUNNING:
            self._seen_running = True
        if now.state is not CommandState.NEVER:
            return now
        if self._seen_running:
            return DeviceStatus(CommandState.DONE, (*now.raw, "seen at work after this command"))
        if self._started.code is not None and self._started.code > 0:
            return DeviceStatus(CommandState.NEVER, (*now.raw, "this command was refused"))
        return DeviceStatus(CommandState.UNKNOWN, (*now.raw, "not seen at work after this command"))

    def prepare(self) -> tuple[ToolRun, ...]:
        """Nothing comes first."""
        return ()

    def start(self) -> ToolRun:
        """Start it, and look at once: a change of key may be over before anybody asks again; raises ToolMissing."""
        self._started = run_tool(("sg_sanitize", *self._kind.options, *_FAST, self._node), _START_SECONDS)
        try:
            self._seen_running = sanitize_now(self._node).state is CommandState.RUNNING
        except ToolFailed:
            return self._started
        return self._started

    def settle(self) -> tuple[ToolRun, ...]:
        """Nothing stands."""
        return ()

    def close(self) -> None:
        """Nothing is held."""


def _told_by(sense: Sense | None) -> DeviceStatus | None:
    if sense is None:
        return None
    if sense.key == _NOT_READY and (sense.code, sense.qualifier) == _IN_PROGRESS:
        permille = None if sense.progress is None else sense.progress * 1000 // 65536
        return DeviceStatus(CommandState.RUNNING, (sense.words(),), permille)
    if sense.key == _MEDIUM_ERROR and (sense.code, sense.qualifier) == _FAILED:
        return DeviceStatus(CommandState.FAILED, (sense.words(),))
    return None


def _test_ready(node: str) -> tuple[bool, Sense | None]:
    """TEST UNIT READY, asked again after each unit attention, which tells of something past."""
    sense: Sense | None = None
    for _ in range(_UNIT_ATTENTIONS):
        answer = sg_io.on_node(node, "TEST UNIT READY", bytes(6))
        sense = parse_sense(answer.sense)
        if answer.good or sense is None or sense.key != _UNIT_ATTENTION:
            return answer.good, sense
    return False, sense


def _support(node: str, action: int) -> int | None:
    """The SUPPORT field of REPORT SUPPORTED OPERATION CODES for one service action; None where the drive does not tell."""
    command = bytes([0xA3, 0x0C, 0b010, _SANITIZE, 0, action, 0, 0, 0, _SENSE_BYTES, 0, 0])
    answer = sg_io.on_node(node, "REPORT SUPPORTED OPERATION CODES", command, receive=_SENSE_BYTES)
    return answer.data[1] & 0b111 if answer.good and len(answer.data) >= 4 else None


def _sector_bytes(node: str) -> int | None:
    """Bytes of a logical sector by READ CAPACITY(16), then (10); the kernel shows 512 for sizes that it can't use."""
    long = bytes([0x9E, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0])
    for command, at, size in ((long, 8, 32), (bytes([0x25]) + bytes(9), 4, 8)):
        answer = sg_io.on_node(node, "READ CAPACITY", command, receive=size)
        if answer.good and len(answer.data) >= at + 4:
            return int.from_bytes(answer.data[at : at + 4], "big")
    return None


def _offers(supported: dict[Technique, int | None]) -> tuple[TechniqueOffer, ...]:
    return tuple(
        TechniqueOffer(technique, erased_hex=_KINDS[technique].erased_hex)
        for technique, support in supported.items()
        if support == _SUPPORTED_AS_STANDARD
    )


def _standing(status: DeviceStatus) -> tuple[FoundObstacle, ...]:
    if status.state is CommandState.RUNNING:
        return (FoundObstacle(Obstacle.SANITIZE_RUNNING, running_words(status)),)
    if status.state is CommandState.FAILED:
        # SBC-4, SANITIZE: every command that would touch the medium is then ended with that sense.
        return (FoundObstacle(Obstacle.SANITIZE_FAILED, forbids=(Technique.OVERWRITE,)),)
    return ()


def _unreadable(
    supported: dict[Technique, int | None], size: int | None, status: DeviceStatus
) -> tuple[FoundObstacle, ...]:
    found = []
    if all(support is None for support in supported.values()):
        words = "the drive does not tell which sanitize commands it has"
        found.append(FoundObstacle(Obstacle.UNREADABLE, words, tuple(_KINDS)))
    if size is not None and size not in _SECTOR_SIZES:
        words = f"sectors of {size} bytes: format the drive to 512 first (sg_format)"
        found.append(FoundObstacle(Obstacle.UNREADABLE, words))
    if status.state is CommandState.UNKNOWN:
        found.append(FoundObstacle(Obstacle.UNREADABLE, ", ".join(status.raw), tuple(_KINDS)))
    return tuple(found)


def _hex(support: int | None) -> str:
    return "not told" if support is None else f"{support}h"
