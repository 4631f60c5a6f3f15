"""The drive's own erase on a page: what was tried, what the drive said, what the markers and the read-back showed."""

from agent.certificate.figures import duration, percent
from agent.certificate.page_text import shown
from agent.model.firmware import DeviceStatus, ErasedReadBack, FirmwareResult, MarkerCheck
from agent.model.firmware_evidence import bytes_shown
from agent.model.record import DriveRecord
from agent.model.sanitization import VerificationKind

_RAW_LENGTH = 120


def attempt_facts(drive: DriveRecord) -> list[tuple[str, str]]:
    """Each technique that was tried, with the drive's own words before and after."""
    facts = []
    for number, tried in enumerate(drive.attempts, start=1):
        words = f"{tried.technique.value}: {tried.outcome.value}"
        if tried.reason:
            words += f" ({shown(tried.reason, 160)})"
        words += f", in {duration(tried.duration_ms)}"
        facts.append((f"Attempt {number}", words))
        facts.append(
            (f"Status {number}", f"before: {_raw(tried.status_before)}; after: {_raw(tried.status_after)}")
        )
        if tried.markers is not None:
            facts.append((f"Markers {number}", _marker_words(tried.markers)))
    return facts


def own_read_back_words(tried: FirmwareResult, size: int) -> str:
    """What was read back after the drive's own erase."""
    if tried.read_back is None:
        if tried.markers is None:
            return "none"
        return f"markers on {percent(bytes_shown(tried), size)} of the medium only: after it, the medium may hold anything"
    check = tried.read_back
    kind = "full" if check.kind is VerificationKind.FULL else "sampled"
    return f"{kind}: {percent(check.bytes_read, size)} of the medium read, {_values(check)}, in {duration(check.duration_ms)}"


def own_coverage(tried: FirmwareResult, size: int) -> str:
    """How much of the medium was shown to be erased."""
    words = percent(bytes_shown(tried), size)
    return words if tried.read_back is not None else f"{words} (markers)"


def _raw(status: DeviceStatus) -> str:
    return f"{status.state.value} [{shown(', '.join(status.raw), _RAW_LENGTH)}]"


def _marker_words(check: MarkerCheck) -> str:
    words = (
        f"{check.planted} sectors planted, {check.confirmed} read back before, {check.changed} different afterwards"
    )
    return f"{words}, {check.unreadable} unreadable" if check.unreadable else words


def _values(check: ErasedReadBack) -> str:
    if check.refused_sectors:
        return f"{check.refused_sectors} sectors hold something else than an erased medium"
    return f"all of it erased ({shown('; '.join(check.values), _RAW_LENGTH)} bytes)"
