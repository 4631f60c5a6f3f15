"""The journal: what is read back of it, whole, torn, damaged or full, and what may be concluded."""

import errno
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from agent.engine import journal as journal_module
from agent.engine.journal import (
    Journal,
    OpenedEvent,
    PassEvent,
    ProgressEvent,
    ResultEvent,
    SessionEvent,
    StateEvent,
    VerificationEvent,
    read_journal,
)
from agent.engine.recovery import recovered_results
from agent.errors import EvidenceError, JournalCorrupt
from agent.model.job import JobState
from agent.model.record import SessionEnd

from .fakes import MIB, FakeClock, Faults, fake_drive, make_header, outcome_of, plan_for, sitting

NOW = FakeClock().now()
HOSTILE = "[/red]\n\x1b[31m=cmd\u202e\udcff"


def finished(folder: Path, *drives, **policy):
    it = sitting(folder, *drives, **policy)
    it.engine.start(it.plans)
    assert it.engine.wait(60)
    return it


def test_a_whole_run_reads_back_as_it_was(tmp_path):
    one = fake_drive(size=MIB, serial=HOSTILE)
    it = finished(
        tmp_path,
        one,
        fake_drive(Faults(write_errors=frozenset({5})), size=MIB, node="/dev/fake1"),
        pass_set="dod-3",
    )
    it.journal.append(SessionEvent(SessionEnd.COMPLETED, NOW))
    content = read_journal(it.path)
    assert content.header == it.journal.header
    assert (content.trusted, content.damage) == (True, "")
    assert content.ended is SessionEnd.COMPLETED
    assert recovered_results(content) == it.engine.results()
    assert [r.state for r in it.engine.results()] == [JobState.SANITIZED, JobState.FAILED]
    mine = [e for e in content.events if getattr(e, "job_id", "") == "job-1" or isinstance(e, ResultEvent)]
    shape = [(type(e).__name__, getattr(e, "state", None)) for e in mine if not isinstance(e, ResultEvent)]
    assert shape == [
        ("StateEvent", JobState.CONFIRMED),
        ("StateEvent", JobState.CHECKING),
        ("OpenedEvent", None),
        ("StateEvent", JobState.SANITIZING),
        ("PassEvent", None),
        ("StateEvent", JobState.SANITIZING),
        ("PassEvent", None),
        ("StateEvent", JobState.SANITIZING),
        ("PassEvent", None),
        ("StateEvent", JobState.VERIFYING),
        ("VerificationEvent", None),
    ]
    assert "key" not in {k for line in it.path.read_text().splitlines() for k in json.loads(line)["body"]}


def test_each_announcement_is_synced_before_its_effect(tmp_path, monkeypatch):
    """At the first write the journal already says SANITIZING, and it has been synced since."""
    seen = []
    synced = []
    real = os.fdatasync
    monkeypatch.setattr(journal_module.os, "fdatasync", lambda fd: (synced.append(os.fstat(fd).st_size), real(fd)))

    def look(phase):
        def inner(_offset=0):
            content = read_journal(it.path)
            states = [e.state for e in content.events if isinstance(e, StateEvent)]
            seen.append((phase, states[-1], synced[-1] == it.path.stat().st_size))

        return inner

    drive = fake_drive(Faults(on_write=look("write"), on_read=look("read"), on_open=look("open")), size=MIB)
    it = sitting(tmp_path, drive)
    it.engine.start(it.plans)
    assert it.engine.wait(60)
    assert seen == [
        ("open", JobState.CHECKING, True),
        ("write", JobState.SANITIZING, True),
        ("read", JobState.VERIFYING, True),
    ]


def test_success_is_journalled_after_the_medium_is_closed(tmp_path, monkeypatch):
    drive = fake_drive(size=MIB)
    it = sitting(tmp_path, drive)
    real = Journal.append

    def spy(self, event):
        if isinstance(event, ResultEvent):
            assert not drive.medium.open
            spied.append(event.result.identity_at_end)
        real(self, event)

    spied = []
    monkeypatch.setattr(Journal, "append", spy)
    it.engine.start(it.plans)
    assert it.engine.wait(60)
    assert spied == [drive.drive.identity]


def test_any_length_of_the_file_proves_only_what_it_holds(tmp_path):
    """A power cut anywhere: no result but the journalled one ever says sanitized, and nothing is called damaged."""
    it = finished(tmp_path, fake_drive(size=4096))
    data = it.path.read_bytes()
    lines = data.split(b"\n")
    header_end = len(lines[0]) + 1
    result_end = len(data)
    assert b'"event":"result"' in lines[-2]
    torn = tmp_path / "torn.jsonl"
    for length in [*range(header_end, len(data), 37), *range(len(data) - 40, len(data) + 1)]:
        torn.write_bytes(data[:length])
        content = read_journal(torn)
        (result,) = recovered_results(content)
        assert content.trusted
        assert (result.state is JobState.SANITIZED) == (length == result_end)
        if length < result_end:
            assert result.state is JobState.INTERRUPTED
            assert outcome_of(result).value == "interrupted"
    for length in (0, 1, header_end - 1):
        torn.write_bytes(data[:length])
        with pytest.raises(JournalCorrupt):
            read_journal(torn)


def test_every_flipped_byte_is_found(tmp_path):
    it = finished(tmp_path, fake_drive(size=512))
    data = it.path.read_bytes()
    header_end = data.index(b"\n") + 1
    result_start = data.rindex(b"\n", 0, -1) + 1
    bad = tmp_path / "bad.jsonl"
    for position in [
        *range(0, header_end, 61),
        *range(header_end, result_start, 23),
        *range(result_start, len(data) - 1, 11),
    ]:
        flipped = bytearray(data)
        flipped[position] ^= 0x04
        bad.write_bytes(flipped)
        if position < header_end:
            with pytest.raises(JournalCorrupt):
                read_journal(bad)
            continue
        content = read_journal(bad)
        assert not content.trusted
        assert "damaged" in content.damage
        (result,) = recovered_results(content)
        assert result.state is JobState.INTERRUPTED
        assert content.damage in result.reason


@pytest.mark.parametrize("change", ["swap", "drop", "repeat", "other journal's line"])
def test_lines_out_of_their_place_are_damage(tmp_path, change):
    it = finished(tmp_path, fake_drive(size=512))
    lines = it.path.read_bytes().splitlines(keepends=True)
    other = finished(tmp_path / "other", fake_drive(size=1024)).path.read_bytes().splitlines(keepends=True)
    changed = {
        "swap": [*lines[:2], lines[3], lines[2], *lines[4:]],
        "drop": [*lines[:2], *lines[3:]],
        "repeat": [*lines[:3], *lines[2:]],
        "other journal's line": [*lines[:-1], other[-1]],
    }[change]
    it.path.write_bytes(b"".join(changed))
    content = read_journal(it.path)
    assert not content.trusted
    assert recovered_results(content)[0].state is JobState.INTERRUPTED


@pytest.mark.parametrize(
    "tail", [b"\0" * 4096, b"\0\n\0\0", b"\n", b'{"body":{"at":"2026', b"\xff\xfe garbage without an end"]
)
def test_a_torn_tail_is_ordinary(tmp_path, tail):
    it = finished(tmp_path, fake_drive(size=512))
    with it.path.open("ab") as file:
        file.write(tail)
    content = read_journal(it.path)
    assert content.trusted
    assert recovered_results(content)[0].state is JobState.SANITIZED


@pytest.mark.parametrize(
    "garbage", [b"[]\n", b'{"event":[],"body":1}\n', b"[" * 100_000 + b"\n", b"\xff\n", b"{}\n"]
)
def test_garbage_lines_are_damage_and_no_crash(tmp_path, garbage):
    it = finished(tmp_path, fake_drive(size=512))
    with it.path.open("ab") as file:
        file.write(garbage)
    assert not read_journal(it.path).trusted
    it.path.write_bytes(garbage)
    with pytest.raises(JournalCorrupt):
        read_journal(it.path)


def test_recovery_says_how_far_a_job_got(tmp_path):
    drive = fake_drive(size=MIB)
    plan = plan_for(drive.drive, pass_set="dod-3")
    journal = Journal.create(tmp_path, make_header((plan,)))
    assert (
        recovered_results(read_journal(journal.path))[0].reason == "the program ended unexpectedly before it began"
    )
    done = finished(tmp_path / "done", fake_drive(size=MIB), pass_set="dod-3").engine.results()[0]
    journal.append(StateEvent("job-1", "/dev/fake0", JobState.CONFIRMED, "", NOW))
    assert (
        recovered_results(read_journal(journal.path))[0].reason == "the program ended unexpectedly before it began"
    )
    journal.append(OpenedEvent("job-1", drive.drive.identity, NOW))
    journal.append(StateEvent("job-1", "/dev/fake0", JobState.SANITIZING, "pass 1 of 3", NOW))
    journal.append(PassEvent("job-1", done.passes[0]))
    journal.append(StateEvent("job-1", "/dev/fake0", JobState.SANITIZING, "pass 2 of 3", NOW))
    journal.append(ProgressEvent("job-1", JobState.SANITIZING, 2, 4096, MIB, 0, NOW))
    (result,) = recovered_results(read_journal(journal.path))
    assert result.state is JobState.INTERRUPTED
    assert result.reason == (
        "the program ended unexpectedly while sanitizing (pass 2 of 3), last seen at 4096 of 1048576 bytes"
    )
    assert result.passes == done.passes[:1]
    assert result.identity_at_open == drive.drive.identity
    journal.append(VerificationEvent("job-1", done.verification))
    (result,) = recovered_results(read_journal(journal.path))
    assert (result.state, result.verification) == (JobState.INTERRUPTED, done.verification)


def test_a_result_for_another_plan_is_not_taken(tmp_path):
    done = finished(tmp_path / "done", fake_drive(size=MIB)).engine.results()[0]
    journal = Journal.create(tmp_path, make_header((plan_for(fake_drive(size=2 * MIB).drive),)))
    journal.append(ResultEvent(done))
    assert recovered_results(read_journal(journal.path))[0].state is JobState.INTERRUPTED


def test_a_journal_is_created_once_and_for_its_owner(tmp_path):
    header = make_header(())
    journal = Journal.create(tmp_path / "a" / "journal", header)
    assert journal.path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(EvidenceError):
        Journal.create(tmp_path / "a" / "journal", header)
    (tmp_path / "file").write_text("")
    with pytest.raises(EvidenceError):
        Journal.create(tmp_path / "file", header)
    with pytest.raises(EvidenceError):
        read_journal(tmp_path / "absent")
    journal.close()
    journal.close()
    with pytest.raises(EvidenceError):
        journal.append(SessionEvent(SessionEnd.COMPLETED, NOW))


def test_a_new_journal_is_in_its_folder_durably(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(journal_module, "sync_folder", synced.append)
    Journal.create(tmp_path / "journal", make_header(()))
    assert synced == [tmp_path, tmp_path / "journal"]


@pytest.mark.parametrize("call", ["write", "fdatasync"])
def test_a_full_stick_at_the_start_is_an_evidence_error(tmp_path, monkeypatch, call):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(journal_module.os, call, full)
    with pytest.raises(EvidenceError, match="No space left"):
        Journal.create(tmp_path, make_header(()))


def test_after_a_torn_write_nothing_more_is_taken(tmp_path, monkeypatch):
    journal = Journal.create(tmp_path, make_header(()))
    real = os.write

    def torn(descriptor, data):
        if descriptor == journal._file.descriptor and len(data) < 5:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(descriptor, data[: max(1, len(data) // 2)])

    monkeypatch.setattr(journal_module.os, "write", torn)
    event = SessionEvent(SessionEnd.COMPLETED, NOW)
    with pytest.raises(EvidenceError, match="No space left"):
        journal.append(event)
    monkeypatch.setattr(journal_module.os, "write", real)
    with pytest.raises(EvidenceError, match="No space left"):
        journal.append(event)
    content = read_journal(journal.path)
    assert (content.trusted, content.events) == (True, ())


def test_a_header_that_is_no_header(tmp_path):
    journal = Journal.create(tmp_path, make_header(()))
    data = journal.path.read_bytes()
    line, _ = journal_module._encode_line(0, journal_module.FIRST_PREVIOUS, "session", {})
    journal.path.write_bytes(line)
    with pytest.raises(JournalCorrupt):
        read_journal(journal.path)
    body = {**json.loads(data)["body"], "record_id": 7}
    line, _ = journal_module._encode_line(0, journal_module.FIRST_PREVIOUS, "header", body)
    journal.path.write_bytes(line)
    with pytest.raises(JournalCorrupt):
        read_journal(journal.path)


def test_hostile_device_text_survives_the_header(tmp_path):
    drive = fake_drive(serial=HOSTILE).drive
    header = make_header((plan_for(replace(drive, bay="\u2028")),))
    journal = Journal.create(tmp_path, header)
    assert read_journal(journal.path).header == header
