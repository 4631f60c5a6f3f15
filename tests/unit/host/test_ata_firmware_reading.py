"""What IDENTIFY DEVICE and SANITIZE STATUS EXT say of an ATA drive's own erases; words by ACS-4."""

from pathlib import Path

import pytest

from agent.errors import Refused, ToolFailed
from agent.host import sg_io
from agent.host.ata_firmware import ata_command, read_ata
from agent.host.ata_sanitize import AtaSanitize
from agent.host.ata_security import AtaSecurityErase
from agent.model.drive import Bus
from agent.model.firmware import CommandState, FirmwareReading, Obstacle
from agent.model.sanitization import Technique
from tests.unit.host.scsi_answers import (
    ABORTED_FIXED,
    COMPLETED,
    COMPLETED_FIXED,
    FAILED,
    FAILED_FIXED,
    FROZEN,
    GOOD,
    IDLE,
    INVALID_OPCODE,
    NOT_EXTENDED,
    RUNNING,
    RUNNING_AND_COMPLETED,
    Answers,
    Reply,
    ata_words,
    no_answer,
)

NODE = "/dev/sdx"
SANITIZE = {
    Technique.ATA_SANITIZE_OVERWRITE,
    Technique.ATA_SANITIZE_BLOCK_ERASE,
    Technique.ATA_SANITIZE_CRYPTO_SCRAMBLE,
}
SECURITY = {Technique.ATA_SECURITY_ERASE, Technique.ATA_SECURITY_ERASE_ENHANCED}


def read(drive: Answers, status: Reply = IDLE, **words: int) -> FirmwareReading:
    drive.identify(ata_words(**words)).status(status)
    return read_ata(NODE, Bus.SATA)


def test_the_three_of_sanitize(drive: Answers) -> None:
    reading = read(drive, w59=0xF000)
    assert {o.technique: o.erased_hex for o in reading.offers} == {
        Technique.ATA_SANITIZE_OVERWRITE: ("00",),
        Technique.ATA_SANITIZE_BLOCK_ERASE: ("00", "ff"),
        Technique.ATA_SANITIZE_CRYPTO_SCRAMBLE: (),
    }
    assert reading.obstacles == ()
    assert reading.status.state is CommandState.NEVER
    assert "word 59 F000h" in reading.raw


@pytest.mark.parametrize(
    ("word", "techniques"),
    [
        (0x9000, {Technique.ATA_SANITIZE_BLOCK_ERASE}),
        (0x5000, {Technique.ATA_SANITIZE_OVERWRITE}),
        (0x3000, {Technique.ATA_SANITIZE_CRYPTO_SCRAMBLE}),
        (0x1000, set()),
        # without bit 12 the others mean nothing
        (0xE000, set()),
    ],
)
def test_bits_of_word_59(drive: Answers, word: int, techniques: set[Technique]) -> None:
    assert {o.technique for o in read(drive, w59=word).offers} == techniques


def test_a_drive_without_sanitize_is_not_asked_for_its_status(drive: Answers) -> None:
    reading = read(drive, status=no_answer())
    assert reading.status.state is CommandState.NEVER
    assert len(drive.sent) == 1


@pytest.mark.parametrize(
    ("word", "minutes", "at_least"),
    [
        (0x0000, None, False),
        (0x0001, 2, False),
        (0x00FE, 508, False),
        (0x00FF, 508, True),
        # bits 14:8 are reserved in the short format
        (0x1201, 2, False),
        (0x8000, None, False),
        (0x8001, 2, False),
        (0x80FF, 510, False),
        (0xFFFE, 65532, False),
        (0xFFFF, 65532, True),
    ],
)
def test_time_of_the_normal_erase(drive: Answers, word: int, minutes: int | None, at_least: bool) -> None:
    (offer,) = read(drive, w82=2, w128=0x0001, w89=word).offers
    assert (offer.technique, offer.minutes) == (Technique.ATA_SECURITY_ERASE, minutes)
    assert offer.remarks == (("the drive's estimate is a lower limit",) if at_least else ())


def test_both_security_erases(drive: Answers) -> None:
    enhanced, normal = read(drive, w82=2, w128=0x0021, w89=0x8078, w90=0x0001).offers
    assert (enhanced.technique, enhanced.minutes) == (Technique.ATA_SECURITY_ERASE_ENHANCED, 2)
    assert (normal.technique, normal.minutes) == (Technique.ATA_SECURITY_ERASE, 240)
    # Enhanced mode writes a pattern of the maker's choice.
    assert (enhanced.erased_hex, normal.erased_hex) == ((), ("00", "ff"))


def test_a_drive_that_encrypts_everything_may_change_its_key(drive: Answers) -> None:
    assert all(o.erased_hex == () for o in read(drive, w69=1 << 4, w82=2, w128=0x0021).offers)


@pytest.mark.parametrize(("w82", "w128"), [(0, 0x0021), (2, 0x0020)])
def test_both_words_must_say_that_there_is_security(drive: Answers, w82: int, w128: int) -> None:
    assert read(drive, w82=w82, w128=w128).offers == ()


@pytest.mark.parametrize(
    ("word", "obstacle", "forbids"),
    [
        (0x0029, Obstacle.FROZEN, SECURITY),
        (0x0031, Obstacle.ATTEMPTS_EXCEEDED, SECURITY),
        # nothing at all can be done to a locked drive
        (0x0027, Obstacle.LOCKED, set()),
    ],
)
def test_what_word_128_says_against_it(
    drive: Answers, word: int, obstacle: Obstacle, forbids: set[Technique]
) -> None:
    (found,) = read(drive, w59=0xF000, w82=2, w128=word).obstacles
    assert (found.obstacle, set(found.forbids)) == (obstacle, forbids)


def test_a_password_that_sanitize_would_leave_is_told(drive: Answers) -> None:
    offers = {o.technique: o.remarks for o in read(drive, w59=0x9000, w82=2, w128=0x0003).offers}
    assert offers[Technique.ATA_SANITIZE_BLOCK_ERASE] == (
        "a password that is not ours is set on the drive and stays",
    )
    assert offers[Technique.ATA_SECURITY_ERASE] == ()


@pytest.mark.parametrize(
    ("reply", "state", "permille"),
    [
        (COMPLETED, CommandState.DONE, None),
        (IDLE, CommandState.NEVER, None),
        (RUNNING, CommandState.RUNNING, 312),
        (RUNNING_AND_COMPLETED, CommandState.RUNNING, 312),
        (FROZEN, CommandState.NEVER, None),
        (FAILED, CommandState.FAILED, None),
        (FAILED_FIXED, CommandState.FAILED, None),
        # the bits are in the half of COUNT that these do not hand over
        (NOT_EXTENDED, CommandState.UNKNOWN, None),
        (COMPLETED_FIXED, CommandState.UNKNOWN, None),
        (ABORTED_FIXED, CommandState.UNKNOWN, None),
        (INVALID_OPCODE, CommandState.UNKNOWN, None),
        (GOOD, CommandState.UNKNOWN, None),
        (no_answer("SANITIZE STATUS EXT"), CommandState.UNKNOWN, None),
    ],
)
def test_sanitize_status(drive: Answers, reply: Reply, state: CommandState, permille: int | None) -> None:
    status = read(drive, status=reply, w59=0xF000).status
    assert (status.state, status.progress_permille) == (state, permille)
    assert status.raw


def test_the_registers_are_kept(drive: Answers) -> None:
    status = read(drive, status=COMPLETED, w59=0xF000).status
    assert status.raw == ("status 50h error 00h count 8000h lba 00000000FFFFh device 40h",)


@pytest.mark.parametrize(
    ("reply", "obstacle", "forbids"),
    [
        (RUNNING, Obstacle.SANITIZE_RUNNING, set()),
        (FAILED, Obstacle.SANITIZE_FAILED, SECURITY | {Technique.OVERWRITE}),
        (FROZEN, Obstacle.SANITIZE_FROZEN, SANITIZE),
        (ABORTED_FIXED, Obstacle.UNREADABLE, SANITIZE),
        (no_answer(), Obstacle.UNREADABLE, SANITIZE),
    ],
)
def test_what_the_status_says_against_it(
    drive: Answers, reply: Reply, obstacle: Obstacle, forbids: set[Technique]
) -> None:
    (found,) = read(drive, status=reply, w59=0xF000).obstacles
    assert (found.obstacle, set(found.forbids)) == (obstacle, forbids)


def test_a_wrong_checksum_offers_nothing(drive: Answers) -> None:
    page = bytearray(ata_words(w59=0xF000, w82=2, w128=0x0021))
    page[511] ^= 1
    drive.identify(bytes(page))
    reading = read_ata(NODE, Bus.SATA)
    assert (reading.offers, [f.obstacle for f in reading.obstacles]) == ((), [Obstacle.UNREADABLE])
    assert reading.obstacles[0].forbids == ()
    assert reading.status.state is CommandState.UNKNOWN


@pytest.mark.parametrize("page", [bytes(512), ata_words(w0=0x8580, w59=0xF000)], ids=["zeros", "packet device"])
def test_data_without_signature_or_of_a_packet_device(drive: Answers, page: bytes) -> None:
    drive.identify(page)
    assert [f.obstacle for f in read_ata(NODE, Bus.SATA).obstacles] == [Obstacle.UNREADABLE]


@pytest.mark.parametrize("reply", [no_answer(), INVALID_OPCODE, GOOD])
def test_a_drive_that_does_not_identify_itself(drive: Answers, reply: Reply) -> None:
    drive.to("85 08 0e 00 00 00 01 00 00 00 00 00 00 00 ec 00", reply)
    reading = read_ata(NODE, Bus.SATA)
    assert (reading.offers, [f.obstacle for f in reading.obstacles]) == ((), [Obstacle.UNREADABLE])


def test_a_bridge_is_not_asked(drive: Answers) -> None:
    reading = read_ata(NODE, Bus.USB)
    assert [f.obstacle for f in reading.obstacles] == [Obstacle.BRIDGED]
    assert drive.sent == []


def test_a_command_needs_an_offer_and_nothing_against_it(drive: Answers) -> None:
    drive.identify(ata_words(w59=0x9000, w82=2, w128=0x0029)).status(IDLE)
    assert isinstance(ata_command(NODE, Bus.SATA, Technique.ATA_SANITIZE_BLOCK_ERASE), AtaSanitize)
    with pytest.raises(Refused, match="security frozen"):
        ata_command(NODE, Bus.SATA, Technique.ATA_SECURITY_ERASE)
    with pytest.raises(Refused, match="does not offer"):
        ata_command(NODE, Bus.SATA, Technique.ATA_SANITIZE_OVERWRITE)
    with pytest.raises(Refused, match="behind a USB bridge"):
        ata_command(NODE, Bus.USB, Technique.ATA_SANITIZE_BLOCK_ERASE)
    drive.identify(ata_words(w82=2, w128=0x0001))
    assert isinstance(ata_command(NODE, Bus.SATA, Technique.ATA_SECURITY_ERASE), AtaSecurityErase)


def test_what_is_no_scsi_device(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    for node in (file, tmp_path / "absent"):
        with pytest.raises(ToolFailed, match="SG_IO"):
            sg_io.on_node(str(node), "TEST UNIT READY", bytes(6))
