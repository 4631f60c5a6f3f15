"""One record's folder and its manifest, by which damage on the stick is told from a whole record."""

import errno
import hashlib
import json
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path

import rfc8785

from agent.certificate.evidence import Evidence
from agent.errors import EvidenceError

RECORD = "record.json"
SIGNATURE = "record.json.p7s"
DOCUMENTS = ("certificate.pdf", "record.pdf")
MANIFEST = "manifest.json"
RECEIPT = "receipt.json"
KEPT_RECEIPT = re.compile(r"receipt\.[0-9a-f]{16}\.json")

_SCHEMA = "ardoise-manifest/1"
_MAX_FILE_BYTES = 64 * 1024 * 1024
_OF_THIS_MACHINE = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM})
"""These pass, and say nothing of the file: what they keep from being read is not damaged."""


class CorruptFolder(Exception):
    """A record's folder that can't be what was published; the text says why."""


def is_whole_set(names: set[str]) -> bool:
    """Whether these are the names of one record: record, signature, and exactly one document."""
    return {RECORD, SIGNATURE} <= names and len(names & set(DOCUMENTS)) == 1 and len(names) == 3


def kept_receipt_name(registry_id: str) -> str:
    """Where the receipt of a registry is kept once `receipt.json` is of another one; takes the whole id, in hex."""
    return f"receipt.{registry_id[:16]}.json"


def receipts_in(folder: Path) -> tuple[Path, ...]:
    """All that is named as a receipt here, `receipt.json` first; raises OSError."""
    kept = sorted(path for path in folder.iterdir() if KEPT_RECEIPT.fullmatch(path.name))
    newest = folder / RECEIPT
    return (newest, *kept) if os.path.lexists(newest) else tuple(kept)


def encode_manifest(files: Mapping[str, bytes]) -> bytes:
    """The manifest of these files: their SHA-256 in hex, by name, as RFC 8785."""
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    return rfc8785.dumps({"schema": _SCHEMA, "files": digests})


def read_folder(folder: Path, *, manifest_required: bool = False) -> dict[str, bytes]:
    """A record's three files, compared with the manifest; raises CorruptFolder, also for what can't be read, EvidenceError.

    Without a manifest (files that a person copied) only presence is judged: the registry verifies the signatures anyway.
    """
    if folder.is_symlink() or not folder.is_dir():
        raise CorruptFolder("it is no folder")
    documents = [name for name in DOCUMENTS if (folder / name).exists()]
    if len(documents) != 1:
        raise CorruptFolder("it does not hold exactly one of certificate.pdf and record.pdf")
    files = {name: _read(folder / name) for name in (RECORD, SIGNATURE, documents[0])}
    empty = [name for name, data in files.items() if not data]
    if empty:
        raise CorruptFolder(f"{empty[0]} is empty")
    if manifest_required or (folder / MANIFEST).exists():
        _compare(files, _read(folder / MANIFEST))
    return files


def as_evidence(files: Mapping[str, bytes]) -> Evidence:
    """The files of a whole folder as evidence."""
    (document,) = set(files) & set(DOCUMENTS)
    return Evidence(record=files[RECORD], signature=files[SIGNATURE], document=files[document])


def _compare(files: Mapping[str, bytes], manifest: bytes) -> None:
    if encode_manifest(files) == manifest:
        return
    try:
        listed = json.loads(manifest)["files"]
        differing = [name for name, data in files.items() if listed[name] != hashlib.sha256(data).hexdigest()]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise CorruptFolder(f"{MANIFEST} can't be read") from error
    named = ", ".join(differing) or MANIFEST
    raise CorruptFolder(f"{named} is not what was published (its SHA-256 differs)")


def _read(path: Path) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise CorruptFolder(f"{path.name} is no regular file")
            data = file.read(_MAX_FILE_BYTES + 1)
    except FileNotFoundError as error:
        raise CorruptFolder(f"{path.name} is missing") from error
    except OSError as error:
        if error.errno in _OF_THIS_MACHINE:
            raise EvidenceError(f"{path} can't be read now: {error.strerror}.", "Try again.") from error
        raise CorruptFolder(f"{path.name} can't be read: {error.strerror}") from error
    if len(data) > _MAX_FILE_BYTES:
        raise CorruptFolder(f"{path.name} is far too large")
    return data
