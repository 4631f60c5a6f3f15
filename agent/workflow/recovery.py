"""Sessions that ended without a record (power cut, crash, stick pulled): each gets a signed one at the next start.

A recovered session is interrupted by definition: its record is never a certificate, whatever its journal holds. Its journal
stays as long as an overwrite in it may go on.
"""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from agent.durable import sync_folder
from agent.engine.journal import JournalContent, read_journal
from agent.engine.recovery import recovered_results
from agent.errors import AgentError, EvidenceError, JournalCorrupt, Refused
from agent.model.clock import Clock
from agent.model.record import Record, SessionEnd, StationLink
from agent.registry.outbox import SET_ASIDE, Outbox
from agent.workflow.locks import possible_locks
from agent.workflow.publishing import JOURNAL_FOLDER, Published, publish
from agent.workflow.recording import Ending, build_record
from agent.workflow.resuming import JOURNAL_END, KEYS_END, MOST_KEPT, forget, resumable_jobs
from agent.workflow.station import Station, check_may_sign


@dataclass(frozen=True)
class Recovered:
    """Records made of interrupted sessions, and remarks on what could not be used (plain text)."""

    published: tuple[Published, ...]
    remarks: tuple[str, ...]


class Hold:
    """The journal folder of an evidence folder, locked for one sitting."""

    def __init__(self, folder: Path) -> None:
        """Lock it; raises Refused where another program holds it, EvidenceError."""
        self.folder = folder
        self._descriptor = _lock(folder)

    def renew(self) -> None:
        """Lock the folder that is at the path now, as after the stick was mounted again; raises Refused, EvidenceError."""
        try:
            held, there = os.fstat(self._descriptor), self.folder.stat()
        except OSError as error:
            raise _unusable(error) from error
        if (held.st_dev, held.st_ino) != (there.st_dev, there.st_ino):
            former, self._descriptor = self._descriptor, _lock(self.folder)
            os.close(former)

    def release(self) -> None:
        """Let another sitting have it."""
        os.close(self._descriptor)


def _lock(folder: Path) -> int:
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise _unusable(error) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        if not isinstance(error, BlockingIOError):
            raise _unusable(error) from error
        raise Refused(
            "Another session is using this evidence folder.",
            "Wait for it, or give another folder with --evidence.",
        ) from error
    return descriptor


def _unusable(error: OSError) -> EvidenceError:
    return EvidenceError(f"The journal folder can't be used: {error.strerror}.", "Check the evidence folder.")


@contextmanager
def only_sitting(evidence: Path) -> Iterator[Hold]:
    """Hold the evidence folder's journals for one sitting, so that no other takes a running one for a dead one.

    Raises Refused where another program holds it, EvidenceError.
    """
    folder = evidence / JOURNAL_FOLDER
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise _unusable(error) from error
    hold = Hold(folder)
    try:
        yield hold
    finally:
        hold.release()


def recover(folder: Path, station: Station, outbox: Outbox, clock: Clock) -> Recovered:
    """Record every session whose journal is still in the folder; raises EvidenceError where a journal can't be set aside."""
    published: list[Published] = []
    remarks: list[str] = []
    for path in sorted(folder.glob("*.jsonl")):
        try:
            content = read_journal(path)
        except JournalCorrupt as error:
            aside = _set_aside(outbox.evidence, path)
            remarks.append(f"{error.message} It was kept aside as {aside}.")
            continue
        except EvidenceError as error:
            # A bad sector below an old journal must not keep every new session from starting.
            remarks.append(f"An interrupted session has no record yet: {error}")
            continue
        try:
            known = outbox.is_whole(content.header.record_id)
            check_may_sign(station, content.header.environment)
            made = _publish(content, station, outbox, clock)
        except AgentError as error:
            # One session that this station can't sign for must not keep the others from being recorded.
            remarks.append(f"The interrupted session {content.header.record_id} has no record yet: {error}")
            continue
        published += [] if known else [made]
        if not content.trusted:
            remarks.append(f"{content.damage}; it was kept aside as {_set_aside(outbox.evidence, path)}.")
            forget(folder, content.header.record_id)
        elif not resumable_jobs(folder, content) and not possible_locks(content):
            forget(folder, content.header.record_id)
    _keep_the_newest(folder, outbox)
    return Recovered(tuple(published), tuple(remarks))


def _keep_the_newest(folder: Path, outbox: Outbox) -> None:
    # A record's id begins with its time.
    for path in sorted(folder.glob(f"*{JOURNAL_END}"))[:-MOST_KEPT]:
        if outbox.is_whole(path.stem) and not _may_be_locked(path):
            forget(folder, path.stem)
    for path in folder.glob(f"*{KEYS_END}"):
        # The power went before the journal that belongs to them was begun.
        if not path.with_suffix(JOURNAL_END).exists():
            forget(folder, path.stem)


def _may_be_locked(path: Path) -> bool:
    try:
        return bool(possible_locks(read_journal(path)))
    except AgentError:
        return False


def _publish(content: JournalContent, station: Station, outbox: Outbox, clock: Clock) -> Published:
    now = clock.now()
    ending = Ending(SessionEnd.INTERRUPTED, recovered_results(content), {}, now)

    def build(link: StationLink) -> Record:
        # The station that finds the journal signs, so the record names that station and not the one that began.
        return build_record(content.header, ending, link, issuer=station.key.issuer)

    return publish(content.header.record_id, build, station, outbox, now)


def _set_aside(evidence: Path, path: Path) -> str:
    shelf = evidence / SET_ASIDE
    target = shelf / f"{path.name}.{secrets.token_hex(4)}"
    try:
        shelf.mkdir(exist_ok=True)
        path.rename(target)
        sync_folder(shelf)
        sync_folder(path.parent)
    except OSError as error:
        raise EvidenceError(
            f"{path.name} can't be set aside: {error.strerror}.", "Check the evidence folder."
        ) from error
    return f"{SET_ASIDE}/{target.name}"
