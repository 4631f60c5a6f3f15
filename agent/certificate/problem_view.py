"""What went wrong with one medium, as lines of its page."""

from agent.certificate.shown import shown
from agent.certificate.words import Words
from agent.model.job import VerificationResult
from agent.model.passes import PassResult
from agent.model.record import SANITIZED, DriveRecord

_MOST_RANGES = 12


def problems(drive: DriveRecord, words: Words) -> list[str]:
    """Exclusions, the reason of the outcome, errors of passes and read-back; each with the first place."""
    found = [_excluded(words.term(e.reason), shown(e.detail), words) for e in drive.exclusions]
    if drive.outcome not in SANITIZED and drive.reason:
        found.append(words.phrase(shown(drive.reason, 160)))
    found += [_pass_problem(done, words) for done in drive.passes if done.error_count]
    if drive.verification is not None:
        found += _read_back_problems(drive.verification, words)
    return list(dict.fromkeys(found))


def _excluded(reason: str, detail: str, words: Words) -> str:
    return words.say("with detail", what=reason, detail=detail) if detail else reason


def _pass_problem(done: PassResult, words: Words) -> str:
    text = words.say("write errors", number=done.number, count=words.grouped(done.error_count))
    if not done.first_errors:
        return text
    first = done.first_errors[0]
    return f"{text}{words.say('first at', lba=first.lba)} ({shown(first.error)})"


def _read_back_problems(check: VerificationResult, words: Words) -> list[str]:
    found = []
    if check.mismatched_sectors:
        text = words.say("different", count=words.grouped(check.mismatched_sectors))
        found.append(
            text + (words.say("first sector", lba=check.first_mismatches[0]) if check.first_mismatches else "")
        )
    if check.unreadable_sectors:
        ranges = ", ".join(f"{e.lba}+{e.sector_count}" for e in check.first_unreadable[:_MOST_RANGES])
        found.append(words.say("unreadable", count=words.grouped(check.unreadable_sectors), ranges=ranges))
    return found
