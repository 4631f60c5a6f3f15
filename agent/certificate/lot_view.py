"""The sections of a lot's summary: totals and exceptions first, then every machine."""

from typing import Any

from agent.certificate.figures import grouped
from agent.certificate.page_text import shown
from agent.certificate.statement_text import (
    DIGEST_SHOWN,
    decision_words,
    exception_reason,
    medium_name,
    medium_state,
)
from agent.certificate.statement_words import say
from agent.certificate.view_parts import Cell, facts, stated, table
from agent.certificate.words import Words
from agent.model.language import Language
from agent.model.lot import Lot, LotEntry, LotException, LotMedium

Section = dict[str, Any]


def lot_sections(lot: Lot) -> list[Section]:
    """Totals, exceptions, what the lot asks for, the list."""
    return [_totals(lot), _exceptions(lot), _policy(lot), _machines(lot)]


def _totals(lot: Lot) -> Section:
    language, totals = lot.language, lot.totals
    announced = say(language, "not stated") if totals.announced is None else grouped(totals.announced)
    missing = say(language, "not stated") if totals.announced is None else grouped(totals.machines_missing)
    left = [
        ("announced", announced),
        ("machines", grouped(totals.machines)),
        ("machines sanitized", grouped(totals.machines_sanitized)),
        ("machines settled", grouped(totals.machines_settled)),
        ("machines without medium", grouped(totals.machines_without_medium)),
        ("machines incomplete", grouped(totals.machines_incomplete)),
        ("machines missing", missing),
    ]
    right = [
        ("records", grouped(totals.records)),
        ("media", grouped(totals.media)),
        ("media sanitized", grouped(totals.media_sanitized)),
        ("media destroyed", grouped(totals.media_destroyed)),
        ("media open", grouped(totals.media_open)),
        ("accepted", grouped(totals.accepted)),
    ]
    return {
        "kind": "figures",
        "heading": say(language, "totals"),
        "columns": [[(say(language, key), text) for key, text in column] for column in (left, right)],
    }


def _exceptions(lot: Lot) -> Section:
    language = lot.language
    rows = [_exception_row(language, number, found) for number, found in enumerate(lot.exceptions, 1)]
    head = ["no.", "reason", "machine", "serial", "asset tag", "medium"]
    widths = ["auto", "1.1fr", "1.1fr", "0.85fr", "0.8fr", "1.1fr"]
    return table(language, "exceptions", head, widths, rows, empty="no exceptions")


def _exception_row(language: Language, number: int, found: LotException) -> list[Cell]:
    reason = exception_reason(language, found)
    return [
        str(number),
        {"strong": reason} if found.kind.is_open else reason,
        stated(language, shown(found.machine_model)),
        {"code": shown(found.machine_serial)},
        shown(found.asset_tag),
        {"lines": [shown(found.medium_model), {"code": shown(found.medium_serial)}]} if found.medium_serial else "",
    ]


def _policy(lot: Lot) -> Section:
    language, policy = lot.language, lot.policy
    who = say(language, "also by the operator" if policy.acceptor_may_be_operator else "not by the operator")
    acceptance = "acceptance required" if policy.acceptance_required else "acceptance optional"
    intake = "" if lot.intake is None else lot.intake.statement_sha256
    pairs = [
        ("lot", shown(lot.lot)),
        ("donor", shown(lot.donor_reference)),
        ("level required", say(language, "level words", level=Words(language).term(policy.level_required))),
        ("acceptance", say(language, acceptance, who=who)),
        ("intake receipt", intake),
        ("destruction records", grouped(len(lot.destructions))),
    ]
    if lot.supersedes:
        pairs.append(("supersedes", lot.supersedes))
    return facts(language, "policy", pairs)


def _machines(lot: Lot) -> Section:
    rows = [_machine_row(lot.language, number, entry) for number, entry in enumerate(lot.entries, 1)]
    head = ["no.", "machine", "serial", "media", "result", "record digest"]
    widths = ["auto", "1fr", "0.8fr", "1.3fr", "0.95fr", "0.85fr"]
    return table(lot.language, "list", head, widths, rows, empty="lot empty")


def _machine_row(language: Language, number: int, entry: LotEntry) -> list[Cell]:
    decision = decision_words(language, entry.acceptance)
    result: list[Cell] = [{"strong": Words(language).term(entry.headline)}, decision]
    tag = [shown(entry.asset_tag)] if entry.asset_tag else []
    return [
        str(number),
        stated(language, shown(f"{entry.manufacturer} {entry.model}")),
        {"lines": [{"code": shown(entry.serial)}, *tag]},
        {"lines": [_medium(language, medium) for medium in entry.media]},
        {"lines": result},
        {"lines": [{"code": entry.record_sha256[:DIGEST_SHOWN]}, say(language, entry.proof)]},
    ]


def _medium(language: Language, medium: LotMedium) -> Cell:
    return {"pair": [medium_name(language, medium), medium_state(language, medium)]}
