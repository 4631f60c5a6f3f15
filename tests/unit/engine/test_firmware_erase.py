"""The drive's own erase: nothing but a completed status of this very command, changed markers and a clean read-back is a success."""

import errno
import threading
import time
from dataclasses import replace

import pytest

from agent.engine.course import Course
from agent.engine.journal import AttemptEvent, CommandEvent, read_journal
from agent.engine.journal_file import JournalFile
from agent.engine.transfer import PATIENCE
from agent.errors import EraseRunning, IdentityChanged, Refused
from agent.model.drive import MediaType
from agent.model.firmware import CommandOutcome, CommandState, DeviceStatus
from agent.model.firmware_evidence import shortcoming
from agent.model.job import JobState
from agent.model.record import Outcome
from agent.model.sanitization import Method, Technique, VerificationKind
from tests.unit.engine.fake_firmware import (
    BLOCK,
    CRYPTO,
    ENHANCED,
    FORMAT,
    LONG_AGO,
    REVERT,
    Behaviour,
    firmware_drive,
)
from tests.unit.engine.fakes import OLD, forged_success, outcome_of, run_one, sitting

FAST = Course(poll=0.001, silence=0.05, no_progress=0.05, reappear=0.05)
FAILED = DeviceStatus(CommandState.FAILED, ("SSTAT 0x0003",))
FORGOTTEN = DeviceStatus(CommandState.NEVER, ("SSTAT 0x0000",))


def run(folder, behaviour, technique=BLOCK, *more, media_type=MediaType.SOLID_STATE, asked=None, **options):
    drive = firmware_drive((technique, behaviour), *more, media_type=media_type)
    result = run_one(folder, drive, technique=asked or technique.value, course=FAST, **options)
    return drive, result


def test_a_block_erase_that_is_shown_to_have_happened_is_purge(tmp_path):
    drive, result = run(tmp_path, Behaviour())
    assert result.state is JobState.SANITIZED
    assert outcome_of(result) is Outcome.SANITIZED
    assert result.rung.level is Method.PURGE
    (attempt,) = result.attempts
    assert attempt.markers.changed == attempt.markers.planted > 100
    assert attempt.read_back.bytes_accepted == drive.drive.identity.capacity_bytes
    assert attempt.read_back.values == ("00: 3145728",)
    assert [s.state for s in attempt.seen] == [CommandState.RUNNING, CommandState.DONE]
    assert drive.commands[0].calls == ["prepare", "start", "settle", "close"]


@pytest.mark.parametrize("value", [b"\xff", b"\0"])
def test_both_values_of_an_erased_flash_are_accepted(tmp_path, value):
    _, result = run(tmp_path, Behaviour(value=value))
    assert outcome_of(result) is Outcome.SANITIZED


def test_values_may_be_mixed(tmp_path):
    drive = firmware_drive((BLOCK, Behaviour()), media_type=MediaType.SOLID_STATE)
    erase = drive.command

    def half_and_half(found, technique):
        command = erase(found, technique)
        start = command.start

        def both():
            told = start()
            found.store.write(512, b"\xff" * 1024 * 1024)
            return told

        command.start = both
        return command

    drive.command = half_and_half
    result = run_one(tmp_path, drive, technique=BLOCK.value, course=FAST)
    assert outcome_of(result) is Outcome.SANITIZED
    assert set(result.attempts[0].read_back.values) == {"00: 2097152", "ff: 1048576"}


LIES = {
    "does nothing": Behaviour(does=()),
    "does half": Behaviour(does=((0.0, 0.5),)),
    "leaves a gap": Behaviour(does=((0.0, 0.1), (0.4, 1.0))),
    "leaves the first sectors": Behaviour(does=((0.01, 1.0),)),
    "leaves the last sectors": Behaviour(does=((0.0, 0.99),)),
    "fails": Behaviour(does=((0.0, 0.5),), ends=FAILED),
    "fails though all is erased": Behaviour(ends=FAILED),
    "forgets": Behaviour(ends=FORGOTTEN),
    "forgets and did nothing": Behaviour(does=(), ends=FORGOTTEN),
    "forgets at once": Behaviour(ends=FORGOTTEN, polls=0),
    "tells an unknown status": Behaviour(ends=DeviceStatus(CommandState.UNKNOWN, ("SSTAT 0x0007",))),
    "hangs": Behaviour(hangs_at=650),
    "no longer answers": Behaviour(status_error_from=2),
    "is noise after a block erase": Behaviour(value=None),
    "says what it said years ago": Behaviour(before=LONG_AGO, polls=0),
    "says what it said years ago and did nothing": Behaviour(does=(), before=LONG_AGO, polls=0),
    "was running before": Behaviour(before=DeviceStatus(CommandState.RUNNING, ("SSTAT 0x0002",), 10)),
    "refuses": Behaviour(does=(), exit_code=1, ends=FORGOTTEN, polls=0),
    "can't be prepared": Behaviour(prepare_error="frozen"),
    "can't be given back": Behaviour(settle_error="password"),
}


@pytest.mark.parametrize("name", LIES)
def test_no_lie_is_a_success(tmp_path, name):
    drive, result = run(tmp_path, LIES[name])
    assert result.state in {JobState.FAILED, JobState.UNKNOWN}
    assert result.reason
    assert outcome_of(result) in {Outcome.FAILED, Outcome.UNKNOWN}
    assert forged_success(result) is Outcome.FAILED
    assert drive.commands[0].calls[-1] == "close"


STARTED = {
    "forgets",
    "forgets at once",
    "tells an unknown status",
    "hangs",
    "no longer answers",
    "was running before",
}


@pytest.mark.parametrize("name", LIES)
def test_what_was_started_and_cannot_be_confirmed_is_followed_by_nothing(tmp_path, name):
    drive, result = run(tmp_path, LIES[name], BLOCK, (FORMAT, Behaviour()), asked="auto")
    unconfirmed = result.attempts[0].outcome is CommandOutcome.UNCONFIRMED
    assert unconfirmed or name not in STARTED
    if unconfirmed:
        assert result.state is JobState.UNKNOWN
        assert len(result.attempts) == 1
        assert not result.passes
        return
    # The next technique of the ladder did it: what is claimed is its level, and both attempts are told.
    assert [a.technique for a in result.attempts] == [BLOCK, FORMAT]
    assert outcome_of(result) is Outcome.SANITIZED
    assert result.rung.level is Method.CLEAR
    assert bytes(drive.store.data).count(OLD) == 0


def test_the_overwrite_comes_last_and_is_judged_as_one(tmp_path):
    drive, result = run(tmp_path, LIES["does half"], BLOCK, (FORMAT, Behaviour(does=(), ends=FAILED)), asked="auto")
    assert len(result.attempts) == 2
    assert len(result.passes) == 1
    assert result.rung.technique is Technique.OVERWRITE
    assert outcome_of(result) is Outcome.SANITIZED
    assert bytes(drive.store.data).count(OLD) == 0


def test_nothing_below_the_level_required_is_tried(tmp_path):
    _, result = run(tmp_path, LIES["does half"], BLOCK, (FORMAT, Behaviour()), asked="auto", required=Method.PURGE)
    assert [a.technique for a in result.attempts] == [BLOCK]
    assert result.state is JobState.FAILED
    assert outcome_of(result) is Outcome.FAILED


@pytest.mark.parametrize("technique", [CRYPTO, ENHANCED])
def test_a_changed_key_is_shown_by_markers_alone(tmp_path, technique):
    drive, result = run(tmp_path, Behaviour(value=None), technique)
    assert outcome_of(result) is Outcome.SANITIZED
    (attempt,) = result.attempts
    assert attempt.read_back is None
    assert attempt.markers.bytes_total * 20 >= drive.drive.identity.capacity_bytes
    assert result.rung.level is Method.CLEAR


def test_a_gap_under_a_changed_key_shows(tmp_path):
    _, result = run(tmp_path, Behaviour(does=((0.0, 0.1), (0.4, 1.0)), value=None), CRYPTO)
    assert result.state is JobState.FAILED
    assert "unchanged" in result.reason


def test_a_blank_disk_that_does_nothing_is_not_erased_by_it(tmp_path):
    drive = firmware_drive((BLOCK, Behaviour(does=())), media_type=MediaType.SOLID_STATE)
    drive.store.data[:] = bytes(len(drive.store.data))
    result = run_one(tmp_path, drive, technique=BLOCK.value, course=FAST)
    assert result.state is JobState.FAILED
    assert forged_success(result) is Outcome.FAILED


def test_markers_that_were_not_stored_prove_nothing(tmp_path):
    drive = firmware_drive((BLOCK, Behaviour()), media_type=MediaType.SOLID_STATE)
    drive.faults.dropped = ((1024 * 1024, 512 * 1024),)
    result = run_one(tmp_path, drive, technique=BLOCK.value, course=FAST)
    assert result.state is JobState.FAILED
    assert "read back as they were written" in result.reason
    assert not drive.commands[0].started
    assert forged_success(result) is Outcome.FAILED


def test_another_drive_came_back(tmp_path):
    drive = firmware_drive((BLOCK, Behaviour()), media_type=MediaType.SOLID_STATE)
    opened = []

    def other():
        opened.append(1)
        if len(opened) == 2:
            drive.faults.at_open = replace(drive.drive.identity, serial="OTHER")

    drive.faults.on_open = other
    result = run_one(tmp_path, drive, technique=BLOCK.value, course=FAST)
    assert result.state is JobState.UNKNOWN
    assert forged_success(result) is Outcome.FAILED


def twin(tmp_path, technique, *, found_anew: bool, **identity):
    """After the erase another drive of the same words is at the node: blank, and it never held a marker."""
    drive = firmware_drive((technique, Behaviour(does=())), media_type=MediaType.SOLID_STATE)
    drive.drive = replace(drive.drive, identity=replace(drive.drive.identity, **identity))
    opened = []

    def other():
        opened.append(1)
        if len(opened) == 2:
            drive.store.write(0, bytes(drive.drive.identity.capacity_bytes))
            drive.faults.sequence = 8 if found_anew else 7

    drive.faults.on_open = other
    return run_one(tmp_path, drive, technique=technique.value, course=FAST)


@pytest.mark.parametrize("technique", [BLOCK, CRYPTO, REVERT])
@pytest.mark.parametrize("identity", [{"serial": "0000"}, {"serial": ""}, {"wwn": ""}])
def test_a_twin_that_came_back_is_not_taken_for_the_drive(tmp_path, technique, identity):
    result = twin(tmp_path, technique, found_anew=True, **identity)
    assert result.state is JobState.UNKNOWN
    assert "found anew" in result.reason
    assert forged_success(result) is Outcome.FAILED


def test_a_drive_with_names_of_its_own_may_come_back_and_one_without_may_stay(tmp_path):
    assert twin(tmp_path / "a", BLOCK, found_anew=True).state is JobState.SANITIZED
    assert twin(tmp_path / "b", BLOCK, found_anew=False, serial="").state is JobState.SANITIZED


def test_who_comes_back_is_asked_before_it_is_read(tmp_path):
    """One that answers with another name first, and with the right one once it is being read."""
    drive = firmware_drive((BLOCK, Behaviour()), media_type=MediaType.SOLID_STATE)
    opened = []

    def other():
        opened.append(1)
        if len(opened) >= 2:
            drive.faults.at_open = replace(drive.drive.identity, serial="OTHER")

    drive.faults.on_open = other
    drive.faults.on_read = lambda _offset: setattr(drive.faults, "at_open", None)
    result = run_one(tmp_path, drive, technique=BLOCK.value, course=FAST)
    assert result.state is JobState.UNKNOWN


def test_the_command_is_announced_with_what_undoes_it(tmp_path):
    note = "user password 'ardoise'"
    drive = firmware_drive((ENHANCED, Behaviour(value=None, note=note)), media_type=MediaType.HARD_DISK)
    it = sitting(tmp_path, drive, technique=ENHANCED.value, course=FAST)
    it.engine.start(it.plans)
    assert it.engine.wait(60)
    events = read_journal(it.path).events
    command = next(e for e in events if isinstance(e, CommandEvent))
    assert command.note == note
    assert command.status_before.state is CommandState.NEVER
    attempt = next(e for e in events if isinstance(e, AttemptEvent))
    assert events.index(command) < events.index(attempt)
    (result,) = it.engine.results()
    assert result.rung.level is Method.PURGE
    assert attempt.result == result.attempts[0]
    assert outcome_of(result) is Outcome.SANITIZED


def test_an_enhanced_erase_of_flash_is_no_purge(tmp_path):
    _, result = run(tmp_path, Behaviour(value=None), ENHANCED)
    assert result.rung.level is Method.CLEAR
    forged = replace(result.plan, ladder=(replace(result.rung, level=Method.PURGE),))
    assert outcome_of(replace(result, plan=forged)) is Outcome.FAILED


def test_another_drive_answers_for_the_status(tmp_path):
    drive = firmware_drive((BLOCK, Behaviour()), media_type=MediaType.SOLID_STATE)
    make = drive.command

    def command(found, technique):
        made = make(found, technique)
        told = made.status

        def status():
            if made.started:
                raise IdentityChanged("another drive answers")
            return told()

        made.status = status
        return made

    drive.command = command
    result = run_one(tmp_path, drive, technique=BLOCK.value, course=FAST)
    assert result.state is JobState.UNKNOWN
    assert "not the one that was planned" in result.reason


def test_a_defect_after_the_start_is_told_as_unknown_with_the_way_out(tmp_path):
    drive = firmware_drive((BLOCK, Behaviour(note="the way out")), media_type=MediaType.SOLID_STATE)
    make = drive.command

    def command(found, technique):
        made = make(found, technique)
        made.start = lambda: 1 / 0
        return made

    drive.command = command
    result = run_one(tmp_path, drive, technique=BLOCK.value, course=FAST)
    assert result.state is JobState.UNKNOWN
    assert "ZeroDivisionError" in result.reason
    assert "the way out" in result.reason
    assert len(result.attempts) == 1
    assert drive.commands[0].calls[-1] == "close"


def test_a_moment_without_a_status_is_no_end(tmp_path):
    drive = firmware_drive((BLOCK, Behaviour()), media_type=MediaType.SOLID_STATE)
    make = drive.command

    def command(found, technique):
        made = make(found, technique)
        told, asked = made.status, []

        def status():
            asked.append(1)
            unknown = DeviceStatus(CommandState.UNKNOWN, ("no registers",))
            return unknown if made.started and len(asked) == 3 else told()

        made.status = status
        return made

    drive.command = command
    result = run_one(tmp_path, drive, technique=BLOCK.value, course=FAST)
    assert outcome_of(result) is Outcome.SANITIZED


def test_a_drive_whose_sanitize_had_failed_is_given_a_new_one_and_then_proves_it(tmp_path):
    """It takes no writes until then: the first attempt has no markers and claims nothing, the overwrite after it does."""
    drive = firmware_drive((BLOCK, Behaviour(before=FAILED)), media_type=MediaType.SOLID_STATE)

    def refuse_until_started(_offset):
        if not (drive.commands and drive.commands[0].started):
            raise OSError(errno.EIO, "sanitize failed")

    drive.faults.on_write = refuse_until_started
    result = run_one(
        tmp_path, drive, course=FAST, patience=replace(PATIENCE, block_seconds=0.05, dead_bytes=1 << 20)
    )
    (attempt,) = result.attempts
    assert attempt.outcome is CommandOutcome.DONE
    assert attempt.markers is None
    assert result.rung.technique is Technique.OVERWRITE
    assert outcome_of(result) is Outcome.SANITIZED
    assert "no markers" in shortcoming(attempt, drive.drive.identity.capacity_bytes, 512)


@pytest.mark.parametrize(("error", "state"), [(EraseRunning, JobState.UNKNOWN), (Refused, JobState.SANITIZED)])
def test_nothing_follows_where_somebody_s_erase_runs_before_ours(tmp_path, error, state):
    """What was merely refused is followed by the next technique; what is running would spoil that."""
    drive = firmware_drive((BLOCK, Behaviour()), media_type=MediaType.SOLID_STATE)

    def command(_found, _technique):
        raise error("a sanitize is running")

    drive.command = command
    result = run_one(tmp_path, drive, course=FAST)
    assert result.state is state
    assert "a sanitize is running" in result.attempts[0].reason
    assert (outcome_of(result) is Outcome.SANITIZED) is (error is Refused)
    assert (result.rung.technique is Technique.OVERWRITE) is (error is Refused)


def test_purge_by_erasing_is_read_back_in_full_whatever_was_asked(tmp_path):
    _, result = run(tmp_path, Behaviour(), verification=VerificationKind.SAMPLED)
    assert result.attempts[0].read_back.kind is VerificationKind.FULL
    sampled = replace(result.attempts[0].read_back, kind=VerificationKind.SAMPLED)
    forged = replace(result, attempts=(replace(result.attempts[0], read_back=sampled),))
    assert outcome_of(forged) is Outcome.FAILED


def forgeries(attempt):
    """Evidence that another program might sign: each contradicts itself or shows too little."""
    check, back = attempt.markers, attempt.read_back
    return {
        "values": replace(attempt, read_back=replace(back, values=(f"a5: {back.bytes_accepted}",))),
        "sums": replace(attempt, read_back=replace(back, values=("00: 1",))),
        "endless": replace(attempt, read_back=replace(back, values=(f"00: {'9' * 5000}",))),
        "no values": replace(attempt, read_back=replace(back, values=())),
        "located": replace(attempt, read_back=replace(back, first_refused=(7,))),
        "one marker": replace(attempt, markers=replace(check, planted=1, confirmed=1, changed=1, bytes_total=512)),
        "unchanged": replace(attempt, markers=replace(check, first_unchanged=(9,))),
        "no marker": replace(attempt, markers=None),
        "not read back": replace(attempt, read_back=None),
        "no tool": replace(attempt, tools=()),
        "never seen": replace(attempt, seen=()),
        "seen failing": replace(attempt, seen=(*attempt.seen, FAILED)),
        "not done": replace(attempt, outcome=CommandOutcome.UNCONFIRMED),
        "other status": replace(attempt, status_after=FAILED),
    }


def test_no_forged_evidence_is_believed(tmp_path):
    _, result = run(tmp_path, Behaviour())
    assert outcome_of(result) is Outcome.SANITIZED
    for name, forged in forgeries(result.attempts[0]).items():
        assert outcome_of(replace(result, attempts=(forged,))) is Outcome.FAILED, name
    earlier = replace(result.attempts[0], outcome=CommandOutcome.UNCONFIRMED)
    assert outcome_of(replace(result, attempts=(earlier, result.attempts[0]))) is Outcome.FAILED


# NVMe Base 2.0, Sanitize Status: bit 8 (Global Data Erased) is cleared by the first write after a sanitize, so by our markers.
ERASED_LONG_AGO = DeviceStatus(CommandState.DONE, ("SSTAT 0x0101", "SCDW10 0x00000002"))
WRITTEN_SINCE = DeviceStatus(CommandState.DONE, ("SSTAT 0x0001", "SCDW10 0x00000002"))
RUNS = DeviceStatus(CommandState.RUNNING, ("SSTAT 0x0002",), 10)


def with_status_after_markers(folder, after_markers, ends, **more):
    drive = firmware_drive(
        (BLOCK, Behaviour(before=ERASED_LONG_AGO, polls=0, ends=ends, **more)), media_type=MediaType.SOLID_STATE
    )
    drive.faults.on_write = lambda _offset: setattr(drive.commands[0].behaviour, "before", after_markers)
    return drive, run_one(folder, drive, technique=BLOCK.value, course=FAST)


def test_what_our_own_markers_changed_in_the_status_makes_an_old_completion_no_new_one(tmp_path):
    _, result = with_status_after_markers(tmp_path, WRITTEN_SINCE, WRITTEN_SINCE)
    assert result.state is JobState.UNKNOWN
    assert result.attempts[0].status_before == WRITTEN_SINCE
    assert forged_success(result) is Outcome.FAILED


def test_a_completion_that_sets_what_the_markers_cleared_is_a_new_one(tmp_path):
    _, result = with_status_after_markers(tmp_path, WRITTEN_SINCE, ERASED_LONG_AGO)
    assert result.state is JobState.SANITIZED


def test_an_erase_that_somebody_starts_while_markers_are_planted_is_not_ours(tmp_path):
    drive, result = with_status_after_markers(tmp_path, RUNS, ERASED_LONG_AGO)
    assert result.state is JobState.UNKNOWN
    assert "start" not in drive.commands[0].calls


def until(true, seconds=10.0):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_who_stops_watching_waits_for_no_tool_and_leaves_no_lock(tmp_path):
    """hdparm sits in the kernel until the drive has erased itself; nobody can end it."""
    drive = firmware_drive((ENHANCED, Behaviour(note="password 'ardoise'")), media_type=MediaType.HARD_DISK)
    erase, drive_has_ended, ended = drive.command, threading.Event(), threading.Event()

    def slow(found, technique):
        command = erase(found, technique)
        command.in_background = False
        start = command.start

        def waits():
            command.calls.append("start")
            drive_has_ended.wait(60)
            told = start()
            ended.set()
            return told

        command.start = waits
        return command

    drive.command = slow
    it = sitting(tmp_path, drive, technique=ENHANCED.value, course=FAST)
    it.engine.start(it.plans)
    until(lambda: drive.commands and "start" in drive.commands[0].calls)
    it.engine.cancel()
    assert it.engine.wait(10)
    (result,) = it.engine.results()
    # The drive is at it: it is asked for nothing, its password is not taken back now, and the node's lock is let go.
    assert drive.commands[0].calls == ["prepare", "start", "close"]
    assert result.state is JobState.UNKNOWN
    assert "the drive goes on by itself" in result.reason
    assert "password 'ardoise'" in result.reason
    drive_has_ended.set()
    assert ended.wait(10)
    assert it.engine.results() == (result,)


def test_a_stick_that_hangs_on_one_result_keeps_no_other_drive_from_being_watched(tmp_path, monkeypatch):
    first = firmware_drive((BLOCK, Behaviour()), node="/dev/fake0", media_type=MediaType.SOLID_STATE)
    second = firmware_drive((BLOCK, Behaviour(hangs_at=10)), node="/dev/fake1", media_type=MediaType.SOLID_STATE)
    course = Course(poll=0.001, silence=60, no_progress=60, reappear=60)
    it = sitting(tmp_path, first, second, technique=BLOCK.value, course=course)
    release, hanging = threading.Event(), threading.Event()
    sync = JournalFile.sync

    def slow(file):
        if any(b'"result"' in line for line in file._unsynced):
            hanging.set()
            release.wait(60)
        sync(file)

    monkeypatch.setattr(JournalFile, "sync", slow)
    # The second is at work before the first begins to end.
    go = threading.Event()
    first.faults.on_write = lambda _offset: go.wait(60)
    it.engine.start(it.plans)
    until(lambda: second.commands and second.commands[0].asked > 2)
    go.set()
    assert hanging.wait(10)
    asked = second.commands[0].asked
    until(lambda: second.commands[0].asked > asked + 20)
    assert it.engine.results() == ()
    release.set()
    it.engine.cancel("/dev/fake1")
    assert it.engine.wait(10)
    assert [r.state for r in it.engine.results()] == [JobState.SANITIZED, JobState.UNKNOWN]
