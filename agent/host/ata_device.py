"""What is asked of an ATA drive itself, by ATA PASS-THROUGH(16), and the one setting that makes its errors readable.

The kernel keeps the IDENTIFY data of the moment when it found the drive: word 128 there is stale. Sources: SAT-4, ATA PASS-THROUGH
(16); ACS-4, IDENTIFY DEVICE and SANITIZE STATUS EXT; SPC-5, control mode page.
"""

import time
from dataclasses import dataclass

from agent.errors import ToolFailed
from agent.host import sg_io
from agent.host.ata_capabilities import IDENTIFY_BYTES, AtaCapabilities, parse_capabilities
from agent.host.sense import AtaRegisters, parse_sense
from agent.model.firmware import ToolRun

_TIMEOUT_MS = 15_000
_NO_DATA, _PIO_IN = 3 << 1, 4 << 1
_EXTEND = 1
_CK_COND = 0x20
_FROM_DEVICE_COUNT_IN_BLOCKS = 0x0E
_LBA_DEVICE = 0x40
_IDENTIFY_DEVICE, _SANITIZE_DEVICE = 0xEC, 0xB4
_CONTROL_PAGE, _CONTROL_BYTES = 0x0A, 12
_D_SENSE = 0x04


@dataclass(frozen=True)
class StatusAnswer:
    """The registers after SANITIZE STATUS EXT, None where they were lost; `words` are what came back instead, or they."""

    registers: AtaRegisters | None
    words: str


def read_identify(node: str) -> bytes:
    """The 512 bytes of IDENTIFY DEVICE from the drive itself; raises ToolFailed where it gives none."""
    command = bytearray(16)
    command[0:3] = 0x85, _PIO_IN, _FROM_DEVICE_COUNT_IN_BLOCKS
    command[6] = 1
    command[14] = _IDENTIFY_DEVICE
    answer = sg_io.on_node(node, "IDENTIFY DEVICE", bytes(command), receive=IDENTIFY_BYTES, timeout_ms=_TIMEOUT_MS)
    if not answer.good or len(answer.data) != IDENTIFY_BYTES:
        words = _words(answer) or f"{len(answer.data)} bytes"
        raise ToolFailed((sg_io.NAME, "IDENTIFY DEVICE", node), answer.status, words)
    return answer.data


def read_capabilities(node: str) -> AtaCapabilities | None:
    """What IDENTIFY DEVICE says now, None where its checksum is wrong or absent; raises ToolFailed."""
    return parse_capabilities(read_identify(node))


def sanitize_status(node: str) -> StatusAnswer:
    """SANITIZE STATUS EXT, which changes nothing; raises ToolFailed where no answer comes at all."""
    command = bytearray(16)
    command[0:3] = 0x85, _NO_DATA | _EXTEND, _CK_COND
    command[13:15] = _LBA_DEVICE, _SANITIZE_DEVICE
    answer = sg_io.on_node(node, "SANITIZE STATUS EXT", bytes(command), timeout_ms=_TIMEOUT_MS)
    sense = parse_sense(answer.sense)
    if sense is None or sense.ata is None:
        return StatusAnswer(None, f"no registers returned ({_words(answer) or 'no sense data'})")
    return StatusAnswer(sense.ata, sense.ata.words())


def ask_descriptor_sense(node: str) -> ToolRun:
    """Set D_SENSE, so that an error comes with all its registers; never raises, for the drive may not know the setting.

    libata hands errors over in fixed format otherwise, and hdparm then ends with 0 (drives.md 7.1).
    """
    argv = (sg_io.NAME, "MODE SELECT(10)", "control mode page, D_SENSE=1", node)
    began = time.monotonic()
    try:
        code, words = _set_d_sense(node)
    except ToolFailed as error:
        return ToolRun(argv, error.code, error.stderr, round((time.monotonic() - began) * 1000))
    return ToolRun(argv, code, words, round((time.monotonic() - began) * 1000))


def _set_d_sense(node: str) -> tuple[int, str]:
    size = 252
    sense = bytes([0x5A, 0x08, _CONTROL_PAGE, 0, 0, 0, 0, 0, size, 0])
    answer = sg_io.on_node(node, "MODE SENSE(10)", sense, receive=size)
    page = _control_page(answer.data) if answer.good else b""
    if not page:
        return answer.status or 1, _words(answer) or "no control mode page"
    changed = bytes([page[0] & 0x7F, page[1], page[2] | _D_SENSE]) + page[3:]
    # Eight bytes of header, all of them reserved in MODE SELECT but the length of block descriptors, of which there are none.
    data = bytes(8) + changed
    select = bytes([0x55, 0x10, 0, 0, 0, 0, 0, 0, len(data), 0])
    answer = sg_io.on_node(node, "MODE SELECT(10)", select, send=data)
    return answer.status, _words(answer)


def _control_page(data: bytes) -> bytes:
    start = 8 + (data[6] << 8 | data[7]) if len(data) >= 8 else 0
    page = data[start : start + _CONTROL_BYTES] if start else b""
    valid = len(page) == _CONTROL_BYTES and page[0] & 0x7F == _CONTROL_PAGE and page[1] == _CONTROL_BYTES - 2
    return page if valid else b""


def _words(answer: sg_io.Answer) -> str:
    if answer.good and not answer.sense:
        return ""
    sense = parse_sense(answer.sense)
    return f"SCSI status {answer.status:02X}h, {sense.words() if sense else 'no sense data'}"
