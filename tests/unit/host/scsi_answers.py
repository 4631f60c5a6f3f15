"""A drive that answers SG_IO with bytes that a test lists, and bytes as the standards lay them out."""

from collections.abc import Callable

from agent.errors import ToolFailed
from agent.host import sg_io
from agent.host.sg_io import Answer
from tests.unit.host.trees import identify_page

CHECK_CONDITION = 0x02
GOOD = Answer(0, 0, b"", b"")

# ATA PASS-THROUGH(16) as smartctl -r ioctl shows it for IDENTIFY DEVICE.
IDENTIFY = "85 08 0e 00 00 00 01 00 00 00 00 00 00 00 ec 00"
# Non-data, EXTEND, CK_COND, FEATURE 0000h: SANITIZE STATUS EXT (SAT-4, ACS-4).
SANITIZE_STATUS = "85 07 20 00 00 00 00 00 00 00 00 00 00 40 b4 00"

Reply = Answer | ToolFailed | Callable[[bytes], Answer]


def sense(text: str) -> Answer:
    """CHECK CONDITION with these sense bytes."""
    return Answer(CHECK_CONDITION, 0, b"", bytes.fromhex(text))


def data(raw: bytes) -> Answer:
    """GOOD with these bytes."""
    return Answer(0, 0, raw, b"")


def no_answer(what: str = "IDENTIFY DEVICE") -> ToolFailed:
    """What on_node raises of a drive that is gone."""
    return ToolFailed((sg_io.NAME, what, "/dev/sdx"), 5, "Input/output error")


def ata_words(**words: int) -> bytes:
    """IDENTIFY DEVICE data with a right checksum; w59=0xF000 sets word 59."""
    return identify_page(words={int(name[1:]): value for name, value in words.items()})[60:]


class Answers:
    """Replies to each command by its bytes; the last of several stays. An unlisted command fails the test."""

    def __init__(self) -> None:
        self.replies: dict[bytes, list[Reply]] = {}
        self.sent: list[tuple[bytes, bytes]] = []

    def to(self, command: str, *replies: Reply) -> "Answers":
        """List replies to a command."""
        self.replies[bytes.fromhex(command)] = list(replies)
        return self

    def identify(self, *pages: bytes) -> "Answers":
        """List the IDENTIFY DEVICE data of one question after the other."""
        return self.to(IDENTIFY, *(data(page) for page in pages))

    def status(self, *replies: Reply) -> "Answers":
        """List replies to SANITIZE STATUS EXT."""
        return self.to(SANITIZE_STATUS, *replies)

    def __call__(
        self, node: str, what: str, command: bytes, *, receive: int = 0, send: bytes = b"", timeout_ms: int = 0
    ) -> Answer:
        """What sg_io.on_node is replaced with."""
        self.sent.append((command, send))
        replies = self.replies.get(command)
        if replies is None:
            raise AssertionError(f"{what}: {command.hex(' ')} is not listed")
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        if isinstance(reply, ToolFailed):
            raise reply
        return reply(send) if callable(reply) else reply


# Sense data in descriptor format with the ATA registers (SAT-4): 09h 0Ch EXTEND ERROR COUNT LBA... DEVICE STATUS.
COMPLETED = sense("72 01 00 1d 00 00 00 0e 09 0c 01 00 80 00 00 ff 00 ff 00 00 40 50")
IDLE = sense("72 01 00 1d 00 00 00 0e 09 0c 01 00 00 00 00 ff 00 ff 00 00 40 50")
# hdparm showed "SD2 In Process 0x4fff (31%)" for these (drives.md 3).
RUNNING = sense("72 01 00 1d 00 00 00 0e 09 0c 01 00 40 00 00 ff 00 4f 00 00 40 50")
RUNNING_AND_COMPLETED = sense("72 01 00 1d 00 00 00 0e 09 0c 01 00 c0 00 00 ff 00 4f 00 00 40 50")
FROZEN = sense("72 01 00 1d 00 00 00 0e 09 0c 01 00 20 00 00 ff 00 ff 00 00 40 50")
# Aborted, LBA (7:0) = 01h: the SANITIZE command was unsuccessful.
FAILED = sense("72 0b 00 00 00 00 00 0e 09 0c 01 04 00 00 00 01 00 00 00 00 40 51")
FAILED_FIXED = sense("f0 00 0b 04 51 40 00 0a 00 01 00 00 00 00 00 00 00 00")
# The start of what libata said of an aborted command (drives.md 7.1).
ABORTED_FIXED = sense("f0 00 0b 04 41 00 00 0a 00 00 00 00 00 00 00 00 00 00")
NOT_EXTENDED = sense("72 01 00 1d 00 00 00 0e 09 0c 00 00 80 00 00 ff 00 ff 00 00 40 50")
COMPLETED_FIXED = sense("f0 00 01 00 50 40 00 0a c0 ff ff 00 00 1d 00 00 00 00")
INVALID_OPCODE = sense("70 00 05 00 00 00 00 0a 00 00 00 00 20 00 00 00 00 00")

MODE_SENSE_CONTROL = "5a 08 0a 00 00 00 00 00 fc 00"
MODE_SELECT_CONTROL = "55 10 00 00 00 00 00 00 14 00"
# libata's control mode page, with PS set as a drive with saved pages has it.
CONTROL_PAGE = data(bytes.fromhex("00 12 00 00 00 00 00 00 8a 0a 02 00 00 00 00 00 ff ff 00 1e"))


def knows_d_sense(drive: Answers) -> Answers:
    """The drive takes D_SENSE."""
    return drive.to(MODE_SENSE_CONTROL, CONTROL_PAGE).to(MODE_SELECT_CONTROL, GOOD)
