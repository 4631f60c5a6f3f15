"""What the page of a statement shows, as plain strings: headline, sections, and how to verify; the template places them."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from agent.certificate.figures import grouped
from agent.certificate.lot_view import lot_sections
from agent.certificate.page_text import shown
from agent.certificate.statement import kind_of
from agent.certificate.statement_text import headline, specimen_note, subtitle, title
from agent.certificate.statement_words import say
from agent.certificate.view_parts import Cell, facts, stated, table
from agent.certificate.words import Words
from agent.model.destruction import DestructionRecord, DestructionResult
from agent.model.intake import IntakeReceipt
from agent.model.lot import Lot, LotHeadline
from agent.model.statement import Statement

Section = dict[str, Any]

# The marks of common.typ: a shape for each result.
_MARKS = {
    LotHeadline.SANITIZED: "done",
    LotHeadline.ACCOUNTED_FOR: "exceptions",
    LotHeadline.INCOMPLETE: "incomplete",
}


def statement_view(statement: Statement, data: bytes) -> dict[str, Any]:
    """The strings and switches of a page, ready for JSON."""
    language, kind = statement.language, kind_of(statement)
    sentence, mark, notices = _head(statement)
    return {
        "language": language.value,
        "mark": mark,
        "specimen": say(language, "specimen") if statement.specimen else "",
        "organisation": shown(statement.issuer.organisation),
        "title": title(statement),
        "subtitle": subtitle(statement),
        "headline": headline(statement),
        "headline_note": specimen_note(statement),
        "statement": sentence,
        "notices": notices,
        "sections": [*_sections(statement), _issued(statement)],
        "ids_note": say(language, "ids only"),
        "verify": {
            "heading": say(language, "how to verify"),
            "text": say(language, "verify text", name=kind.json_name),
            "commands": _commands(kind.json_name, kind.pdf_name),
            "digest_label": say(language, "sha256 of", name=kind.json_name),
            "digest": hashlib.sha256(data).hexdigest(),
        },
        "page_words": say(language, "page", number="{number}", total="{total}"),
        "statement_id": statement.statement_id,
        "author": f"{shown(statement.issuer.organisation)}, {shown(statement.issuer.station)}",
    }


def _head(statement: Statement) -> tuple[str, str, list[str]]:
    language = statement.language
    if isinstance(statement, Lot):
        return _lot_head(statement)
    if isinstance(statement, IntakeReceipt):
        return say(language, "intake statement"), "none", []
    if isinstance(statement, DestructionRecord):
        good = statement.result is DestructionResult.DESTROY
        name = "destroy statement" if good else "damaged statement"
        notices = [] if good else [say(language, "damaged notice")]
        return say(language, name), "done" if good else "incomplete", notices
    raise AssertionError(f"no page for {type(statement).__name__}")


def _lot_head(lot: Lot) -> tuple[str, str, list[str]]:
    sentence = "lot empty" if not lot.entries else f"lot {lot.headline.value.lower()}"
    notices = [say(lot.language, "no intake")] if lot.intake is None else []
    return say(lot.language, sentence), _MARKS[lot.headline], notices


def _sections(statement: Statement) -> list[Section]:
    makers: list[tuple[type, Callable[[Any], list[Section]]]] = [
        (Lot, lot_sections),
        (IntakeReceipt, _intake_sections),
        (DestructionRecord, _destruction_sections),
    ]
    return next(make for kind, make in makers if isinstance(statement, kind))(statement)


def _intake_sections(receipt: IntakeReceipt) -> list[Section]:
    language = receipt.language
    handed = facts(
        language,
        "handing-over",
        [
            ("lot", shown(receipt.lot)),
            ("donor", shown(receipt.donor_reference)),
            ("source", shown(receipt.source, 120)),
            ("place", shown(receipt.place, 120)),
            ("handed over by", shown(receipt.handed_over_by)),
            ("received by", shown(receipt.received_by)),
            ("received on", receipt.received_on),
            ("number of machines", grouped(len(receipt.machines))),
            ("remark", shown(receipt.remark, 300)),
        ],
    )
    rows: list[list[Cell]] = [
        [
            str(number),
            shown(m.asset_tag),
            {"code": shown(m.serial)},
            stated(language, shown(m.kind)),
            stated(language, shown(f"{m.manufacturer} {m.model}")),
            shown("; ".join(text for text in (m.condition, m.remark) if text), 160),
        ]
        for number, m in enumerate(receipt.machines, 1)
    ]
    head = ["no.", "asset tag", "serial", "kind", "model", "condition"]
    widths = ["auto", "0.75fr", "0.9fr", "0.6fr", "1.2fr", "1.2fr"]
    return [handed, table(language, "list", head, widths, rows, empty="no machine")]


def _destruction_sections(done: DestructionRecord) -> list[Section]:
    language, medium = done.language, done.medium
    words = Words(language)
    size = "" if medium.capacity_bytes is None else words.capacity(medium.capacity_bytes)
    technique = say(language, done.technique.value)
    if done.particle_mm is not None:
        technique = say(language, "particles", words=technique, size=done.particle_mm)
    good = done.result is DestructionResult.DESTROY
    return [
        facts(
            language,
            "storage medium",
            [
                ("model", shown(medium.model)),
                ("serial", shown(medium.serial)),
                ("type", shown(words.named("MediaType", medium.media_type))),
                ("capacity", size),
                ("from machine", shown(f"{medium.machine_model} {medium.machine_serial}", 120)),
                ("from record", medium.record_sha256 or say(language, "by hand")),
            ],
        ),
        facts(
            language,
            "destruction",
            [
                ("method", say(language, "destroy method" if good else "no method")),
                ("technique", technique),
                ("tool", shown(done.tool, 120)),
                ("date", done.destroyed_on),
                ("place", shown(done.place, 120)),
                ("operator", shown(done.operator)),
                ("witness", shown(done.witness)),
                ("reason", shown(done.reason, 300)),
                ("photos", ", ".join(done.photo_sha256) or say(language, "none")),
            ],
        ),
    ]


def _issued(statement: Statement) -> Section:
    language, issuer = statement.language, statement.issuer
    return facts(
        language,
        "issued by",
        [
            ("station", f"{shown(issuer.station)}, {shown(issuer.organisation)}"),
            ("issued at", say(language, "as claimed", moment=_moment(statement.issued_at))),
            ("document number", statement.statement_id),
        ],
    )


def _commands(name: str, pdf: str) -> list[str]:
    return [
        f"pdfdetach -saveall {pdf} && sha256sum {name}",
        f"openssl cms -verify -cades -binary -inform DER -in {name}.p7s -content {name} \\",
        "    -CAfile root.pem -purpose any -out /dev/null",
        f"ardoise lot verify {pdf} --trust root.pem",
    ]


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"
