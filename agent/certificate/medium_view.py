"""The page of one medium: all that the record holds of it, so that a drive can be handed on with its page."""

from typing import Any

from agent.certificate.before_view import before_facts, hidden_facts
from agent.certificate.firmware_view import attempts, own_coverage, own_read_back
from agent.certificate.health_view import condition, health_table
from agent.certificate.problem_view import problems
from agent.certificate.shown import shown
from agent.certificate.words import Words
from agent.model.job import VerificationResult
from agent.model.passes import RANDOM_GENERATOR, PassKind, PassResult
from agent.model.power import PowerReading
from agent.model.record import SANITIZED, DriveRecord, Record, own_erase

Facts = list[tuple[str, str]]
View = dict[str, Any]


def medium_page(record: Record, number: int, mark: str, words: Words) -> View:
    """One medium's page; where it is not sanitized, the page says that it certifies nothing."""
    drive, total = record.drives[number - 1], len(record.drives)
    machine = shown(f"{record.host.manufacturer} {record.host.model}") or words.say("not stated")
    serial = shown(record.host.serial) or words.say("not stated")
    done = drive.outcome in SANITIZED
    return {
        "number": words.say("medium of", number=number, total=total),
        "model": shown(drive.identity.model) or words.say("not stated"),
        "serial": [words.say("serial"), shown(drive.identity.serial) or words.say("not stated")],
        "outcome": words.term(drive.outcome),
        "_mark": mark,
        "caution": "" if done else words.say("medium caution"),
        "belongs": words.say("belongs to", id=record.record_id, machine=machine, serial=serial),
        "problems": {"heading": words.say("problems"), "lines": found} if (found := problems(drive, words)) else {},
        "result": {"heading": words.say("result"), "facts": _result(drive, words)},
        "medium": {"heading": words.say("medium"), "facts": _medium(drive, words)},
        "before": _section("before", before_facts(drive, words), words),
        "hidden": {"heading": words.say("hidden"), "facts": hidden_facts(drive, words)},
        "passes": _passes(drive, words),
        "own_erase": {"heading": words.say("own erase"), "attempts": attempts(drive, words)}
        if drive.attempts
        else {},
        "health": health_table(drive, words),
        "plan": _plan(drive, words),
    }


def _section(key: str, facts: Facts, words: Words) -> View:
    return {"heading": words.say(key), "facts": facts} if facts else {}


def _result(drive: DriveRecord, words: Words) -> Facts:
    size, own = drive.identity.capacity_bytes, own_erase(drive)
    check = drive.verification
    covered = own_coverage(own, size, words) if own else words.percent(check.bytes_matching if check else 0, size)
    level = words.term(drive.level_reached)
    facts = [
        (words.say("level reached"), words.say("nist", level=level) if drive.level_reached.rank else level),
        (words.say("level required"), words.term(drive.level_required)),
        (words.say("technique"), _technique(drive, words)),
        (words.say("read back"), words.say("of medium", percent=covered)),
        (words.say("verification"), own_read_back(own, size, words) if own else _check(check, words)),
    ]
    if check is not None and check.sample_seed:
        facts.append((words.say("seed"), shown(check.sample_seed)))
    facts += _when(drive, words)
    again = (drive.identity_at_open, drive.identity_at_end)
    same = all(identity is not None and identity.same_medium(drive.identity) for identity in again)
    facts.append((words.say("identity"), words.say("same medium" if same else "not same medium")))
    if drive.resumed_from:
        facts.append((words.say("resumed"), words.say("resumed words", id=shown(drive.resumed_from, 40))))
    left = "; ".join(words.phrase(shown(text, 160)) for text in drive.not_covered)
    return [*facts, (words.say("not covered"), left or words.say("none"))]


def _when(drive: DriveRecord, words: Words) -> Facts:
    facts = []
    if drive.started_at is not None:
        facts.append((words.say("begun"), words.moment(drive.started_at)))
    if drive.ended_at is not None:
        facts.append((words.say("ended"), words.moment(drive.ended_at)))
    if drive.duration_ms:
        facts.append((words.say("took"), words.duration(drive.duration_ms)))
    if drive.pauses:
        took = words.duration(sum(pause.duration_ms for pause in drive.pauses))
        reasons = ", ".join(dict.fromkeys(words.term(pause.reason) for pause in drive.pauses))
        facts.append((words.say("paused"), words.say("paused words", took=took, reasons=reasons)))
    if drive.power_at_start or drive.power_at_end:
        start, end = (_power(reading, words) for reading in (drive.power_at_start, drive.power_at_end))
        facts.append((words.say("power"), words.say("power words", start=start, end=end)))
    return facts


def _power(reading: PowerReading | None, words: Words) -> str:
    if reading is None:
        return words.say("not stated")
    source = words.term(reading.source)
    if reading.charge_percent is None:
        return source
    charge = words.number(f"{reading.charge_percent} %")
    return f"{source}, {words.say('charged', percent=charge)}"


def _technique(drive: DriveRecord, words: Words) -> str:
    if drive.technique is None:
        return words.say("none")
    technique = words.term(drive.technique)
    if drive.technique.by_firmware:
        return words.say("by itself", technique=technique)
    return words.say("pass set", technique=technique, name=words.quoted(shown(drive.pass_set)))


def _check(check: VerificationResult | None, words: Words) -> str:
    if check is None:
        return words.say("none")
    text = words.say(
        "check words",
        kind=words.term(check.kind),
        expected=words.bytes(check.bytes_expected),
        read=words.bytes(check.bytes_read),
        same=words.bytes(check.bytes_matching),
        took=words.duration(check.duration_ms),
    )
    return text if check.direct_io else f"{text}, {words.say('buffered')}"


def _medium(drive: DriveRecord, words: Words) -> Facts:
    identity, unknown = drive.identity, words.say("not stated")
    kind = [words.named("MediaType", shown(drive.media_type)), words.named("Bus", shown(drive.bus))]
    kind += [words.say("rotation", rpm=words.grouped(drive.rotation_rpm))] if drive.rotation_rpm else []
    kind += [words.say(key) for key in ("soldered", "removable") if getattr(drive, key)]
    where = shown(drive.node) + (f", {words.say('bay', bay=shown(drive.bay))}" if drive.bay else "")
    capacity = words.say(
        "bytes", capacity=words.capacity(identity.capacity_bytes), bytes=words.bytes(identity.capacity_bytes)
    )
    sectors = words.say(
        "sector sizes",
        logical=words.bytes(identity.logical_sector_bytes),
        physical=words.bytes(identity.physical_sector_bytes),
    )
    return [
        (words.say("kind"), ", ".join(part for part in kind if part)),
        (words.say("serial"), words.term(identity.serial_source)),
        (words.say("capacity"), capacity),
        (words.say("sectors"), sectors),
        (words.say("firmware"), shown(identity.firmware) or unknown),
        (words.say("wwn"), shown(identity.wwn) or unknown),
        (words.say("node"), where),
        (words.say("condition"), condition(drive, words)),
        (words.say("contents"), ", ".join(shown(s, 32) for s in drive.signatures_before) or words.say("none")),
    ]


def _passes(drive: DriveRecord, words: Words) -> View:
    if not drive.passes:
        return {}
    head = ("pass", "pattern", "expected", "written", "verified", "errors", "duration")
    return {
        "heading": words.say("passes"),
        "head": [words.say(key) for key in head],
        "rows": [_pass(done, drive.verification, words) for done in drive.passes],
        "notes": [
            words.say("with reason", what=f"{words.say('pass')} {done.number}", reason=note)
            for done in drive.passes
            for note in _pass_notes(done, words)
        ],
    }


def _pass(done: PassResult, check: VerificationResult | None, words: Words) -> list[str]:
    verified = (
        words.grouped(check.bytes_matching) if check is not None and check.of_pass == done.number else "\u2013"
    )
    spec = done.spec
    pattern = (
        words.say("random", generator=RANDOM_GENERATOR)
        if spec.kind is PassKind.RANDOM
        else words.say("repeated", hex=shown(spec.pattern_hex, 32))
    )
    return [
        str(done.number),
        pattern,
        words.grouped(done.bytes_expected),
        words.grouped(done.bytes_written),
        verified,
        words.grouped(done.error_count),
        words.duration(done.duration_ms),
    ]


def _pass_notes(done: PassResult, words: Words) -> list[str]:
    notes = []
    if done.carried_over_bytes:
        notes.append(words.say("carried over", bytes=words.bytes(done.carried_over_bytes)))
    if not done.direct_io:
        notes.append(words.say("buffered"))
    return notes


def _plan(drive: DriveRecord, words: Words) -> View:
    lines = [words.phrase(shown(text, 160)) for text in drive.plan_reasons]
    return {"heading": words.say("plan"), "lines": lines} if lines else {}
