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

_LEAST_SHARE = 20
"""One part in twenty, 5 % (IEEE 2883, as trust.md A2 has it), of the medium: a sample, or markers where nothing else can be asked."""


def shortcoming(result: FirmwareResult, capacity_bytes: int, sector_bytes: int) -> str:
    """What is missing for saying that this medium is sanitized; '' where nothing is."""
    if result.outcome is not CommandOutcome.DONE or result.status_after.state is not CommandState.DONE:
        return result.reason or "the drive did not say that its erase was completed"
    if not is_attributable(result):
        return "the completion may belong to an earlier erase"
    return _markers(result, capacity_bytes, sector_bytes) or _read_back(result, capacity_bytes)


def bytes_shown(result: FirmwareResult) -> int:
    """Bytes of the medium that were shown to be erased: by the read-back, else by the markers that changed."""
    if result.read_back is not None:
        return result.read_back.bytes_accepted
    check = result.markers
    return check.bytes_total * check.changed // check.planted if check is not None and check.planted > 0 else 0


def _markers(result: FirmwareResult, capacity: int, sector: int) -> str:
    check = result.markers
    if check is None or not _were_planted(check, sector):
        return "no markers stood on the medium before"
    if result.technique in LEAVES_ANYTHING and check.bytes_total * _LEAST_SHARE < capacity:
        return "the markers covered too little of the medium"
    if check.unreadable:
        return f"{check.unreadable} marker sectors can't be read afterwards"
    if check.changed != check.planted:
        where = f", first at LBA {check.first_unchanged[0]}" if check.first_unchanged else ""
        return f"{check.planted - check.changed} marker sectors are unchanged{where}: data was left"
    return ""


def _were_planted(check: MarkerCheck, sector: int) -> bool:
    return check.planted > 0 and check.confirmed == check.planted and check.planted * sector == check.bytes_total


def _read_back(result: FirmwareResult, capacity: int) -> str:
    check = result.read_back
    if check is None:
        return "" if result.technique in LEAVES_ANYTHING else "the medium was not read back"
    if check.refused_sectors:
        where = f"first at LBA {check.first_refused[0]}" if check.first_refused else "not located"
        return f"{check.refused_sectors} sectors hold something else than an erased medium, {where}"
    if check.unreadable_sectors:
        return f"{check.unreadable_sectors} sectors can't be read afterwards"
    if not _covers(check, capacity) or not check.bytes_expected == check.bytes_read == check.bytes_accepted:
        return "too little of the medium was read back"
    return ""


def _covers(check: ErasedReadBack, capacity: int) -> bool:
    if check.kind is VerificationKind.FULL:
        return check.bytes_expected == capacity
    return check.bytes_expected <= capacity <= check.bytes_expected * _LEAST_SHARE
