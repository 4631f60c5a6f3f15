"""The committed certificates get the verdicts that stand in their index, and are what their maker makes."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from agent import verify_cli
from agent.certificate.proofs import proofs_of
from agent.certificate.report import Report
from agent.certificate.trust import load_trust
from agent.certificate.verify import verify_document, verify_record
from agent.certificate.verify_statement import (
    STATEMENT_DOCUMENT_STEPS,
    verify_statement,
    verify_statement_document,
)
from tests.vectors.case import FOLDER
from tests.vectors.make import write

_WHOLE = json.loads((FOLDER / "index.json").read_text())
INDEX, SETS, STATEMENTS = _WHOLE["vectors"], _WHOLE["sets"], _WHOLE["statements"]


def _verify(entry: dict[str, Any]) -> Report:
    given = (entry[name] for name in ("trust", "crl", "log", "checkpoint"))
    trust = load_trust(*(None if name is None else (FOLDER / name).read_bytes() for name in given))  # type: ignore[arg-type]
    file, at = FOLDER / entry["file"], datetime.fromisoformat(entry["at"])
    if file.suffix == ".pdf":
        return verify_document(file.read_bytes(), trust, at)
    beside = {each.name: each.read_bytes() for each in file.parent.iterdir()}
    return verify_record(beside.pop(file.name), beside.pop(f"{file.name}.p7s"), trust, at, proofs=proofs_of(beside))


@pytest.mark.parametrize("entry", INDEX, ids=[entry["name"] for entry in INDEX])
def test_verdict(entry: dict[str, Any]) -> None:
    report = _verify(entry)
    step = report.failed_step.name if report.failed_step else None
    expected = entry["verdicts"]["verify"]
    assert (report.failure, step) == (expected["failure"], expected["step"])
    assert (report.degree and report.degree.value) == expected["degree"]
    assert report.valid == (report.record is not None) == (expected["verdict"] == "valid")


@pytest.mark.parametrize("entry", STATEMENTS, ids=[entry["name"] for entry in STATEMENTS])
def test_statement(entry: dict[str, Any]) -> None:
    trust = load_trust((FOLDER / entry["trust"]).read_bytes(), _given(entry, "crl"))
    file, at = FOLDER / entry["file"], datetime.fromisoformat(entry["at"])
    if file.suffix == ".pdf":
        report = verify_statement_document(file.read_bytes(), trust, at)
    else:
        signature = file.with_name(f"{file.name}.p7s").read_bytes()
        report = verify_statement(file.read_bytes(), signature, trust, at)
    step = report.failed_step.name if report.failed_step else None
    expected = entry["verdicts"]["verify"]
    assert (report.failure, step) == (expected["failure"], expected["step"])
    assert report.valid == (report.statement is not None) == (expected["verdict"] == "valid")


def _given(entry: dict[str, Any], name: str) -> bytes | None:
    return None if entry[name] is None else (FOLDER / entry[name]).read_bytes()


def test_each_step_of_a_statement_is_broken_by_one() -> None:
    broken = {entry["verdicts"]["verify"]["step"] for entry in STATEMENTS}
    assert set(STATEMENT_DOCUMENT_STEPS) - broken == {"time stamp"}


@pytest.mark.parametrize("entry", SETS, ids=[entry["name"] for entry in SETS])
@pytest.mark.parametrize("required", [False, True])
def test_sets(entry: dict[str, Any], required: bool, capsys: pytest.CaptureFixture[str]) -> None:
    files = [str(FOLDER / record) for record in entry["records"]]
    options = [
        "--trust",
        str(FOLDER / entry["trust"]),
        "--at",
        entry["at"],
        *(["--require-sequence"] if required else []),
    ]
    success = {"whole": True, "gap": not required, "fork": False}[entry["set"]]
    assert verify_cli.main([*files, *options]) == (0 if success else 1)
    said = capsys.readouterr().out
    assert ("GAP" in said, "FORK" in said) == (entry["set"] == "gap", entry["set"] == "fork")


def test_they_are_made_again_the_same(tmp_path: Path) -> None:
    write(tmp_path)
    made = {p.relative_to(tmp_path): p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    kept = {
        p.relative_to(FOLDER): p.read_bytes()
        for p in FOLDER.rglob("*")
        if p.is_file() and p.suffix not in {".py", ".pyc"}
    }
    assert made.keys() == kept.keys()
    assert [name for name, data in made.items() if data != kept[name]] == []
