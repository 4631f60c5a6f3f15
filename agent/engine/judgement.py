"""The verdict on a job that ran to its end; pure. Whatever is not positively shown is no success."""

from collections.abc import Sequence

from agent.model.job import JobState, VerificationResult
from agent.model.passes import PassResult
from agent.model.record import covers_enough, few_unreadable
from agent.model.sanitization import Plan, VerificationKind

Verdict = tuple[JobState, str]


def judge(plan: Plan, passes: Sequence[PassResult], check: VerificationResult | None) -> Verdict:
    """The final state that the evidence supports, and the reason where it is not SANITIZED."""
    failure = _not_written(plan, passes) or _not_read_back(plan, passes, check)
    if failure or check is None:
        return JobState.FAILED, failure or "not read back"
    if check.unreadable_sectors:
        first = check.first_unreadable[0]
        reason = f"{check.unreadable_sectors} sectors were written but can't be read back, first at LBA {first.lba}"
        if sum(e.sector_count for e in check.first_unreadable) != check.unreadable_sectors:
            return JobState.FAILED, f"{reason}; too many to list"
        if not few_unreadable(check, plan.drive.identity.logical_sector_bytes):
            return JobState.FAILED, f"{reason}; more than 1 % of what was to be read back"
        return JobState.SANITIZED_WITH_EXCEPTIONS, reason
    return JobState.SANITIZED, ""


def with_first_error(reason: str, passes: Sequence[PassResult], check: VerificationResult | None) -> str:
    """The reason with the first refused sector, where there was one: writes before reads."""
    written = [e for p in passes for e in p.first_errors]
    if written:
        count = sum(p.error_count for p in passes)
        return (
            f"{reason.rstrip('.')}; {count} sectors not written, first at LBA {written[0].lba}: {written[0].error}"
        )
    if check is not None and check.first_unreadable:
        first = check.first_unreadable[0]
        return f"{reason.rstrip('.')}; {check.unreadable_sectors} sectors unreadable, first at LBA {first.lba}: {first.error}"
    return reason


def _not_written(plan: Plan, passes: Sequence[PassResult]) -> str:
    size = plan.drive.identity.capacity_bytes
    if any(p.error_count for p in passes):
        return with_first_error("not every sector could be written", passes, None)
    if tuple(p.spec for p in passes) != plan.pass_set.passes:
        return "not every pass was made"
    if any(p.bytes_expected != size or p.bytes_written != size for p in passes):
        return "not every byte was written in every pass"
    return ""


def _not_read_back(plan: Plan, passes: Sequence[PassResult], check: VerificationResult | None) -> str:
    if check is None or check.kind is not plan.verification or check.of_pass != len(passes):
        return "the last pass was not read back as planned"
    if any(p.carried_over_bytes for p in passes) and check.kind is not VerificationKind.FULL:
        return "a job that was resumed is read back in full"
    if not covers_enough(check, plan.drive.identity.capacity_bytes):
        return "too little of the medium was read back"
    if check.mismatched_sectors:
        where = f"first at LBA {check.first_mismatches[0]}"
        return f"{check.mismatched_sectors} sectors read back other than written, {where}"
    unreadable = check.unreadable_sectors * plan.drive.identity.logical_sector_bytes
    if check.bytes_read != check.bytes_matching or check.bytes_read + unreadable != check.bytes_expected:
        return "not every byte was read back"
    return ""
