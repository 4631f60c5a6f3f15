"""No single byte of record, signature or seal can be changed, and no other byte of the document either."""

import random

import pytest

from agent.certificate.document import find_seal
from agent.certificate.report import Report
from agent.certificate.verify import verify_document, verify_record
from tests.samples import AT
from tests.unit.certificate.conftest import Good

CHUNKS = 8


def _chunk(size: int, chunk: int) -> range:
    return range(chunk * size // CHUNKS, (chunk + 1) * size // CHUNKS)


def _flipped(data: bytes, position: int, mask: int) -> bytes:
    changed = bytearray(data)
    changed[position] ^= mask
    return bytes(changed)


def _refused(report: Report) -> bool:
    return not report.valid and report.failed_step is not None and report.record is None


def test_the_unchanged_parts_are_valid(good: Good) -> None:
    assert verify_record(good.record, good.signature, good.pki.trust, AT).valid
    assert verify_document(good.pdf, good.pki.trust, AT).valid


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_each_byte_of_the_record(good: Good, chunk: int) -> None:
    for position in _chunk(len(good.record), chunk):
        changed = _flipped(good.record, position, 1 << position % 8)
        assert _refused(verify_record(changed, good.signature, good.pki.trust, AT)), position


@pytest.mark.parametrize("chunk", range(CHUNKS))
@pytest.mark.parametrize("mask", [0x01, 0x20, 0x80])
def test_each_byte_of_the_signature(good: Good, chunk: int, mask: int) -> None:
    for position in _chunk(len(good.signature), chunk):
        changed = _flipped(good.signature, position, mask)
        assert _refused(verify_record(good.record, changed, good.pki.trust, AT)), (position, mask)


@pytest.mark.parametrize("chunk", range(CHUNKS))
@pytest.mark.parametrize("mask", [0x01, 0x20])
def test_each_byte_of_the_seal(good: Good, chunk: int, mask: int) -> None:
    _, before, after, _ = find_seal(good.pdf).byte_range
    for offset in _chunk(after - before, chunk):
        changed = _flipped(good.pdf, before + offset, mask)
        assert _refused(verify_document(changed, good.pki.trust, AT)), (offset, mask)


def test_500_other_bytes_of_the_document(good: Good) -> None:
    _, before, after, _ = find_seal(good.pdf).byte_range
    outside = [*range(before), *range(after, len(good.pdf))]
    chosen = random.Random(2883)
    for position in chosen.sample(outside, 500):
        changed = _flipped(good.pdf, position, chosen.randrange(1, 256))
        assert _refused(verify_document(changed, good.pki.trust, AT)), position


def test_every_cut_of_the_signature(good: Good) -> None:
    for end in range(0, len(good.signature), 7):
        assert _refused(verify_record(good.record, good.signature[:end], good.pki.trust, AT)), end
    assert _refused(verify_record(good.record, good.signature + b"\0", good.pki.trust, AT))


def test_random_envelopes_are_refused_and_never_crash(good: Good) -> None:
    chosen = random.Random(88)
    for _ in range(1000):
        changed = bytearray(good.signature)
        for _ in range(chosen.randrange(1, 6)):
            changed[chosen.randrange(len(changed))] = chosen.randrange(256)
        report = verify_record(good.record, bytes(changed), good.pki.trust, AT)
        assert report.valid == (bytes(changed) == good.signature)
