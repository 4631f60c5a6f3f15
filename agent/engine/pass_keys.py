"""Keys of a session's random passes: beside the journal until the record is there, so that an overwrite cut off can go on.

Whoever reads them learns which random bytes were written, never what was there before. They stand in a file of their
own, which no record, log or upload takes in.
"""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from agent.durable import sync_folder, write_synced
from agent.errors import EvidenceError
from agent.model.passes import PassKind
from agent.model.sanitization import Plan

KEY_BYTES = 32
_DIGEST, _KEYS = "sha256", "keys"


class PassKey(bytes):
    """A key that shows itself to nobody who prints it, a crash report included."""

    def __repr__(self) -> str:
        return "<key>"


KeysByPass = Mapping[int, bytes]
"""Keys of one job by the number of the pass, from 1."""


def new_keys(plan: Plan) -> dict[int, bytes]:
    """A fresh key from the system for each random pass of a plan."""
    passes = enumerate(plan.pass_set.passes, start=1)
    return {number: PassKey(os.urandom(KEY_BYTES)) for number, spec in passes if spec.kind is PassKind.RANDOM}


def keys_for(plan: Plan, carried: KeysByPass) -> dict[int, bytes]:
    """Fresh keys but for the passes that were begun before an interruption: up to the one to go on in."""
    keys = new_keys(plan)
    if plan.resumption is not None:
        last = len(plan.resumption.passes) + (1 if plan.resumption.offset_bytes else 0)
        keys |= {number: key for number, key in carried.items() if number <= last and number in keys}
    return keys


def commitment(key: bytes | None) -> str:
    """SHA-256 of a key in hex; empty for a pass without one."""
    return hashlib.sha256(key).hexdigest() if key else ""


def store_keys(path: Path, keys: Sequence[KeysByPass]) -> None:
    """Put the keys of a session's plans on stable storage, in the plans' order; raises EvidenceError."""
    body = [{str(number): key.hex() for number, key in each.items()} for each in keys]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_synced(path, json.dumps({_KEYS: body, _DIGEST: _digest(body)}).encode(), mode=0o600)
        sync_folder(path.parent)
    except OSError as error:
        raise EvidenceError(
            f"The journal can't be created: {error.strerror}.", "Check that the stick is in place and has room."
        ) from error


def read_keys(path: Path) -> tuple[KeysByPass, ...]:
    """The keys of a session's plans; empty where the file is missing or damaged: then nothing can go on."""
    try:
        content = json.loads(path.read_bytes())
        body = content[_KEYS]
        if content[_DIGEST] != _digest(body):
            return ()
        return tuple({int(number): PassKey.fromhex(key) for number, key in each.items()} for each in body)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ()


def _digest(body: object) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
