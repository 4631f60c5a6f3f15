"""SMART before and after, side by side."""

from collections.abc import Callable
from typing import Any

from agent.certificate.shown import shown
from agent.certificate.words import Words
from agent.model.drive import ExclusionReason
from agent.model.health import HealthReport, Verdict
from agent.model.record import DriveRecord


def condition(drive: DriveRecord, words: Words) -> str:
    """Operational or damaged (NIST SP 800-88r2 Appendix C), as the newest health reading says; not assessed without one."""
    if any(e.reason is ExclusionReason.DIED for e in drive.exclusions):
        return words.say("damaged")
    report = drive.health_after or drive.health_before
    if report is None or report.verdict is Verdict.UNKNOWN:
        return words.say("not assessed")
    return words.say("damaged" if report.verdict is Verdict.FAIL else "operational")


def health_table(drive: DriveRecord, words: Words) -> dict[str, Any]:
    """One row for each figure that one of the two readings has."""
    both = (drive.health_before, drive.health_after)
    if not any(both):
        return {}
    rows = []
    for key, read in _figures(words).items():
        cells = [read(report) if report is not None else words.say("not read") for report in both]
        if any(report is not None and read(report) for report in both):
            rows.append([words.say(key), *(cell or words.say("not stated") for cell in cells)])
    return {
        "heading": words.say("health"),
        "head": ["", words.say("smart before"), words.say("smart after")],
        "rows": rows,
    }


def _figures(words: Words) -> dict[str, Callable[[HealthReport], str]]:
    def count(number: int | None) -> str:
        return "" if number is None else words.grouped(number)

    def degrees(report: HealthReport) -> str:
        celsius = report.temperature_celsius
        return "" if celsius is None else words.say("celsius words", degrees=celsius)

    def assessed(report: HealthReport) -> str:
        passed = report.self_assessment_passed
        return "" if passed is None else words.say("passed" if passed else "not passed")

    def used(report: HealthReport) -> str:
        return "" if report.percentage_used is None else words.number(f"{report.percentage_used} %")

    return {
        "verdict": lambda r: words.term(r.verdict),
        "reasons": lambda r: "; ".join(words.phrase(shown(text, 120)) for text in r.reasons),
        "self-assessment": assessed,
        "hours": lambda r: count(r.power_on_hours),
        "celsius": degrees,
        "reallocated": lambda r: count(r.reallocated_sectors),
        "pending": lambda r: count(r.pending_sectors),
        "uncorrectable": lambda r: count(r.uncorrectable_errors),
        "media errors": lambda r: count(r.media_errors),
        "used": used,
        "self-test": lambda r: words.term(r.self_test.state),
        "snapshot": lambda r: shown(r.snapshot_sha256),
    }
