"""Labels for machines: the words that a person reads, beside the code that a scanner checks."""

from dataclasses import dataclass
from datetime import UTC
from enum import StrEnum
from typing import Any

from agent.certificate.page import compile_page, template
from agent.certificate.page_text import shown
from agent.certificate.qr import qr_svg
from agent.certificate.statement_words import say
from agent.certificate.station import StationKey
from agent.certificate.words import Words
from agent.model.drive import is_placeholder
from agent.model.language import Language
from agent.model.machine import Environment
from agent.model.record import Headline, Outcome, Record


class LabelLayout(StrEnum):
    """Where labels are printed: a roll 62 mm wide, or a sheet of A4 with 21."""

    ROLL = "roll"
    SHEET = "sheet"


@dataclass(frozen=True)
class Labelled:
    """A verified record with its digest."""

    record: Record
    sha256: str


def render_labels(
    records: list[Labelled], key: StationKey, language: Language, layout: LabelLayout = LabelLayout.ROLL
) -> bytes:
    """The PDF of these labels, in their order; raises CertificateError."""
    view = {
        "layout": layout.value,
        "language": language.value,
        "title": say(language, "label title"),
        "author": shown(key.issuer.organisation),
        "labels": [_label(labelled, key, language) for labelled in records],
    }
    newest = max(labelled.record.time.issued_at for labelled in records)
    return compile_page(template("label.typ"), view, (), newest)


def _label(labelled: Labelled, key: StationKey, language: Language) -> dict[str, Any]:
    record, host = labelled.record, labelled.record.host
    headline = Words(language).term(record.headline)
    done = sum(drive.outcome is Outcome.SANITIZED for drive in record.drives)
    facts = [
        (say(language, name), shown(text, 26))
        for name, text in (("label serial", host.serial), ("label tag", host.asset_tag))
        if not is_placeholder(text)
    ]
    media = say(language, "label media", done=done, total=len(record.drives)) if record.drives else ""
    return {
        "good": record.headline is Headline.SANITIZED,
        "headline": headline,
        "note": _note(record, language),
        "model": shown(f"{host.manufacturer} {host.model}", 40),
        "facts": facts,
        "media": media,
        "date": _date(record, language),
        "organisation": shown(record.issuer.organisation, 40),
        "scan": say(language, "label scan"),
        "alt": f"{headline}: {shown(host.serial)}, SHA-256 {labelled.sha256}",
        "code": qr_svg(record, labelled.sha256, key).decode("ascii"),
    }


def _note(record: Record, language: Language) -> str:
    if record.specimen:
        return say(language, "specimen")
    return "" if record.environment is Environment.LIVE_IMAGE else record.environment.value


def _date(record: Record, language: Language) -> str:
    time = record.time
    # What a dead clock said is no date to stick on a machine.
    return f"{time.issued_at.astimezone(UTC):%Y-%m-%d}" if time.clock_plausible else say(language, "label no date")
