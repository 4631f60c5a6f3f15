"""Which words a statement's page must show, whatever its template looks like; a verifier looks for exactly these."""

import hashlib
from datetime import UTC

from agent.certificate.figures import grouped
from agent.certificate.page_text import shown
from agent.certificate.statement_words import say
from agent.certificate.words import Words
from agent.model.acceptance import Decision
from agent.model.destruction import DestructionRecord, DestructionResult
from agent.model.intake import IntakeReceipt
from agent.model.language import Language
from agent.model.lot import Lot, LotAcceptance, LotException, LotHeadline, LotMedium
from agent.model.sanitization import Method
from agent.model.statement import Statement

DIGEST_SHOWN = 16
"""So many hex digits of a record's digest stand in the list of a lot; the manifest attached has all 64."""


def headline(statement: Statement) -> str:
    """The word in the box, in the document's language."""
    language = statement.language
    if isinstance(statement, Lot):
        return _lot_headline(statement)
    if isinstance(statement, DestructionRecord):
        return say(language, "destroy" if statement.result is DestructionResult.DESTROY else "damaged")
    if isinstance(statement, IntakeReceipt):
        return say(language, "intake headline")
    raise AssertionError(f"no page for {type(statement).__name__}")


def _lot_headline(lot: Lot) -> str:
    if lot.headline is LotHeadline.ACCOUNTED_FOR:
        return say(lot.language, lot.headline.value)
    return Words(lot.language).named("Headline", lot.headline.value)


def title(statement: Statement) -> str:
    """What the document is called."""
    names: dict[type[Statement], str] = {
        Lot: "lot title",
        IntakeReceipt: "intake title",
        DestructionRecord: "destruction title",
    }
    return say(statement.language, names[type(statement)])


def subtitle(statement: Statement) -> str:
    """Which lot it is about; empty where it is about none."""
    if isinstance(statement, Lot | IntakeReceipt):
        return f"{say(statement.language, 'lot')} {shown(statement.lot, 80)}"
    return ""


def specimen_note(statement: Statement) -> str:
    """What stands under the headline of a specimen."""
    return say(statement.language, "specimen note") if statement.specimen else ""


def statement_words(statement: Statement, data: bytes) -> list[str]:
    """The texts that every verifier looks for; they change only with the schema.

    What belongs together is looked for as one text, so that a word that stands elsewhere on the page does not count.
    """
    words = [
        f"{title(statement)}{subtitle(statement)}{headline(statement)}{specimen_note(statement)}",
        statement.statement_id,
        hashlib.sha256(data).hexdigest(),
        shown(statement.issuer.organisation),
        shown(statement.issuer.station),
    ]
    words += [say(statement.language, "specimen")] if statement.specimen else []
    if isinstance(statement, Lot):
        words += _lot_words(statement)
    elif isinstance(statement, IntakeReceipt):
        words += [f"{shown(m.asset_tag)}{shown(m.serial)}" for m in statement.machines]
        words += [shown(statement.lot), statement.received_on, grouped(len(statement.machines))]
    elif isinstance(statement, DestructionRecord):
        medium = statement.medium
        words += [shown(medium.model), shown(medium.serial), shown(medium.machine_serial), medium.record_sha256]
        words += [shown(statement.operator), shown(statement.witness), statement.destroyed_on]
        words += [say(statement.language, statement.technique.value)]
    return [word for word in words if word]


def exception_reason(language: Language, found: LotException) -> str:
    """Why something is listed, with the medium's outcome where that says more."""
    reason = say(language, found.kind.value)
    if not found.medium_model and not found.medium_serial:
        return reason
    return f"{reason} ({Words(language).named('Outcome', found.outcome)})"


def medium_name(language: Language, medium: LotMedium) -> str:
    """What tells a medium from the others of its machine."""
    return shown(medium.serial) or shown(medium.model) or say(language, "not stated")


def medium_state(language: Language, medium: LotMedium) -> str:
    """A medium's outcome and the level that it reached."""
    words = Words(language)
    level = "" if medium.level_reached is Method.NONE else f", {words.term(medium.level_reached)}"
    return f"{words.term(medium.outcome)}{level}"


def decision_words(language: Language, decision: LotAcceptance | None) -> str:
    """Who decided what on a result and on which day (UTC), or that nobody has yet."""
    if decision is None:
        return say(language, "not accepted yet")
    words = "accepted by" if decision.decision is Decision.ACCEPT else "rejected by"
    said = say(language, words, who=shown(decision.validator, 32))
    return said if decision.issued_at is None else f"{said}, {decision.issued_at.astimezone(UTC).date()}"


def _lot_words(lot: Lot) -> list[str]:
    totals, language = lot.totals, lot.language
    counted = {
        "machines": totals.machines,
        "machines sanitized": totals.machines_sanitized,
        "machines incomplete": totals.machines_incomplete,
        "media sanitized": totals.media_sanitized,
        "media open": totals.media_open,
        "accepted": totals.accepted,
    }
    words = [shown(lot.lot), *(f"{say(language, key)}{grouped(count)}" for key, count in counted.items())]
    words += [
        f"{exception_reason(language, found)}{shown(found.machine_model) or say(language, 'not stated')}"
        f"{shown(found.machine_serial)}{shown(found.asset_tag)}"
        for found in lot.exceptions
    ]
    for entry in lot.entries:
        words.append(f"{shown(entry.serial)}{shown(entry.asset_tag)}")
        words += [f"{medium_name(language, m)}{medium_state(language, m)}" for m in entry.media]
        decision = decision_words(language, entry.acceptance)
        words.append(f"{Words(language).term(entry.headline)}{decision}{entry.record_sha256[:DIGEST_SHOWN]}")
    return list(dict.fromkeys(words))
