"""Drives that an erase of their own may have left with our published password: it is taken back at the next start.

The password stands in the journal before it is set (trust.md A5.4); the journal is kept until the drive was seen without it.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from agent.engine.journal import JournalContent, read_journal
from agent.engine.recovery import left_locked
from agent.errors import AgentError
from agent.host.ata_security import secret_note
from agent.host.machine import Machine
from agent.model.drive import Drive, Identity, is_placeholder
from agent.model.machine import Environment
from agent.workflow.resuming import JOURNAL_END, forget, resumable_jobs

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PossibleLock:
    """A drive that a session may have left locked."""

    record_id: str
    identity: Identity


def possible_locks(content: JournalContent) -> tuple[PossibleLock, ...]:
    """What one journal says; nothing of a journal that can't be trusted."""
    return tuple(PossibleLock(content.header.record_id, i) for i in left_locked(content) if content.trusted)


def kept_locks(journals: Path, environment: Environment) -> tuple[PossibleLock, ...]:
    """All that the kept journals say, of sessions that ran where this one does."""
    found: list[PossibleLock] = []
    for path in sorted(journals.glob(f"*{JOURNAL_END}")):
        try:
            content = read_journal(path)
        except AgentError as error:
            log.warning("the journal %s is not looked at: %s", path.name, error.message)
            continue
        if content.header.environment is environment:
            found += possible_locks(content)
    return tuple(found)


def lift_locks(
    machine: Machine, drives: Iterable[Drive], locks: Iterable[PossibleLock], journals: Path
) -> tuple[str, ...]:
    """Take our password back from these very drives; what became of it in plain text, for a person."""
    told = []
    every = tuple(drives)
    for drive in every:
        known = [lock for lock in locks if drive.on_offer and lock.identity.same_medium(drive.identity)]
        if not known:
            continue
        if is_placeholder(drive.identity.serial) or sum(d.identity.same_medium(drive.identity) for d in every) != 1:
            words = "may have been left with a password of ours, and can't be told from others."
            told.append(f"{drive.node}: {words} {secret_note(drive.node)}")
            continue
        try:
            lifted, words = machine.lift_password(drive)
        except AgentError as error:
            lifted, words = False, str(error)
        told.append(f"{drive.node}: {words}")
        for lock in known if lifted else ():
            _forget(journals, lock.record_id)
    return tuple(told)


def forget_recorded(journals: Path, record_id: str) -> None:
    """Remove a session whose record is on stable storage, unless it may have left a drive locked."""
    content = _read(journals, record_id)
    if content is None or not possible_locks(content):
        forget(journals, record_id)


def _forget(journals: Path, record_id: str) -> None:
    content = _read(journals, record_id)
    if content is not None and not resumable_jobs(journals, content) and len(possible_locks(content)) == 1:
        forget(journals, record_id)


def _read(journals: Path, record_id: str) -> JournalContent | None:
    try:
        return read_journal(journals / f"{record_id}{JOURNAL_END}")
    except AgentError as error:
        log.warning("the journal of %s can't be read: %s", record_id, error.message)
        return None
