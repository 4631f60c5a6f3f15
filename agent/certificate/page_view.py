"""The pages' content as plain strings in the order of drawing, computed from the record; the template only places them.

A key that begins with "_" steers the template and is not drawn as text of its own. The strings are part of the format:
page_text.py tells how a page is compared with them.
"""

import hashlib
from typing import Any

from agent.certificate.firmware_view import own_coverage
from agent.certificate.medium_view import medium_page
from agent.certificate.shown import shown
from agent.certificate.words import Words
from agent.model.drive import HiddenAreaState
from agent.model.language import Language
from agent.model.machine import Environment
from agent.model.record import (
    SANITIZED,
    DocumentKind,
    DriveRecord,
    Headline,
    Outcome,
    Record,
    SessionEnd,
    document_kind,
    own_erase,
)

Facts = list[tuple[str, str]]
View = dict[str, Any]

MARKS = {
    Outcome.SANITIZED: "done",
    Outcome.SANITIZED_WITH_EXCEPTIONS: "exceptions",
    Outcome.FAILED: "failed",
    Outcome.INTERRUPTED: "interrupted",
    Outcome.UNKNOWN: "unknown",
    Outcome.REFUSED: "refused",
    Outcome.NOT_SELECTED: "none",
}
_HEADLINE_MARKS = {Headline.SANITIZED: "done", Headline.INCOMPLETE: "incomplete", Headline.NO_MEDIUM_FOUND: "none"}


def page_view(
    record: Record, record_bytes: bytes, language: Language | None = None, *, provisional: bool = False
) -> View:
    """What the template shows, ready for JSON; in the record's own language where none is given."""
    words = Words(language or record.language)
    kind = document_kind(record)
    return {
        "_language": words.language.value,
        "_title": words.term(kind),
        "_id": record.record_id,
        "_author": f"{shown(record.issuer.organisation)}, {shown(record.issuer.station)}",
        "_page": words.say("page", number="{number}", total="{total}"),
        "_certificate": kind is not DocumentKind.RECORD,
        "_whole": kind is DocumentKind.CERTIFICATE,
        "_behind": _behind(record, kind, words),
        "provisional": [words.say("provisional"), words.say("provisional note")] if provisional else [],
        "organisation": shown(record.issuer.organisation, 120),
        "title": words.term(kind),
        "headline": words.term(record.headline),
        "_mark": _HEADLINE_MARKS[record.headline],
        "headline_note": _headline_note(record, words),
        "statement": _statement(record, words),
        "day": words.day(record.time.issued_at) if record.time.clock_plausible else "",
        "notices": _notices(record, words),
        "machine": {"heading": words.say("machine"), "facts": _machine(record, words)},
        "media": _media(record, words),
        "looked_at": _looked_at(record, words),
        "issued": {"heading": words.say("issued by"), "facts": _issued(record, words)},
        "verify": _verify(record_bytes, kind, words, provisional=provisional),
        "pages": [
            medium_page(record, number, MARKS[drive.outcome], words)
            for number, drive in enumerate(record.drives, 1)
        ],
    }


def caution_words(record: Record, words: Words) -> str:
    """What must stand on a page that is no certificate for the whole machine; empty on one that is."""
    kind = document_kind(record)
    if kind is DocumentKind.PARTIAL_CERTIFICATE:
        return words.say("partial caution", word=words.quoted(words.term(Outcome.SANITIZED)))
    return words.say("record caution") if kind is DocumentKind.RECORD else ""


def hidden_areas_words(record: Record, words: Words) -> str:
    """What must stand beside the headline where nobody asked sanitized media for hidden areas; empty where all were asked."""
    count = sum(
        drive.outcome in SANITIZED and drive.hidden_areas.state is HiddenAreaState.NOT_EXAMINED
        for drive in record.drives
    )
    if not count:
        return ""
    return words.say("hidden caution one") if count == 1 else words.say("hidden caution", count=count)


def _behind(record: Record, kind: DocumentKind, words: Words) -> str:
    """The word across the paper: a specimen, or what is no certificate."""
    if record.specimen:
        return words.say("specimen")
    return words.say("not a certificate") if kind is DocumentKind.RECORD else ""


def _headline_note(record: Record, words: Words) -> str:
    if record.specimen:
        return words.say("specimen note")
    if record.environment is not Environment.LIVE_IMAGE:
        return words.say("not live", where=words.term(record.environment))
    return ""


def _statement(record: Record, words: Words) -> str:
    total = len(record.drives)
    done = sum(drive.outcome is Outcome.SANITIZED for drive in record.drives)
    if record.headline is Headline.NO_MEDIUM_FOUND:
        return words.say("none found")
    if record.headline is Headline.SANITIZED and total == 1:
        return words.say("only one", checked=words.say(f"{_checked(record)} one"))
    if record.headline is Headline.SANITIZED:
        return words.say("all", total=total, checked=words.say(f"{_checked(record)} all"))
    return words.say("not all reached" if total == done else "some", done=done, total=total)


def _checked(record: Record) -> str:
    """What was done afterwards; after a change of the key there is nothing to read back, only markers to look for."""
    own = [tried for tried in map(own_erase, record.drives) if tried is not None]
    return "markers" if any(tried.read_back is None for tried in own) else "read back"


def _notices(record: Record, words: Words) -> list[str]:
    notices = [text for text in (caution_words(record, words), hidden_areas_words(record, words)) if text]
    if record.ended is not SessionEnd.COMPLETED:
        notices.append(words.say("session caution", how=words.term(record.ended)))
    if not record.time.clock_plausible:
        notices.append(words.say("clock caution"))
    notices += [
        words.say("raid controller" if c.raid_mode else "bare controller", what=shown(c.description, 80))
        for c in record.host.controllers
        if c.raid_mode or not c.driver
    ]
    return notices


def _machine(record: Record, words: Words) -> Facts:
    host, stated, unknown = record.host, record.stated, words.say("not stated")
    memory = words.number(f"{host.memory_bytes / 2**30:.3g} GiB") if host.memory_bytes > 0 else unknown
    facts = [
        (words.say("manufacturer"), shown(host.manufacturer) or unknown),
        (words.say("model"), shown(f"{host.model} {host.version}") or unknown),
        (words.say("serial"), shown(host.serial) or unknown),
        (words.say("property number"), shown(stated.property_number or host.asset_tag) or unknown),
        (words.say("processor"), shown(host.processor) or unknown),
        (words.say("memory"), memory),
    ]
    said = {
        "lot": stated.lot,
        "site": stated.site,
        "source": stated.source,
        "classification": stated.classification,
    }
    facts += [(words.say(key), shown(text)) for key, text in said.items() if text]
    if stated.destination is not None:
        facts.append((words.say("destination"), words.term(stated.destination)))
    return facts


def _media(record: Record, words: Words) -> View:
    if not record.drives:
        return {}
    head = ("number", "model", "serial", "capacity", "technique", "levels", "read back", "outcome")
    return {
        "heading": words.say("media"),
        "head": [words.say(key) for key in head],
        "rows": [_row(number, drive, words) for number, drive in enumerate(record.drives, 1)],
    }


def _row(number: int, drive: DriveRecord, words: Words) -> View:
    identity, own, unknown = drive.identity, own_erase(drive), words.say("not stated")
    check, size = drive.verification, identity.capacity_bytes
    coverage = own_coverage(own, size, words) if own else words.percent(check.bytes_matching if check else 0, size)
    return {
        "number": str(number),
        "model": shown(identity.model) or unknown,
        "serial": shown(identity.serial) or unknown,
        "capacity": words.capacity(size),
        "technique": words.term(drive.technique) if drive.technique else "\u2013",
        "levels": f"{words.term(drive.level_reached)} / {words.term(drive.level_required)}",
        "coverage": coverage,
        "outcome": words.term(drive.outcome),
        "_mark": MARKS[drive.outcome],
    }


def _looked_at(record: Record, words: Words) -> View:
    if record.drives:
        return {}
    return {"heading": words.say("looked for"), "places": [shown(place) for place in record.host.looked_at]}


def _issued(record: Record, words: Words) -> Facts:
    time, tool, stated = record.time, record.tool, record.stated
    programs = [f"{tool.name} {tool.version}", f"Python {tool.python}", f"Linux {tool.kernel}", *tool.helpers]
    where = words.term(record.environment)
    if record.environment is Environment.LIVE_IMAGE:
        where = f"{where}, {words.say('image', digest=shown(tool.image_sha256))}"
    operator = ", ".join(
        shown(part) for part in (record.operator.id, stated.operator_title, stated.contact) if part
    )
    facts = [
        (words.say("station"), f"{shown(record.issuer.station)}, {shown(record.issuer.organisation)}"),
        (words.say("operator"), operator),
    ]
    if stated.validator:
        who = ", ".join(shown(part) for part in (stated.validator, stated.validator_title) if part)
        facts.append((words.say("validator"), words.say("validator claimed", who=who)))
    claims = words.say("clock claims", source=shown(time.clock_source))
    if time.clock_remark:
        claims = f"{claims}; {words.phrase(shown(time.clock_remark, 120))}"
    return [
        *facts,
        (words.say("begun"), words.moment(time.started_at)),
        (words.say("ended"), f"{words.moment(time.issued_at)}, {claims}"),
        (words.say("environment"), where),
        (words.say("tools"), ", ".join(shown(program) for program in programs)),
        (
            words.say("record"),
            words.say("record number", id=record.record_id, number=record.station_link.sequence),
        ),
    ]


def _verify(record_bytes: bytes, kind: DocumentKind, words: Words, *, provisional: bool) -> View:
    name = kind.file_name if provisional else kind.final_name
    stamped = "openssl ts -verify -data record.json.p7s -in record.json.p7s.tsr -CAfile root.pem"
    logged = "" if provisional else " --log log.vkey --require-proof logged"
    return {
        "heading": words.say("verify"),
        "text": words.say("verify text") if provisional else words.say("verify final text"),
        "commands": [
            f"pdfdetach -saveall {name} && sha256sum record.json",
            *([] if provisional else [stamped]),
            "openssl cms -verify -cades -binary -inform DER -in record.json.p7s -content record.json \\",
            "    -CAfile root.pem -purpose any -out /dev/null",
            f"ardoise verify {name} --trust root.pem{logged}",
        ],
        "digest": [words.say("digest"), hashlib.sha256(record_bytes).hexdigest()],
    }
