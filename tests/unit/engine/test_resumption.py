"""A power cut at any moment: what goes on later ends with a medium that is right in every byte, or starts again."""

import random
import time
from dataclasses import replace
from pathlib import Path

import pytest

from agent.engine import crew
from agent.engine.engine import Engine
from agent.engine.journal import Journal, read_journal
from agent.engine.pass_keys import commitment, keys_for, new_keys, read_keys, store_keys
from agent.engine.planning import Interrupted, make_plan
from agent.engine.recovery import recovered_results
from agent.engine.resumption import Resumable, find_resumable
from agent.engine.stream import open_stream
from agent.model.job import JobResult, JobState
from agent.model.record import Outcome
from agent.model.sanitization import Plan, Policy, VerificationKind

from .fakes import (
    MIB,
    OLD,
    FakeClock,
    FakeDrive,
    FakeMachine,
    Faults,
    MemoryStore,
    drive_record,
    fake_drive,
    make_header,
    medium_outcome,
    plan_for,
)

SIZE = 12 * MIB + 512
CUTS = 30


class VolatileStore(MemoryStore):
    """A drive with a write cache: what was not flushed is there until the power goes."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.durable = bytes(self.data)

    def flush(self) -> None:
        self.durable = bytes(self.data)


class PowerCut(Exception):
    """Ends a run as nothing else would: the test keeps what was durable at that moment."""


@pytest.fixture(autouse=True)
def _many_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "TICK_SECONDS", 0.001)


def volatile_drive(data: bytes = b"") -> FakeDrive:
    drive = fake_drive(size=SIZE)
    drive.store = VolatileStore(SIZE)
    if data:
        drive.store.data[:] = data
        drive.store.durable = data
    return drive


def run(folder: Path, drive: FakeDrive, plan: Plan, keys: dict[int, bytes], record: int) -> JobResult:
    """One session on one drive, with its keys beside its journal."""
    header = make_header((plan,), f"01900000-0000-7000-8000-{record:012d}")
    store_keys(folder / f"{header.record_id}.keys", [keys])
    journal = Journal.create(folder, header)
    engine = Engine(FakeMachine(drive), journal, FakeClock(step=1.0), keys=[keys], pace=crew.SEQUENTIAL)
    engine.start([plan])
    assert engine.wait(60)
    journal.close()
    (result,) = engine.results()
    return result


def cut_run(folder: Path, drive: FakeDrive, plan: Plan, keys: dict[int, bytes], record: int, requests: int) -> None:
    """The same, cut off at this request to the medium: afterwards folder and drive are as a power cut leaves them."""
    left = {"requests": requests}
    path = folder / f"01900000-0000-7000-8000-{record:012d}.jsonl"
    state: dict[str, bytes] = {}

    def count(_offset: int) -> None:
        left["requests"] -= 1
        if left["requests"] == 0:
            wait_for_mark(folder, record, requests)
            # The journal first: what it says was durable on the drive before.
            state["journal"] = path.read_bytes()
            state["drive"] = drive.store.durable
        if left["requests"] <= 0:
            raise PowerCut

    drive.faults = Faults(on_write=count, on_read=count)
    run(folder, drive, plan, keys, record)
    assert state, "the cut came after the end"
    drive.store.data[:] = state["drive"]
    drive.faults = Faults()
    path.write_bytes(state["journal"])


def wait_for_mark(folder: Path, record: int, requests: int, beyond_bytes: int = -1) -> None:
    """Marks are made by another thread: the cut comes once it has made one, as on a real drive, where blocks take longer."""
    until = time.monotonic() + 10
    while requests > 2 and not _marked(folder, record, beyond_bytes) and time.monotonic() < until:
        time.sleep(0.002)


def _marked(folder: Path, record: int, beyond_bytes: int) -> bool:
    return any(found.resumption.offset_bytes > beyond_bytes for found in kept(folder, record))


def kept(folder: Path, record: int) -> tuple[Resumable, ...]:
    path = folder / f"01900000-0000-7000-8000-{record:012d}.jsonl"
    return find_resumable(read_journal(path), read_keys(path.with_suffix(".keys")))


def resumed_plan(drive: FakeDrive, found: tuple[Resumable, ...], **policy) -> Plan:
    interrupted = Interrupted(found[0].plan.pass_set, found[0].resumption) if found else None
    plan = make_plan(drive.drive, Policy(**policy), interrupted)
    assert isinstance(plan, Plan)
    return plan


def go_on(folder: Path, drive: FakeDrive, record: int, **policy) -> tuple[JobResult, dict[int, bytes]]:
    found = kept(folder, record - 1)
    plan = resumed_plan(drive, found, **policy)
    keys = keys_for(plan, found[0].keys if found else {})
    return run(folder, drive, plan, keys, record), keys


def judged(result: JobResult) -> Outcome:
    carried = any(p.carried_over_bytes for p in result.passes)
    source = result.plan.resumption.record_id if result.plan.resumption and carried else ""
    return medium_outcome(replace(drive_record(result), resumed_from=source))


def expected(plan: Plan, key: bytes | None) -> bytes:
    room = bytearray(SIZE)
    open_stream(plan.pass_set.passes[-1], key).fill(memoryview(room), 0)
    return bytes(room)


def right_in_every_byte(drive: FakeDrive, plan: Plan, result: JobResult, used: dict[int, bytes]) -> bool:
    """Whether the medium holds the last pass's stream; of one that started again only the engine knows the keys."""
    if result.passes[-1].key_sha256 == commitment(used.get(3)):
        return bytes(drive.store.data) == expected(plan, used.get(3))
    assert [p.carried_over_bytes for p in result.passes] == [0, 0, 0]
    return not any(piece in drive.store.data for piece in (OLD, bytes(64), b"\xff" * 64))


@pytest.mark.parametrize("number", range(CUTS))
def test_a_cut_at_any_moment_of_three_passes_and_the_read_back(tmp_path: Path, number: int) -> None:
    dice = random.Random(number)
    drive = volatile_drive()
    plan = plan_for(drive.drive, pass_set="dod-3")
    keys = new_keys(plan)
    cut_run(tmp_path, drive, plan, keys, 1, dice.randrange(1, 4 * 13 - 1))
    result, used = go_on(tmp_path, drive, 2, pass_set="dod-3")
    assert result.state is JobState.SANITIZED, result.reason
    assert judged(result) is Outcome.SANITIZED
    assert right_in_every_byte(drive, plan, result, used)
    assert [p.number for p in result.passes] == [1, 2, 3]
    assert all(p.bytes_written == SIZE for p in result.passes)


def test_two_cuts_one_after_the_other(tmp_path: Path) -> None:
    drive = volatile_drive()
    plan = plan_for(drive.drive, pass_set="dod-3")
    cut_run(tmp_path, drive, plan, new_keys(plan), 1, 18)
    second = resumed_plan(drive, kept(tmp_path, 1), pass_set="dod-3")
    assert second.resumption is not None
    keys = keys_for(second, kept(tmp_path, 1)[0].keys)
    cut_run(tmp_path, drive, second, keys, 2, 25)
    result, used = go_on(tmp_path, drive, 3, pass_set="dod-3")
    assert result.state is JobState.SANITIZED, result.reason
    assert bytes(drive.store.data) == expected(plan, used.get(3))
    assert result.passes[0].carried_over_bytes == SIZE
    assert judged(result) is Outcome.SANITIZED


def test_it_goes_on_where_it_was_and_reads_everything_back(tmp_path: Path) -> None:
    drive = volatile_drive()
    plan = plan_for(drive.drive, verification=VerificationKind.SAMPLED)
    cut_run(tmp_path, drive, plan, new_keys(plan), 1, 10)
    (found,) = kept(tmp_path, 1)
    assert 0 < found.resumption.offset_bytes <= 9 * MIB
    written = []
    drive.faults = Faults(on_write=written.append)
    result, _ = go_on(tmp_path, drive, 2, verification=VerificationKind.SAMPLED)
    assert result.state is JobState.SANITIZED
    assert min(written) == found.resumption.offset_bytes
    assert result.passes[0].carried_over_bytes == found.resumption.offset_bytes
    assert result.verification is not None
    assert result.verification.kind is VerificationKind.FULL
    assert result.verification.bytes_matching == SIZE


def test_a_cut_during_the_read_back_needs_only_a_read_back(tmp_path: Path) -> None:
    drive = volatile_drive()
    plan = plan_for(drive.drive)
    cut_run(tmp_path, drive, plan, new_keys(plan), 1, 13 + 5)
    written: list[int] = []
    drive.faults = Faults(on_write=written.append)
    result, _ = go_on(tmp_path, drive, 2)
    assert result.state is JobState.SANITIZED
    assert written == []
    assert result.passes[0].carried_over_bytes == SIZE


@pytest.mark.parametrize("requests", [5, 13, 20])
def test_a_journal_that_is_played_again_is_not_believed(tmp_path: Path, requests: int) -> None:
    """The stick's journal is an old copy: the drive was given away, written to, and comes again."""
    drive = volatile_drive()
    plan = plan_for(drive.drive)
    cut_run(tmp_path, drive, plan, new_keys(plan), 1, requests)
    assert kept(tmp_path, 1)
    drive.store.data[:] = bytes(VolatileStore(SIZE).data)
    result, used = go_on(tmp_path, drive, 2)
    assert result.state is JobState.SANITIZED, result.reason
    assert [p.carried_over_bytes for p in result.passes] == [0]
    assert judged(result) is Outcome.SANITIZED
    # Keys that were used here before are not used again.
    assert result.passes[0].key_sha256 not in {p.key_sha256 for p in kept(tmp_path, 1)[0].resumption.passes}
    assert used
    assert kept(tmp_path, 2) == () or kept(tmp_path, 2)[0].resumption.passes[0].key_sha256 != ""


def test_one_byte_that_differs_in_the_tail_starts_again(tmp_path: Path) -> None:
    drive = volatile_drive()
    plan = plan_for(drive.drive, pass_set="zeros")
    cut_run(tmp_path, drive, plan, new_keys(plan), 1, 9)
    (found,) = kept(tmp_path, 1)
    drive.store.data[found.resumption.offset_bytes - 1] ^= 1
    written: list[int] = []
    drive.faults = Faults(on_write=written.append)
    result, _ = go_on(tmp_path, drive, 2, pass_set="zeros")
    assert result.state is JobState.SANITIZED
    assert min(written) == 0
    assert [p.carried_over_bytes for p in result.passes] == [0]


def test_what_was_carried_over_and_is_wrong_fails_in_the_read_back(tmp_path: Path) -> None:
    """Before the tail the medium is not looked at until the end: then it is, whatever was asked."""
    drive = fake_drive(size=80 * MIB)
    plan = plan_for(drive.drive, pass_set="zeros", verification=VerificationKind.SAMPLED)
    left = {"requests": 78}

    def count(_offset: int) -> None:
        left["requests"] -= 1
        if left["requests"] == 0:
            wait_for_mark(tmp_path, 1, 78, beyond_bytes=8 * MIB)
        if left["requests"] <= 0:
            raise PowerCut

    drive.faults = Faults(on_write=count)
    path = tmp_path / "01900000-0000-7000-8000-000000000001.jsonl"
    run(tmp_path, drive, plan, {}, 1)
    lines = [line for line in path.read_bytes().splitlines(keepends=True) if b'"event":"result"' not in line]
    path.write_bytes(b"".join(lines))
    (found,) = kept(tmp_path, 1)
    assert found.resumption.offset_bytes > 8 * MIB
    drive.store.data[5] ^= 1
    drive.faults = Faults()
    result, _ = go_on(tmp_path, drive, 2, pass_set="zeros", verification=VerificationKind.SAMPLED)
    assert result.state is JobState.FAILED
    assert "read back other than written" in result.reason


def test_other_passes_start_again(tmp_path: Path) -> None:
    drive = volatile_drive()
    plan = plan_for(drive.drive)
    cut_run(tmp_path, drive, plan, new_keys(plan), 1, 9)
    assert resumed_plan(drive, kept(tmp_path, 1), pass_set="zeros").resumption is None
    assert resumed_plan(drive, kept(tmp_path, 1), resume=False).resumption is None
    assert resumed_plan(drive, kept(tmp_path, 1)).resumption is not None


def test_damaged_journals_and_keys_that_do_not_fit_start_again(tmp_path: Path) -> None:
    drive = volatile_drive()
    plan = plan_for(drive.drive)
    cut_run(tmp_path, drive, plan, new_keys(plan), 1, 9)
    path = tmp_path / "01900000-0000-7000-8000-000000000001.jsonl"
    good, keys = path.read_bytes(), path.with_suffix(".keys").read_bytes()
    assert kept(tmp_path, 1)
    lines = good.splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], lines[2].replace(b"0", b"1", 1), *lines[3:]]))
    assert kept(tmp_path, 1) == ()
    path.write_bytes(good)
    path.with_suffix(".keys").unlink()
    assert kept(tmp_path, 1) == ()
    store_keys(path.with_suffix(".keys"), [new_keys(plan)])
    assert kept(tmp_path, 1) == ()
    path.with_suffix(".keys").write_bytes(keys.replace(b"a", b"b", 1))
    assert kept(tmp_path, 1) == ()
    path.with_suffix(".keys").write_bytes(keys)
    assert kept(tmp_path, 1)


def test_a_stop_and_a_failure_are_no_interruptions(tmp_path: Path) -> None:
    drive = volatile_drive()
    drive.faults = Faults(dies_at=6 * MIB)
    plan = plan_for(drive.drive)
    assert run(tmp_path, drive, plan, new_keys(plan), 1).state is JobState.FAILED
    assert kept(tmp_path, 1) == ()


def test_a_pass_with_errors_is_made_again(tmp_path: Path) -> None:
    drive = volatile_drive()
    plan = plan_for(drive.drive)
    keys = new_keys(plan)
    left = {"requests": 40}
    path = tmp_path / "01900000-0000-7000-8000-000000000001.jsonl"

    def count(_offset: int) -> None:
        left["requests"] -= 1
        if left["requests"] <= 0:
            raise PowerCut

    drive.faults = Faults(on_write=count, write_errors=frozenset({3}))
    run(tmp_path, drive, plan, keys, 1)
    lines = [line for line in path.read_bytes().splitlines(keepends=True) if b'"event":"result"' not in line]
    path.write_bytes(b"".join(lines))
    assert kept(tmp_path, 1) == ()


def test_the_interrupted_session_says_what_it_had_carried_over(tmp_path: Path) -> None:
    drive = volatile_drive()
    plan = plan_for(drive.drive, pass_set="dod-3")
    cut_run(tmp_path, drive, plan, new_keys(plan), 1, 18)
    second = resumed_plan(drive, kept(tmp_path, 1), pass_set="dod-3")
    cut_run(tmp_path, drive, second, keys_for(second, kept(tmp_path, 1)[0].keys), 2, 5)
    content = read_journal(tmp_path / "01900000-0000-7000-8000-000000000002.jsonl")
    (result,) = recovered_results(content)
    assert result.state is JobState.INTERRUPTED
    assert result.passes[0].carried_over_bytes == SIZE
    assert content.header.plans[0].resumption is not None
    assert f"record {content.header.plans[0].resumption.record_id} tells of" in result.reason
    before_it_wrote = [e for e in content.events if getattr(e, "state", None) is not JobState.SANITIZING]
    (asked_nobody,) = recovered_results(replace(content, events=tuple(before_it_wrote)))
    assert asked_nobody.passes == ()
    assert "tells of" in asked_nobody.reason
