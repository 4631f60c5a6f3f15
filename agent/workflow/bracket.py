"""The time bracket of a record (DESIGN D9): the newest head of the log that this stick knows, and what the clock was compared with.

A wrong clock is said and warned of; it never blocks, and no time is ever rewritten.
"""

import base64
import logging
from dataclasses import replace
from datetime import timedelta

from agent.certificate.checkpoint import open_checkpoint
from agent.certificate.note import split_note
from agent.certificate.trust import load_trust
from agent.errors import AgentError
from agent.model.record import ClockCheck, NotBefore, Record
from agent.registry.outbox import Outbox
from agent.workflow.station import Station, log_key_of

log = logging.getLogger(__name__)

TOLERATED = timedelta(minutes=10)


def newest_head(station: Station, outbox: Outbox) -> NotBefore | None:
    """The largest checkpoint kept on the stick that the station's log signed; None where there is none."""
    text = log_key_of(station.folder)
    if text is None:
        return None
    try:
        logs = load_trust(station.root_pem, None, text).log_keys
    except AgentError as error:
        log.warning("log.vkey: %s", error)
        return None
    for note in outbox.checkpoints():
        try:
            head = open_checkpoint(note, logs)
            names = {(key.name, key.key_id) for key in logs}
            signature = next(s for name, s in split_note(note)[1] if (name, s[:4]) in names and name == head.origin)
        except AgentError as error:
            log.warning("a kept checkpoint: %s", error)
            continue
        root, signed = (base64.b64encode(part).decode() for part in (head.root, signature))
        return NotBefore(head.origin, head.size, root, signed)
    return None


def after_head(record: Record, head: NotBefore | None) -> Record:
    """The record with the head of the log that it is made after."""
    return replace(record, time=replace(record.time, not_before_checkpoint=head))


def with_clock(record: Record, check: ClockCheck | None) -> Record:
    """The record with what its clock was compared with; a clock that was found wrong is called implausible, with why."""
    time = replace(record.time, clock_check=check)
    remark = offset_remark(check)
    if remark and time.clock_plausible:
        time = replace(time, clock_plausible=False, clock_remark=remark)
    return replace(record, time=time)


def offset_remark(check: ClockCheck | None) -> str:
    """Why a comparison speaks against the clock, empty where it does not."""
    if check is None or abs(check.offset_ms) <= TOLERATED.total_seconds() * 1000:
        return ""
    off = timedelta(seconds=abs(check.offset_ms) // 1000)
    return f"{off} {'ahead of' if check.offset_ms > 0 else 'behind'} the clock of the {check.source}"
