"""The random stream against words of the standards, and its regions against one another."""

import hashlib
import os
import zlib

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.engine import stream as stream_module
from agent.engine.buffers import AlignedBuffer
from agent.engine.stream import (
    BLOCK_BYTES,
    Keystream,
    PatternStream,
    RandomStream,
    SelfCheckFailed,
    fastest_keystream,
    open_stream,
    self_check,
)
from agent.model.passes import PassKind, PassSpec

KEY = hashlib.sha256(b"a key for tests").digest()


def region(stream, offset: int, length: int) -> bytes:
    out = bytearray(length)
    stream.fill(memoryview(out), offset)
    return bytes(out)


def test_gcm_submission_test_case_14():
    # McGrew and Viega: AES-256, key and nonce of zeros, plain text of 16 zeros: the cipher text is the key stream.
    assert region(RandomStream(bytes(32)), 0, 16).hex() == "cea7403d4d606b6e074ec5d3baf39d18"


def test_gcm_submission_test_case_15():
    key = bytes.fromhex("feffe9928665731c6d6a8f9467308308" * 2)
    plain = bytes.fromhex(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
        "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255"
    )
    cipher = bytes.fromhex(
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
        "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad"
    )
    got = region(RandomStream(key), 0xCAFEBABEFACEDBADDECAF888 * BLOCK_BYTES, 64)
    assert bytes(a ^ b for a, b in zip(got, plain, strict=True)) == cipher


def test_the_cipher_is_that_of_sp_800_38a():
    # NIST SP 800-38A F.5.5, CTR-AES256.Encrypt: the library under the stream, with the standard's own counter.
    key = bytes.fromhex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4")
    plain = bytes.fromhex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51")
    counter = bytes.fromhex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff")
    got = Cipher(algorithms.AES(key), modes.CTR(counter)).encryptor().update(plain)
    assert got.hex() == "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5"


@pytest.mark.parametrize("block", [0, 1, 255, 2**32, 2**43 - 1])
def test_a_block_is_counter_mode_from_two_on(block):
    # Counter mode by its definition: each 16 bytes are the cipher of (block number, counter), one by one.
    encryptor = Cipher(algorithms.AES(KEY), modes.ECB()).encryptor()
    whole = region(RandomStream(KEY), block * BLOCK_BYTES, BLOCK_BYTES)
    for index in (0, 1, 254, 255, 65534, 65535):
        word = encryptor.update(block.to_bytes(12, "big") + (2 + index).to_bytes(4, "big"))
        assert whole[16 * index : 16 * index + 16] == word


def test_gcm_gives_the_same_bytes():
    nonce = (77).to_bytes(12, "big")
    gcm = Cipher(algorithms.AES(KEY), modes.GCM(nonce)).encryptor().update(bytes(BLOCK_BYTES))
    assert gcm == region(RandomStream(KEY), 77 * BLOCK_BYTES, BLOCK_BYTES)


WHOLE = region(RandomStream(KEY), 0, 3 * BLOCK_BYTES)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 3 * BLOCK_BYTES - 1), st.integers(0, BLOCK_BYTES + 5000), st.sampled_from(Keystream))
def test_any_region_is_the_same_region_whatever_code_computes_it(offset, length, keystream):
    length = min(length, 3 * BLOCK_BYTES - offset)
    assert region(RandomStream(KEY, keystream), offset, length) == WHOLE[offset : offset + length]


def test_the_fastest_code_is_looked_for_once():
    fastest_keystream.cache_clear()
    assert fastest_keystream() in Keystream
    assert fastest_keystream.cache_info().misses == 1
    RandomStream(KEY)
    assert fastest_keystream.cache_info().misses == 1


STREAMS = [RandomStream(KEY, k) for k in Keystream] + [PatternStream(p) for p in (b"\0", b"\x92\x49\x24", b"12345")]


@pytest.mark.parametrize("stream", STREAMS, ids=lambda s: type(s).__name__)
@pytest.mark.parametrize(("sector", "length"), [(512, 512), (512, 3 * 512), (4096, 65_536), (512, 2 * BLOCK_BYTES)])
@pytest.mark.parametrize("first", [0, 3 * 4096, BLOCK_BYTES - 4096, 5 * BLOCK_BYTES + 4096])
def test_what_was_written_reads_back_and_nothing_else_does(stream, sector, length, first):
    room, got = AlignedBuffer(2 * BLOCK_BYTES), AlignedBuffer(2 * BLOCK_BYTES)

    def judge(*flips):
        stream.prepare(got, length)
        got.view[:length] = stream.block(first, length, room)
        for position in flips:
            got.view[position] ^= 0x10
        return list(stream.wrong_sectors(got, first, length, sector))

    assert judge() == []
    for position in (0, 1, 63, 64, length // 2, length - 65, length - 1):
        assert judge(position) == [position // sector * sector]
    assert judge(0, length - 1) == sorted({0, (length - 1) // sector * sector})


@pytest.mark.parametrize("stream", STREAMS, ids=lambda s: type(s).__name__)
def test_a_read_that_fills_nothing_never_passes(stream):
    room, got = AlignedBuffer(BLOCK_BYTES), AlignedBuffer(BLOCK_BYTES)
    every = list(range(0, BLOCK_BYTES, 512))
    for block in range(3):
        stream.prepare(got, BLOCK_BYTES)
        assert list(stream.wrong_sectors(got, block * BLOCK_BYTES, BLOCK_BYTES, 512)) == every
        # ... and not after a block that was right either.
        got.view[:] = stream.block(block * BLOCK_BYTES, BLOCK_BYTES, room)
        assert not stream.wrong_sectors(got, block * BLOCK_BYTES, BLOCK_BYTES, 512)


@settings(max_examples=200, deadline=None)
@given(st.binary(min_size=1, max_size=7), st.integers(0, 2**44), st.integers(0, 5000))
def test_a_pattern_has_one_phase_over_the_whole_medium(pattern, offset, length):
    start = offset % len(pattern)
    expected = (pattern * (length // len(pattern) + 2))[start : start + length]
    assert region(PatternStream(pattern), offset, length) == expected


def test_a_pattern_longer_than_a_block():
    got = region(PatternStream(b"\x92\x49\x24"), 0, 2 * BLOCK_BYTES + 1)
    assert got == (b"\x92\x49\x24" * BLOCK_BYTES)[: 2 * BLOCK_BYTES + 1]


def test_the_stream_is_no_pattern_and_blocks_differ():
    assert WHOLE[:BLOCK_BYTES] != WHOLE[BLOCK_BYTES : 2 * BLOCK_BYTES]
    assert len(zlib.compress(WHOLE[:BLOCK_BYTES])) > BLOCK_BYTES * 0.999


def test_a_fresh_key_each_time_and_its_commitment(monkeypatch):
    one, two = (open_stream(PassSpec(PassKind.RANDOM)) for _ in range(2))
    assert one.key_sha256 != two.key_sha256
    monkeypatch.setattr(os, "urandom", lambda n: b"k" * n)
    assert open_stream(PassSpec(PassKind.RANDOM)).key_sha256 == hashlib.sha256(b"k" * 32).hexdigest()


def test_wrong_keys_and_patterns_are_defects():
    with pytest.raises(ValueError):
        RandomStream(bytes(16))
    with pytest.raises(ValueError):
        open_stream(PassSpec(PassKind.PATTERN, ""))


def test_self_check_passes_and_would_fail(monkeypatch):
    self_check()
    monkeypatch.setattr(stream_module, "_FIRST_COUNTER", 1)
    with pytest.raises(SelfCheckFailed):
        self_check()


def test_buffers_are_aligned_and_compare_every_byte():
    a, b = AlignedBuffer(BLOCK_BYTES), AlignedBuffer(BLOCK_BYTES)
    assert a.address % 4096 == b.address % 4096 == 0
    for position in (0, 4095, 4096, BLOCK_BYTES - 1):
        b.view[position] ^= 1
        assert not a.equals(b, 0, BLOCK_BYTES)
        assert not a.equals(b, position, 1)
        b.view[position] ^= 1
    assert a.equals(b, 0, BLOCK_BYTES)
    for start, length in ((0, BLOCK_BYTES + 1), (-1, 1), (1, -1)):
        with pytest.raises(ValueError):
            a.equals(b, start, length)
    for distance, length in ((0, 1), (1, -1), (1, BLOCK_BYTES + 1)):
        with pytest.raises(ValueError):
            a.repeats(distance, length)


def test_repetition_is_seen_in_every_byte():
    a = AlignedBuffer(4096)
    a.view[:] = b"abcd" * 1024
    assert a.repeats(4, 4096)
    assert not a.repeats(3, 4096)
    assert a.repeats(3, 3)
    for position in (0, 4, 2000, 4095):
        a.view[position] ^= 1
        assert not a.repeats(4, 4096)
        a.view[position] ^= 1
    a.view[4095] ^= 1
    assert a.repeats(4, 4095)
