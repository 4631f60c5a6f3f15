"""The three ATA sanitize commands: hdparm's arguments, and a status that is the drive's own."""

from pathlib import Path

import pytest

from agent.errors import ToolFailed, ToolMissing
from agent.host.ata_sanitize import AtaSanitize
from agent.host.firmware_tool import refused_by_text
from agent.model.firmware import CommandState, TechniqueOffer
from agent.model.sanitization import Technique
from tests.conftest import Allow
from tests.unit.host.programs import install
from tests.unit.host.scsi_answers import (
    COMPLETED,
    FAILED,
    GOOD,
    IDLE,
    INVALID_OPCODE,
    MODE_SENSE_CONTROL,
    RUNNING,
    Answers,
    knows_d_sense,
    no_answer,
)

NODE = "/dev/sdx"
STARTED = "printf 'Issuing SANITIZE_BLOCK_ERASE command\\nOperation started in background\\n'"
# rc 0 with a lost answer (drives.md 7.1).
LOST = (
    "printf 'Issuing SANITIZE_BLOCK_ERASE command\\n'; "
    "printf 'SG_IO: bad/missing sense data, sb[]:  f0 00 0b 04 41\\n' >&2"
)


@pytest.fixture(autouse=True)
def _hdparm(allow_programs: Allow) -> None:
    allow_programs("hdparm")


def command(technique: Technique = Technique.ATA_SANITIZE_BLOCK_ERASE) -> AtaSanitize:
    return AtaSanitize(NODE, TechniqueOffer(technique))


@pytest.mark.parametrize(
    ("technique", "arguments"),
    [
        (Technique.ATA_SANITIZE_BLOCK_ERASE, "--sanitize-block-erase"),
        (Technique.ATA_SANITIZE_CRYPTO_SCRAMBLE, "--sanitize-crypto-scramble"),
        # 0 passes, hdparm's default, are 16
        (Technique.ATA_SANITIZE_OVERWRITE, "--sanitize-overwrite-passes 1 --sanitize-overwrite hex:00000000"),
    ],
)
def test_arguments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, drive: Answers, technique: Technique, arguments: str
) -> None:
    log = install(tmp_path / "bin", monkeypatch, "hdparm", STARTED)
    drive.status(RUNNING)
    done = command(technique).start()
    assert log.read_text() == f"--yes-i-know-what-i-am-doing {arguments} {NODE}\n"
    assert (done.argv[0], done.code) == ("hdparm", 0)
    assert "started in background" in done.output


def test_from_start_to_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, drive: Answers) -> None:
    install(tmp_path / "bin", monkeypatch, "hdparm", STARTED)
    drive.status(IDLE, RUNNING, RUNNING, COMPLETED)
    erase = command()
    assert erase.in_background
    assert erase.secret_note == ""
    assert erase.status().state is CommandState.NEVER
    erase.start()
    assert [erase.status().state for _ in range(3)] == [
        CommandState.RUNNING,
        CommandState.RUNNING,
        CommandState.DONE,
    ]
    assert erase.settle() == ()
    erase.close()


def test_an_erase_that_is_over_at_the_second_question_was_seen_at_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, drive: Answers
) -> None:
    install(tmp_path / "bin", monkeypatch, "hdparm", STARTED)
    drive.status(COMPLETED, RUNNING, COMPLETED)
    erase = command()
    states = [erase.status().state]
    erase.start()
    states += [erase.status().state, erase.status().state]
    assert states == [CommandState.DONE, CommandState.RUNNING, CommandState.DONE]


def test_a_status_that_is_forgotten_is_never_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, drive: Answers
) -> None:
    install(tmp_path / "bin", monkeypatch, "hdparm", STARTED)
    drive.status(IDLE)
    erase = command()
    assert erase.start().code == 0
    assert erase.status().state is CommandState.NEVER


@pytest.mark.parametrize("script", [LOST, "printf '\\n/dev/sdx:\\n'; exit 5"])
def test_an_old_completion_is_not_that_of_a_refused_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, drive: Answers, script: str
) -> None:
    install(tmp_path / "bin", monkeypatch, "hdparm", script)
    drive.status(COMPLETED)
    erase = command()
    erase.start()
    status = erase.status()
    assert (status.state, status.raw[-1]) == (CommandState.NEVER, "this command was refused")


def test_a_sanitize_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, drive: Answers) -> None:
    install(tmp_path / "bin", monkeypatch, "hdparm", STARTED)
    drive.status(RUNNING, FAILED)
    erase = command()
    erase.start()
    assert [erase.status().state, erase.status().state] == [CommandState.RUNNING, CommandState.FAILED]


def test_a_drive_that_goes_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, drive: Answers) -> None:
    install(tmp_path / "bin", monkeypatch, "hdparm", "printf 'SANITIZE failed: Input/output error\\n' >&2; exit 5")
    drive.status(no_answer())
    erase = command()
    assert erase.start().code == 5
    with pytest.raises(ToolFailed):
        erase.status()


def test_without_hdparm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, drive: Answers) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("agent.host.run.SEARCH_PATH", str(tmp_path))
    with pytest.raises(ToolMissing):
        command().start()
    assert drive.sent == []


def test_errors_are_asked_for_with_their_registers(drive: Answers) -> None:
    knows_d_sense(drive)
    (done,) = command().prepare()
    assert (done.argv[:2], done.code) == (("SG_IO", "MODE SELECT(10)"), 0)
    # The page as it was, with D_SENSE (byte 2 bit 2) set and PS cleared, behind a header of zeros (SPC-5).
    assert drive.sent[1][1] == bytes.fromhex("00 00 00 00 00 00 00 00 0a 0a 06 00 00 00 00 00 ff ff 00 1e")


@pytest.mark.parametrize("reply", [INVALID_OPCODE, GOOD, no_answer("MODE SENSE(10)")])
def test_a_drive_without_that_setting_goes_on(drive: Answers, reply: object) -> None:
    drive.to(MODE_SENSE_CONTROL, reply)  # type: ignore[arg-type]
    (done,) = command().prepare()
    assert done.code != 0


@pytest.mark.parametrize(
    "text",
    [
        "SG_IO: bad/missing sense data, sb[]:  f0 00 0b 04 41",
        "SG_IO: missing sense data, results may be incorrect",
        "SG_IO: questionable sense data, results may be incorrect",
        "Issuing SANITIZE_STATUS command\nSANITIZE failed: Input/output error",
        "SANITIZE device error reason: Device in FROZEN state",
        "SANITIZE feature set is not supported",
        ' Issuing SECURITY_SET_PASS command, password="x", user=user, mode=high\nSECURITY_SET_PASS: Input/output error',
        "ERASE_PREPARE: Input/output error",
        " SET_MAX_ADDRESS(_EXT) failed: Input/output error",
        " SET_ACCESSIBLE_MAX_ADDRESS_EXT failed: Input/output error",
        " HDIO_DRIVE_CMD(dco_restore) failed: Input/output error",
        "Use of --dco-restore is VERY DANGEROUS.\nProgram aborted.",
    ],
)
def test_texts_of_refusal(text: str) -> None:
    assert refused_by_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Issuing SANITIZE_BLOCK_ERASE command\nOperation started in background\nYou may use `--sanitize-status` to check progress",
        'security_password: "ardoise"\n\n/dev/sdx:\n Issuing SECURITY_ERASE command, password="ardoise", user=user',
        "\n/dev/sdx:\n issuing DCO restore command",
    ],
)
def test_texts_without_refusal(text: str) -> None:
    assert not refused_by_text(text)
