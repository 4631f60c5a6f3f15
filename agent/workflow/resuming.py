"""Overwrites that a power cut ended, kept on the stick until they go on, start again, or are done anew."""

import logging
from collections.abc import Iterable
from pathlib import Path

from agent.durable import sync_folder, write_synced
from agent.engine.journal import JournalContent, read_journal
from agent.engine.pass_keys import KeysByPass, keys_for, read_keys, store_keys
from agent.engine.planning import Interrupted
from agent.engine.resumption import Resumable, find_resumable
from agent.errors import AgentError, EvidenceError, Refused
from agent.model.drive import Drive, SerialSource, is_placeholder
from agent.model.job import JobResult
from agent.model.machine import Environment
from agent.model.sanitization import Plan
from agent.model.session import SessionHeader

log = logging.getLogger(__name__)

JOURNAL_END, KEYS_END, _RETIRED_END = ".jsonl", ".keys", ".retired"
MOST_KEPT = 50
"""Interrupted sessions on one stick; of more, the oldest start again."""


def keys_path(journals: Path, record_id: str) -> Path:
    """Where a session's keys are until its record is there."""
    return journals / f"{record_id}{KEYS_END}"


def resumable_jobs(journals: Path, content: JournalContent) -> tuple[Resumable, ...]:
    """The jobs of an interrupted session that may go on and were not taken up by a later one."""
    record_id = content.header.record_id
    found = find_resumable(content, read_keys(keys_path(journals, record_id)))
    return tuple(r for r in found if not _retired_path(journals, record_id, r.job_id).exists())


def kept_jobs(journals: Path, environment: Environment) -> tuple[Resumable, ...]:
    """All that may go on, from sessions that ran where this one does."""
    found: list[Resumable] = []
    for path in sorted(journals.glob(f"*{JOURNAL_END}")):
        try:
            found += resumable_jobs(journals, read_journal(path))
        except AgentError as error:
            log.warning("the journal %s is not looked at: %s", path.name, error.message)
    return tuple(r for r in found if r.environment is environment)


def job_for(drive: Drive, kept: Iterable[Resumable]) -> Resumable | None:
    """The interrupted job of this very drive; none where the drive has no serial of its own, or where two claim it."""
    if is_placeholder(drive.identity.serial) or drive.identity.serial_source is not SerialSource.DEVICE:
        return None
    found = [r for r in kept if r.plan.drive.identity.same_medium(drive.identity)]
    # A session may have taken this drive up and been cut off before it could say so.
    followed = {r.plan.resumption.record_id for r in found if r.plan.resumption}
    found = [r for r in found if r.resumption.record_id not in followed]
    return found[0] if len(found) == 1 else None


def interrupted(found: Resumable | None) -> Interrupted | None:
    """The same for a plan."""
    return Interrupted(found.plan.pass_set, found.resumption) if found else None


def check_still_offered(plans: Iterable[Plan], kept: Iterable[Resumable]) -> None:
    """Raise Refused where a plan goes on from what this stick does not offer any more: another stick, or a start that failed half-way."""
    known = tuple(kept)
    for plan in plans:
        old = job_for(plan.drive, known) if plan.resumption else None
        if plan.resumption and (old is None or old.resumption != plan.resumption):
            raise Refused(
                f"What is known of the interrupted job on {plan.drive.node} has changed.", "Plan and confirm again."
            )


def retire(journals: Path, kept: Iterable[Resumable], plans: Iterable[Plan]) -> None:
    """Note durably that these drives are about to be written to anew, before they are: what was kept of them holds no more.

    Raises EvidenceError.
    """
    drives = [p.drive.identity for p in plans]
    for old in kept:
        if not any(old.plan.drive.identity.same_medium(identity) for identity in drives):
            continue
        path = _retired_path(journals, old.resumption.record_id, old.job_id)
        try:
            write_synced(path, b"taken up by a later session\n")
            sync_folder(journals)
        except FileExistsError:
            continue
        except OSError as error:
            raise EvidenceError(
                f"The journal folder can't be written: {error.strerror}.", "Check that the stick is in place."
            ) from error


def offer_again(journals: Path, kept: Iterable[Resumable], results: Iterable[JobResult]) -> None:
    """Take back what `retire` noted of drives that were then not written to; where that fails they start again."""
    untouched = [r.plan.drive.identity for r in results if not r.passes and not r.attempts]
    try:
        for old in kept:
            if any(old.plan.drive.identity.same_medium(identity) for identity in untouched):
                _retired_path(journals, old.resumption.record_id, old.job_id).unlink(missing_ok=True)
        sync_folder(journals)
    except OSError as error:
        log.warning("an interrupted job can't be offered again: %s", error.strerror)


def make_keys(journals: Path, header: SessionHeader, kept: Iterable[Resumable]) -> tuple[KeysByPass, ...]:
    """Keys for a session's plans, on stable storage: fresh ones, and those of the passes that go on; raises EvidenceError."""
    known = tuple(kept)
    keys = []
    for plan in header.plans:
        old = job_for(plan.drive, known) if plan.resumption else None
        keys.append(keys_for(plan, old.keys if old else {}))
    store_keys(keys_path(journals, header.record_id), keys)
    return tuple(keys)


def forget_retired(journals: Path, kept: Iterable[Resumable]) -> None:
    """Remove the recorded sessions of which nothing can go on any more."""
    left: dict[str, bool] = {}
    for old in kept:
        record_id = old.resumption.record_id
        waits = not _retired_path(journals, record_id, old.job_id).exists()
        left[record_id] = left.get(record_id, False) or waits
    for record_id, waits in left.items():
        if not waits:
            forget(journals, record_id)


def forget(journals: Path, record_id: str) -> None:
    """Remove what was kept of a session whose record is on stable storage; a left-over does no harm."""
    paths = [keys_path(journals, record_id), *journals.glob(f"{record_id}.*{_RETIRED_END}")]
    try:
        # First what is offered from, then what says that it is not: a file system without order may lose either.
        (journals / f"{record_id}{JOURNAL_END}").unlink(missing_ok=True)
        sync_folder(journals)
        for path in paths:
            path.unlink(missing_ok=True)
        sync_folder(journals)
    except OSError as error:
        log.warning("the journal of %s stays: %s", record_id, error.strerror)


def _retired_path(journals: Path, record_id: str, job_id: str) -> Path:
    return journals / f"{record_id}.{job_id}{_RETIRED_END}"
