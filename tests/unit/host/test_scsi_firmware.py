"""SANITIZE of SCSI drives: what they support, their progress and failure by sense data (SBC-4), and when done may be said."""

from pathlib import Path

import pytest

from agent.errors import Refused, ToolFailed
from agent.host.scsi_firmware import ScsiSanitize, read_scsi, scsi_command
from agent.model.drive import Bus
from agent.model.firmware import CommandState, Obstacle, TechniqueOffer
from agent.model.sanitization import Technique
from tests.conftest import Allow
from tests.unit.host.programs import install
from tests.unit.host.scsi_answers import GOOD, Answers, Reply, data, no_answer, sense

NODE = "/dev/sdx"
MODEL = "SEAGATE ST4000NM0023"
REQUEST_SENSE = "03 00 00 00 fc 00"
TEST_UNIT_READY = "00 00 00 00 00 00"
READ_CAPACITY_16 = "9e 10 00 00 00 00 00 00 00 00 00 00 00 20 00 00"
READ_CAPACITY_10 = "25 00 00 00 00 00 00 00 00 00"
# REPORT SUPPORTED OPERATION CODES, one operation code with its service action (SPC-5).
SUPPORT = "a3 0c 02 48 00 {:02x} 00 00 00 fc 00 00"

NO_SENSE = data(bytes.fromhex("70 00 00 00 00 00 00 0a 00 00 00 00 00 00 00 00 00 00"))
# Not ready, sanitize in progress, 4000h of 65536 done.
WORKING = data(bytes.fromhex("70 00 02 00 00 00 00 0a 00 00 00 00 04 1b 00 80 40 00"))
WORKING_IN_DESCRIPTORS = data(bytes.fromhex("72 02 04 1b 00 00 00 08 02 06 00 00 80 40 00 00"))
# Medium error, sanitize command failed.
FAILED = data(bytes.fromhex("70 00 03 00 00 00 00 0a 00 00 00 00 31 03 00 00 00 00"))
TUR_WORKING = sense("70 00 02 00 00 00 00 0a 00 00 00 00 04 1b 00 80 40 00")
TUR_FAILED = sense("70 00 03 00 00 00 00 0a 00 00 00 00 31 03 00 00 00 00")
RESET = sense("70 00 06 00 00 00 00 0a 00 00 00 00 29 00 00 00 00 00")
BECOMING_READY = sense("70 00 02 00 00 00 00 0a 00 00 00 00 04 01 00 00 00 00")
INVALID_OPCODE = sense("70 00 05 00 00 00 00 0a 00 00 00 00 20 00 00 00 00 00")


@pytest.fixture(autouse=True)
def _sg_sanitize(allow_programs: Allow) -> None:
    allow_programs("sg_sanitize")


def support(value: int) -> Reply:
    return data(bytes([0, value, 0, 10]) + bytes(10))


def capacity(sector: int) -> Reply:
    return data(bytes.fromhex("00 00 00 01 d1 c0 be af") + sector.to_bytes(4, "big") + bytes(20))


@pytest.fixture
def disk(drive: Answers) -> Answers:
    """A drive with all three, at rest."""
    for action in (1, 2, 3):
        drive.to(SUPPORT.format(action), support(3))
    drive.to(READ_CAPACITY_16, capacity(512))
    return drive.to(REQUEST_SENSE, NO_SENSE).to(TEST_UNIT_READY, GOOD)


def read(bus: Bus = Bus.SAS):  # type: ignore[no-untyped-def]
    return read_scsi(NODE, bus, MODEL)


def test_the_three(disk: Answers) -> None:
    reading = read()
    assert {o.technique: o.erased_hex for o in reading.offers} == {
        Technique.SCSI_SANITIZE_OVERWRITE: ("00",),
        Technique.SCSI_SANITIZE_BLOCK_ERASE: ("00", "ff"),
        Technique.SCSI_SANITIZE_CRYPTO_ERASE: (),
    }
    assert reading.obstacles == ()
    assert reading.status.state is CommandState.NEVER


@pytest.mark.parametrize("value", [0, 1, 2, 5, 7])
def test_only_support_by_the_standard_counts(disk: Answers, value: int) -> None:
    disk.to(SUPPORT.format(2), support(value))
    assert Technique.SCSI_SANITIZE_BLOCK_ERASE not in {o.technique for o in read().offers}


def test_a_drive_that_does_not_tell_offers_nothing(disk: Answers) -> None:
    for action in (1, 2, 3):
        disk.to(SUPPORT.format(action), INVALID_OPCODE)
    reading = read()
    assert (reading.offers, [f.obstacle for f in reading.obstacles]) == ((), [Obstacle.UNREADABLE])


def test_sectors_of_520_bytes(disk: Answers) -> None:
    disk.to(READ_CAPACITY_16, capacity(520))
    reading = read()
    assert reading.offers == ()
    assert "520" in reading.obstacles[0].detail
    with pytest.raises(Refused, match="520"):
        scsi_command(NODE, Bus.SAS, MODEL, Technique.SCSI_SANITIZE_BLOCK_ERASE)


def test_small_drives_answer_the_short_command(disk: Answers) -> None:
    disk.to(READ_CAPACITY_16, INVALID_OPCODE)
    disk.to(READ_CAPACITY_10, data(bytes.fromhex("08 8b b9 99 00 00 02 00")))
    assert len(read().offers) == 3
    disk.to(READ_CAPACITY_10, INVALID_OPCODE)
    assert read().offers == ()


@pytest.mark.parametrize(
    ("asked", "ready", "state", "permille"),
    [
        (WORKING, GOOD, CommandState.RUNNING, 250),
        (WORKING_IN_DESCRIPTORS, GOOD, CommandState.RUNNING, 250),
        (NO_SENSE, TUR_WORKING, CommandState.RUNNING, 250),
        (FAILED, GOOD, CommandState.FAILED, None),
        (NO_SENSE, TUR_FAILED, CommandState.FAILED, None),
        (NO_SENSE, GOOD, CommandState.NEVER, None),
        (INVALID_OPCODE, GOOD, CommandState.NEVER, None),
        (NO_SENSE, BECOMING_READY, CommandState.UNKNOWN, None),
        (INVALID_OPCODE, INVALID_OPCODE, CommandState.UNKNOWN, None),
    ],
)
def test_status(disk: Answers, asked: Reply, ready: Reply, state: CommandState, permille: int | None) -> None:
    status = read_status(disk, asked, ready)
    assert (status.state, status.progress_permille) == (state, permille)
    assert status.raw


def read_status(disk: Answers, asked: Reply, *ready: Reply):  # type: ignore[no-untyped-def]
    disk.to(REQUEST_SENSE, asked).to(TEST_UNIT_READY, *ready)
    return read().status


def test_a_unit_attention_is_asked_past(disk: Answers) -> None:
    assert read_status(disk, NO_SENSE, RESET, RESET, GOOD).state is CommandState.NEVER
    assert read_status(disk, NO_SENSE, RESET).state is CommandState.UNKNOWN


@pytest.mark.parametrize(
    ("asked", "obstacle"), [(WORKING, Obstacle.SANITIZE_RUNNING), (FAILED, Obstacle.SANITIZE_FAILED)]
)
def test_what_the_status_says_against_it(disk: Answers, asked: Reply, obstacle: Obstacle) -> None:
    disk.to(REQUEST_SENSE, asked).to(READ_CAPACITY_16, TUR_WORKING).to(READ_CAPACITY_10, TUR_WORKING)
    reading = read()
    assert [f.obstacle for f in reading.obstacles] == [obstacle]
    assert len(reading.offers) == 3


def test_a_failed_sanitize_is_followed_by_another_one(disk: Answers) -> None:
    disk.to(REQUEST_SENSE, FAILED)
    assert scsi_command(NODE, Bus.SAS, MODEL, Technique.SCSI_SANITIZE_BLOCK_ERASE).offer.erased_hex == ("00", "ff")
    disk.to(REQUEST_SENSE, WORKING)
    with pytest.raises(Refused, match="is running"):
        scsi_command(NODE, Bus.SAS, MODEL, Technique.SCSI_SANITIZE_BLOCK_ERASE)


def test_a_bridge_is_not_asked(drive: Answers) -> None:
    assert [f.obstacle for f in read(Bus.USB).obstacles] == [Obstacle.BRIDGED]
    assert drive.sent == []


def test_a_drive_that_is_gone(disk: Answers) -> None:
    disk.to(REQUEST_SENSE, no_answer("REQUEST SENSE"))
    assert [f.obstacle for f in read().obstacles] == [Obstacle.UNREADABLE]


# --- the command


def command(technique: Technique = Technique.SCSI_SANITIZE_BLOCK_ERASE) -> ScsiSanitize:
    return ScsiSanitize(NODE, TechniqueOffer(technique))


@pytest.mark.parametrize(
    ("technique", "options"),
    [
        (Technique.SCSI_SANITIZE_BLOCK_ERASE, "--block"),
        (Technique.SCSI_SANITIZE_CRYPTO_ERASE, "--crypto"),
        (Technique.SCSI_SANITIZE_OVERWRITE, "--overwrite --zero --count=1"),
    ],
)
def test_arguments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, disk: Answers, technique: Technique, options: str
) -> None:
    log = install(tmp_path / "bin", monkeypatch, "sg_sanitize", "true")
    erase = command(technique)
    assert (erase.in_background, erase.secret_note, erase.prepare()) == (True, "", ())
    assert erase.start().code == 0
    assert log.read_text() == f"{options} --quick --early {NODE}\n"
    assert erase.settle() == ()
    erase.close()


@pytest.mark.parametrize(
    ("code", "sequence", "states"),
    [
        # seen at work by the look at once, or by a later one
        (0, (WORKING, NO_SENSE), [CommandState.DONE]),
        (0, (NO_SENSE, WORKING, NO_SENSE), [CommandState.RUNNING, CommandState.DONE]),
        (0, (WORKING, WORKING, FAILED), [CommandState.RUNNING, CommandState.FAILED]),
        # never seen at work: ready proves nothing
        (0, (NO_SENSE,), [CommandState.UNKNOWN]),
        (5, (NO_SENSE,), [CommandState.NEVER]),
        # an exit code does not undo what the drive says
        (5, (WORKING, WORKING, NO_SENSE), [CommandState.RUNNING, CommandState.DONE]),
    ],
)
def test_done_needs_to_have_been_seen_at_work(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    disk: Answers,
    code: int,
    sequence: tuple[Reply, ...],
    states: list[CommandState],
) -> None:
    install(tmp_path / "bin", monkeypatch, "sg_sanitize", f"exit {code}")
    erase = command()
    assert erase.status().state is CommandState.NEVER
    disk.to(REQUEST_SENSE, *sequence)
    erase.start()
    assert [erase.status().state for _ in states] == states


def test_work_seen_before_the_start_is_not_this_command_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, disk: Answers
) -> None:
    install(tmp_path / "bin", monkeypatch, "sg_sanitize", "true")
    disk.to(REQUEST_SENSE, WORKING, NO_SENSE)
    erase = command()
    assert erase.status().state is CommandState.RUNNING
    erase.start()
    assert erase.status().state is CommandState.UNKNOWN


def test_a_drive_that_goes_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, disk: Answers) -> None:
    install(tmp_path / "bin", monkeypatch, "sg_sanitize", "true")
    disk.to(REQUEST_SENSE, no_answer("REQUEST SENSE"))
    erase = command()
    erase.start()
    with pytest.raises(ToolFailed):
        erase.status()
