"""Checkpoints of a transparency log (C2SP tlog-checkpoint); pure."""

import base64
import binascii
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.certificate.note import VerifierKey, join_note, open_note, sign_note
from agent.certificate.tlog import HASH_BYTES
from agent.errors import ProofInvalid

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_MAXIMUM_ORIGIN = 256


@dataclass(frozen=True)
class Checkpoint:
    """The head of a log: how many entries it had, and the root hash over them."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def parse_checkpoint(text: str) -> Checkpoint:
    """A checkpoint from a note's text, *not* verified; raises ProofInvalid. Extension lines are passed over."""
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1] or not all(lines[:-1]) or len(lines[0]) > _MAXIMUM_ORIGIN:
        raise ProofInvalid("The checkpoint has not the form of one.")
    try:
        root = base64.b64decode(lines[2], validate=True)
    except (binascii.Error, ValueError) as error:
        raise ProofInvalid("The checkpoint's root hash is no base64.") from error
    if not _SIZE.fullmatch(lines[1]) or len(root) != HASH_BYTES or base64.b64encode(root).decode() != lines[2]:
        raise ProofInvalid("The checkpoint's size or root hash has a wrong form.")
    return Checkpoint(lines[0], int(lines[1]), root)


def sign_checkpoint(checkpoint: Checkpoint, key: Ed25519PrivateKey) -> bytes:
    """The signed note of a checkpoint; the key's name is the log's origin."""
    return sign_note(checkpoint.text, checkpoint.origin, key)


def open_checkpoint(note: bytes, logs: Sequence[VerifierKey]) -> Checkpoint:
    """A checkpoint that one of these logs signed for its own origin; raises ProofInvalid."""
    text, signers = open_note(note, logs)
    checkpoint = parse_checkpoint(text)
    if all(signer.name != checkpoint.origin for signer in signers):
        raise ProofInvalid("The checkpoint is of another log than the one whose key signed it.")
    return checkpoint


def joined_checkpoint(checkpoint: Checkpoint, signature: bytes) -> bytes:
    """The signed note back from a checkpoint and the bytes of its one signature line."""
    return join_note(checkpoint.text, checkpoint.origin, signature)


def same_head(one: Checkpoint, other: Checkpoint) -> bool:
    """Whether two checkpoints state the same head of the same log."""
    return one.origin == other.origin and one.size == other.size and hmac.compare_digest(one.root, other.root)
