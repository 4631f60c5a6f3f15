"""Signed notes with Ed25519 keys, and the texts of such keys (C2SP signed-note); pure.

A note is believed only through `open_note`, which gives its text back after a signature of a known key has verified.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from agent.errors import ProofInvalid, UsageError

MAXIMUM_NOTE_BYTES = 64 * 1024
MAXIMUM_SIGNATURES = 64

_ED25519 = b"\x01"
_VERIFIER = re.compile(r"(?P<name>[^\s+]{1,256})\+(?P<id>[0-9a-f]{8})\+(?P<key>[A-Za-z0-9+/]+={0,2})")
_LINE = re.compile(r"\u2014 (?P<name>[^\s+]+) (?P<signature>[A-Za-z0-9+/]+={0,2})")
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f]")


@dataclass(frozen=True)
class VerifierKey:
    """The name and the public key of who signs notes; `key` are the 32 bytes of RFC 8032."""

    name: str
    key: bytes

    @property
    def key_id(self) -> bytes:
        """The four bytes by which a signature line names the key."""
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.key).digest()[:4]

    @property
    def text(self) -> str:
        """The key in one line: name, id in hex, base64 of type and key."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(_ED25519 + self.key).decode()}"


def parse_verifier_key(text: str) -> VerifierKey:
    """A verifier key from its one line; raises UsageError."""
    match = _VERIFIER.fullmatch(text.strip())
    raw = _decoded(match["key"]) if match else None
    if match is None or raw is None or len(raw) != 33 or raw[:1] != _ED25519:
        raise UsageError("The log's key is no verifier key for Ed25519.", "Give log.vkey as the registry made it.")
    key = VerifierKey(match["name"], raw[1:])
    if key.key_id.hex() != match["id"]:
        raise UsageError("The log's key does not have the id that stands beside it.", "Copy log.vkey anew.")
    return key


def verifier_key(name: str, key: Ed25519PublicKey) -> VerifierKey:
    """The verifier key of this name; raises UsageError for a name that no note can carry."""
    if not is_key_name(name):
        raise UsageError(
            f"{name!r} can't name a log.", "Give a name like log.example/ardoise, without spaces and plus signs."
        )
    return VerifierKey(name, key.public_bytes_raw())


def is_key_name(name: str) -> bool:
    """Whether this can be the name of a key: one word of printable characters without a plus sign."""
    return bool(re.fullmatch(r"[^\s+]{1,256}", name)) and name.isprintable()


def sign_note(text: str, name: str, key: Ed25519PrivateKey) -> bytes:
    """The note of this text with one signature; the text ends with a newline."""
    if not text.endswith("\n") or _CONTROLS.search(text):
        raise ValueError("not the text of a note")
    signer = verifier_key(name, key.public_key())
    return join_note(text, name, signer.key_id + key.sign(text.encode()))


def join_note(text: str, name: str, signature: bytes) -> bytes:
    """The note of a text and one signature (four bytes of the key's id, then the signature itself)."""
    return f"{text}\n\u2014 {name} {base64.b64encode(signature).decode()}\n".encode()


def split_note(note: bytes) -> tuple[str, tuple[tuple[str, bytes], ...]]:
    """Text and signatures (name, id and signature) of a note, *not* verified; raises ProofInvalid for another form."""
    if len(note) > MAXIMUM_NOTE_BYTES:
        raise ProofInvalid("The signed note is far too large.")
    try:
        whole = note.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ProofInvalid("The signed note is not UTF-8.") from error
    head, blank, tail = whole.rpartition("\n\n")
    if not blank or _CONTROLS.search(whole) or not tail.endswith("\n"):
        raise ProofInvalid("The signed note has not the form of one.")
    lines = tail[:-1].split("\n")
    if len(lines) > MAXIMUM_SIGNATURES:
        raise ProofInvalid("The signed note has too many signatures.")
    return f"{head}\n", tuple(_signature(line) for line in lines)


def open_note(note: bytes, keys: Sequence[VerifierKey]) -> tuple[str, tuple[VerifierKey, ...]]:
    """The text and which of the keys signed it, at least one; raises ProofInvalid, also where one known key's signature is wrong."""
    text, signatures = split_note(note)
    known = {(key.name, key.key_id): key for key in keys}
    signers = []
    for name, signature in signatures:
        key = known.get((name, signature[:4]))
        if key is None:
            continue
        try:
            Ed25519PublicKey.from_public_bytes(key.key).verify(signature[4:], text.encode())
        except (InvalidSignature, ValueError) as error:
            raise ProofInvalid("The log's signature does not verify.") from error
        signers.append(key)
    if not signers:
        raise ProofInvalid("No signature in it is of a log that is known here.")
    return text, tuple(signers)


def _signature(line: str) -> tuple[str, bytes]:
    match = _LINE.fullmatch(line)
    signature = _decoded(match["signature"]) if match else None
    if match is None or signature is None or len(signature) < 5:
        raise ProofInvalid("A signature line of the note has not the form of one.")
    return match["name"], signature


def _decoded(text: str) -> bytes | None:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if base64.b64encode(raw).decode() == text else None
