"""Whether the evidence of a drive's own erase shows that it was done: used where a job ends and again by every verifier."""

from agent.model.firmware import (
    CommandOutcome,
    CommandState,
    ErasedReadBack,
    FirmwareResult,
    MarkerCheck,
    is_attributable,
)
from agent.model.levels import LEAVES_ANYTHING
from agent.model.sanitization import VerificationKind

MOST_SEEN = 64
"""So many answers in between are kept."""
_ERASED = frozenset({"00", "ff"})
_LEAST_MARKERS = 2000
_LEAST_SHARE = 20
"""One part in twenty, 5 % (IEEE 2883, as trust.md A2 has it), of the medium: a sample, or markers where nothing else can be asked."""


def shortcoming(result: FirmwareResult, capacity_bytes: int, sector_bytes: int) -> str:
    """What is missing for saying that this medium is sanitized; '' where nothing is."""
    if result.outcome is not CommandOutcome.DONE or result.status_after.state is not CommandState.DONE:
        return result.reason or "the drive did not say that its erase was completed"
    if not is_attributable(result):
        return "the completion may belong to an earlier erase"
    if (
        not result.tools
        or not result.seen
        or (len(result.seen) < MOST_SEEN and result.seen[-1] != result.status_after)
    ):
        return "what was asked and answered does not lead to the status at the end"
    return _markers(result, capacity_bytes, sector_bytes) or _read_back(result, capacity_bytes)


def bytes_shown(result: FirmwareResult) -> int:
    """Bytes of the medium that were shown to be erased: by the read-back, else by the markers that changed."""
    if result.read_back is not None:
        return result.read_back.bytes_accepted
    check = result.markers
    return check.bytes_total * check.changed // check.planted if check is not None and check.planted > 0 else 0


def _markers(result: FirmwareResult, capacity: int, sector: int) -> str:
    check = result.markers
    if check is None or sector <= 0 or not _were_planted(check, sector, capacity):
        return "no markers stood on the medium before"
    if result.technique in LEAVES_ANYTHING and check.bytes_total * _LEAST_SHARE < capacity:
        return "the markers covered too little of the medium"
    if check.first_unchanged and check.changed == check.planted:
        return "the markers contradict themselves"
    if check.unreadable:
        return f"{check.unreadable} marker sectors can't be read afterwards"
    if check.changed != check.planted:
        where = f", first at LBA {check.first_unchanged[0]}" if check.first_unchanged else ""
        return f"{check.planted - check.changed} marker sectors are unchanged{where}: data was left"
    return ""


def _were_planted(check: MarkerCheck, sector: int, capacity: int) -> bool:
    whole = check.planted * sector == check.bytes_total <= capacity
    # Two places in each of a thousand sections; a medium that has no room for as many is covered by a twentieth of it.
    enough = check.bytes_total >= min(_LEAST_MARKERS * sector, capacity // _LEAST_SHARE)
    return check.planted > 0 and check.confirmed == check.planted and whole and enough


def _read_back(result: FirmwareResult, capacity: int) -> str:
    check = result.read_back
    if check is None:
        return "" if result.technique in LEAVES_ANYTHING else "the medium was not read back"
    if check.refused_sectors:
        where = f"first at LBA {check.first_refused[0]}" if check.first_refused else "not located"
        return f"{check.refused_sectors} sectors hold something else than an erased medium, {where}"
    if check.unreadable_sectors:
        return f"{check.unreadable_sectors} sectors can't be read afterwards"
    if not _are_erased(check):
        return "what was accepted is not what an erased medium holds"
    if not _covers(check, capacity) or not check.bytes_expected == check.bytes_read == check.bytes_accepted:
        return "too little of the medium was read back"
    return ""


def _are_erased(check: ErasedReadBack) -> bool:
    """Whether the values that were accepted are those of an erased medium, and add up; nothing is located that was not counted."""
    found = dict(value.split(": ", 1) for value in check.values if ": " in value)
    counts = [int(count) for count in found.values() if count.isascii() and count.isdecimal() and len(count) <= 20]
    sound = len(found) == len(counts) == len(check.values) and set(found) <= _ERASED
    return sound and sum(counts) == check.bytes_accepted and not check.first_refused and not check.first_unreadable


def _covers(check: ErasedReadBack, capacity: int) -> bool:
    if check.kind is VerificationKind.FULL:
        return check.bytes_expected == capacity
    return check.bytes_expected <= capacity <= check.bytes_expected * _LEAST_SHARE
