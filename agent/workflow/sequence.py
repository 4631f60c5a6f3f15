"""The station's own numbering: each record names the one before, so that a gap or a fork shows (DESIGN section 6)."""

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from agent.durable import write_durably, write_synced
from agent.errors import StationError
from agent.model.record import StationLink

_FILE = "sequence.json"
_LOCK = ".sequence.lock"


@dataclass(frozen=True)
class _Entry:
    number: int
    record_id: str
    record_sha256: str
    previous_sha256: str
    settled: bool


def check_numbering(folder: Path) -> None:
    """Raise StationError unless the numbering can be read and continued: asked before anything is sanitized."""
    probe = folder / f".probe.{os.getpid()}"
    try:
        with _locked(folder):
            _read(folder)
            probe.unlink(missing_ok=True)
            write_synced(probe, b"?")
            probe.unlink()
    except OSError as error:
        raise _unusable(folder, error) from error


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _unusable(folder: Path, error: OSError) -> StationError:
    return StationError(
        f"The numbering in the station's folder {str(folder)!r} can't be kept: {error.strerror}.",
        "Make the station's folder writable, with some room on its medium.",
    )


@contextmanager
def next_link(folder: Path, was_published: Callable[[str], bool | None]) -> Iterator["Reservation"]:
    """Hold the station's numbering while one record is made; raises StationError.

    `was_published` tells of a record id whether its record is in the evidence folder, was never published from it
    (False), or is not known there (None): then its number stays used, a gap is better than a fork.
    """
    try:
        with _locked(folder):
            last = _settle(_read(folder), was_published)
            number = last.number + 1 if last else 1
            yield Reservation(folder, StationLink(number, last.record_sha256 if last else ""))
    except OSError as error:
        raise _unusable(folder, error) from error


@dataclass(frozen=True)
class Reservation:
    """One number, held until `settle` says that its record is on stable storage."""

    folder: Path
    link: StationLink

    def announce(self, record_id: str, record_sha256: str) -> None:
        """Write down which record will take this number, before it is published."""
        self._write(
            _Entry(self.link.sequence, record_id, record_sha256, self.link.previous_record_sha256, settled=False)
        )

    def settle(self, record_id: str, record_sha256: str) -> None:
        """The record is on stable storage: the number is used."""
        self._write(
            _Entry(self.link.sequence, record_id, record_sha256, self.link.previous_record_sha256, settled=True)
        )

    def _write(self, entry: _Entry) -> None:
        write_durably(self.folder / _FILE, json.dumps(asdict(entry), sort_keys=True).encode(), 0o600)


def _settle(entry: _Entry | None, was_published: Callable[[str], bool | None]) -> _Entry | None:
    if entry is None or entry.settled or was_published(entry.record_id) is not False:
        return entry
    if entry.number == 1:
        return None
    return _Entry(entry.number - 1, "", entry.previous_sha256, "", settled=True)


def _read(folder: Path) -> _Entry | None:
    path = folder / _FILE
    try:
        data = json.loads(path.read_bytes())
        return _Entry(**data)
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as error:
        raise StationError(
            f"{path} is damaged.", "Have the station's certificate renewed; its numbering can't be continued."
        ) from error
