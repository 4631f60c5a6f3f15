"""Where a session that was cut off may go on, as its journal and keys prove it; what can't be trusted means starting again."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from agent.engine.journal import Event, JournalContent, ProgressEvent, ResultEvent, StateEvent
from agent.engine.pass_keys import KeysByPass, commitment
from agent.engine.recovery import events_of, job_id_of, passes_of
from agent.engine.stream import BLOCK_BYTES
from agent.model.job import SUCCESSES, JobState
from agent.model.machine import Environment
from agent.model.passes import PassKind, PassResult
from agent.model.sanitization import Plan, Resumption


@dataclass(frozen=True)
class Resumable:
    """A job that may go on, with the keys of its random passes."""

    job_id: str
    environment: Environment
    plan: Plan
    resumption: Resumption
    keys: KeysByPass


def find_resumable(content: JournalContent, keys: tuple[KeysByPass, ...]) -> tuple[Resumable, ...]:
    """The jobs of a session that may go on; none where a line of the journal is damaged or the keys are not those of its passes."""
    if not content.trusted or len(keys) != len(content.header.plans):
        return ()
    return tuple(_resumable(content, keys))


def _resumable(content: JournalContent, keys: tuple[KeysByPass, ...]) -> Iterator[Resumable]:
    for index, (plan, keys_of_job) in enumerate(zip(content.header.plans, keys, strict=True)):
        job_id = job_id_of(index)
        events = events_of(content, job_id)
        ends = [e.result.state for e in events if isinstance(e, ResultEvent)]
        if ends and ends[-1] not in SUCCESSES:
            # It had ended by itself: a failure or a person's stop is no interruption.
            continue
        found = _place(content.header.record_id, plan, events, keys_of_job)
        if found is not None:
            yield Resumable(job_id, content.header.environment, plan, found, keys_of_job)


def _place(record_id: str, plan: Plan, events: tuple[Event, ...], keys: KeysByPass) -> Resumption | None:
    begun = [e for e in events if isinstance(e, StateEvent) and e.state is JobState.SANITIZING]
    size = plan.drive.identity.capacity_bytes
    whole = _whole(passes_of(plan, events), size)
    offset, key = 0, whole[-1].key_sha256 if whole else ""
    last = begun[-1] if begun else None
    if last is None and plan.resumption is not None:
        offset, key = plan.resumption.offset_bytes, plan.resumption.key_sha256
    elif last is not None and last.pass_number == len(whole) + 1 and (reached := _reached(last, events)):
        offset, key = reached, last.key_sha256
    if not whole and not offset:
        return None
    number = len(whole) + 1 if offset else len(whole)
    if number > len(plan.pass_set.passes) or commitment(keys.get(number)) != key or not _keys_fit(whole, keys):
        return None
    return Resumption(record_id, whole, offset, key)


def _whole(passes: tuple[PassResult, ...], size: int) -> tuple[PassResult, ...]:
    """The passes from the first on that wrote every byte; one that met errors is done again, and so are those behind it."""
    whole: list[PassResult] = []
    for number, done in enumerate(passes, start=1):
        if done.number != number or done.error_count or done.bytes_written != size:
            break
        whole.append(replace(done, carried_over_bytes=size))
    return tuple(whole)


def _reached(begun: StateEvent, events: tuple[Event, ...]) -> int:
    """Bytes from the beginning of the pass that were on stable storage of the drive, in whole blocks of the stream."""
    behind = events[events.index(begun) + 1 :]
    marks = [e for e in behind if isinstance(e, ProgressEvent) and e.pass_number == begun.pass_number]
    if any(e.error_count for e in marks):
        return 0
    done = max((e.done_bytes for e in marks if e.state is JobState.SANITIZING), default=begun.offset_bytes)
    return done - done % BLOCK_BYTES


def _keys_fit(whole: tuple[PassResult, ...], keys: KeysByPass) -> bool:
    # Only the last stream is read back; of the others the commitments must still be those of the journal.
    return all(p.spec.kind is PassKind.PATTERN or commitment(keys.get(p.number)) == p.key_sha256 for p in whole)
