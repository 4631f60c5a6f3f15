"""The drive's own erase on a page: what was tried, what the drive said, what the markers and the read-back showed."""

from agent.certificate.shown import shown
from agent.certificate.words import Words
from agent.model.firmware import DeviceStatus, ErasedReadBack, FirmwareResult, MarkerCheck, ToolRun
from agent.model.firmware_evidence import bytes_shown
from agent.model.record import DriveRecord

_RAW_LENGTH = 400
_MOST_SEEN = 6
_MOST_COMMANDS = 12

Facts = list[tuple[str, str]]


def attempts(drive: DriveRecord, words: Words) -> list[dict[str, object]]:
    """Each technique that was tried, with the drive's own words before, meanwhile and after, as they came."""
    return [
        {"heading": words.say("attempt", number=number), "facts": _attempt(tried, drive, words)}
        for number, tried in enumerate(drive.attempts, start=1)
    ]


def own_coverage(tried: FirmwareResult, size: int, words: Words) -> str:
    """How much of the medium was shown to be erased."""
    share = words.percent(bytes_shown(tried), size)
    return share if tried.read_back is not None else words.say("coverage markers", percent=share)


def own_read_back(tried: FirmwareResult, size: int, words: Words) -> str:
    """What was read back after the drive's own erase."""
    if tried.read_back is not None:
        return _erased_words(tried.read_back, words)
    if tried.markers is None:
        return words.say("none")
    return words.say("markers only", percent=words.percent(bytes_shown(tried), size))


def _attempt(tried: FirmwareResult, drive: DriveRecord, words: Words) -> Facts:
    outcome = words.term(tried.outcome)
    if tried.reason:
        outcome = words.say("with detail", what=outcome, detail=words.phrase(shown(tried.reason, 160)))
    took = words.duration(tried.duration_ms)
    facts = [
        (
            words.say("technique"),
            words.say("attempt words", technique=words.term(tried.technique), outcome=outcome, took=took),
        ),
        (words.say("begun"), words.moment(tried.started_at)),
        (words.say("commands"), "; ".join(_command(tool, words) for tool in tried.tools[:_MOST_COMMANDS])),
        (words.say("status before"), _raw(tried.status_before, words)),
    ]
    facts += [(words.say("status between"), _raw(status, words)) for status in tried.seen[:_MOST_SEEN]]
    if len(tried.seen) > _MOST_SEEN:
        facts.append((words.say("status between"), words.say("more", count=len(tried.seen) - _MOST_SEEN)))
    facts.append((words.say("status after"), _raw(tried.status_after, words)))
    if tried.markers is not None:
        facts.append((words.say("markers"), _marker_words(tried.markers, words)))
    facts.append((words.say("verification"), own_read_back(tried, drive.identity.capacity_bytes, words)))
    return [(label, text or words.say("none")) for label, text in facts]


def _command(tool: ToolRun, words: Words) -> str:
    how = words.say("stopped") if tool.code is None else words.say("exit code", code=tool.code)
    return f"{shown(' '.join(tool.argv), 160)} ({how})"


def _raw(status: DeviceStatus, words: Words) -> str:
    return f"{words.term(status.state)} [{shown(', '.join(status.raw), _RAW_LENGTH)}]"


def _marker_words(check: MarkerCheck, words: Words) -> str:
    return words.say(
        "marker words",
        planted=words.grouped(check.planted),
        confirmed=words.grouped(check.confirmed),
        changed=words.grouped(check.changed),
        unreadable=words.grouped(check.unreadable),
    )


def _erased_words(check: ErasedReadBack, words: Words) -> str:
    text = words.say(
        "erased words",
        kind=words.term(check.kind),
        expected=words.bytes(check.bytes_expected),
        read=words.bytes(check.bytes_read),
        same=words.bytes(check.bytes_accepted),
        values=shown("; ".join(check.values), _RAW_LENGTH),
        took=words.duration(check.duration_ms),
    )
    if not check.refused_sectors:
        return text
    return f"{text}; {words.say('something else', count=words.grouped(check.refused_sectors))}"
