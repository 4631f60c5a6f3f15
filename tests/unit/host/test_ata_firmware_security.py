"""SECURITY ERASE UNIT under the published password: word 128 (ACS-4) decides, not hdparm."""

from pathlib import Path

import pytest

from agent.errors import ToolFailed
from agent.host.ata_security import AtaSecurityErase, lift_password, patience_seconds
from agent.model.firmware import CommandState, TechniqueOffer
from agent.model.sanitization import Technique
from tests.conftest import Allow
from tests.unit.host.programs import install
from tests.unit.host.scsi_answers import IDENTIFY, Answers, ata_words, data, knows_d_sense, no_answer

NODE = "/dev/sdx"
READY = ata_words(w82=2, w128=0x0021)
ENABLED = ata_words(w82=2, w85=2, w128=0x0023)
LOCKED = ata_words(w82=2, w85=2, w128=0x0027)
FROZEN = ata_words(w82=2, w128=0x0029)
EXPIRED_AND_LOCKED = ata_words(w82=2, w85=2, w128=0x0037)
BROKEN = READY[:511] + bytes([READY[511] ^ 1])
# What 9.65 prints and how it ends for a command that libata reports as aborted in fixed format (drives.md 7.1).
LOST = "printf 'SG_IO: bad/missing sense data, sb[]:  f0 00 0b 04 41\\n' >&2"
FAILS = "printf 'SECURITY_ERASE: Input/output error\\n' >&2; exit 5"


@pytest.fixture(autouse=True)
def _hdparm(allow_programs: Allow) -> None:
    allow_programs("hdparm")


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return install(tmp_path / "bin", monkeypatch, "hdparm", "true")


def command(technique: Technique = Technique.ATA_SECURITY_ERASE) -> AtaSecurityErase:
    return AtaSecurityErase(NODE, TechniqueOffer(technique, minutes=2), sectors=2048)


def prepared(drive: Answers, *afterwards: bytes) -> AtaSecurityErase:
    knows_d_sense(drive).identify(READY, ENABLED, *afterwards)
    erase = command()
    erase.prepare()
    return erase


@pytest.mark.parametrize(
    ("technique", "option"),
    [
        (Technique.ATA_SECURITY_ERASE, "--security-erase"),
        (Technique.ATA_SECURITY_ERASE_ENHANCED, "--security-erase-enhanced"),
    ],
)
def test_from_password_to_erased(drive: Answers, log: Path, technique: Technique, option: str) -> None:
    knows_d_sense(drive).identify(READY, READY, ENABLED, READY)
    erase = command(technique)
    assert not erase.in_background
    assert erase.status().state is CommandState.NEVER
    assert [t.argv[0] for t in erase.prepare()] == ["SG_IO", "hdparm"]
    erase.start()
    status = erase.status()
    assert (status.state, status.raw) == (CommandState.DONE, ("word 85 0000h", "word 128 0021h"))
    assert erase.settle() == ()
    erase.close()
    assert log.read_text() == (
        f"--user-master u --security-set-pass ardoise {NODE}\n--user-master u {option} ardoise {NODE}\n"
    )


def test_the_note_names_the_password_and_both_commands() -> None:
    note = command().secret_note
    assert '"ardoise"' in note
    assert f"hdparm --user-master u --security-unlock ardoise {NODE}" in note
    assert f"hdparm --user-master u --security-disable ardoise {NODE}" in note


@pytest.mark.parametrize("script", [LOST, FAILS, "true"])
def test_an_erase_that_leaves_the_password_failed_and_is_settled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, drive: Answers, script: str
) -> None:
    choose = f'case "$*" in *--security-erase*) {script};; esac'
    log = install(tmp_path / "bin", monkeypatch, "hdparm", choose)
    erase = prepared(drive, ENABLED, ENABLED, ENABLED, READY)
    erase.start()
    assert erase.status().state is CommandState.FAILED
    tools = erase.settle()
    assert log.read_text().splitlines()[-1] == f"--user-master u --security-disable ardoise {NODE}"
    assert [t.argv[0] for t in tools] == ["SG_IO", "hdparm"]


def test_a_drive_that_locked_itself_is_unlocked_first(drive: Answers, log: Path) -> None:
    erase = prepared(drive, LOCKED, ENABLED, READY)
    erase.settle()
    assert [line.split()[2] for line in log.read_text().splitlines()] == [
        "--security-set-pass",
        "--security-unlock",
        "--security-disable",
    ]


def test_a_password_that_stays_is_an_error_with_the_way_out(drive: Answers, log: Path) -> None:
    erase = prepared(drive, LOCKED)
    with pytest.raises(ToolFailed, match="locked by a password") as caught:
        erase.settle()
    assert caught.value.remedy == erase.secret_note
    # A drive that stayed locked is not asked to disable.
    assert "--security-disable" not in log.read_text()


@pytest.mark.parametrize(
    ("page", "words"),
    [
        (FROZEN, "security frozen"),
        (LOCKED, "locked by a password"),
        (EXPIRED_AND_LOCKED, "attempts are used up"),
        (ata_words(), "no Security feature set"),
        (BROKEN, "no right checksum"),
    ],
    ids=["frozen", "locked", "expired", "absent", "broken"],
)
def test_what_is_not_even_tried(drive: Answers, log: Path, page: bytes, words: str) -> None:
    drive.identify(page)
    erase = command()
    with pytest.raises(ToolFailed, match=words):
        erase.prepare()
    assert erase.settle() == ()
    assert not log.exists()


@pytest.mark.parametrize(
    ("script", "pages", "runs"),
    [
        # hdparm says nothing is wrong, and the drive has no password
        ("true", (READY,), []),
        (LOST, (READY,), []),
        ("printf 'SECURITY_SET_PASS: Input/output error\\n' >&2; exit 5", (READY,), []),
        ("true", (LOCKED, LOCKED, ENABLED, READY), ["--security-unlock", "--security-disable"]),
        # hdparm lost the answer, and the drive has the password
        (LOST, (ENABLED, ENABLED, ENABLED, READY), ["--security-disable"]),
    ],
    ids=["not there", "lost, not there", "refused", "locked at once", "lost, there"],
)
def test_a_password_that_was_not_set_for_sure(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    drive: Answers,
    script: str,
    pages: tuple[bytes, ...],
    runs: list[str],
) -> None:
    choose = f'case "$*" in *--security-set-pass*) {script};; esac'
    log = install(tmp_path / "bin", monkeypatch, "hdparm", choose)
    knows_d_sense(drive).identify(READY, *pages)
    erase = command()
    with pytest.raises(ToolFailed, match="not set"):
        erase.prepare()
    erase.settle()
    assert [line.split()[2] for line in log.read_text().splitlines()] == ["--security-set-pass", *runs]


def test_another_s_password_that_was_not_replaced_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, drive: Answers
) -> None:
    log = install(tmp_path / "bin", monkeypatch, "hdparm", LOST)
    knows_d_sense(drive).identify(ENABLED)
    erase = command()
    with pytest.raises(ToolFailed):
        erase.prepare()
    assert erase.settle() == ()
    assert len(log.read_text().splitlines()) == 1


def test_a_cleared_password_that_was_never_ours_proves_nothing(drive: Answers, log: Path) -> None:
    drive.identify(READY)
    erase = command()
    erase.start()
    assert erase.status().state is CommandState.NEVER


def test_a_status_that_can_t_be_read(drive: Answers, log: Path) -> None:
    erase = prepared(drive, BROKEN)
    erase.start()
    assert erase.status().state is CommandState.UNKNOWN
    drive.to(IDENTIFY, no_answer())
    with pytest.raises(ToolFailed):
        erase.status()
    with pytest.raises(ToolFailed):
        erase.settle()


def test_an_erase_out_of_time_has_no_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, drive: Answers) -> None:
    install(tmp_path / "bin", monkeypatch, "hdparm", 'case "$*" in *--security-erase*) sleep 30;; esac')
    monkeypatch.setattr("agent.host.ata_security.patience_seconds", lambda _minutes, _sectors: 0.2)
    erase = prepared(drive, ENABLED)
    assert erase.start().code is None


@pytest.mark.parametrize(
    ("minutes", "sectors", "seconds"),
    [
        (2, 2048, 7200),
        (None, 2048, 7200),
        # twice 240 minutes and 10 more
        (240, 2048, 29400),
        # hdparm waits 110 minutes itself
        (50, 2048, 7800),
        # no estimate: hdparm waits for 30 MB each second and 30 minutes more
        (None, 2048 * 1_000_000, 35733),
    ],
)
def test_patience(minutes: int | None, sectors: int, seconds: int) -> None:
    assert int(patience_seconds(minutes, sectors)) == seconds


# --- after a crash


def test_no_password(drive: Answers, log: Path) -> None:
    drive.identify(READY)
    lift = lift_password(NODE)
    assert (lift.lifted, lift.words) == (True, "No password is set.")
    assert not log.exists()


@pytest.mark.parametrize(
    "pages", [(LOCKED, ENABLED, READY), (ENABLED, ENABLED, READY)], ids=["locked", "not locked"]
)
def test_our_password_is_taken_back(drive: Answers, log: Path, pages: tuple[bytes, ...]) -> None:
    knows_d_sense(drive).identify(*pages)
    lift = lift_password(NODE)
    assert lift.lifted
    assert "taken back" in lift.words
    assert ("--security-unlock" in log.read_text()) == (pages[0] == LOCKED)


def test_another_s_password_costs_one_attempt(drive: Answers, log: Path) -> None:
    knows_d_sense(drive).identify(LOCKED)
    lift = lift_password(NODE)
    assert not lift.lifted
    assert "not ours" in lift.words
    assert log.read_text() == f"--user-master u --security-unlock ardoise {NODE}\n"


@pytest.mark.parametrize(
    ("page", "words"),
    [
        (ata_words(w82=2, w85=2, w128=0x002B), "security frozen"),
        (EXPIRED_AND_LOCKED, "out of password attempts"),
    ],
    ids=["frozen", "expired"],
)
def test_when_only_power_helps(drive: Answers, log: Path, page: bytes, words: str) -> None:
    drive.identify(page)
    lift = lift_password(NODE)
    assert not lift.lifted
    assert words in lift.words
    assert not log.exists()


def test_a_drive_that_can_t_be_read_is_no_drive_without_password(drive: Answers, log: Path) -> None:
    drive.to(IDENTIFY, data(BROKEN))
    with pytest.raises(ToolFailed, match="checksum"):
        lift_password(NODE)
