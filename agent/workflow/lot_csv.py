"""A lot as a table for a spreadsheet: one line for each medium, and no cell that a spreadsheet would run."""

import csv
import io
from datetime import UTC

from agent.model.drive import printable
from agent.model.lot import Lot, LotEntry, LotMedium

COLUMNS = (
    "lot", "machine_manufacturer", "machine_model", "machine_serial", "asset_tag", "headline", "medium_model",
    "medium_serial", "capacity_bytes", "media_type", "outcome", "level_reached", "operator", "decision", "validator",
    "issued_at", "proof", "record_id", "record_sha256", "document_sha256",
)  # fmt: skip

# What makes a cell a formula in spreadsheets, in Japanese ones in its full width too (OWASP, "CSV Injection").
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def lot_csv(lot: Lot, delimiter: str = ";") -> bytes:
    """UTF-8 with its mark and CRLF, as spreadsheets read it; a machine without a medium has one line too."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for entry in lot.entries:
        for medium in entry.media or (None,):
            writer.writerow([safe_cell(value) for value in _row(lot, entry, medium)])
    return text.getvalue().encode("utf-8-sig")


def safe_cell(text: str) -> str:
    """The text as a cell that stays text: control characters become '?', a leading sign of a formula gets an apostrophe."""
    # Judged as it stands and again without the spaces and quotes that a spreadsheet drops.
    clean = printable(text, 300) if not text.startswith(_FORMULA) else "'" + printable(text, 300)
    return "'" + clean if clean.lstrip(" '\"").startswith(_FORMULA) and not clean.startswith("'") else clean


def _row(lot: Lot, entry: LotEntry, medium: LotMedium | None) -> list[str]:
    decision = entry.acceptance
    return [
        lot.lot,
        entry.manufacturer,
        entry.model,
        entry.serial,
        entry.asset_tag,
        entry.headline.value,
        *_of_medium(medium),
        entry.operator,
        "" if decision is None else decision.decision.value,
        "" if decision is None else decision.validator,
        entry.issued_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        entry.proof,
        entry.record_id,
        entry.record_sha256,
        entry.document_sha256,
    ]


def _of_medium(medium: LotMedium | None) -> list[str]:
    if medium is None:
        return [""] * 6
    return [
        medium.model,
        medium.serial,
        str(medium.capacity_bytes),
        medium.media_type,
        medium.outcome.value,
        medium.level_reached.value,
    ]
