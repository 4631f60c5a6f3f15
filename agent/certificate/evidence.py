"""The evidence of one session as it travels: record, signature and document in one canonical body.

Both sides build and read it here, so that a digest over the body means the same to the station and to the registry.
"""

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass

import rfc8785

from agent.errors import MalformedRecord

MAX_BODY_BYTES = 4 * 1024 * 1024

_FIELDS = ("document", "record", "signature")


@dataclass(frozen=True)
class Evidence:
    """The three files of a record: `record.json`, `record.json.p7s` and the sealed PDF, byte for byte."""

    record: bytes
    signature: bytes
    document: bytes

    @property
    def record_sha256(self) -> str:
        """Digest of the record in hex; the name under which the registry keeps it."""
        return hashlib.sha256(self.record).hexdigest()


def encode_evidence(evidence: Evidence) -> bytes:
    """The upload's body: RFC 8785 of the three files in base64; equal evidence gives equal bytes."""
    return rfc8785.dumps({name: base64.b64encode(getattr(evidence, name)).decode() for name in _FIELDS})


def decode_evidence(body: bytes) -> Evidence:
    """The evidence back from a body; raises MalformedRecord for anything but the canonical form of exactly three files."""
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise MalformedRecord("The body is no JSON.") from error
    if not isinstance(fields, dict) or tuple(sorted(fields)) != _FIELDS:
        raise MalformedRecord("The body is not an object of exactly record, signature and document.")
    evidence = Evidence(**{name: _file(name, fields[name]) for name in _FIELDS})
    if encode_evidence(evidence) != body:
        raise MalformedRecord("The body is not in its canonical form (RFC 8785).")
    return evidence


def evidence_sha256(evidence: Evidence) -> str:
    """Digest in hex over the canonical body, so that it covers signature and document too."""
    return hashlib.sha256(encode_evidence(evidence)).hexdigest()


def _file(name: str, value: object) -> bytes:
    if not isinstance(value, str) or not value:
        raise MalformedRecord(f"The field {name} is empty or no text.")
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedRecord(f"The field {name} is no base64.") from error
