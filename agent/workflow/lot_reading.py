"""One file of a lot after the other: read with a limit, verified, or noted as a problem of the lot."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from agent.certificate.report import Report, StepFailed
from agent.certificate.statement import Kind
from agent.certificate.trust import Trust
from agent.certificate.verify_statement import attached_statement, verify_statement, verify_statement_document
from agent.model.statement import Statement
from agent.workflow.lot_tree import Problem

MAXIMUM_FILE_BYTES = 64 * 1024 * 1024

S = TypeVar("S", bound=Statement)


@dataclass
class Reading:
    """A lot that is being read."""

    folder: Path
    trust: Trust
    at: datetime
    problems: list[Problem] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def problem(self, path: Path, what: str) -> None:
        """Note what can't be believed."""
        self.problems.append(Problem(str(path.relative_to(self.folder)), what))


def read_statement(reading: Reading, path: Path, kind: Kind[S]) -> tuple[S, str] | None:
    """A statement that is valid, with its page where one lies beside it, and its digest; None where it is a problem."""
    data, signature = read_file(reading, path), read_file(reading, path.with_name(kind.signature_name))
    if data is None or signature is None:
        return None
    stamp_file = path.with_name(f"{kind.signature_name}.tsr")
    stamp = read_file(reading, stamp_file) if stamp_file.exists() else None
    report = verify_statement(data, signature, reading.trust, reading.at, time_stamp=stamp)
    if not isinstance(report.statement, kind.type):
        step = report.failed_step
        reading.problem(path, f"step {step.number} ({step.name}): {step.detail}" if step else "of another schema")
        return None
    page = path.with_name(kind.pdf_name)
    if page.exists() and (why := _wrong_page(reading, page, (data, signature), stamp)):
        reading.problem(page, why)
        return None
    return report.statement, report.sha256


def _wrong_page(reading: Reading, page: Path, signed: tuple[bytes, bytes], stamp: bytes | None) -> str:
    pdf = read_file(reading, page)
    return "can't be read" if pdf is None else wrong_page(pdf, signed, reading.trust, reading.at, stamp)


def wrong_page(
    pdf: bytes, signed: tuple[bytes, bytes], trust: Trust, at: datetime, time_stamp: bytes | None = None
) -> str:
    """Why the sealed page beside a statement is not its page; empty where it is."""
    report = verify_statement_document(pdf, trust, at, time_stamp=time_stamp)
    step = report.failed_step
    if step is not None:
        return f"step {step.number} ({step.name}): {step.detail}"
    try:
        same = attached_statement(pdf) == signed
    except StepFailed as error:
        return str(error)
    return "" if same else "it carries another statement than the one beside it"


def read_file(reading: Reading, path: Path) -> bytes | None:
    """A file of the lot, None where that is a problem."""
    try:
        with path.open("rb") as file:
            data = file.read(MAXIMUM_FILE_BYTES + 1)
    except OSError as error:
        reading.problem(path, f"can't be read: {error.strerror}")
        return None
    if len(data) > MAXIMUM_FILE_BYTES:
        reading.problem(path, "larger than any file of a lot")
        return None
    return data


def why_not(report: Report) -> str:
    """Where a record or document failed."""
    step = report.failed_step
    return f"step {step.number} ({step.name}): {step.detail}" if step else "not valid"
