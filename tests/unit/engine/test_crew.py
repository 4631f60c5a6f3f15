"""Workers on one medium: every block once, whatever they do; what one of them meets ends the phase, never silently."""

import threading
import time

import pytest

from agent.engine.blocks import BlockQueue
from agent.engine.crew import MIB, SEQUENTIAL, TICK_SECONDS, Crew, Pace, Setting, Tuner
from agent.errors import MediaError, MediaVanished
from agent.model.job import JobState

from .fakes import OLD, Faults, fake_drive, run_one

MANY = Pace(ladder=(Setting(MIB, 4),))


def nothing() -> None:
    """A tick that has nothing to say."""


def claimed(queue: BlockQueue) -> list[tuple[int, int]]:
    found = []
    while block := queue.claim():
        found.append((block.offset, block.length))
        queue.finish(block)
    return found


@pytest.mark.parametrize("size", [1, 511, 4096, 4097, 3 * 4096 - 1])
def test_blocks_cover_a_region_once(size):
    queue = BlockQueue([(0, size)], 4096)
    found = claimed(queue)
    assert [o for o, _ in found] == list(range(0, size, 4096))
    assert sum(n for _, n in found) == queue.done_bytes == queue.total_bytes == queue.contiguous_bytes == size
    assert queue.exhausted


def test_regions_are_kept_apart_and_their_blocks_end_at_multiples():
    assert claimed(BlockQueue([(1000, 5000), (10_000, 0), (12_288, 100)], 4096)) == [
        (1000, 3096),
        (4096, 1904),
        (12_288, 100),
    ]


def test_a_block_size_that_changes_leaves_no_hole_and_no_overlap():
    queue, found = BlockQueue([(0, 10 * 4096 + 512)], 4096), []
    for size in (4096, 8192, 16384, 4096, 8192):
        queue.block_bytes = size
        block = queue.claim()
        found.append((block.offset, block.length))
        queue.finish(block)
    found += claimed(queue)
    assert [o for o, _ in found[1:]] == [o + n for o, n in found[:-1]]
    assert sum(n for _, n in found) == 10 * 4096 + 512


def test_contiguous_stops_at_the_first_block_that_is_under_way():
    queue = BlockQueue([(0, 4096 * 4)], 4096)
    first, second, third = queue.claim(), queue.claim(), queue.claim()
    queue.finish(second)
    queue.finish(third)
    assert (queue.done_bytes, queue.contiguous_bytes) == (8192, 0)
    queue.finish(first)
    assert queue.contiguous_bytes == 3 * 4096


def test_every_block_is_worked_on_once_by_several():
    queue, seen, lock = BlockQueue([(0, 100 * MIB)], MIB), [], threading.Lock()

    def work(block, _buffer):
        time.sleep(0.001)
        with lock:
            seen.append((block.offset, threading.current_thread().name))

    Crew("many", queue, work, MANY).run(nothing)
    assert sorted(o for o, _ in seen) == list(range(0, 100 * MIB, MIB))
    assert len({name for _, name in seen}) == 4


def test_blocks_are_under_way_at_the_same_time():
    barrier = threading.Barrier(4)
    Crew("four", BlockQueue([(0, 4 * MIB)], MIB), lambda *_: barrier.wait(10), MANY).run(nothing)


def test_what_a_worker_meets_ends_the_phase_and_the_others():
    queue = BlockQueue([(0, 1000 * MIB)], MIB)

    def work(block, _buffer):
        if block.offset == 5 * MIB:
            raise MediaVanished("gone")
        time.sleep(0.001)

    with pytest.raises(MediaVanished, match="gone"):
        Crew("one", queue, work, MANY).run(nothing)
    assert queue.done_bytes < 20 * MIB
    assert queue.contiguous_bytes == 5 * MIB


def test_a_tick_that_raises_stops_the_workers():
    queue, ticks = BlockQueue([(0, 1000 * MIB)], MIB), []

    def tick():
        ticks.append(1)
        if len(ticks) > 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Crew("stopped", queue, lambda *_: time.sleep(0.05), MANY).run(tick)
    done = queue.done_bytes
    time.sleep(0.2)
    assert queue.done_bytes == done < 1000 * MIB


def test_a_medium_that_does_not_answer_is_given_up_and_left_behind():
    held = threading.Event()
    pace = Pace(ladder=(Setting(MIB, 2),), stall_seconds=0.5, ending_seconds=0.2)
    began = time.monotonic()
    with pytest.raises(MediaError, match="not answered"):
        Crew("hung", BlockQueue([(0, 8 * MIB)], MIB), lambda *_: held.wait(30), pace).run(nothing)
    assert time.monotonic() - began < 5
    held.set()


def test_fewer_workers_than_were_started_still_finish_everything():
    pace = Pace(ladder=(Setting(MIB, 1), Setting(MIB, 6)))
    queue = BlockQueue([(0, 2000 * MIB)], MIB)
    crew = Crew("fewer", queue, lambda *_: time.sleep(0.0005), pace)
    shrink = threading.Timer(1.6, lambda: setattr(crew._tuner, "_step", 0))
    shrink.start()
    crew.run(nothing)
    assert queue.done_bytes == 2000 * MIB
    shrink.cancel()


@pytest.mark.parametrize(
    ("rates", "expected"),
    [
        ([100], [1]),  # slow: stays
        ([1000, 2000, 4000], [2, 3, 3]),  # each step brings something
        ([1000, 1010], [2, 1]),  # the second does not, and is taken back
        ([1000, 500, 4000], [2, 1, 1]),  # ... and not tried again
    ],
)
def test_the_ladder_is_climbed_while_it_helps(rates, expected):
    ladder = tuple(Setting(n * MIB, n) for n in (1, 2, 3))
    tuner, now, done, found = Tuner(ladder, 0.0), 0.0, 0, []
    for rate in rates:
        now, done = now + 0.25, done + rate * MIB // 4
        tuner.observe(now - 0.125, done)
        tuner.observe(now, done)
        found.append(tuner.setting.workers)
    assert found == expected


def test_a_phase_of_nothing_ends_at_once():
    began = time.monotonic()
    Crew("empty", BlockQueue([], MIB), lambda *_: None, SEQUENTIAL).run(nothing)
    assert time.monotonic() - began < 10 * TICK_SECONDS


LIES = [
    Faults(dropped=((0, 16 * MIB),)),
    Faults(dropped=((7 * MIB + 512, 512),)),
    Faults(dropped=((16 * MIB - 512, 512),)),
    Faults(lying_lba=20_000),
    Faults(read_fills_nothing=True),
    Faults(write_errors=frozenset({0, 9999, 32_767})),
    Faults(dies_at=9 * MIB),
    Faults(dies_at=9 * MIB, dies_reading=True),
    Faults(ends_at=15 * MIB),
]


@pytest.mark.parametrize("pass_set", ["random", "zeros", "dod-3"])
@pytest.mark.parametrize("faults", LIES, ids=lambda f: next(k for k, v in vars(f).items() if v))
def test_several_workers_find_what_one_finds(tmp_path, faults, pass_set):
    assert (
        run_one(tmp_path, fake_drive(faults, size=16 * MIB), pace=MANY, pass_set=pass_set).state is JobState.FAILED
    )


def test_a_drive_that_stores_half_of_what_it_promises_is_found_by_a_random_pass(tmp_path):
    faults = Faults(aliased=True)
    assert run_one(tmp_path, fake_drive(faults, size=16 * MIB), pace=MANY).state is JobState.FAILED


def test_several_workers_list_errors_from_the_lowest(tmp_path):
    bad = frozenset(range(0, 32_768, 256))
    drive = fake_drive(Faults(write_errors=bad), size=16 * MIB)
    result = run_one(tmp_path, drive, pace=MANY)
    one = result.passes[0]
    assert (one.error_count, one.bytes_written) == (128, 16 * MIB - 128 * 512)
    assert [e.lba for e in one.first_errors] == sorted(bad)[:64]
    assert list(result.verification.first_mismatches) == sorted(bad)[:64]
    left = {i for i in range(32_768) if OLD in drive.store.data[i * 512 : (i + 1) * 512]}
    assert left == bad


@pytest.mark.parametrize("pass_set", ["random", "dod-3", "vsitr-7"])
def test_several_workers_on_a_sound_drive(tmp_path, pass_set):
    drive = fake_drive(size=16 * MIB + 512 * 3)
    result = run_one(tmp_path, drive, pace=MANY, pass_set=pass_set)
    assert result.state is JobState.SANITIZED
    assert OLD not in drive.store.data
