"""The table of a lot: every medium, and nothing that a spreadsheet would run."""

import csv
import io

import pytest

from agent.__main__ import main
from agent.workflow.lot_csv import lot_csv, safe_cell
from tests.samples import throwaway_pki
from tests.statement_samples import full_lot
from tests.unit.statements.conftest import Workshop


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1+1", '"=1', "\n=1", "\uff1d1+1", "\u00a0=1"]
)
def test_no_cell_is_a_formula(text: str) -> None:
    assert safe_cell(text).startswith("'")
    assert not {"\t", "\r", "\n"} & set(safe_cell(text))


@pytest.mark.parametrize("text", ["PF1ABCDE", "CD35-1", "Élan", "", "2026-11-21"])
def test_usual_cells_stay_as_they_are(text: str) -> None:
    assert safe_cell(text) == text


def test_one_line_for_each_medium_as_spreadsheets_read_it() -> None:
    lot = full_lot(throwaway_pki(test=False))
    data = lot_csv(lot)
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=";"))
    # One laptop, one tablet, a server of eight, one of 24, none, four hostile ones, two.
    assert len(rows) == 1 + 1 + 8 + 24 + 1 + 4 + 2
    assert sum(row["outcome"] == "failed" for row in rows) == 1
    assert any(row["medium_serial"].startswith("'=cmd|") for row in rows)
    assert all(not cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())


def test_only_a_valid_lot_becomes_a_table(workshop: Workshop, capfdbinary) -> None:
    workshop.add(workshop.laptop())
    seal = ["lot", "seal", str(workshop.lot), "--lot", "L", "--donor", "d", *workshop.signing, *workshop.trusting]
    assert main(seal) == 0
    capfdbinary.readouterr()
    file = workshop.lot / "lot.json"
    assert main(["lot", "csv", str(file), *workshop.trusting]) == 0
    assert b"S3TNNX0K" in capfdbinary.readouterr().out
    file.write_bytes(file.read_bytes().replace(b"S3TNNX0K", b"S3TNNX0L"))
    assert main(["lot", "csv", str(file), *workshop.trusting]) == 1
    assert capfdbinary.readouterr().out == b""
