"""The outbox on the stick: a record is visible whole or not at all, and leaves only by a checked receipt.

Layout: EVIDENCE/<record id>/{record.json, record.json.p7s, certificate.pdf | record.pdf, manifest.json, receipt.json},
and receipt.<16 hex digits of a registry's id>.json for each other registry that archived the record before; after the receipt
certificate.final.pdf | record.final.pdf, the registry's document. EVIDENCE/log-checkpoints/<size>: the newest head of the log.
No evidence is ever deleted here: what is corrupt moves to EVIDENCE/set-aside/.
"""

import contextlib
import fcntl
import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from agent.certificate.evidence import Evidence
from agent.certificate.receipt import MAX_RECEIPT_BYTES, Receipt, read_receipt
from agent.durable import sync_folder, write_durably, write_synced
from agent.errors import EvidenceError, ReceiptInvalid
from agent.registry.folder import (
    MANIFEST,
    RECEIPT,
    RECORD,
    CorruptFolder,
    as_evidence,
    encode_manifest,
    is_whole_set,
    kept_receipt_name,
    read_folder,
    receipts_in,
)
from agent.registry.writable import evidence_error

SET_ASIDE = "set-aside"
CHECKPOINTS = "log-checkpoints"

_RECORD_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TEMPORARY = re.compile(r"\.(?P<record_id>[0-9a-f-]{36})\.[0-9a-f]+\.new")


@dataclass(frozen=True)
class PendingRecord:
    """A whole record that no receipt answers yet."""

    record_id: str
    folder: Path


@dataclass(frozen=True)
class SetAside:
    """Something corrupt, where it was, where it is now (the same place when it could not be moved), and why."""

    was: Path
    now: Path
    reason: str


@dataclass(frozen=True)
class OutboxScan:
    """What waits for upload, oldest first, and what had to be set aside."""

    pending: tuple[PendingRecord, ...]
    set_aside: tuple[SetAside, ...]


class Outbox:
    """The records in one evidence folder; safe against other processes on the same folder."""

    def __init__(self, evidence: Path) -> None:
        self.evidence = evidence

    def publish(self, record_id: str, files: Mapping[str, bytes]) -> Path:
        """Put a record on stable storage and make it visible at once; raises EvidenceError, with nothing visible.

        Publishing the same bytes again is no error; other bytes under the same id are one; a damaged folder is set aside.
        """
        names = set(files)
        if not _RECORD_ID.fullmatch(record_id) or not is_whole_set(names) or not all(files.values()):
            raise ValueError(f"not the files of one record: {sorted(names)}")
        with self._locked():
            folder = self.evidence / record_id
            there = os.path.lexists(folder) and self._published_before(folder, files)
            try:
                if there:
                    sync_folder(self.evidence)
                else:
                    self._write(folder, files)
            except OSError as error:
                raise evidence_error(self.evidence, error) from error
            return folder

    def scan(self, registry_id: str | None = None) -> OutboxScan:
        """All records without a receipt, or without one of this registry (receipt.registry_id); raises EvidenceError.

        Adopts whole left-overs of a crash, sets aside what is corrupt.
        """
        with self._locked():
            aside = [left for name in self._names() if (left := self._settle_temporary(name))]
            pending = []
            for name in self._names():
                if _RECORD_ID.fullmatch(name):
                    damaged, waits = self._examine(self.evidence / name, registry_id)
                    aside += damaged
                    pending += [PendingRecord(name, self.evidence / name)] if waits else []
            return OutboxScan(tuple(pending), tuple(aside))

    def load(self, record: PendingRecord) -> Evidence:
        """The bytes to upload; raises EvidenceError when the folder was damaged or taken away since the scan."""
        try:
            return as_evidence(read_folder(record.folder))
        except CorruptFolder as error:
            raise EvidenceError(
                f"Record {record.record_id}: {error}.", "Upload again: what is damaged is then set aside."
            ) from error

    def is_whole(self, record_id: str) -> bool:
        """Whether this record is visible and undamaged (receipts aside); changes nothing."""
        if not _RECORD_ID.fullmatch(record_id):
            return False
        try:
            read_folder(self.evidence / record_id)
        except (CorruptFolder, EvidenceError):
            return False
        return True

    def is_archived(self, record_id: str, registry_id: str | None = None) -> bool:
        """Whether a usable receipt is there, of this registry where one is named; changes nothing."""
        if not _RECORD_ID.fullmatch(record_id):
            return False
        try:
            readings = {path.name: _read_receipt(path) for path in receipts_in(self.evidence / record_id)}
        except OSError:
            return False
        return _answered({n: r for n, r in readings.items() if isinstance(r, Receipt)}, registry_id)

    def store_receipt(self, record_id: str, receipt: bytes) -> Path:
        """Keep a receipt that was checked beside its record, durably, and another registry's too; raises EvidenceError."""
        path = self.evidence / record_id / RECEIPT
        with self._locked():
            try:
                self._keep_former(path, receipt)
                write_durably(path, receipt)
            except OSError as error:
                raise evidence_error(self.evidence, error) from error
        return path

    def store_final(self, record_id: str, name: str, document: bytes) -> Path:
        """Keep the registry's document, which was verified, beside the station's own, durably; raises EvidenceError."""
        path = self.evidence / record_id / name
        with self._locked():
            try:
                write_durably(path, document)
            except OSError as error:
                raise evidence_error(self.evidence, error) from error
        return path

    def checkpoints(self) -> tuple[bytes, ...]:
        """What was kept as checkpoints of logs, the largest first; *not* verified."""
        try:
            paths = [path for path in (self.evidence / CHECKPOINTS).iterdir() if path.name.isdecimal()]
            return tuple(path.read_bytes() for path in sorted(paths, key=lambda p: int(p.name), reverse=True)[:4])
        except OSError:
            return ()

    def keep_checkpoint(self, size: int, note: bytes) -> None:
        """Keep a checkpoint that was verified, as a new file; older ones go once it is durable; raises EvidenceError."""
        folder = self.evidence / CHECKPOINTS
        path = folder / str(size)
        with self._locked():
            try:
                folder.mkdir(exist_ok=True)
                if path.exists() and path.read_bytes() == note:
                    return
                write_durably(path, note)
                for older in folder.iterdir():
                    if older.name.isdecimal() and int(older.name) < size:
                        older.unlink()
            except OSError as error:
                raise evidence_error(self.evidence, error) from error

    def _names(self) -> list[str]:
        try:
            return sorted(entry.name for entry in self.evidence.iterdir())
        except OSError as error:
            raise evidence_error(self.evidence, error) from error

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        # A scan must not take the temporary folder of a process that is just publishing.
        try:
            descriptor = os.open(self.evidence, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            raise evidence_error(self.evidence, error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _write(self, folder: Path, files: Mapping[str, bytes]) -> None:
        temporary = self.evidence / f".{folder.name}.{secrets.token_hex(4)}.new"
        try:
            temporary.mkdir()
            for name, data in files.items():
                write_synced(temporary / name, data)
            # Last, so that a manifest which agrees means that everything before it is whole.
            write_synced(temporary / MANIFEST, encode_manifest(files))
            sync_folder(temporary)
            temporary.rename(folder)
        except OSError:
            shutil.rmtree(temporary, ignore_errors=True)
            raise
        sync_folder(self.evidence)

    def _published_before(self, folder: Path, files: Mapping[str, bytes]) -> bool:
        try:
            if read_folder(folder) != dict(files):
                raise EvidenceError(
                    f"Another record with the id {folder.name} is there already.", "Keep both and report this."
                )
        except CorruptFolder as error:
            aside = self._set_aside(folder, str(error))
            if aside.now == aside.was:
                raise EvidenceError(
                    f"Record {folder.name} is damaged: {aside.reason}.", "Use another stick."
                ) from error
            return False
        return True

    def _settle_temporary(self, name: str) -> SetAside | None:
        match = _TEMPORARY.fullmatch(name)
        if not match:
            return None
        temporary, folder = self.evidence / name, self.evidence / match["record_id"]
        try:
            read_folder(temporary, manifest_required=True)
        except CorruptFolder as error:
            return self._set_aside(temporary, f"left over by an interrupted publication: {error}")
        if folder.exists():
            return self._set_aside(temporary, "left over by an interrupted publication; the record itself is there")
        try:
            temporary.rename(folder)
            sync_folder(self.evidence)
        except OSError as error:
            raise evidence_error(self.evidence, error) from error
        return None

    def _examine(self, folder: Path, registry_id: str | None) -> tuple[list[SetAside], bool]:
        aside: list[SetAside] = []
        usable: dict[str, Receipt] = {}
        try:
            receipts = receipts_in(folder)
        except OSError:
            receipts = ()  # What is wrong with the folder itself is told below.
        for path in receipts:
            receipt = _read_receipt(path)
            if isinstance(receipt, Receipt):
                usable[path.name] = receipt
            else:
                aside.append(self._set_aside(path, receipt, f"{folder.name}.{path.name}"))
        if _answered(usable, registry_id):
            return aside, False
        try:
            read_folder(folder)
        except CorruptFolder as error:
            return [*aside, self._set_aside(folder, str(error))], False
        return aside, True

    def _keep_former(self, path: Path, receipt: bytes) -> None:
        if not os.path.lexists(path):
            return
        former = _read_receipt(path)
        if not isinstance(former, Receipt):
            self._make_way(path, former)
            return
        data = path.read_bytes()
        if data == receipt:
            return
        kept = path.with_name(kept_receipt_name(former.registry))
        if os.path.lexists(kept) and not (kept.is_file() and kept.read_bytes() == data):
            self._make_way(kept, "another receipt takes its place")
        # A copy and no rename: at no moment is the record without a receipt.
        write_durably(kept, data)

    def _make_way(self, path: Path, reason: str) -> None:
        aside = self._set_aside(path, reason, f"{path.parent.name}.{path.name}")
        if aside.now == aside.was:
            raise EvidenceError(f"Record {path.parent.name}: {aside.reason}.", "Use another stick.")

    def _set_aside(self, path: Path, reason: str, name: str = "") -> SetAside:
        shelf = self.evidence / SET_ASIDE
        target = shelf / f"{(name or path.name).lstrip('.')}.{secrets.token_hex(4)}"
        try:
            shelf.mkdir(exist_ok=True)
            path.rename(target)
            sync_folder(shelf)
            sync_folder(path.parent)
        except OSError as error:
            return SetAside(path, path, f"{reason}; it could not be moved: {error.strerror}")
        return SetAside(path, target, reason)


def _read_receipt(path: Path) -> Receipt | str:
    # The signature was checked before the receipt was stored; here only damage is looked for, and put into words.
    try:
        with path.open("rb") as file:
            receipt = read_receipt(file.read(MAX_RECEIPT_BYTES + 1))
        record = (path.parent / RECORD).read_bytes()
    except OSError as error:
        return f"{path.name} or {RECORD} can't be read: {error.strerror}"
    except ReceiptInvalid as error:
        return f"{path.name} can't be used: {error.message}"
    if receipt.record_sha256 != hashlib.sha256(record).hexdigest():
        return f"{path.name} is for another record"
    return receipt


def _answered(receipts: Mapping[str, Receipt], registry_id: str | None) -> bool:
    if registry_id is None:
        return RECEIPT in receipts
    return any(receipt.registry == registry_id for receipt in receipts.values())
