"""The three erases of the ATA Sanitize Device feature set: hdparm starts them, the drive's own registers say what became of them.

The registers are read by a command of ours and not from hdparm's text: hdparm prints "SD0 Sanitize Idle" where a bridge lost them
(drives.md 3), shows neither COUNT nor LBA, and reports a failed sanitize by an error text. Source: ACS-4, SANITIZE STATUS EXT.
"""

from agent.errors import ToolFailed
from agent.host.ata_device import StatusAnswer, ask_descriptor_sense, sanitize_status
from agent.host.firmware_tool import refused_by_text, run_tool
from agent.host.sense import AtaRegisters
from agent.model.firmware import CommandState, DeviceStatus, TechniqueOffer, ToolRun
from agent.model.sanitization import Technique

_START_SECONDS = 120.0
_KNOWN = "--yes-i-know-what-i-am-doing"
# hdparm's default of 0 passes means 16 (trust.md A5.1).
_OPTIONS: dict[Technique, tuple[str, ...]] = {
    Technique.ATA_SANITIZE_BLOCK_ERASE: ("--sanitize-block-erase",),
    Technique.ATA_SANITIZE_CRYPTO_SCRAMBLE: ("--sanitize-crypto-scramble",),
    Technique.ATA_SANITIZE_OVERWRITE: (
        "--sanitize-overwrite-passes",
        "1",
        "--sanitize-overwrite",
        "hex:00000000",
    ),
}

_BUSY, _DEVICE_FAULT, _ERROR = 0x80, 0x20, 0x01
_ABORTED = 0x04
_REASON_UNSUCCESSFUL = 0x01
# COUNT (15:8) of SANITIZE STATUS EXT.
_COMPLETED, _IN_PROGRESS, _FROZEN = 0x80, 0x40, 0x20
REFUSED_NOTE = "this command was refused"


class AtaSanitize:
    """One of the three on one drive, as a FirmwareCommand."""

    def __init__(self, node: str, offer: TechniqueOffer) -> None:
        self._node = node
        self._offer = offer
        self._options = _OPTIONS[offer.technique]
        self._refused = False
        self._seen_at_once: DeviceStatus | None = None

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
        """The drive's own status; raises ToolFailed where it gives no answer.

        The first answer after the start is the one that was asked for at once, where it saw the drive at work: a change of
        key may be over before anybody asks again, and an older completion looks the same as a new one.
        """
        if self._seen_at_once is not None:
            seen, self._seen_at_once = self._seen_at_once, None
            return seen
        now = judge_status(sanitize_status(self._node))
        if self._refused and now.state is CommandState.DONE:
            return DeviceStatus(CommandState.NEVER, (*now.raw, REFUSED_NOTE))
        return now

    def prepare(self) -> tuple[ToolRun, ...]:
        """Ask for errors with all their registers; a drive that does not know how goes on without."""
        return (ask_descriptor_sense(self._node),)

    def start(self) -> ToolRun:
        """Start it, and look at once; raises ToolMissing."""
        done = run_tool(("hdparm", _KNOWN, *self._options, self._node), _START_SECONDS)
        # Where it can't even read the IDENTIFY data, hdparm says nothing and ends with 5.
        self._refused = refused_by_text(done.output) or done.code not in {0, None}
        try:
            first = judge_status(sanitize_status(self._node))
        except ToolFailed:
            return done
        if first.state is CommandState.RUNNING:
            self._seen_at_once = first
        return done

    def settle(self) -> tuple[ToolRun, ...]:
        """Nothing stands."""
        return ()

    def close(self) -> None:
        """Nothing is held."""


def judge_status(answer: StatusAnswer) -> DeviceStatus:
    """One answer as a state: completed needs its bit and no operation in progress; idle without it is never started, or forgotten."""
    return DeviceStatus(*_state(answer.registers, answer.words))


def is_frozen(answer: StatusAnswer) -> bool:
    """Whether the drive is in state SD1, Sanitize Frozen."""
    found = answer.registers
    if found is None or found.count_high is None or found.status & (_BUSY | _ERROR):
        return False
    return bool(found.count_high & _FROZEN)


def _state(found: AtaRegisters | None, words: str) -> tuple[CommandState, tuple[str, ...], int | None]:
    raw = (words,)
    if found is None or found.status & (_BUSY | _DEVICE_FAULT):
        return CommandState.UNKNOWN, raw, None
    if found.status & _ERROR:
        unsuccessful = found.error & _ABORTED and found.lba_low & 0xFF == _REASON_UNSUCCESSFUL
        return CommandState.FAILED if unsuccessful else CommandState.UNKNOWN, raw, None
    if found.count_high is None:
        return CommandState.UNKNOWN, raw, None
    if found.count_high & _IN_PROGRESS:
        return CommandState.RUNNING, raw, (found.lba_low & 0xFFFF) * 1000 // 65536
    return CommandState.DONE if found.count_high & _COMPLETED else CommandState.NEVER, raw, None
