"""The sample of NIST SP 800-88r1 4.7.2."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.engine.verification import full_regions, sampled_regions
from agent.model.job import JobState
from agent.model.record import Outcome
from agent.model.sanitization import VerificationKind

from .fakes import MIB, Faults, fake_drive, outcome_of, run_one

SIZES = st.integers(1, 3_000_000)


@settings(max_examples=150, deadline=None)
@given(SIZES, st.sampled_from([512, 4096]), st.binary(min_size=16, max_size=16))
def test_regions_are_ordered_disjoint_within_and_enough(sectors, sector, seed):
    size = sectors * sector
    regions = sampled_regions(size, sector, seed)
    end = 0
    for start, length in regions:
        assert start >= end
        assert length > 0
        assert start % sector == length % sector == 0
        end = start + length
    assert end == size
    assert regions[0][0] == 0
    assert sum(length for _, length in regions) * 10 >= size


def test_each_of_a_thousand_sections_has_a_tenth():
    size = 8_000_000 * 512
    regions = sampled_regions(size, 512, b"s" * 16)
    for section in range(1000):
        start, end = size * section // 1000, size * (section + 1) // 1000
        inside = sum(max(0, min(end, s + n) - max(start, s)) for s, n in regions)
        assert inside * 10 >= end - start
    assert sum(n for _, n in regions) < size * 0.101


def test_the_seed_decides_and_nothing_else():
    assert sampled_regions(MIB * 64, 512, b"a" * 16) == sampled_regions(MIB * 64, 512, b"a" * 16)
    assert sampled_regions(MIB * 64, 512, b"a" * 16) != sampled_regions(MIB * 64, 512, b"b" * 16)
    assert full_regions(4711) == ((0, 4711),)


def test_a_sampled_run_records_its_seed_and_reads_just_that(tmp_path):
    read = []
    drive = fake_drive(Faults(on_read=read.append), size=16 * MIB)
    result = run_one(tmp_path, drive, verification=VerificationKind.SAMPLED)
    check = result.verification
    assert result.state is JobState.SANITIZED
    assert outcome_of(result) is Outcome.SANITIZED
    regions = sampled_regions(16 * MIB, 512, bytes.fromhex(check.sample_seed))
    assert check.bytes_expected == check.bytes_read == check.bytes_matching == sum(n for _, n in regions)
    assert check.bytes_expected < 16 * MIB
    assert read == [o for s, n in regions for o in (s, *range((s // MIB + 1) * MIB, s + n, MIB))]


@pytest.mark.parametrize("sectors", [1, 2, 3, 19, 20, 21, 41])
def test_tiny_media_are_sampled_too(tmp_path, sectors):
    result = run_one(tmp_path, fake_drive(size=sectors * 512), verification=VerificationKind.SAMPLED)
    assert result.state is JobState.SANITIZED
    assert 0 < result.verification.bytes_read <= sectors * 512
