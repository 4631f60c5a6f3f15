"""The triage verdict on a drive, from one smartctl reading; pure, and never OK without the drive's own positive word.

FAIL outranks SUSPECT, SUSPECT outranks UNKNOWN, UNKNOWN outranks OLD: bad news counts even where the rest is missing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from agent.diagnostics import policy as limits
from agent.diagnostics.attributes import (
    COMMAND_TIMEOUT,
    CRC_ERRORS,
    OFFLINE_UNCORRECTABLE,
    PENDING,
    POWER_ON_HOURS,
    REALLOCATED,
    REPORTED_UNCORRECTABLE,
    Attribute,
    attributes_of,
)
from agent.diagnostics.document import at, flag_at, number_at, rows_at, text_at
from agent.diagnostics.policy import DEFAULT_POLICY, HealthPolicy
from agent.diagnostics.self_test import self_test_status
from agent.diagnostics.temperature import celsius_of
from agent.model.health import HealthReport, SelfTestState, SelfTestStatus, SmartSnapshot, Verdict

STILL_SANITIZED = "sanitization is still tried; propose destruction as the disposal"

_RANK = (Verdict.FAIL, Verdict.SUSPECT, Verdict.UNKNOWN, Verdict.OLD)


@dataclass(frozen=True)
class Finding:
    """One reason; `verdict` None is a remark that decides nothing."""

    verdict: Verdict | None
    reason: str


def assess(snapshot: SmartSnapshot, policy: HealthPolicy = DEFAULT_POLICY) -> HealthReport:
    """Judge one reading."""
    document = snapshot.document
    attributes = attributes_of(document)
    self_test = self_test_status(document)
    hours = _hours(document, attributes)
    findings = [
        *_of_the_reading(snapshot),
        *_of_attributes(attributes, policy),
        *_of_exit_bits(snapshot.exit_status, attributes),
        *_of_nvme(document, policy),
        *_of_scsi(document, policy),
        *_of_wear(document, policy),
        *_of_age(hours, policy),
        *_of_self_test(snapshot, self_test),
    ]
    verdict = next((v for v in _RANK if any(f.verdict is v for f in findings)), Verdict.OK)
    reasons = [f.reason for v in (*_RANK, None) for f in findings if f.verdict is v]
    return HealthReport(
        verdict=verdict,
        reasons=tuple(dict.fromkeys([*reasons, *([STILL_SANITIZED] if verdict is Verdict.FAIL else [])])),
        self_assessment_passed=flag_at(document, "smart_status", "passed"),
        power_on_hours=hours if hours is not None and hours <= policy.plausible_power_on_hours else None,
        temperature_celsius=celsius_of(document),
        reallocated_sectors=_first(_count(attributes, REALLOCATED), number_at(document, "scsi_grown_defect_list")),
        pending_sectors=_count(attributes, PENDING),
        uncorrectable_errors=_uncorrectable(document, attributes),
        media_errors=number_at(document, "nvme_smart_health_information_log", "media_errors"),
        percentage_used=_percentage_used(document),
        self_test=self_test,
        smartctl_exit_status=snapshot.exit_status,
        snapshot_sha256=snapshot.sha256,
    )


def _of_the_reading(snapshot: SmartSnapshot) -> Iterator[Finding]:
    document, status = snapshot.document, snapshot.exit_status
    passed = flag_at(document, "smart_status", "passed")
    if passed is False or status & limits.EXIT_FAILING:
        yield Finding(Verdict.FAIL, "the drive's own assessment says that it is failing")
    if status & (limits.EXIT_COMMAND_LINE | limits.EXIT_OPEN_FAILED):
        yield Finding(
            Verdict.UNKNOWN,
            "the drive could not be read: " + (_message(document) or f"smartctl ended with {status}"),
        )
    elif passed is None:
        yield Finding(Verdict.UNKNOWN, _why_silent(document))
    if status & limits.EXIT_COMMAND_FAILED:
        yield Finding(None, "some SMART commands failed")
    if status & limits.EXIT_ERROR_LOG:
        yield Finding(None, "the drive's error log has entries")


def _why_silent(document: dict[str, Any]) -> str:
    if flag_at(document, "smart_support", "available") is False:
        return "the drive has no SMART"
    if flag_at(document, "smart_support", "enabled") is False:
        return "SMART is switched off"
    if text_at(document, "device", "protocol") == "SCSI":
        return "no assessment: a virtual disk, or a controller hides the drive"
    return "the drive gives no assessment of its own: SMART is switched off or not supported"


def _message(document: dict[str, Any]) -> str:
    messages = [text_at(row, "string") for row in rows_at(document, "smartctl", "messages")]
    return "; ".join(message for message in messages if message)[:200]


def _of_attributes(attributes: dict[int, Attribute], policy: HealthPolicy) -> Iterator[Finding]:
    counted = (
        (PENDING, policy.pending_sectors, "pending sectors"),
        (OFFLINE_UNCORRECTABLE, policy.offline_uncorrectable, "uncorrectable sectors"),
        (REPORTED_UNCORRECTABLE, policy.reported_uncorrectable, "uncorrectable errors reported"),
        (REALLOCATED, policy.reallocated_sectors, "reallocated sectors"),
        (COMMAND_TIMEOUT, policy.command_timeouts, "command time-outs"),
    )
    for number, limit, words in counted:
        count = _count(attributes, number)
        if count is not None and count > limit:
            yield Finding(Verdict.SUSPECT, f"{count} {words}")
    if _count(attributes, CRC_ERRORS):
        yield Finding(None, f"{_count(attributes, CRC_ERRORS)} transfer errors: check the cable")
    for attribute in attributes.values():
        yield from _of_threshold(attribute)


def _of_threshold(attribute: Attribute) -> Iterator[Finding]:
    label = f"attribute {attribute.number} {attribute.name}"
    if attribute.when_failed == "now":
        verdict = Verdict.FAIL if attribute.prefailure else Verdict.SUSPECT
        yield Finding(verdict, f"{label} is past its threshold now")
    elif attribute.when_failed == "past":
        yield Finding(Verdict.SUSPECT, f"{label} was past its threshold before")


def _of_nvme(document: dict[str, Any], policy: HealthPolicy) -> Iterator[Finding]:
    log = at(document, "nvme_smart_health_information_log")
    warning = number_at(log, "critical_warning") or 0
    for bit, (words, failing) in limits.NVME_CRITICAL_WARNINGS.items():
        if warning & 1 << bit:
            yield Finding(Verdict.FAIL if failing else Verdict.SUSPECT, words)
    spare, threshold = number_at(log, "available_spare"), number_at(log, "available_spare_threshold")
    if spare is not None and threshold is not None and spare < threshold:
        yield Finding(Verdict.FAIL, f"available spare {spare} % is below its threshold of {threshold} %")
    # num_err_log_entries also counts commands that a driver was right to try: it says nothing about the media.
    errors = number_at(log, "media_errors")
    if errors is not None and errors > policy.media_errors:
        yield Finding(Verdict.SUSPECT, f"{errors} media errors")


def _of_scsi(document: dict[str, Any], policy: HealthPolicy) -> Iterator[Finding]:
    grown = number_at(document, "scsi_grown_defect_list")
    if grown is not None and grown > policy.reallocated_sectors:
        yield Finding(Verdict.SUSPECT, f"{grown} grown defects")
    uncorrected = _scsi_uncorrected(document)
    if uncorrected:
        yield Finding(Verdict.SUSPECT, f"{uncorrected} uncorrected errors")


def _of_wear(document: dict[str, Any], policy: HealthPolicy) -> Iterator[Finding]:
    used = _percentage_used(document)
    if used is not None and used > policy.percentage_used:
        yield Finding(Verdict.SUSPECT, f"{used} % of the rated endurance is used")


def _of_age(hours: int | None, policy: HealthPolicy) -> Iterator[Finding]:
    if hours is None:
        return
    if hours > policy.plausible_power_on_hours:
        yield Finding(None, f"implausible power-on time of {hours} hours: the age is unknown")
    elif hours > policy.power_on_hours:
        yield Finding(Verdict.OLD, f"{hours} hours of power-on time")


def _of_self_test(snapshot: SmartSnapshot, self_test: SelfTestStatus) -> Iterator[Finding]:
    if self_test.state is SelfTestState.FAILED:
        yield Finding(Verdict.FAIL, f"the newest self-test failed: {self_test.detail}")
    elif snapshot.exit_status & limits.EXIT_SELF_TEST_ERRORS:
        yield Finding(Verdict.SUSPECT, "the self-test log has errors")


def _of_exit_bits(status: int, attributes: dict[int, Attribute]) -> Iterator[Finding]:
    """smartctl's own comparison with the thresholds, where the table does not name the attribute."""
    named = {attribute.when_failed for attribute in attributes.values()}
    if status & limits.EXIT_PREFAIL_NOW and "now" not in named:
        yield Finding(Verdict.FAIL, "a pre-failure attribute is past its threshold now")
    if status & limits.EXIT_PAST_THRESHOLD and "past" not in named:
        yield Finding(Verdict.SUSPECT, "an attribute was past its threshold before")


def _count(attributes: dict[int, Attribute], number: int) -> int | None:
    attribute = attributes.get(number)
    return attribute.count if attribute else None


def _first(*numbers: int | None) -> int | None:
    return next((number for number in numbers if number is not None), None)


def _hours(document: dict[str, Any], attributes: dict[int, Attribute]) -> int | None:
    hours = _first(number_at(document, "power_on_time", "hours"), _count(attributes, POWER_ON_HOURS))
    return hours if hours is not None and hours >= 0 else None


def _uncorrectable(document: dict[str, Any], attributes: dict[int, Attribute]) -> int | None:
    counts = (
        _count(attributes, OFFLINE_UNCORRECTABLE),
        _count(attributes, REPORTED_UNCORRECTABLE),
        _scsi_uncorrected(document),
    )
    known = [count for count in counts if count is not None]
    return max(known) if known else None


def _scsi_uncorrected(document: dict[str, Any]) -> int | None:
    log = at(document, "scsi_error_counter_log")
    counts = [number_at(log, which, "total_uncorrected_errors") for which in ("read", "write", "verify")]
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def _percentage_used(document: dict[str, Any]) -> int | None:
    """NVMe's own figure; for ATA and SAS solid-state drives the endurance indicator (ACS-4 9.5.9, smartctl 7.4 on)."""
    statistics = (
        number_at(row, "value")
        for page in rows_at(document, "ata_device_statistics", "pages")
        for row in rows_at(page, "table")
        if text_at(row, "name") == "Percentage Used Endurance Indicator"
    )
    return _first(
        number_at(document, "nvme_smart_health_information_log", "percentage_used"),
        number_at(document, "endurance_used", "current_percent"),
        next(statistics, None),
    )
