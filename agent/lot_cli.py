"""`ardoise lot`: seal a folder of evidence folders into one signed manifest with its summary, and verify one."""

import argparse
import json
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent.certificate.statement import LOT
from agent.certificate.trust import Trust
from agent.certificate.verify_statement import StatementReport, verify_statement, verify_statement_document
from agent.errors import CertificateError, ExitCode
from agent.model.drive import printable
from agent.model.language import Language
from agent.model.lot import LOT_SCHEMA, Lot, LotHeadline, LotPolicy
from agent.model.lot_rules import conclude
from agent.model.sanitization import Method
from agent.statement_cli import (
    add_signing_options,
    add_trust_options,
    opaque_id,
    present_time,
    read_input,
    say,
    show_issued,
    signing_station,
    trust_of,
)
from agent.tree import is_folder
from agent.workflow.lot_csv import lot_csv
from agent.workflow.lot_folder import LotContents, compare, read_lot
from agent.workflow.lot_reading import wrong_page
from agent.workflow.lot_tree import Problem
from agent.workflow.statements import Head, issue_statement


def add_lot_commands(subparsers: Any) -> None:  # noqa: ANN401 - argparse keeps this type private
    """Add `lot` with its own commands to the program's."""
    parser = subparsers.add_parser("lot", help="seal and verify the manifest of a lot")
    commands = parser.add_subparsers(dest="lot_command", required=True)
    seal = commands.add_parser("seal", help="verify every record of a folder, then sign manifest and summary")
    seal.add_argument("folder", metavar="DIR", type=Path, help="holds the evidence folders of the lot")
    seal.add_argument("--lot", required=True, help="the lot's name")
    seal.add_argument(
        "--donor", metavar="REF", type=opaque_id, required=True, help="the donor as an opaque reference"
    )
    seal.add_argument("--require", choices=["clear", "purge"], default="clear", help="level that the lot asks for")
    seal.add_argument("--require-acceptance", action="store_true", help="each result must be accepted")
    seal.add_argument(
        "--operator-may-accept", action="store_true", help="who erased a machine may accept its result"
    )
    seal.add_argument(
        "--out", metavar="DIR", type=Path, help="where lot.json and lot.pdf go (default: the lot's folder)"
    )
    seal.add_argument("--supersedes", metavar="LOT.json", type=Path, help="the manifest that this one corrects")
    add_signing_options(seal)
    add_trust_options(seal)
    verify = commands.add_parser(
        "verify", help="verify a lot with its folder, or any sealed lot, receipt or destruction record"
    )
    verify.add_argument("path", metavar="DIR|FILE", type=Path)
    verify.add_argument("--json", action="store_true", help="the report as JSON on standard output")
    add_trust_options(verify)
    table = commands.add_parser("csv", help="a verified lot as a table for a spreadsheet, on standard output")
    table.add_argument("path", metavar="LOT.json|LOT.pdf", type=Path)
    table.add_argument("--delimiter", choices=[";", ",", "tab"], default=";")
    add_trust_options(table)


def run_lot(args: argparse.Namespace) -> int:
    """Carry out one `lot` command; raises UsageError, Refused, CertificateError."""
    return {"seal": _seal, "verify": _verify, "csv": _csv}[args.lot_command](args)


def _seal(args: argparse.Namespace) -> int:
    now = present_time()
    contents = read_lot(args.folder, trust_of(args), now)
    _refuse(contents.problems)
    policy = LotPolicy(Method(args.require), args.require_acceptance, args.operator_may_accept)
    supersedes = "" if args.supersedes is None else _superseded(args, now)
    station = signing_station(args, now)
    if contents.entries and contents.specimens != station.key.is_test:
        raise CertificateError(
            "Specimens and records of real machines are sealed by stations of their own kind only; nothing was sealed.",
            "A station under a TEST root seals specimens, and nothing else does.",
        )

    def build(head: Head) -> Lot:
        found = conclude(contents.entries, contents.destructions, contents.intake, policy)
        return Lot(
            schema=LOT_SCHEMA,
            **vars(head),
            lot=args.lot,
            donor_reference=args.donor,
            policy=policy,
            headline=found.headline,
            totals=found.totals,
            exceptions=found.exceptions,
            entries=contents.entries,
            destructions=contents.destructions,
            intake=contents.intake,
            supersedes=supersedes,
        )

    issued = issue_statement(build, station, args.out or args.folder, Language(args.page_language), now)
    lot = issued.statement
    for remark in contents.remarks:
        say(f"note: {remark}")
    say(f"Sealed {lot.lot}: {lot.headline}, {lot.totals.machines} machines, {len(lot.exceptions)} exceptions.")
    show_issued(issued, headline=lot.headline.value, machines=lot.totals.machines, exceptions=len(lot.exceptions))
    return int(ExitCode.NOT_SANITIZED if lot.headline is LotHeadline.INCOMPLETE else ExitCode.OK)


def _superseded(args: argparse.Namespace, now: datetime) -> str:
    data, signature = read_input(args.supersedes), read_input(args.supersedes.with_name("lot.json.p7s"))
    report = verify_statement(data, signature, trust_of(args), now)
    if not isinstance(report.statement, Lot):
        raise CertificateError(f"{args.supersedes} is no valid lot: {_broken(report)}.")
    return report.sha256


def _refuse(problems: tuple[Problem, ...]) -> None:
    if not problems:
        return
    for problem in problems[:50]:
        say(f"{problem.path}: {problem.what}")
    raise CertificateError(
        f"{len(problems)} of the lot's files are not valid; nothing was sealed.",
        "Take out what is not genuine, or bring the right files.",
    )


def _verify(args: argparse.Namespace) -> int:
    trust, at = trust_of(args), datetime.now(UTC)
    folder = args.path if is_folder(args.path) else None
    file = args.path if folder is None else folder / "lot.json"
    report = _verify_file(file, trust, at)
    problems: tuple[Problem, ...] = ()
    remarks = report.remarks
    if folder is not None and isinstance(report.statement, Lot):
        contents: LotContents = read_lot(folder, trust, at)
        problems = (*_summary_problems(folder, trust, at), *contents.problems, *compare(report.statement, contents))
        remarks += contents.remarks
    show = _print_json if args.json else _print
    show(str(file), replace(report, remarks=remarks), problems, looked_into=folder is not None)
    return int(ExitCode.OK if _is_good(report, problems) else ExitCode.NOT_SANITIZED)


def _summary_problems(folder: Path, trust: Trust, at: datetime) -> tuple[Problem, ...]:
    """The summary that lies beside the manifest is what people read: it has to be the manifest's."""
    page = folder / LOT.pdf_name
    if not page.exists():
        return ()
    signed = read_input(folder / LOT.json_name), read_input(folder / LOT.signature_name)
    why = wrong_page(read_input(page), signed, trust, at, _stamp_beside(folder / LOT.json_name))
    return (Problem(LOT.pdf_name, why),) if why else ()


def _stamp_beside(file: Path) -> bytes | None:
    stamp_file = file.with_name(f"{file.stem}.json.p7s.tsr")
    return read_input(stamp_file) if stamp_file.exists() else None


def _verify_file(file: Path, trust: Trust, at: datetime) -> StatementReport:
    data = read_input(file)
    stamp = _stamp_beside(file)
    if data.startswith(b"%PDF-"):
        return verify_statement_document(data, trust, at, time_stamp=stamp)
    return verify_statement(data, read_input(file.with_name(file.name + ".p7s")), trust, at, time_stamp=stamp)


def _csv(args: argparse.Namespace) -> int:
    report = _verify_file(args.path, trust_of(args), datetime.now(UTC))
    if not isinstance(report.statement, Lot):
        raise CertificateError(f"{args.path} is no valid lot: {_broken(report)}.", "Nothing was written.")
    sys.stdout.buffer.write(lot_csv(report.statement, "\t" if args.delimiter == "tab" else args.delimiter))
    return int(ExitCode.OK)


def _is_good(report: StatementReport, problems: tuple[Problem, ...]) -> bool:
    statement = report.statement
    incomplete = isinstance(statement, Lot) and statement.headline is LotHeadline.INCOMPLETE
    return report.valid and not problems and not incomplete


def _print(path: str, report: StatementReport, problems: tuple[Problem, ...], *, looked_into: bool) -> None:
    lines = [printable(path, 200)]
    lines += [f"  {s.number:>2}. {s.name:<13} {s.status:<11} {printable(s.detail, 200)}" for s in report.steps]
    lines += [f"  {printable(p.path, 200)}: {printable(p.what, 200)}" for p in problems]
    lines += [f"  note: {printable(remark, 200)}" for remark in report.remarks]
    lines.append(f"  {_conclusion(report, problems, looked_into=looked_into)}")
    print("\n".join(lines))  # noqa: T201


def _conclusion(report: StatementReport, problems: tuple[Problem, ...], *, looked_into: bool) -> str:
    statement = report.statement
    if statement is None:
        return f"NOT VALID ({_broken(report)}). Nothing in this file is proven."
    if problems:
        return "NOT VALID: the folder and its manifest differ."
    mark = "SPECIMEN of a valid" if statement.specimen else "VALID"
    if not isinstance(statement, Lot):
        return f"{mark} statement ({statement.schema})."
    rest = (
        "every record of it was verified"
        if looked_into
        else "its records were NOT looked at (give the lot's folder)"
    )
    return f"{mark} lot: {statement.headline}; {rest}."


def _broken(report: StatementReport) -> str:
    step = report.failed_step
    return f"step {step.number}, {step.name}: {step.detail}" if step else "no step failed"


def _print_json(path: str, report: StatementReport, problems: tuple[Problem, ...], *, looked_into: bool) -> None:
    statement = report.statement
    answer = {
        "path": path,
        "valid": report.valid and not problems,
        "failure": None if report.failure is None else report.failure.value,
        "failed_step": None if report.failed_step is None else report.failed_step.name,
        "steps": [
            {"number": s.number, "name": s.name, "status": s.status.value, "detail": s.detail} for s in report.steps
        ],
        "problems": [{"path": p.path, "what": p.what} for p in problems],
        "remarks": list(report.remarks),
        "sha256": report.sha256,
        "schema": None if statement is None else statement.schema,
        "specimen": None if statement is None else statement.specimen,
        "headline": statement.headline.value if isinstance(statement, Lot) else None,
        "records_verified": looked_into,
    }
    print(json.dumps(answer, indent=2))  # noqa: T201
