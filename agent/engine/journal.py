"""The journal of one sitting: what is about to happen is on stable storage before it happens.

One JSON object a line, each with its number, the digest of the line before and a digest of its own, so that a line torn
by a power cut and a damaged one can both be told from what was written. Keys never get here, only their commitments.
"""

import hashlib
import json
import os
import threading
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from agent.durable import sync_folder
from agent.errors import EvidenceError, JournalCorrupt
from agent.model.drive import Identity
from agent.model.job import JobResult, JobState, PassResult, VerificationResult
from agent.model.json_form import JsonFormError, from_json_form, to_json_form
from agent.model.record import SessionEnd
from agent.model.session import SessionHeader

FIRST_PREVIOUS = "0" * 64
_HEADER = "header"
_ASIDE = "It is kept aside for examination; torn by a power cut, it means that nothing was begun."
_CHECK_THE_STICK = "Check that the stick is in place and has room."


@dataclass(frozen=True)
class StateEvent:
    """A job is about to enter a state that is not final."""

    job_id: str
    node: str
    state: JobState
    reason: str
    at: datetime


@dataclass(frozen=True)
class OpenedEvent:
    """The medium is held exclusively and is the one that was planned; nothing was written to it yet."""

    job_id: str
    identity: Identity
    at: datetime


@dataclass(frozen=True)
class PassEvent:
    """A pass ended, well or not."""

    job_id: str
    result: PassResult


@dataclass(frozen=True)
class ProgressEvent:
    """How far the running phase had got, in bytes; announces nothing, so it is not synced."""

    job_id: str
    state: JobState
    pass_number: int
    done_bytes: int
    total_bytes: int
    error_count: int
    at: datetime


@dataclass(frozen=True)
class VerificationEvent:
    """A read-back ended, well or not."""

    job_id: str
    result: VerificationResult


@dataclass(frozen=True)
class ResultEvent:
    """A job's final state with all of its evidence, in one line: there is no final state without it."""

    result: JobResult


@dataclass(frozen=True)
class SessionEvent:
    """The sitting ended."""

    ended: SessionEnd
    at: datetime


Event = StateEvent | OpenedEvent | PassEvent | ProgressEvent | VerificationEvent | ResultEvent | SessionEvent

_EVENTS: dict[str, type[Event]] = {
    "state": StateEvent,
    "opened": OpenedEvent,
    "pass": PassEvent,
    "progress": ProgressEvent,
    "verification": VerificationEvent,
    "result": ResultEvent,
    "session": SessionEvent,
}
_NAMES = {cls: name for name, cls in _EVENTS.items()}


@dataclass(frozen=True)
class JournalContent:
    """What a journal proves. Events stop at the first damaged line; a torn last line is ordinary and no damage."""

    header: SessionHeader
    events: tuple[Event, ...]
    trusted: bool
    damage: str

    @property
    def ended(self) -> SessionEnd | None:
        """How the sitting ended; None where the journal does not say."""
        ends = [e.ended for e in self.events if isinstance(e, SessionEvent)]
        return ends[-1] if ends else None


class Journal:
    """An open journal; `append` may be called from any thread. After one failed write it takes nothing more."""

    def __init__(self, descriptor: int, path: Path, header: SessionHeader) -> None:
        self.path = path
        self.header = header
        self._descriptor = descriptor
        self._lock = threading.Lock()
        self._number = 0
        self._previous = FIRST_PREVIOUS
        self._failure = ""

    @classmethod
    def create(cls, folder: Path, header: SessionHeader) -> "Journal":
        """Begin `<record id>.jsonl` in this folder, durable with its header; raises EvidenceError."""
        path = folder / f"{header.record_id}.jsonl"
        try:
            if not folder.is_dir():
                folder.mkdir(parents=True, exist_ok=True)
                sync_folder(folder.parent)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_NOFOLLOW
            descriptor = os.open(path, flags, 0o600)
        except OSError as error:
            raise EvidenceError(f"The journal can't be created: {error.strerror}.", _CHECK_THE_STICK) from error
        journal = cls(descriptor, path, header)
        try:
            journal._append_line(_HEADER, to_json_form(header), sync=True)
            sync_folder(folder)
        except OSError as error:
            journal.close()
            raise EvidenceError(f"The journal can't be created: {error.strerror}.", _CHECK_THE_STICK) from error
        except EvidenceError:
            journal.close()
            raise
        return journal

    def check(self) -> None:
        """Raise EvidenceError if the journal takes nothing more: no effect may begin that it can't hold."""
        if self._failure:
            raise EvidenceError(f"The journal can't be written: {self._failure}.", _CHECK_THE_STICK)

    def append(self, event: Event) -> None:
        """Put an event on stable storage before returning (a progress mark only into the file); raises EvidenceError."""
        self._append_line(_NAMES[type(event)], to_json_form(event), sync=not isinstance(event, ProgressEvent))

    def close(self) -> None:
        """Release the file; safe to call twice."""
        with self._lock:
            if self._descriptor >= 0:
                os.close(self._descriptor)
                self._descriptor = -1
                self._failure = self._failure or "closed"

    def _append_line(self, event: str, body: object, *, sync: bool) -> None:
        with self._lock:
            self.check()
            line, digest = _encode_line(self._number, self._previous, event, body)
            try:
                _write_whole(self._descriptor, line)
                if sync:
                    os.fdatasync(self._descriptor)
            except OSError as error:
                # The line may be torn: another behind it would read as damage in the middle.
                self._failure = error.strerror or "input/output error"
                raise EvidenceError(f"The journal can't be written: {self._failure}.", _CHECK_THE_STICK) from error
            self._number += 1
            self._previous = digest


def read_journal(path: Path) -> JournalContent:
    """Read a journal as far as it can be trusted; raises JournalCorrupt without a sound header, EvidenceError."""
    try:
        *lines, tail = path.read_bytes().split(b"\n")
    except OSError as error:
        raise EvidenceError(f"The journal can't be read: {error.strerror}.") from error
    if not lines:
        raise JournalCorrupt("The journal holds not even its first line.", _ASIDE)
    header, previous = _read_header(lines[0])
    events: list[Event] = []
    for number, line in enumerate(lines[1:], start=1):
        try:
            name, body, previous = _decode_line(line, number, previous)
            events.append(from_json_form(body, _EVENTS[name]))
        except (ValueError, KeyError, TypeError) as error:
            if _is_torn([*lines[number:], tail]):
                break
            damage = f"line {number + 1} of the journal is damaged ({type(error).__name__})"
            return JournalContent(header, tuple(events), trusted=False, damage=damage)
    return JournalContent(header, tuple(events), trusted=True, damage="")


def _read_header(line: bytes) -> tuple[SessionHeader, str]:
    try:
        name, body, digest = _decode_line(line, 0, FIRST_PREVIOUS)
        if name != _HEADER:
            raise JsonFormError(f"the first line is a {name!r}")
        return from_json_form(body, SessionHeader), digest
    except (ValueError, KeyError, TypeError) as error:
        raise JournalCorrupt(f"The journal's first line is no header ({type(error).__name__}).", _ASIDE) from error


def _is_torn(rest: list[bytes]) -> bool:
    # A power cut leaves a last line without its end, which never gets here, or a tail of zeros where the file's length
    # reached the medium before its content did.
    return not b"".join(rest).strip(b"\0")


def _write_whole(descriptor: int, line: bytes) -> None:
    view = memoryview(line)
    while view:
        view = view[os.write(descriptor, view) :]


def _encode_line(number: int, previous: str, event: str, body: object) -> tuple[bytes, str]:
    content = {"number": str(number), "previous": previous, "event": event, "body": body}
    digest = hashlib.sha256(_canonical(content)).hexdigest()
    return _canonical({**content, "sha256": digest}) + b"\n", digest


def _decode_line(line: bytes, number: int, previous: str) -> tuple[str, Any, str]:
    try:
        content = json.loads(line)
        if not isinstance(content, dict):
            raise JsonFormError("not an object")
        again, digest = _encode_line(number, previous, content["event"], content["body"])
    except RecursionError as error:
        raise JsonFormError("nested too deeply") from error
    if again != line + b"\n":
        raise JsonFormError("digest, number or chain differs")
    return content["event"], content["body"], digest


def _canonical(content: object) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")
