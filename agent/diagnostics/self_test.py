"""Where a self-test stands, from the drive's own status and log; a finished test is never guessed from the log's length.

Sources: ACS-4 9.6 (execution status nibble), NVM Express Base 2.0 5.16.1.7 (device self-test log), SPC-5 7.3.20 (self-test results).
"""

from typing import Any

from agent.diagnostics.document import at, number_at, rows_at, text_at
from agent.model.health import SelfTestKind, SelfTestState, SelfTestStatus, SmartSnapshot

_ATA_RUNNING = 15
_SCSI_RUNNING = 15
# NVMe Base: a short device self-test completes in two minutes or less.
_NVME_SHORT_MINUTES = 2

_KINDS = {1: SelfTestKind.SHORT, 2: SelfTestKind.EXTENDED}
_NVME_ABORTED = frozenset({1, 2, 3, 4, 8, 9})


def self_test_status(document: dict[str, Any]) -> SelfTestStatus:
    """State of the newest self-test; UNKNOWN where the drive keeps none."""
    if at(document, "nvme_self_test_log") is not None:
        return _nvme(document)
    if number_at(document, "ata_smart_data", "self_test", "status", "value") is not None:
        return _ata(document)
    if at(document, "scsi_self_test_0") is not None:
        return _scsi(document)
    return SelfTestStatus(SelfTestState.UNKNOWN, detail="the drive reports no self-test")


def expected_minutes(document: dict[str, Any], kind: SelfTestKind | None) -> int | None:
    """How long the drive says a test takes, in minutes."""
    if kind is None:
        return None
    if text_at(document, "device", "protocol") == "NVMe":
        return _NVME_SHORT_MINUTES if kind is SelfTestKind.SHORT else None
    return number_at(document, "ata_smart_data", "self_test", "polling_minutes", kind.value)


def follow_self_test(
    before: SmartSnapshot, now: SmartSnapshot, kind: SelfTestKind, *, seen_running: bool
) -> SelfTestStatus:
    """How the test that was started between two readings ended, or RUNNING; UNKNOWN where the result may be an older test's."""
    status = self_test_status(now.document)
    if status.state is SelfTestState.RUNNING:
        return status
    if seen_running or _newest_entry(before.document) != _newest_entry(now.document):
        return SelfTestStatus(status.state, kind, None, expected_minutes(now.document, kind), status.detail)
    return SelfTestStatus(SelfTestState.UNKNOWN, kind, detail="no new result can be told from an older one")


def _ata(document: dict[str, Any]) -> SelfTestStatus:
    value = number_at(document, "ata_smart_data", "self_test", "status", "value") or 0
    detail = text_at(document, "ata_smart_data", "self_test", "status", "string")
    result, remaining = value >> 4, (value & 0x0F) * 10
    entries = _ata_entries(document)
    kind = _kind(number_at(entries[0], "type", "value")) if entries else None
    if result == _ATA_RUNNING:
        # The log names finished tests only: the kind of the running one is what the caller started.
        return SelfTestStatus(SelfTestState.RUNNING, None, remaining, None, detail)
    state = _ata_state(result, has_log=_has_ata_log(document), logged=bool(entries))
    # "completed without error" is also what a drive says that never ran one.
    words = "" if state is SelfTestState.NEVER_RUN else detail
    return SelfTestStatus(state, kind, None, expected_minutes(document, kind), words)


def _ata_state(result: int, *, has_log: bool, logged: bool) -> SelfTestState:
    if result == 0:
        # "completed without error, or no self-test has ever been run": only the log tells which.
        if logged:
            return SelfTestState.PASSED
        return SelfTestState.NEVER_RUN if has_log else SelfTestState.UNKNOWN
    if result in {1, 2}:
        return SelfTestState.ABORTED
    return SelfTestState.FAILED if 3 <= result <= 8 else SelfTestState.UNKNOWN


def _has_ata_log(document: dict[str, Any]) -> bool:
    return at(document, "ata_smart_self_test_log") is not None


def _ata_entries(document: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    log = "ata_smart_self_test_log"
    return rows_at(document, log, "extended", "table") or rows_at(document, log, "standard", "table")


def _nvme(document: dict[str, Any]) -> SelfTestStatus:
    log = "nvme_self_test_log"
    running = _kind(number_at(document, log, "current_self_test_operation", "value"))
    if running is not None:
        done = number_at(document, log, "current_self_test_completion_percent")
        remaining = 100 - done if done is not None and 0 <= done <= 100 else None
        return SelfTestStatus(SelfTestState.RUNNING, running, remaining, expected_minutes(document, running))
    entries = rows_at(document, log, "table")
    if not entries:
        return SelfTestStatus(SelfTestState.NEVER_RUN)
    kind = _kind(number_at(entries[0], "self_test_code", "value"))
    result = number_at(entries[0], "self_test_result", "value")
    detail = text_at(entries[0], "self_test_result", "string")
    return SelfTestStatus(_nvme_state(result), kind, None, expected_minutes(document, kind), detail)


def _nvme_state(result: int | None) -> SelfTestState:
    if result == 0:
        return SelfTestState.PASSED
    if result in {5, 6, 7}:
        return SelfTestState.FAILED
    return SelfTestState.ABORTED if result in _NVME_ABORTED else SelfTestState.UNKNOWN


def _scsi(document: dict[str, Any]) -> SelfTestStatus:
    result = number_at(document, "scsi_self_test_0", "result", "value")
    detail = text_at(document, "scsi_self_test_0", "result", "string")
    kind = _kind(number_at(document, "scsi_self_test_0", "code", "value"))
    if result == _SCSI_RUNNING:
        return SelfTestStatus(SelfTestState.RUNNING, kind, None, None, detail)
    if result in {1, 2}:
        return SelfTestStatus(SelfTestState.ABORTED, kind, None, None, detail)
    if result == 0:
        return SelfTestStatus(SelfTestState.PASSED, kind, None, None, detail)
    failed = result is not None and 3 <= result <= 7
    return SelfTestStatus(SelfTestState.FAILED if failed else SelfTestState.UNKNOWN, kind, None, None, detail)


def _kind(value: int | None) -> SelfTestKind | None:
    # ATA captive tests have bit 7 set (ACS-4 table 140).
    return _KINDS.get(value & 0x7F) if value is not None else None


def _newest_entry(document: dict[str, Any]) -> object:
    entries = _ata_entries(document) or rows_at(document, "nvme_self_test_log", "table")
    return entries[0] if entries else at(document, "scsi_self_test_0")
