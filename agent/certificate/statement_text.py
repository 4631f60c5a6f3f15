"""Which words a statement's page must show, whatever its template looks like; a verifier looks for exactly these."""

import hashlib

from agent.certificate.figures import grouped
from agent.certificate.page_text import shown
from agent.certificate.statement_words import say
from agent.model.destruction import DestructionRecord, DestructionResult
from agent.model.intake import IntakeReceipt
from agent.model.lot import Lot
from agent.model.statement import Statement

DIGEST_SHOWN = 16
"""So many hex digits of a record's digest stand in the list of a lot; the manifest attached has all 64."""


def headline(statement: Statement) -> str:
    """The word in the box, in the document's language."""
    language = statement.language
    if isinstance(statement, Lot):
        return say(language, statement.headline.value)
    if isinstance(statement, DestructionRecord):
        return say(language, "destroy" if statement.result is DestructionResult.DESTROY else "damaged")
    if isinstance(statement, IntakeReceipt):
        return say(language, "intake headline")
    raise AssertionError(f"no page for {type(statement).__name__}")


def statement_words(statement: Statement, data: bytes) -> list[str]:
    """The texts that every verifier looks for; they change only with the schema."""
    words = [headline(statement), statement.statement_id, hashlib.sha256(data).hexdigest()]
    words += [shown(statement.issuer.organisation), shown(statement.issuer.station)]
    words += [say(statement.language, "specimen")] if statement.specimen else []
    if isinstance(statement, Lot):
        words += _lot_words(statement)
    elif isinstance(statement, IntakeReceipt):
        words += [shown(text) for m in statement.machines for text in (m.serial, m.asset_tag)]
        words += [shown(statement.lot), statement.received_on, grouped(len(statement.machines))]
    elif isinstance(statement, DestructionRecord):
        medium = statement.medium
        words += [shown(medium.model), shown(medium.serial), shown(medium.machine_serial), medium.record_sha256]
        words += [shown(statement.operator), shown(statement.witness), statement.destroyed_on]
        words += [say(statement.language, statement.technique.value)]
    return [word for word in words if word]


def _lot_words(lot: Lot) -> list[str]:
    totals, language = lot.totals, lot.language
    words = [shown(lot.lot)]
    words += [
        f"{say(language, key)}{grouped(count)}"
        for key, count in (
            ("machines", totals.machines),
            ("machines incomplete", totals.machines_incomplete),
            ("media open", totals.media_open),
            ("accepted", totals.accepted),
        )
    ]
    words += [say(language, found.kind.value) for found in lot.exceptions]
    for found in lot.exceptions:
        words += [shown(found.machine_serial), shown(found.asset_tag), shown(found.medium_serial)]
    for entry in lot.entries:
        words += [shown(entry.serial), entry.record_sha256[:DIGEST_SHOWN]]
        words += [shown(medium.serial) for medium in entry.media]
    return list(dict.fromkeys(words))
