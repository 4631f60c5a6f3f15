"""`ardoise label`: labels with a signed code for machines, and `ardoise code`: check a code that was scanned."""

import argparse
import hashlib
import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509

from agent.certificate.label_page import LabelLayout, Labelled, render_labels
from agent.certificate.qr import PREFIX, QrReport, verify_qr
from agent.certificate.trust import Trust
from agent.certificate.verify import verify_record
from agent.durable import sync_folder, write_synced
from agent.errors import CertificateError, EvidenceError, ExitCode, Refused, UsageError
from agent.model.drive import printable
from agent.model.language import Language
from agent.model.lot import LotEntry
from agent.model.lot_order import deciding
from agent.model.lot_rules import Key, machine_key
from agent.model.record import Headline
from agent.registry.outbox import SET_ASIDE
from agent.statement_cli import (
    add_signing_options,
    add_trust_options,
    present_time,
    read_input,
    say,
    signing_station,
    trust_of,
)
from agent.tree import Unseen, walk
from agent.workflow.lot_entries import entry_of


def add_label_commands(subparsers: Any) -> None:  # noqa: ANN401 - argparse keeps this type private
    """Add `label` and `code` to the program's commands."""
    label = subparsers.add_parser("label", help="draw labels with a signed code for machines")
    label.add_argument("folders", metavar="EVIDENCE_DIR", nargs="+", type=Path, help="or a folder of them")
    label.add_argument("--layout", choices=[str(layout) for layout in LabelLayout], default="roll")
    label.add_argument("--out", metavar="FILE.pdf", type=Path, required=True)
    add_signing_options(label)
    add_trust_options(label)
    code = subparsers.add_parser("code", help="check the code of a label, offline")
    code.add_argument("text", metavar="TEXT|FILE", help=f"what the scanner read: {PREFIX}…")
    code.add_argument(
        "--certificates", metavar="FILE.pem", type=Path, nargs="+", required=True, help="stations and issuing CAs"
    )
    code.add_argument("--record", metavar="EVIDENCE_DIR", type=Path, help="compare the code with this record")
    code.add_argument("--json", action="store_true", help="the report as JSON on standard output")
    add_trust_options(code)


def run_label(args: argparse.Namespace) -> int:
    """Verify every record, then draw the labels into a new file; raises CertificateError, Refused, UsageError."""
    now, trust = present_time(), trust_of(args)
    folders = [inner for folder in args.folders for inner in _evidence_folders(folder)]
    found = [_verified(folder, trust, now) for folder in folders]
    records = latest_of_each(found)
    station = signing_station(args, now)
    pdf = render_labels(records, station.key, Language(args.page_language), LabelLayout(args.layout))
    _write(args.out, pdf)
    older = len(found) - len(records)
    say(
        f"Drew {len(records)} labels."
        + (f" Left out: {older}, overruled by another record of the same machine." if older else "")
    )
    print(json.dumps({"file": str(args.out), "labels": len(records)}, indent=2))  # noqa: T201
    return int(ExitCode.OK)


def run_code(args: argparse.Namespace) -> int:
    """Check one code; 0 only where it is valid and says SANITIZED; raises UsageError."""
    trust, at = trust_of(args), datetime.now(UTC)
    certificates = [found for path in args.certificates for found in _certificates(path)]
    record = None if args.record is None else _verified(args.record, trust, at)
    report = verify_qr(
        _text(args.text), certificates, trust, at, None if record is None else (record.record, record.sha256)
    )
    (_print_json if args.json else _print)(report)
    good = report.coded is not None and report.coded.headline is Headline.SANITIZED
    return int(ExitCode.OK if good else ExitCode.NOT_SANITIZED)


def latest_of_each(found: Sequence[Labelled]) -> list[Labelled]:
    """The record that decides for each machine, by a lot's own rule: an older one says what is true no more."""
    machines: dict[Key, list[Labelled]] = defaultdict(list)
    for each in found:
        host = each.record.host
        key = machine_key(host.manufacturer, host.model, host.serial, host.asset_tag)
        machines[key or ("record", each.sha256)].append(each)
    # One record given twice is one record.
    groups = [list({each.sha256: each for each in group}.values()) for group in machines.values()]
    return [deciding(group, _entry, _badness) for group in groups]


def _entry(each: Labelled) -> LotEntry:
    return entry_of(each.record, each.sha256, "", "", "")


def _badness(each: Labelled) -> tuple[bool, ...]:
    return (each.record.headline is not Headline.SANITIZED,)


def _evidence_folders(folder: Path) -> list[Path]:
    if (folder / "record.json").exists():
        return [folder]
    inner = []
    for seen in walk(folder):
        if isinstance(seen, Unseen):
            raise UsageError(f"{printable(str(seen.path))} {seen.why}.", "A record in it may be the later one.")
        if "record.json" in seen.names and SET_ASIDE not in seen.path.relative_to(folder).parts:
            inner.append(seen.path)
    if not inner:
        raise UsageError(f"{folder} holds no record.json.", "Give evidence folders, or a folder of them.")
    return inner


def _verified(folder: Path, trust: Trust, at: datetime) -> Labelled:
    data = read_input(folder / "record.json")
    report = verify_record(data, read_input(folder / "record.json.p7s"), trust, at)
    if report.record is None:
        step = report.failed_step
        raise CertificateError(f"{folder}: the record is not valid: {step.detail if step else ''}.")
    return Labelled(report.record, hashlib.sha256(data).hexdigest())


def _write(path: Path, data: bytes) -> None:
    try:
        write_synced(path, data)
        sync_folder(path.parent)
    except FileExistsError as error:
        raise Refused(f"{path} exists.", "Give another file with --out.") from error
    except OSError as error:
        raise EvidenceError(f"{path} can't be written: {error.strerror}.") from error


def _text(argument: str) -> str:
    if argument.startswith(PREFIX):
        return argument.strip()
    try:
        return read_input(Path(argument)).decode("ascii").strip()
    except UnicodeDecodeError as error:
        raise UsageError(f"{argument} holds no text of a code.", f"It begins with {PREFIX}") from error


def _certificates(path: Path) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(read_input(path))
    except ValueError as error:
        raise UsageError(f"{path} holds no certificate in PEM.") from error


def _print(report: QrReport) -> None:
    lines = [f"  {s.number:>2}. {s.name:<13} {s.status:<11} {printable(s.detail, 200)}" for s in report.steps]
    coded = report.coded
    if coded is None:
        step = report.failed_step
        lines.append(f"  NOT VALID{f' at step {step.number} ({step.name})' if step else ''}. Nothing is proven.")
    else:
        serial = printable(coded.machine_serial) or "without serial number"
        media = f"{coded.sanitized} of {coded.total} media sanitized"
        lines.append(f"  {coded.headline}: machine {serial}, {media}, {coded.issued_at:%Y-%m-%d} as claimed")
        lines += [f"    …{printable(medium.serial_end)}: {medium.outcome}" for medium in coded.media]
    print("\n".join(lines))  # noqa: T201


def _print_json(report: QrReport) -> None:
    coded = report.coded
    answer = {
        "valid": report.valid,
        "failure": None if report.failure is None else report.failure.value,
        "failed_step": None if report.failed_step is None else report.failed_step.name,
        "steps": [
            {"number": s.number, "name": s.name, "status": s.status.value, "detail": s.detail} for s in report.steps
        ],
        "headline": None if coded is None else coded.headline.value,
        "machine_serial": None if coded is None else coded.machine_serial,
        "record_sha256": None if coded is None else coded.record_sha256,
        "media": 0 if coded is None else coded.total,
        "media_sanitized": 0 if coded is None else coded.sanitized,
    }
    print(json.dumps(answer, indent=2))  # noqa: T201
