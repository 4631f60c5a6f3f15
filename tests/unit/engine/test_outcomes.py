"""Every way in which a drive can fail or lie, and what the job says of it: never success without evidence."""

import errno
from dataclasses import replace

import pytest

from agent.engine.transfer import Patience
from agent.errors import MediaBusy
from agent.model.job import JobState
from agent.model.passes import SectorError
from agent.model.record import Outcome
from agent.model.sanitization import VerificationKind

from .fakes import (
    MIB,
    OLD,
    FakeClock,
    Faults,
    FileStore,
    fake_drive,
    forged_success,
    make_identity,
    outcome_of,
    run_one,
)

EIO_TEXT = "Input/output error"


@pytest.mark.parametrize(
    "pass_set", ["random", "zeros", "ones", "dod-3", "hmg-is5-enhanced", "vsitr-7", "schneier-7", "gutmann-35"]
)
def test_a_sound_drive_is_sanitized(tmp_path, pass_set):
    drive = fake_drive(size=2 * MIB)
    result = run_one(tmp_path, drive, pass_set=pass_set)
    assert (result.state, result.reason) == (JobState.SANITIZED, "")
    assert outcome_of(result) is Outcome.SANITIZED
    assert OLD not in drive.store.data
    assert len(result.passes) == len(result.plan.pass_set.passes)
    assert all(p.bytes_written == p.bytes_expected == 2 * MIB for p in result.passes)
    assert result.verification.bytes_read == result.verification.bytes_matching == 2 * MIB
    assert result.identity_at_open == result.identity_at_end == drive.drive.identity
    assert not drive.medium.open


@pytest.mark.parametrize(("pass_set", "byte"), [("zeros", 0x00), ("ones", 0xFF), ("vsitr-7", 0xAA)], ids=str)
def test_a_pattern_is_what_its_name_says(tmp_path, pass_set, byte):
    drive = fake_drive(size=MIB + 4096)
    run_one(tmp_path, drive, pass_set=pass_set)
    assert drive.store.data == bytes([byte]) * (MIB + 4096)


def test_gutmann_writes_the_35_passes_of_its_table(tmp_path):
    drive, written = fake_drive(size=3 * 4096), []
    drive.faults.on_write = lambda _offset: written.append(bytes(drive.store.data[:6]))
    result = run_one(tmp_path, drive, pass_set="gutmann-35")
    assert result.state is JobState.SANITIZED
    assert len(result.passes) == 35
    # Each write sees what the pass before left.
    fixed = [one.hex() for one in written[5:32]]
    assert fixed[:5] == ["55" * 6, "aa" * 6, "924924" * 2, "492492" * 2, "249249" * 2]
    assert fixed[5:21] == [f"{digit:x}" * 12 for digit in range(16)]
    assert fixed[21:] == [p * 2 for p in ("924924", "492492", "249249", "6db6db", "b6db6d", "db6db6")]
    assert {bool(p.key_sha256) for p in result.passes[4:31]} == {False}
    assert len({p.key_sha256 for p in (*result.passes[:4], *result.passes[31:])}) == 8


def test_every_random_pass_has_a_key_of_its_own(tmp_path):
    result = run_one(tmp_path, fake_drive(size=4096), pass_set="schneier-7")
    keys = [p.key_sha256 for p in result.passes]
    assert keys[:2] == ["", ""]
    assert len(set(keys[2:])) == 5
    assert all(len(k) == 64 for k in keys[2:])


@pytest.mark.parametrize(
    ("size", "sector"),
    [(512, 512), (3 * 512, 512), (4096, 4096), (MIB - 512, 512), (MIB + 512, 512), (3 * MIB + 4096 * 5, 4096)],
)
def test_odd_sizes_are_covered_to_the_last_byte(tmp_path, size, sector):
    drive = fake_drive(size=size, sector=sector)
    before = bytes(drive.store.data)
    result = run_one(tmp_path, drive)
    assert result.state is JobState.SANITIZED
    assert result.passes[0].bytes_written == result.verification.bytes_matching == size
    assert drive.store.data[:sector] != before[:sector]
    assert drive.store.data[-sector:] != before[-sector:]


def test_a_drive_in_a_file(tmp_path):
    drive = fake_drive(size=2 * MIB)
    drive.store = FileStore(tmp_path / "drive", 2 * MIB)
    assert run_one(tmp_path, drive).state is JobState.SANITIZED
    assert OLD not in (tmp_path / "drive").read_bytes()


@pytest.mark.parametrize("short", [512, 4096, 100 * 1024 + 512, 4096 + 7])
def test_short_counts_are_continued(tmp_path, short):
    drive = fake_drive(Faults(short=short), size=MIB + 512)
    result = run_one(tmp_path, drive)
    assert result.state is JobState.SANITIZED
    assert result.passes[0].bytes_written == MIB + 512
    assert OLD not in drive.store.data


@pytest.mark.parametrize("faults", [Faults(no_progress=True), Faults(short=100)])
def test_writes_that_go_nowhere_are_errors(tmp_path, faults):
    result = run_one(tmp_path, fake_drive(faults, size=8 * 512))
    assert result.state is JobState.FAILED
    assert result.passes[0].bytes_written == 0
    assert result.passes[0].error_count == 8
    assert "first at LBA 0" in result.reason


@pytest.mark.parametrize("sector", [512, 4096])
def test_write_errors_leave_only_the_bad_sectors(tmp_path, sector):
    bad = {3, 4, 5, MIB // sector, 3 * MIB // sector - 1}
    drive = fake_drive(Faults(write_errors=frozenset(bad)), sector=sector)
    result = run_one(tmp_path, drive)
    one = result.passes[0]
    assert result.state is JobState.FAILED
    assert "5 sectors not written, first at LBA 3: Input/output error" in result.reason
    assert one.error_count == 5
    assert one.bytes_written == 3 * MIB - 5 * sector
    assert one.first_errors == (
        SectorError(3, 3, EIO_TEXT),
        SectorError(MIB // sector, 1, EIO_TEXT),
        SectorError(3 * MIB // sector - 1, 1, EIO_TEXT),
    )
    left = {i for i in range(3 * MIB // sector) if OLD in drive.store.data[i * sector : (i + 1) * sector]}
    assert left == bad
    assert result.verification.mismatched_sectors == 5
    assert set(result.verification.first_mismatches) == bad
    assert outcome_of(result) is forged_success(result) is Outcome.FAILED


def test_a_sector_that_takes_a_second_attempt_is_written(tmp_path):
    # The whole block fails, then each half on the way down to the sector; the attempt after that works.
    drive = fake_drive(Faults(write_errors=frozenset({7}), failed_attempts=12), size=MIB)
    result = run_one(tmp_path, drive)
    assert result.state is JobState.SANITIZED
    assert drive.medium.failures == 12
    assert result.passes[0].bytes_written == MIB


def test_only_the_first_errors_are_listed_and_all_counted(tmp_path):
    bad = frozenset(range(0, 400, 4))
    result = run_one(tmp_path, fake_drive(Faults(write_errors=bad), size=MIB))
    assert result.passes[0].error_count == 100
    assert [e.lba for e in result.passes[0].first_errors] == sorted(bad)[:64]
    assert len(result.verification.first_mismatches) == 64


def test_a_multi_pass_set_goes_on_over_a_bad_sector(tmp_path):
    result = run_one(tmp_path, fake_drive(Faults(write_errors=frozenset({9})), size=MIB), pass_set="dod-3")
    assert [p.error_count for p in result.passes] == [1, 1, 1]
    assert result.state is JobState.FAILED
    assert "first at LBA 9" in result.reason


def test_a_bad_sector_in_the_first_pass_only_is_no_success(tmp_path):
    drive = fake_drive(Faults(write_errors=frozenset({7}), failed_attempts=13), size=MIB)
    result = run_one(tmp_path, drive, pass_set="dod-3")
    assert [p.error_count for p in result.passes] == [1, 0, 0]
    assert result.state is JobState.FAILED


def test_unreadable_sectors_are_listed_exceptions(tmp_path):
    drive = fake_drive(Faults(read_errors=frozenset({0, 100, 101})))
    result = run_one(tmp_path, drive)
    assert result.state is JobState.SANITIZED_WITH_EXCEPTIONS
    assert result.reason == "3 sectors were written but can't be read back, first at LBA 0"
    assert result.verification.first_unreadable == (SectorError(0, 1, EIO_TEXT), SectorError(100, 2, EIO_TEXT))
    assert result.verification.bytes_read == result.verification.bytes_matching == 3 * MIB - 3 * 512
    assert outcome_of(result) is Outcome.SANITIZED_WITH_EXCEPTIONS


def test_more_unreadable_sectors_than_can_be_listed_fail(tmp_path):
    result = run_one(tmp_path, fake_drive(Faults(read_errors=frozenset(range(0, 260, 4)))))
    assert result.state is JobState.FAILED
    assert result.verification.unreadable_sectors == 65
    assert len(result.verification.first_unreadable) == 64
    assert outcome_of(result) is forged_success(result) is Outcome.FAILED


def test_a_medium_that_delivers_nothing_is_no_exception(tmp_path):
    result = run_one(tmp_path, fake_drive(Faults(read_errors=frozenset(range(MIB // 512))), size=MIB))
    assert result.verification.bytes_read == 0
    assert len(result.verification.first_unreadable) == 1
    assert result.state is JobState.FAILED
    assert outcome_of(result) is forged_success(result) is Outcome.FAILED


def test_a_wrong_sector_beside_an_unreadable_one_is_found(tmp_path):
    result = run_one(tmp_path, fake_drive(Faults(read_errors=frozenset({5}), lying_lba=7), size=MIB))
    assert result.state is JobState.FAILED
    assert result.verification.unreadable_sectors == 1
    assert result.verification.first_mismatches == (7,)


LIES = {
    "drops everything": Faults(dropped=((0, 3 * MIB),)),
    "drops the first MiB": Faults(dropped=((0, MIB),)),
    "drops the last 4 KiB": Faults(dropped=((3 * MIB - 4096, 4096),)),
    "drops one sector": Faults(dropped=((MIB - 512, 512),)),
    "aliases the upper half": Faults(aliased=True),
    "reads one bit wrong": Faults(lying_lba=4711),
    "reads fill nothing": Faults(read_fills_nothing=True),
}


@pytest.mark.parametrize(("name", "first_lba", "sectors"), [
    ("drops everything", 0, 6144),
    ("drops the first MiB", 0, 2048),
    ("drops the last 4 KiB", 6136, 8),
    ("drops one sector", 2047, 1),
    ("aliases the upper half", 0, 3072),
    ("reads one bit wrong", 4711, 1),
    ("reads fill nothing", 0, 6144),
])  # fmt: skip
def test_a_lying_drive_fails_with_its_first_bad_lba(tmp_path, name, first_lba, sectors):
    result = run_one(tmp_path, fake_drive(LIES[name]))
    assert result.state is JobState.FAILED
    assert result.reason == f"{sectors} sectors read back other than written, first at LBA {first_lba}"
    assert result.verification.mismatched_sectors == sectors
    assert result.verification.first_mismatches[0] == first_lba
    assert len(result.verification.first_mismatches) == min(64, sectors)
    assert outcome_of(result) is forged_success(result) is Outcome.FAILED


@pytest.mark.parametrize("name", ["drops everything", "drops the first MiB", "drops the last 4 KiB"])
def test_the_edges_are_in_every_sample(tmp_path, name):
    result = run_one(tmp_path, fake_drive(LIES[name]), verification=VerificationKind.SAMPLED)
    assert result.state is JobState.FAILED


def test_a_pattern_read_that_fills_nothing_is_no_match(tmp_path):
    result = run_one(tmp_path, fake_drive(Faults(read_fills_nothing=True)), pass_set="zeros")
    assert result.state is JobState.FAILED


def test_bytes_that_were_never_delivered_are_not_read(tmp_path):
    result = run_one(tmp_path, fake_drive(Faults(ends_at=2 * MIB)))
    assert result.state is JobState.FAILED
    assert "lost at LBA 4096" in result.reason
    assert result.verification.bytes_read == 2 * MIB


def test_a_drive_that_vanishes_while_written(tmp_path):
    drive = fake_drive(Faults(dies_at=MIB + MIB // 2))
    result = run_one(tmp_path, drive)
    assert result.state is JobState.FAILED
    assert "lost at LBA 2048: the medium ends here or is gone" in result.reason
    assert result.passes[0].bytes_written == MIB
    assert result.verification is None
    assert OLD in drive.store.data
    assert outcome_of(result) is forged_success(result) is Outcome.FAILED


def test_a_drive_that_vanishes_while_read_back(tmp_path):
    result = run_one(tmp_path, fake_drive(Faults(dies_at=2 * MIB + 1, dies_reading=True)))
    assert result.state is JobState.FAILED
    assert "lost at LBA 4096" in result.reason
    assert result.passes[0].bytes_written == 3 * MIB
    assert result.verification.bytes_read == 2 * MIB
    assert outcome_of(result) is forged_success(result) is Outcome.FAILED


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.ENXIO, errno.EBADF, errno.EROFS, errno.EINVAL])
def test_errors_that_are_not_of_one_place_end_the_job(tmp_path, number):
    drive = fake_drive(Faults(write_errors=frozenset({2048}), error_number=number))
    result = run_one(tmp_path, drive)
    assert result.state is JobState.FAILED
    assert drive.medium.failures == 1
    assert result.passes[0].bytes_written == MIB


def test_a_dead_drive_is_given_up_soon(tmp_path):
    drive = fake_drive(Faults(write_errors=frozenset(range(2048, 20 * 2048))), size=20 * MIB)
    result = run_one(tmp_path, drive, patience=Patience(dead_bytes=4 * MIB))
    assert result.state is JobState.FAILED
    assert "no longer answers" in result.reason
    assert "first at LBA 2048" in result.reason
    assert result.passes[0].bytes_written == MIB
    assert result.passes[0].error_count == 4 * 2048
    assert drive.medium.writes == 1


def test_behind_a_block_that_was_refused_whole_every_sector_that_answers_is_written(tmp_path):
    bad = {*range(2048, 4096), *range(4096, 6144, 2)}
    drive = fake_drive(Faults(write_errors=frozenset(bad)), size=4 * MIB)
    result = run_one(tmp_path, drive)
    assert result.state is JobState.FAILED
    assert result.passes[0].error_count == 2048 + 1024
    assert result.passes[0].bytes_written == 4 * MIB - (2048 + 1024) * 512
    assert ". ;" not in result.reason
    assert ".;" not in result.reason


def test_a_drive_that_fails_slowly_is_given_up(tmp_path):
    drive = fake_drive(Faults(write_errors=frozenset(range(0, 20 * 2048, 256))), size=20 * MIB)
    patience = Patience(block_seconds=5, total_seconds=20)
    result = run_one(tmp_path, drive, patience=patience, clock=FakeClock(step=1.0))
    assert result.state is JobState.FAILED
    assert "too slowly" in result.reason
    assert result.passes[0].bytes_written < 10 * MIB
    # What was not narrowed down counts as not written, whole.
    one = result.passes[0]
    assert one.error_count * 512 + one.bytes_written <= 20 * MIB
    assert one.error_count > 4


def test_a_flush_that_fails_is_a_failure(tmp_path):
    result = run_one(tmp_path, fake_drive(Faults(flush_error=errno.EIO)))
    assert result.state is JobState.FAILED
    assert "did not confirm that pass 1 is on stable storage" in result.reason
    assert result.verification is None


BEFORE_ANY_WRITE = {
    "shrunk": Faults(capacity_at_open=2 * MIB),
    "grown": Faults(capacity_at_open=4 * MIB),
    "another serial": Faults(at_open=make_identity(serial="S-2")),
    "another model": Faults(at_open=make_identity(model="Other")),
    "another sector size": Faults(at_open=make_identity(sector=4096)),
    "another sector size on the descriptor": Faults(sector_at_open=4096),
}


@pytest.mark.parametrize("name", BEFORE_ANY_WRITE)
def test_another_medium_than_planned_is_not_written_to(tmp_path, name):
    drive = fake_drive(BEFORE_ANY_WRITE[name])
    before = bytes(drive.store.data)
    result = run_one(tmp_path, drive)
    assert result.state is JobState.FAILED
    assert ("shrunk" if name == "shrunk" else "not the one that was planned") in result.reason
    assert drive.store.data == before
    assert drive.medium.writes == 0
    assert not drive.medium.open
    assert result.passes == ()
    assert outcome_of(result) is Outcome.FAILED
    assert forged_success(result) is Outcome.FAILED


def test_a_new_firmware_is_the_same_medium(tmp_path):
    updated = replace(make_identity(), firmware="FW2")
    assert run_one(tmp_path, fake_drive(Faults(at_open=updated))).state is JobState.SANITIZED


def test_an_identity_that_changes_during_the_run(tmp_path):
    result = run_one(tmp_path, fake_drive(Faults(at_end=make_identity(serial="S-2"))))
    assert result.state is JobState.FAILED
    assert "not the one that was planned" in result.reason
    assert result.identity_at_end.serial == "S-2"
    assert outcome_of(result) is forged_success(result) is Outcome.FAILED


def test_a_drive_that_is_held_or_gone_at_open(tmp_path):
    drive = fake_drive()
    drive.open_error = MediaBusy("/dev/fake0 is in use.")
    result = run_one(tmp_path, drive)
    assert (result.state, result.reason) == (JobState.FAILED, "/dev/fake0 is in use.")
    assert result.identity_at_open is None


def test_a_defect_before_the_first_write_is_a_failure(tmp_path, caplog):
    drive = fake_drive()
    drive.open_error = ZeroDivisionError("secret of the donor")
    result = run_one(tmp_path, drive)
    assert (result.state, result.reason) == (JobState.FAILED, "defect of the program: ZeroDivisionError")
    assert "ended by a defect" in caplog.text


def test_a_defect_after_the_first_write_leaves_the_outcome_unknown(tmp_path, caplog):
    def fail(offset):
        raise KeyError(offset)

    result = run_one(tmp_path, fake_drive(Faults(on_read=fail)))
    assert (result.state, result.reason) == (JobState.UNKNOWN, "defect of the program: KeyError")
    assert outcome_of(result) is Outcome.UNKNOWN
    assert "ended by a defect" in caplog.text
