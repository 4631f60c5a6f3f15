"""The page's content as plain strings, computed from the record; the template only places them."""

import hashlib
from datetime import UTC, datetime
from typing import Any

from agent.certificate.before_view import before_facts, hidden_words
from agent.certificate.figures import capacity, duration, grouped, percent
from agent.certificate.firmware_view import attempt_facts, own_coverage, own_read_back_words
from agent.certificate.page_text import (
    PROVISIONAL,
    SANITIZED,
    SPECIMEN,
    caution,
    hidden_areas_caution,
    shown,
    title,
)
from agent.model.health import HealthReport
from agent.model.job import VerificationResult
from agent.model.language import Language
from agent.model.machine import Environment, MachineInventory
from agent.model.passes import PassResult
from agent.model.record import DriveRecord, Headline, Outcome, Record, document_kind, own_erase
from agent.model.sanitization import Method, VerificationKind

Facts = list[tuple[str, str]]

_NOT_STATED = "not stated"
_FULL_BLOCKS_ON_FIRST_PAGE = 1


def page_view(
    record: Record, record_bytes: bytes, language: Language | None = None, *, provisional: bool = False
) -> dict[str, Any]:
    """What the template shows: strings, lists of strings and two switches, ready for JSON."""
    name = document_kind(record).file_name
    return {
        "certificate": record.headline is Headline.SANITIZED,
        "overview": len(record.drives) > _FULL_BLOCKS_ON_FIRST_PAGE,
        "provisional": PROVISIONAL[language or record.language] if provisional else "",
        "specimen": SPECIMEN if record.specimen else "",
        "organisation": shown(record.issuer.organisation),
        "title": title(record),
        "headline": record.headline.value,
        "headline_note": _headline_note(record),
        "statement": _statement(record),
        "notices": _notices(record),
        "machine": _machine(record.host),
        "media": [_medium(number, drive) for number, drive in enumerate(record.drives, 1)],
        "made": _made(record),
        "looked_at": [shown(place) for place in record.host.looked_at] if not record.drives else [],
        "record_id": record.record_id,
        "record_sha256": hashlib.sha256(record_bytes).hexdigest(),
        "commands": _commands(name),
        "date": _day(record.time.issued_at),
        "author": f"{shown(record.issuer.organisation)}, {shown(record.issuer.station)}",
    }


def _statement(record: Record) -> str:
    total = len(record.drives)
    done = sum(drive.outcome is Outcome.SANITIZED for drive in record.drives)
    were = "was" if done == 1 else "were"
    if record.headline is Headline.NO_MEDIUM_FOUND:
        return "No storage medium was found in this machine. Nothing was sanitized."
    if record.headline is Headline.SANITIZED and total == 1:
        return f"The only storage medium found was sanitized and {_checked(record)}."
    if record.headline is Headline.SANITIZED:
        return f"All {total} storage media found were sanitized and {_checked(record)}."
    if total == done:
        return f"{done} storage media {were} sanitized, but not everything in this machine was reached."
    return f"{done} of {total} storage media found {were} sanitized."


def _headline_note(record: Record) -> str:
    if record.specimen:
        return f"{SPECIMEN}: simulated machine, no real drive was touched"
    if record.environment is not Environment.LIVE_IMAGE:
        return f"Not made in the live image: {record.environment.value}"
    return ""


def _checked(record: Record) -> str:
    """What was done afterwards; after a change of the key there is nothing to read back, only markers to look for."""
    own = [tried for tried in map(own_erase, record.drives) if tried is not None]
    return "checked at markers" if any(tried.read_back is None for tried in own) else "read back"


def _notices(record: Record) -> list[str]:
    notices = [words for words in (caution(record), hidden_areas_caution(record)) if words]
    if not record.time.clock_plausible:
        remark = shown(record.time.clock_remark, 120)
        notices.append(
            f"The station's clock was wrong{f' ({remark})' if remark else ''}: dates here prove nothing."
        )
    for controller in record.host.controllers:
        if controller.raid_mode or not controller.driver:
            why = "in a RAID mode that hides drives" if controller.raid_mode else "without a driver"
            notices.append(f"Storage controller {why}: {shown(controller.description, 80)}.")
    return notices


def _machine(host: MachineInventory) -> Facts:
    memory = f"{host.memory_bytes / 2**30:.3g} GiB" if host.memory_bytes > 0 else _NOT_STATED
    return [
        ("Manufacturer", shown(host.manufacturer) or _NOT_STATED),
        ("Model", shown(f"{host.model} {host.version}") or _NOT_STATED),
        ("Serial number", shown(host.serial) or _NOT_STATED),
        ("Property number", shown(host.asset_tag) or _NOT_STATED),
        ("Processor", shown(host.processor) or _NOT_STATED),
        ("Memory", memory),
    ]


def _medium(number: int, drive: DriveRecord) -> dict[str, Any]:
    identity = drive.identity
    size, own = identity.capacity_bytes, own_erase(drive)
    return {
        "number": str(number),
        "model": shown(identity.model) or _NOT_STATED,
        "serial": shown(identity.serial) or _NOT_STATED,
        "capacity": capacity(identity.capacity_bytes),
        "level": _level(drive.level_reached),
        "coverage": own_coverage(own, size) if own else _coverage(drive.verification, size),
        "outcome": drive.outcome.value,
        "sanitized": drive.outcome is Outcome.SANITIZED,
        "facts": _facts(drive),
        "problems": _problems(drive),
    }


def _facts(drive: DriveRecord) -> Facts:
    size = drive.identity.capacity_bytes
    own = own_erase(drive)
    where = [drive.media_type, drive.bus, drive.node, f"bay {drive.bay}" if drive.bay else ""]
    facts = [
        ("Medium", ", ".join(shown(part) for part in where if part)),
        ("Capacity", f"{capacity(size)} ({grouped(size)} bytes)"),
        ("Firmware", shown(drive.identity.firmware) or _NOT_STATED),
        ("Technique", _technique_words(drive)),
    ]
    facts += before_facts(drive)
    facts += attempt_facts(drive)
    facts += [(f"Pass {done.number}", _pass_words(done, size)) for done in drive.passes]
    reached, required = _level(drive.level_reached), _level(drive.level_required)
    facts += [
        ("Read-back", own_read_back_words(own, size) if own else _read_back_words(drive.verification, size)),
        ("Level", f"{reached} reached, {required} required (NIST SP 800-88r2)"),
        ("Identity", _identity_words(drive)),
        ("Hidden areas", hidden_words(drive)),
        ("Health", _health_words(drive.health_before, drive.health_after)),
    ]
    if drive.resumed_from:
        facts.append(("Resumed", f"after the interruption told in record {shown(drive.resumed_from, 40)}"))
    if drive.not_covered:
        facts.append(("Not covered", "; ".join(shown(text, 160) for text in drive.not_covered)))
    return facts


def _technique_words(drive: DriveRecord) -> str:
    if drive.technique is None:
        return "none"
    took = f", {duration(drive.duration_ms)} in all{_paused_words(drive)}" if drive.duration_ms else ""
    if drive.technique.by_firmware:
        return f"{drive.technique.value}, by the drive itself{took}"
    return f"{drive.technique.value}, pass set '{shown(drive.pass_set)}'{took}"


def _paused_words(drive: DriveRecord) -> str:
    if not drive.pauses:
        return ""
    reasons = ", ".join(dict.fromkeys(pause.reason.value for pause in drive.pauses))
    return f", {duration(sum(pause.duration_ms for pause in drive.pauses))} of it paused ({reasons})"


def _identity_words(drive: DriveRecord) -> str:
    again = (drive.identity_at_open, drive.identity_at_end)
    if all(identity is not None and identity.same_medium(drive.identity) for identity in again):
        return "the same medium before the first write and after the last read"
    return "not confirmed before the first write and after the last read"


def _pass_words(done: PassResult, size: int) -> str:
    words = f"{done.spec.title}, {percent(done.bytes_written, size)} written"
    if done.carried_over_bytes:
        words += f", of which {percent(done.carried_over_bytes, size)} before the interruption; last part"
    return f"{words} in {duration(done.duration_ms)}"


def _read_back_words(check: VerificationResult | None, size: int) -> str:
    if check is None:
        return "none"
    kind = "full" if check.kind is VerificationKind.FULL else "sampled"
    same = (
        "all of it as expected"
        if check.bytes_matching == check.bytes_read and not check.mismatched_sectors
        else "with differences"
    )
    return f"{kind}: {percent(check.bytes_read, size)} of the medium read, {same}, in {duration(check.duration_ms)}"


def _coverage(check: VerificationResult | None, size: int) -> str:
    return "none" if check is None else percent(check.bytes_matching, size)


def _level(method: Method) -> str:
    return method.value.capitalize() if method is not Method.NONE else "none"


def _health_words(before: HealthReport | None, after: HealthReport | None) -> str:
    words = [f"{report.verdict.value} {when}" for report, when in ((before, "before"), (after, "after")) if report]
    hours = next(
        (r.power_on_hours for r in (after, before) if r is not None and r.power_on_hours is not None), None
    )
    if hours is not None:
        words.append(f"{grouped(hours)} hours powered on")
    return ", ".join(words) or "not read"


def _problems(drive: DriveRecord) -> list[str]:
    problems = [f"{e.reason.value}{f' ({shown(e.detail)})' if e.detail else ''}" for e in drive.exclusions]
    if drive.outcome not in SANITIZED:
        problems += [shown(drive.reason, 160)] if drive.reason else []
    for done in drive.passes:
        if done.error_count:
            first = (
                f", the first at LBA {done.first_errors[0].lba} ({shown(done.first_errors[0].error)})"
                if done.first_errors
                else ""
            )
            problems.append(f"pass {done.number}: {done.error_count} write errors{first}")
    check = drive.verification
    if check is not None and check.mismatched_sectors:
        where = f", the first at LBA {check.first_mismatches[0]}" if check.first_mismatches else ""
        problems.append(f"{check.mismatched_sectors} sectors read back different{where}")
    if check is not None and check.unreadable_sectors:
        ranges = ", ".join(f"{e.lba}+{e.sector_count}" for e in check.first_unreadable[:12])
        problems.append(f"{check.unreadable_sectors} sectors can't be read back: LBA {ranges}")
    return problems


def _made(record: Record) -> Facts:
    time, tool = record.time, record.tool
    programs = [f"{tool.name} {tool.version}", f"Linux {tool.kernel}", *tool.helpers]
    image = f", image {tool.image_sha256[:16]}…" if record.environment is Environment.LIVE_IMAGE else ""
    return [
        ("Station", f"{shown(record.issuer.station)}, {shown(record.issuer.organisation)}"),
        ("Operator", shown(record.operator.id)),
        (
            "Begun, ended",
            f"{_moment(time.started_at)}, {_moment(time.issued_at)} UTC, as the station's clock claims",
        ),
        ("Environment", shown(f"{record.environment.value}{image}")),
        ("Tools", ", ".join(shown(program) for program in programs)),
        ("Record", f"{record.record_id}, number {record.station_link.sequence} of this station"),
    ]


def _commands(name: str) -> list[str]:
    openssl = "openssl cms -verify -cades -binary -inform DER -in record.json.p7s -content record.json"
    return [
        f"pdfdetach -saveall {name} && sha256sum record.json",
        f"{openssl} \\",
        "    -CAfile root.pem -purpose any -out /dev/null",
        f"ardoise verify {name} --trust root.pem",
    ]


def _day(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d}"


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"
