"""What a pass writes, as a function of the offset, so that any region can be regenerated for the read-back.

The random stream is AES-256-CTR, keyed afresh for each pass and defined per block of 1 MiB: block i is the key stream
that starts at the counter block (i as 96 bits, big-endian) || 00000002. AES-256-GCM with nonce i yields the same bytes.
"""

import enum
import functools
import hashlib
import os
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Protocol

from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes

from agent.engine.buffers import AlignedBuffer
from agent.errors import AgentError
from agent.model.passes import PassKind, PassSpec

BLOCK_BYTES = 1 << 20
_AES_BLOCK = 16
_FIRST_COUNTER = 2
_KEY_BYTES = 32
_NONCE_BYTES = 12
_SLICE_BYTES = 256 << 10
_ZEROS = memoryview(bytes(_SLICE_BYTES))
_ZERO_SHIFT = 64
_NOTHING = AlignedBuffer(_ZERO_SHIFT)
_TRIAL_SECONDS = 0.02


class Keystream(enum.Enum):
    """The code that computes AES-256-CTR."""

    CTR = "ctr"
    GCM = "gcm"


class SelfCheckFailed(AgentError):
    """This program or its cryptography does not compute what the standards say; it must not be used."""


class Stream(Protocol):
    """The bytes of one pass; any method may be called from any thread."""

    @property
    def key_sha256(self) -> str:
        """Commitment to the random key in hex; empty for a pattern."""
        ...

    def fill(self, into: memoryview, offset: int) -> None:
        """Write the bytes that belong at this offset of the medium into the buffer."""
        ...

    def block(self, offset: int, length: int, room: AlignedBuffer) -> memoryview:
        """The bytes that belong at this offset, aligned for direct I/O: in `room`, or in memory that is shared and only read."""
        ...

    def prepare(self, into: AlignedBuffer, length: int) -> None:
        """Make sure, before a read, that a read which fills nothing can't pass for this stream."""
        ...

    def wrong_sectors(self, got: AlignedBuffer, offset: int, length: int, sector: int) -> Sequence[int]:
        """Where in a buffer, in bytes, sectors begin that differ from this stream at this offset; spoils the buffer."""
        ...


class PatternStream:
    """A pattern of any length, repeated from the medium's first byte on."""

    key_sha256 = ""

    def __init__(self, pattern: bytes) -> None:
        if not pattern:
            raise ValueError("a pattern has at least one byte")
        self._period = len(pattern)
        self._source = memoryview(pattern * (BLOCK_BYTES // len(pattern) + 2))
        # A whole number of periods, and of the bytes that memcmp takes at once.
        self._shift = self._period * 64
        self._lock = threading.Lock()
        self._by_phase: dict[int, AlignedBuffer] = {}

    def fill(self, into: memoryview, offset: int) -> None:
        """Write the bytes that belong at this offset of the medium into the buffer."""
        done = 0
        while done < len(into):
            start = (offset + done) % self._period
            count = min(BLOCK_BYTES, len(into) - done)
            into[done : done + count] = self._source[start : start + count]
            done += count

    def block(self, offset: int, length: int, room: AlignedBuffer) -> memoryview:
        """The bytes at this offset: one block in memory for each phase of the pattern serves all workers."""
        return self._whole(offset, room.size).view[:length]

    def prepare(self, into: AlignedBuffer, length: int) -> None:
        """Overwrite the bytes to be read: the block before left the very pattern there."""
        into.poison(length)

    def wrong_sectors(self, got: AlignedBuffer, offset: int, length: int, sector: int) -> Sequence[int]:
        """Where in a buffer, in bytes, sectors begin that differ from the pattern at this offset."""
        expected = self._whole(offset, got.size)
        if got.equals(expected, 0, min(self._shift, length)) and got.repeats(self._shift, length):
            return ()
        return [p for p in range(0, length, sector) if not got.equals(expected, p, min(sector, length - p))]

    def _whole(self, offset: int, size: int) -> AlignedBuffer:
        phase = offset % self._period
        with self._lock:
            found = self._by_phase.get(phase)
            if found is None or found.size < size:
                found = AlignedBuffer(size)
                self.fill(found.view, phase)
                self._by_phase[phase] = found
            return found


class RandomStream:
    """The key stream of one key; seekable to any byte."""

    def __init__(self, key: bytes, keystream: Keystream | None = None) -> None:
        if len(key) != _KEY_BYTES:
            raise ValueError("AES-256 takes a key of 32 bytes")
        self._algorithm = algorithms.AES(key)
        self._keystream = keystream or fastest_keystream()
        self.key_sha256 = hashlib.sha256(key).hexdigest()

    def fill(self, into: memoryview, offset: int) -> None:
        """Write the bytes that belong at this offset of the medium into the buffer."""
        for block, inside, start, count in _pieces(offset, len(into)):
            self._fill_within(block, inside, into[start : start + count])

    def block(self, offset: int, length: int, room: AlignedBuffer) -> memoryview:
        """The bytes at this offset, computed into `room`."""
        view = room.view[:length]
        self.fill(view, offset)
        return view

    def prepare(self, into: AlignedBuffer, length: int) -> None:
        """Nothing: whatever stands there is not the key stream of another block."""

    def wrong_sectors(self, got: AlignedBuffer, offset: int, length: int, sector: int) -> Sequence[int]:
        """Where in a buffer, in bytes, sectors begin that differ from the key stream at this offset; zeros stay where it equals."""
        for block, inside, start, count in _pieces(offset, length):
            view = got.view[start : start + count]
            self._encryptor(block, inside).update_into(view, view)
        if got.equals(_NOTHING, 0, min(_ZERO_SHIFT, length)) and got.repeats(_ZERO_SHIFT, length):
            return ()
        return [p for p in range(0, length, sector) if any(got.view[p : min(p + sector, length)])]

    def _fill_within(self, block: int, inside: int, into: memoryview) -> None:
        encryptor = self._encryptor(block, inside)
        # In slices whose zeros stay in the processor's second cache.
        for start in range(0, len(into), _SLICE_BYTES):
            piece = into[start : start + _SLICE_BYTES]
            encryptor.update_into(_ZEROS[: len(piece)], piece)

    def _encryptor(self, block: int, inside: int) -> CipherContext:
        nonce = block.to_bytes(_NONCE_BYTES, "big")
        if not inside and self._keystream is Keystream.GCM:
            return Cipher(self._algorithm, modes.GCM(nonce)).encryptor()
        skipped_blocks, skipped_bytes = divmod(inside, _AES_BLOCK)
        counter = nonce + (_FIRST_COUNTER + skipped_blocks).to_bytes(4, "big")
        encryptor = Cipher(self._algorithm, modes.CTR(counter)).encryptor()
        encryptor.update(bytes(skipped_bytes))
        return encryptor


def _pieces(offset: int, length: int) -> Iterator[tuple[int, int, int, int]]:
    """The parts of a region that lie in one block each: block, start in it, start in the region, count."""
    done = 0
    while done < length:
        block, inside = divmod(offset + done, BLOCK_BYTES)
        count = min(BLOCK_BYTES - inside, length - done)
        yield block, inside, done, count
        done += count


@functools.cache
def fastest_keystream() -> Keystream:
    """Which code computes the stream fastest on this processor, by 20 ms of each; the bytes are the same.

    AES-GCM uses instructions (VAES) that the same library's AES-CTR does not (measured: OpenSSL 3.5, twice as fast).
    """
    stream_of = {kind: RandomStream(bytes(_KEY_BYTES), kind) for kind in Keystream}
    room = memoryview(bytearray(BLOCK_BYTES))
    rates = {}
    for kind, stream in stream_of.items():
        rounds, began = 0, time.perf_counter()
        while (spent := time.perf_counter() - began) < _TRIAL_SECONDS or not rounds:
            stream.fill(room, 0)
            rounds += 1
        rates[kind] = rounds / spent
    return max(rates, key=lambda kind: rates[kind])


def open_stream(spec: PassSpec, key: bytes | None = None) -> Stream:
    """The stream of a pass; a random one without a key gets a fresh one from the system."""
    if spec.kind is PassKind.RANDOM:
        return RandomStream(key or os.urandom(_KEY_BYTES))
    return PatternStream(bytes.fromhex(spec.pattern_hex))


# McGrew and Viega, "The Galois/Counter Mode of Operation" (NIST submission, 2005), test case 15: AES-256, nonce of
# 96 bits; plain text XOR cipher text is the key stream from counter 2 on.
_KNOWN_KEY = bytes.fromhex("feffe9928665731c6d6a8f9467308308" * 2)
_KNOWN_BLOCK = 0xCAFEBABEFACEDBADDECAF888
_KNOWN_PLAIN = bytes.fromhex(
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255"
)
_KNOWN_CIPHER = bytes.fromhex(
    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
    "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad"
)


def self_check() -> None:
    """Known-answer test of the random stream, run before anything is written or signed; raises SelfCheckFailed."""
    for keystream in Keystream:
        got = bytearray(len(_KNOWN_PLAIN))
        RandomStream(_KNOWN_KEY, keystream).fill(memoryview(got), _KNOWN_BLOCK * BLOCK_BYTES)
        if bytes(a ^ b for a, b in zip(got, _KNOWN_PLAIN, strict=True)) != _KNOWN_CIPHER:
            raise SelfCheckFailed(
                "The random stream is not AES-256-CTR as its standard defines it.", "Install the program afresh."
            )
