"""From a statement to files on stable storage: bytes built once, signed, drawn, sealed, verified as an auditor would, written."""

import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Generic, TypeVar

from agent.certificate.statement import encode_statement, kind_of, sign_statement
from agent.certificate.statement_page import render_statement, seal_statement
from agent.certificate.trust import load_trust
from agent.certificate.verify_statement import StatementReport, verify_statement, verify_statement_document
from agent.durable import sync_folder, write_synced
from agent.errors import CertificateError, EvidenceError, Refused
from agent.model.language import Language
from agent.model.record import Issuer
from agent.model.statement import Statement
from agent.workflow.clock_check import effective_time
from agent.workflow.record_id import new_record_id
from agent.workflow.station import Station

S = TypeVar("S", bound=Statement)


@dataclass(frozen=True)
class Head:
    """What every statement of this station begins with."""

    statement_id: str
    salt: str
    issuer: Issuer
    specimen: bool
    language: Language
    issued_at: datetime


@dataclass(frozen=True)
class Issued(Generic[S]):
    """A statement on stable storage: its JSON file, and its page where it has one."""

    statement: S
    json_file: Path
    pdf_file: Path | None


def issue_statement(
    build: Callable[[Head], S],
    station: Station,
    folder: Path,
    language: Language,
    now: datetime,
    *,
    with_page: bool = True,
) -> Issued[S]:
    """Make, sign and store one statement; raises Refused where there is one already, EvidenceError, CertificateError."""
    statement = build(_head(station, language, now))
    kind = kind_of(statement)
    _must_be_new(folder, [kind.json_name, kind.signature_name, kind.pdf_name])
    data = encode_statement(statement)
    files = {kind.json_name: data, kind.signature_name: sign_statement(data, station.key, now)}
    _check_own(station, files, kind.json_name, kind.signature_name, now)
    if with_page:
        page = render_statement(statement, data, files[kind.signature_name])
        files[kind.pdf_name] = seal_statement(page, statement, data, station.key, now)
        _insist(verify_statement_document(files[kind.pdf_name], load_trust(station.root_pem), _at(station, now)))
    _write(folder, files)
    return Issued(statement, folder / kind.json_name, folder / kind.pdf_name if with_page else None)


def _head(station: Station, language: Language, now: datetime) -> Head:
    return Head(
        statement_id=new_record_id(now),
        salt=secrets.token_hex(16),
        issuer=station.key.issuer,
        specimen=station.key.is_test,
        language=language,
        issued_at=now,
    )


def _must_be_new(folder: Path, names: list[str]) -> None:
    statement, *parts = (folder / name for name in names)
    if os.path.lexists(statement):
        raise Refused(
            f"{statement} exists; what was signed is never overwritten.", "Give another folder with --out."
        )
    for part in parts:
        if os.path.lexists(part):
            raise Refused(
                f"{part} is there without {statement.name}: a writing that was cut off, or half of what was signed.",
                "Look where the other half is. If there is none, remove it or give another folder with --out.",
            )


def _check_own(station: Station, files: dict[str, bytes], data: str, signature: str, now: datetime) -> None:
    _insist(verify_statement(files[data], files[signature], load_trust(station.root_pem), _at(station, now)))


def _at(station: Station, now: datetime) -> datetime:
    return effective_time(now, station.key.not_before)


def _insist(report: StatementReport) -> None:
    if report.valid:
        return
    step = report.failed_step
    what = f"step {step.number} ({step.name}): {step.detail}" if step else "no step passed"
    raise CertificateError(f"The new statement does not pass its own verification, {what}.", "Report this.")


def _write(folder: Path, files: dict[str, bytes]) -> None:
    written: list[Path] = []
    try:
        missing = [each for each in (folder, *folder.parents) if not each.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        for made in missing:
            sync_folder(made.parent)
        # The statement itself comes last, once the rest is durable: a reader that finds it finds the rest too.
        for name, content in sorted(files.items(), key=lambda item: item[0].endswith(".json")):
            if name.endswith(".json"):
                sync_folder(folder)
            write_synced(folder / name, content)
            written.append(folder / name)
        sync_folder(folder)
    except OSError as error:
        for path in written:
            path.unlink(missing_ok=True)
        raise EvidenceError(
            f"{folder} can't keep the document: {error.strerror}.", "Give another folder."
        ) from error
