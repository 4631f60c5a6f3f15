"""What a pass writes, as a function of the offset, so that any region can be regenerated for the read-back.

The random stream is AES-256-CTR, keyed afresh for each pass and defined per block of 1 MiB: block i is the key stream
that starts at the counter block (i as 96 bits, big-endian) || 00000002. AES-256-GCM with nonce i yields the same bytes.
"""

import hashlib
import os
from typing import Protocol

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from agent.errors import AgentError
from agent.model.sanitization import PassKind, PassSpec

BLOCK_BYTES = 1 << 20
_AES_BLOCK = 16
_FIRST_COUNTER = 2
_KEY_BYTES = 32


class SelfCheckFailed(AgentError):
    """This program or its cryptography does not compute what the standards say; it must not be used."""


class Stream(Protocol):
    """The bytes of one pass."""

    @property
    def key_sha256(self) -> str:
        """Commitment to the random key in hex; empty for a pattern."""
        ...

    def fill(self, into: memoryview, offset: int) -> None:
        """Write the bytes that belong at this offset of the medium into the buffer."""
        ...


class PatternStream:
    """A pattern of any length, repeated from the medium's first byte on."""

    key_sha256 = ""

    def __init__(self, pattern: bytes) -> None:
        if not pattern:
            raise ValueError("a pattern has at least one byte")
        self._period = len(pattern)
        self._source = memoryview(pattern * (BLOCK_BYTES // len(pattern) + 2))

    def fill(self, into: memoryview, offset: int) -> None:
        """Write the bytes that belong at this offset of the medium into the buffer."""
        done = 0
        while done < len(into):
            start = (offset + done) % self._period
            count = min(BLOCK_BYTES, len(into) - done)
            into[done : done + count] = self._source[start : start + count]
            done += count


class RandomStream:
    """The key stream of one key; seekable to any byte."""

    def __init__(self, key: bytes) -> None:
        if len(key) != _KEY_BYTES:
            raise ValueError("AES-256 takes a key of 32 bytes")
        self._algorithm = algorithms.AES(key)
        self.key_sha256 = hashlib.sha256(key).hexdigest()

    def fill(self, into: memoryview, offset: int) -> None:
        """Write the bytes that belong at this offset of the medium into the buffer."""
        done = 0
        while done < len(into):
            block, inside = divmod(offset + done, BLOCK_BYTES)
            count = min(BLOCK_BYTES - inside, len(into) - done)
            self._fill_within(block, inside, into[done : done + count])
            done += count

    def _fill_within(self, block: int, inside: int, into: memoryview) -> None:
        skipped_blocks, skipped_bytes = divmod(inside, _AES_BLOCK)
        counter = block.to_bytes(12, "big") + (_FIRST_COUNTER + skipped_blocks).to_bytes(4, "big")
        encryptor = Cipher(self._algorithm, modes.CTR(counter)).encryptor()
        encryptor.update(bytes(skipped_bytes))
        encryptor.update_into(_ZEROS[: len(into)], into)


_ZEROS = memoryview(bytes(BLOCK_BYTES))


def open_stream(spec: PassSpec) -> Stream:
    """The stream of a pass; a random one gets a fresh key from the system, which never leaves this process."""
    if spec.kind is PassKind.RANDOM:
        return RandomStream(os.urandom(_KEY_BYTES))
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
    got = bytearray(len(_KNOWN_PLAIN))
    RandomStream(_KNOWN_KEY).fill(memoryview(got), _KNOWN_BLOCK * BLOCK_BYTES)
    if bytes(a ^ b for a, b in zip(got, _KNOWN_PLAIN, strict=True)) != _KNOWN_CIPHER:
        raise SelfCheckFailed(
            "The random stream is not AES-256-CTR as its standard defines it.", "Install the program afresh."
        )
