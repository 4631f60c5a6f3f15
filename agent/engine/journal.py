"""The journal of one sitting: what is about to happen is on stable storage before it happens.

One JSON object a line, each with its number, the digest of the line before and a digest of its own, so that a line torn
by a power cut and a damaged one can both be told from what was written. Keys never get here, only their commitments.
"""

import hashlib
import json
import os
import threading
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from agent.durable import sync_folder
from agent.engine.journal_file import PULLED, JournalFile
from agent.errors import EvidenceError, JournalCorrupt
from agent.model.drive import Identity
from agent.model.firmware import DeviceStatus, FirmwareResult
from agent.model.job import JobResult, JobState, PauseReason, VerificationResult
from agent.model.json_form import JsonFormError, from_json_form, to_json_form
from agent.model.passes import PassResult
from agent.model.record import SessionEnd
from agent.model.sanitization import Technique
from agent.model.session import SessionHeader

FIRST_PREVIOUS = "0" * 64
_HEADER = "header"
_ASIDE = "It is kept aside for examination; torn by a power cut, it means that nothing was begun."
_CHECK_THE_STICK = "Check that the stick is in place and has room."
MOST_KEPT_BYTES = 4 << 20
"""How much may be in memory only while the stick is away."""
# Marks are not synced one by one, so that many drives don't keep the stick busy; all of them are together, this often.
_MARKS_SYNC_SECONDS = 5.0


@dataclass(frozen=True)
class StateEvent:
    """A job is about to enter a state that is not final; for a pass with its number, its key's commitment, and from where."""

    job_id: str
    node: str
    state: JobState
    reason: str
    at: datetime
    pass_number: int = 0
    key_sha256: str = ""
    offset_bytes: int = 0


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
class CommandEvent:
    """The drive's own erase is about to be started; `note` is what lets a person undo it (the documented password)."""

    job_id: str
    technique: Technique
    note: str
    status_before: DeviceStatus
    at: datetime


@dataclass(frozen=True)
class AttemptEvent:
    """The drive's own erase ended, well or not, or is no longer watched."""

    job_id: str
    result: FirmwareResult


@dataclass(frozen=True)
class ProgressEvent:
    """How far the running phase had got, in bytes from its beginning without a hole.

    Of a pass, the drive had them on stable storage before this was written. It announces nothing, so it need not be
    synced by itself.
    """

    job_id: str
    state: JobState
    pass_number: int
    done_bytes: int
    total_bytes: int
    error_count: int
    at: datetime


@dataclass(frozen=True)
class PauseEvent:
    """A job stands still for a reason, or no longer does for this one; `detail` is plain text."""

    job_id: str
    reason: PauseReason
    detail: str
    began: bool
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


Event = (
    StateEvent
    | OpenedEvent
    | PassEvent
    | CommandEvent
    | AttemptEvent
    | ProgressEvent
    | PauseEvent
    | VerificationEvent
    | ResultEvent
    | SessionEvent
)

_EVENTS: dict[str, type[Event]] = {
    "state": StateEvent,
    "opened": OpenedEvent,
    "pass": PassEvent,
    "command": CommandEvent,
    "attempt": AttemptEvent,
    "progress": ProgressEvent,
    "pause": PauseEvent,
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


@dataclass(frozen=True)
class _Entry:
    """One line that is not durable yet; the chain of digests is made anew if it has to be written again."""

    name: str
    body: object
    size: int
    mark_of: str = ""
    result_of: str = ""


class Journal:
    """An open journal; any method may be called from any thread.

    While its stick is away it keeps what running jobs append in memory, until `come_back` finds the same file again.
    After any other failed write it takes nothing more.
    """

    def __init__(self, file: JournalFile, header: SessionHeader) -> None:
        self.path = file.path
        self.header = header
        self._file = file
        self._lock = threading.Lock()
        self._last = (0, FIRST_PREVIOUS)
        self._durable = self._last
        self._waiting: list[_Entry] = []
        self._away = False
        self._synced_at = time.monotonic()
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
        journal = cls(JournalFile(descriptor, path), header)
        try:
            journal._take(_Entry(_HEADER, to_json_form(header), 0), sync=True, may_wait=False)
            sync_folder(folder)
        except OSError as error:
            journal.close()
            raise EvidenceError(f"The journal can't be created: {error.strerror}.", _CHECK_THE_STICK) from error
        except EvidenceError:
            journal.close()
            raise
        return journal

    @property
    def away(self) -> bool:
        """Whether the stick was found missing and has not come back: lines may be in memory only."""
        return self._away

    def check(self) -> None:
        """Raise EvidenceError if the journal takes nothing more: no effect may go on that it can't hold."""
        if self._failure:
            raise EvidenceError(f"The journal can't be written: {self._failure}.", _CHECK_THE_STICK)

    def announce(self, event: Event) -> None:
        """Put an event on stable storage before returning, as a new effect asks for; raises EvidenceError."""
        self._take(_entry_of(event), sync=True, may_wait=False)

    def append(self, event: Event) -> None:
        """Put an event of what has begun on stable storage, or into memory while the stick is away; raises EvidenceError.

        A progress mark goes only into the file.
        """
        self._take(_entry_of(event), sync=not isinstance(event, ProgressEvent), may_wait=True)

    def come_back(self) -> bool:
        """Whether all that was taken is durable, after looking for a stick that is away; raises EvidenceError for good."""
        with self._lock:
            self.check()
            try:
                if self._away:
                    self._file.reopen()
                    self._last = self._durable
                    for entry in self._waiting:
                        self._write(entry)
                if self._waiting or self._away:
                    self._sync()
            except OSError as error:
                self._blame(error)
            except EvidenceError:
                self._failure = "another one came back"
                raise
            else:
                self._away = False
            return not self._away

    def lost_results(self) -> frozenset[str]:
        """The jobs whose result is not durable."""
        with self._lock:
            return frozenset(e.result_of for e in self._waiting if e.result_of)

    def close(self) -> None:
        """Release the file; safe to call twice."""
        with self._lock:
            self._file.close()
            self._failure = self._failure or "closed"

    def _take(self, entry: _Entry, *, sync: bool, may_wait: bool) -> None:
        with self._lock:
            self.check()
            self._keep(entry)
            if not self._away:
                try:
                    self._write(entry)
                    if sync or time.monotonic() - self._synced_at >= _MARKS_SYNC_SECONDS:
                        self._sync()
                except OSError as error:
                    self._blame(error)
            if self._away and not may_wait:
                # What was not announced does not begin, and must not be found in the journal later.
                self._waiting.remove(entry)
                raise EvidenceError("The journal can't be written: the stick is not there.", _CHECK_THE_STICK)

    def _blame(self, error: OSError) -> None:
        if error.errno in PULLED:
            self._away = True
            return
        # The line may be torn: another behind it would read as damage in the middle.
        self._failure = error.strerror or "input/output error"
        raise EvidenceError(f"The journal can't be written: {self._failure}.", _CHECK_THE_STICK) from error

    def _write(self, entry: _Entry) -> None:
        number, previous = self._last
        line, digest = _encode_line(number, previous, entry.name, entry.body)
        self._file.write(line)
        self._last = number + 1, digest

    def _sync(self) -> None:
        self._file.sync()
        self._synced_at = time.monotonic()
        self._durable = self._last
        self._waiting.clear()

    def _keep(self, entry: _Entry) -> None:
        if self._away and entry.mark_of:
            # Of a job's marks only the last one says something.
            self._waiting = [e for e in self._waiting if e.mark_of != entry.mark_of]
        self._waiting.append(entry)
        if self._away and sum(e.size for e in self._waiting) > MOST_KEPT_BYTES:
            self._waiting = [e for e in self._waiting if not e.mark_of]
            if sum(e.size for e in self._waiting) > MOST_KEPT_BYTES:
                self._failure = "the stick was away for too long"
                self.check()


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


def _entry_of(event: Event) -> _Entry:
    body = to_json_form(event)
    mark_of = event.job_id if isinstance(event, ProgressEvent) else ""
    result_of = event.result.job_id if isinstance(event, ResultEvent) else ""
    return _Entry(_NAMES[type(event)], body, len(_canonical(body)), mark_of, result_of)


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
