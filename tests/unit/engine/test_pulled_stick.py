"""The stick with the journal is pulled while drives are being overwritten, and comes back, or another one does."""

import errno
import os
import shutil
from pathlib import Path

import pytest

from agent.engine import journal as journal_module
from agent.engine.journal import (
    Journal,
    ProgressEvent,
    ResultEvent,
    SessionEvent,
    StateEvent,
    read_journal,
)
from agent.engine.recovery import recovered_results
from agent.errors import EvidenceError
from agent.model.job import JobState
from agent.model.record import SessionEnd

from .fakes import MIB, FakeClock, Faults, fake_drive, make_header, plan_for, sitting

NOW = FakeClock().now()
END = SessionEvent(SessionEnd.COMPLETED, NOW)


def pull(journal: Journal) -> None:
    journal.path.parent.rename(journal.path.parent.with_name("pulled"))


def plug_in(journal: Journal) -> None:
    journal.path.parent.with_name("pulled").rename(journal.path.parent)


def remount(journal: Journal) -> None:
    """The same content in another file, as after a new mount: descriptors from before write into nowhere."""
    pulled = journal.path.parent.with_name("pulled")
    shutil.copytree(pulled, journal.path.parent)
    shutil.rmtree(pulled)


def mark(job_id: str, done: int) -> ProgressEvent:
    return ProgressEvent(job_id, JobState.SANITIZING, 1, done, MIB, 0, NOW)


def run_and_pull(tmp_path: Path, phase: str = "on_write"):
    """A whole run whose stick is pulled at the first write to the drive, or the first read-back."""
    gone = []

    def once(_offset: int) -> None:
        if not gone:
            gone.append(1)
            pull(it.journal)

    drive = fake_drive(Faults(**{phase: once}), size=MIB)
    it = sitting(tmp_path, drive, pass_set="dod-3")
    it.engine.start(it.plans)
    assert it.engine.wait(60)
    assert gone
    return it


@pytest.mark.parametrize("phase", ["on_write", "on_read"])
@pytest.mark.parametrize("back", [plug_in, remount])
def test_the_drive_goes_on_and_its_result_is_durable_after_the_return(tmp_path, phase, back):
    it = run_and_pull(tmp_path, phase)
    (result,) = it.engine.results()
    assert result.state is JobState.SANITIZED
    assert it.journal.away
    assert it.journal.lost_results() == {"job-1"}
    assert not it.journal.come_back()
    back(it.journal)
    assert recovered_results(read_journal(it.path))[0].state is JobState.INTERRUPTED
    assert it.journal.come_back()
    assert not it.journal.away
    assert it.journal.lost_results() == frozenset()
    it.journal.append(END)
    content = read_journal(it.path)
    assert (content.trusted, content.ended) == (True, SessionEnd.COMPLETED)
    assert recovered_results(content) == (result,)


def test_a_power_cut_while_the_stick_is_out_is_an_interruption(tmp_path):
    it = run_and_pull(tmp_path)
    del it.journal
    content = read_journal(tmp_path / "pulled" / it.path.name)
    assert content.trusted
    (found,) = recovered_results(content)
    assert found.state is JobState.INTERRUPTED
    assert "while sanitizing (pass 1 of 3)" in found.reason


@pytest.mark.parametrize("error", [errno.EIO, errno.ENODEV, errno.ENOENT, errno.ENXIO, errno.EROFS])
@pytest.mark.parametrize("call", ["write", "fdatasync"])
def test_what_a_dead_medium_answers_is_a_pulled_stick(tmp_path, monkeypatch, error, call):
    journal = Journal.create(tmp_path, make_header(()))
    real = getattr(os, call)

    def fail(descriptor, *rest):
        if descriptor == journal._file.descriptor:
            raise OSError(error, "gone")
        return real(descriptor, *rest)

    monkeypatch.setattr(journal_module.os, call, fail)
    journal.append(END)
    assert journal.away
    assert not journal.come_back()
    monkeypatch.setattr(journal_module.os, call, real)
    assert journal.come_back()
    assert read_journal(journal.path).events == (END,)


def test_a_torn_line_is_dropped_at_the_return(tmp_path, monkeypatch):
    journal = Journal.create(tmp_path, make_header(()))
    whole = journal.path.read_bytes()
    real = os.write

    def torn(descriptor, data):
        if len(data) < 40:
            raise OSError(errno.EIO, "gone")
        return real(descriptor, data[: len(data) // 2])

    monkeypatch.setattr(journal_module.os, "write", torn)
    journal.append(END)
    monkeypatch.setattr(journal_module.os, "write", real)
    assert journal.path.read_bytes() != whole
    assert journal.come_back()
    assert journal.path.read_bytes().startswith(whole)
    content = read_journal(journal.path)
    assert (content.trusted, content.events) == (True, (END,))


@pytest.mark.parametrize("change", ["flipped", "shorter", "longer", "link"])
def test_another_journal_is_never_written(tmp_path, change):
    journal = Journal.create(tmp_path / "journal", make_header(()))
    pull(journal)
    journal.append(END)
    plug_in(journal)
    data = journal.path.read_bytes()
    changed = {
        "flipped": data[:-9] + bytes([data[-9] ^ 1]) + data[-8:],
        "shorter": data[:-1],
        "longer": data + b"\0" * 4096,
        "link": b"",
    }[change]
    journal.path.unlink()
    if change == "link":
        journal.path.symlink_to(tmp_path / "elsewhere")
        (tmp_path / "elsewhere").write_bytes(data)
    else:
        journal.path.write_bytes(changed)
    with pytest.raises(EvidenceError):
        journal.come_back()
    with pytest.raises(EvidenceError):
        journal.append(END)
    with pytest.raises(EvidenceError):
        journal.check()
    assert journal.path.read_bytes() == (data if change == "link" else changed)


def test_a_job_ends_where_another_journal_comes_back(tmp_path):
    steps = []

    def each(_offset: int) -> None:
        steps.append(1)
        if len(steps) == 1:
            pull(it.journal)
            it.journal.append(mark("job-1", 512))
        elif len(steps) == 2:
            plug_in(it.journal)
            it.path.write_bytes(b"another\n")
            with pytest.raises(EvidenceError):
                it.journal.come_back()

    it = sitting(tmp_path, fake_drive(Faults(on_write=each), size=8 * MIB))
    it.engine.start(it.plans)
    assert it.engine.wait(60)
    (result,) = it.engine.results()
    assert result.state is JobState.INTERRUPTED
    assert it.path.read_bytes() == b"another\n"


@pytest.mark.parametrize("pulled_at", ["start", "open"])
def test_nothing_is_written_to_a_drive_for_the_first_time_while_the_stick_is_out(tmp_path, pulled_at):
    drive = fake_drive(Faults(on_open=lambda: pull(it.journal)) if pulled_at == "open" else None, size=MIB)
    before = bytes(drive.store.data)
    it = sitting(tmp_path, drive)
    if pulled_at == "start":
        pull(it.journal)
        with pytest.raises(EvidenceError, match="not there"):
            it.engine.start(it.plans)
        assert drive.medium is None
    else:
        it.engine.start(it.plans)
        assert it.engine.wait(60)
        (result,) = it.engine.results()
        assert result.state is JobState.INTERRUPTED
        plug_in(it.journal)
        assert it.journal.come_back()
        content = read_journal(it.path)
        assert recovered_results(content) == (result,)
        states = [e.state for e in content.events if isinstance(e, StateEvent)]
        assert states == [JobState.CONFIRMED, JobState.CHECKING]
    assert drive.store.data == before


def test_of_the_marks_only_the_last_is_kept_and_memory_has_an_end(tmp_path, monkeypatch):
    done = run_and_pull(tmp_path / "done").engine.results()[0]
    plan = plan_for(fake_drive(size=MIB).drive, pass_set="dod-3")
    journal = Journal.create(tmp_path / "journal", make_header((plan,)))
    pull(journal)
    for step in range(1000):
        journal.append(mark("job-1", step))
        journal.append(mark("job-2", step))
    assert [e.mark_of for e in journal._waiting] == ["job-1", "job-2"]
    kept = sum(e.size for e in journal._waiting)
    journal.append(END)
    end = journal._waiting[-1].size
    monkeypatch.setattr(journal_module, "MOST_KEPT_BYTES", kept + end + 10)
    journal.append(END)
    assert [e.mark_of for e in journal._waiting] == ["", ""], "marks go first"
    with pytest.raises(EvidenceError, match="too long"):
        journal.append(ResultEvent(done))
    plug_in(journal)
    with pytest.raises(EvidenceError):
        journal.come_back()
    assert read_journal(journal.path).events == ()


def test_it_may_be_pulled_again_and_again(tmp_path):
    journal = Journal.create(tmp_path / "journal", make_header(()))
    for _ in range(3):
        pull(journal)
        journal.append(mark("job-1", 1))
        journal.append(END)
        remount(journal)
        assert journal.come_back()
    assert [type(e) for e in read_journal(journal.path).events] == [ProgressEvent, SessionEvent] * 3
