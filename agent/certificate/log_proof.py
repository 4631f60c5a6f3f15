"""The proof that a record is in the log, as one text that is checked offline (C2SP tlog-proof v1); pure.

The entry of a record is the 32 bytes of its SHA-256, so that the log says nothing about what it holds.
"""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass

from agent.certificate.checkpoint import Checkpoint, open_checkpoint
from agent.certificate.note import MAXIMUM_NOTE_BYTES, VerifierKey
from agent.certificate.tlog import HASH_BYTES, MAXIMUM_PROOF_HASHES, check_inclusion, leaf_hash
from agent.errors import ProofInvalid

HEADER = "c2sp.org/tlog-proof@v1"

_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})")


@dataclass(frozen=True)
class LogProof:
    """A proof as it is written: place, audit path, and the signed checkpoint."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes


@dataclass(frozen=True)
class Logged:
    """What a verified proof says: the entry's place, and the head of the log that holds it."""

    index: int
    checkpoint: Checkpoint


def encode_proof(proof: LogProof) -> bytes:
    """The text of a proof."""
    hashes = [base64.b64encode(each).decode() for each in proof.path]
    head = "".join(f"{line}\n" for line in (HEADER, f"index {proof.index}", *hashes, ""))
    return head.encode() + proof.checkpoint


def decode_proof(data: bytes) -> LogProof:
    """A proof from its text, *not* verified; raises ProofInvalid. Opaque extra data, which nothing signs, is passed over."""
    if len(data) > 2 * MAXIMUM_NOTE_BYTES:
        raise ProofInvalid("The log proof is far too large.")
    head, blank, checkpoint = data.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise ProofInvalid("The log proof has not the form of one.") from error
    if not blank or lines.pop(0) != HEADER:
        raise ProofInvalid(f"The log proof does not begin with {HEADER}.")
    if lines and lines[0].startswith("extra "):
        _decoded(lines.pop(0).removeprefix("extra "))
    match = _INDEX.fullmatch(lines.pop(0)) if lines else None
    if match is None or len(lines) > MAXIMUM_PROOF_HASHES:
        raise ProofInvalid("The log proof states no place in the log, or has too many hashes.")
    path = tuple(_decoded(line) for line in lines)
    if any(len(each) != HASH_BYTES for each in path):
        raise ProofInvalid("A hash of the log proof is not one of SHA-256.")
    return LogProof(int(match[1]), path, checkpoint)


def check_proof(data: bytes, record_sha256: bytes, logs: Sequence[VerifierKey]) -> Logged:
    """The record of this digest is in a log that is known here; raises ProofInvalid."""
    proof = decode_proof(data)
    checkpoint = open_checkpoint(proof.checkpoint, logs)
    check_inclusion(leaf_hash(record_sha256), proof.index, checkpoint.size, proof.path, checkpoint.root)
    return Logged(proof.index, checkpoint)


def _decoded(line: str) -> bytes:
    try:
        raw = base64.b64decode(line, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ProofInvalid("A line of the log proof is no base64.") from error
    if base64.b64encode(raw).decode() != line:
        raise ProofInvalid("A line of the log proof is not written canonically.")
    return raw
