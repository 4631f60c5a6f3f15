"""Draws the documents of a lot, and labels, in three languages: `python -m tests.document_pictures docs/images`."""

import hashlib
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from agent.certificate.label_page import LabelLayout, Labelled, render_labels
from agent.certificate.record import encode_record
from agent.certificate.statement import encode_statement, sign_statement
from agent.certificate.statement_page import render_statement
from agent.model.destruction import DestructionTechnique
from agent.model.language import Language
from agent.model.statement import Statement
from tests.samples import AT, Pki, sample_record, throwaway_pki
from tests.statement_samples import accepted, destruction, entry, full_lot, intake, make_lot

DPI = 76


def draw(folder: Path) -> None:
    """All pictures, into this folder."""
    pki = throwaway_pki(test=True, name="pictures")
    for language in Language:
        _draw(pki, intake(pki, language), folder / f"intake-{language}")
        _draw(pki, full_lot(pki, language), folder / f"lot-{language}", pages=2)
        _draw(pki, destruction(pki, language), folder / f"destruction-{language}")
        _draw_labels(pki, language, folder)
    drilled = destruction(pki, Language.GERMAN, DestructionTechnique.DRILL)
    _draw(pki, drilled, folder / "destruction-drilled-de")
    good = (accepted(entry(sample_record(issuer=pki.station.issuer))),)
    _draw(pki, make_lot(pki, good, language=Language.FRENCH), folder / "lot-sanitized-fr")
    _draw(pki, make_lot(pki, ()), folder / "lot-empty-en")


def _draw(pki: Pki, statement: Statement, target: Path, pages: int = 1) -> None:
    data = encode_statement(statement)
    pdf = render_statement(statement, data, sign_statement(data, pki.station, AT))
    for page in range(1, pages + 1):
        _picture(pdf, page, target if pages == 1 else target.with_name(f"{target.name}-{page}"), DPI)


def _draw_labels(pki: Pki, language: Language, folder: Path) -> None:
    kinds = ("laptop", "server", "no-drive", "hostile", "many", "tablet")
    records = [sample_record(kind, issuer=pki.station.issuer) for kind in kinds]
    labelled = [Labelled(record, hashlib.sha256(encode_record(record)).hexdigest()) for record in records]
    for number in (1, 2):
        roll = render_labels(labelled, pki.station, language)
        _picture(roll, number, folder / f"label-{language}-{number}", 2 * DPI)
    if language is Language.FRENCH:
        sheet = render_labels(labelled, pki.station, language, LabelLayout.SHEET)
        _picture(sheet, 1, folder / f"label-sheet-{language}", DPI)


def _picture(pdf: bytes, page: int, target: Path, dpi: int) -> None:
    with TemporaryDirectory() as place:
        source = Path(place) / "page.pdf"
        source.write_bytes(pdf)
        pages = ["-f", str(page), "-l", str(page)]
        subprocess.run(
            ["pdftoppm", "-png", "-r", str(dpi), *pages, "-singlefile", str(source), str(target)], check=True
        )


if __name__ == "__main__":
    draw(Path(sys.argv[1]))
