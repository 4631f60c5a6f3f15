"""`ardoise verify`: numbered steps, what is proven and what is only claimed, and an exit code that is 0 for complete success only.

Needs no network and nothing of the agent but certificate, model and errors.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent.certificate.report import Degree, Report
from agent.certificate.trust import Trust, load_trust
from agent.certificate.verify import attached_evidence, verify_document, verify_record
from agent.errors import AgentError, ExitCode, UsageError
from agent.model.drive import printable
from agent.model.record import DocumentKind, Headline, document_kind

MAXIMUM_FILE_BYTES = 64 * 1024 * 1024

_DOCUMENTS = ("certificate.pdf", "record.pdf")


@dataclass(frozen=True)
class Finding:
    """One file or folder that was verified; `mismatch` says where a folder's document and its files differ."""

    path: str
    report: Report
    mismatch: str = ""

    @property
    def authentic(self) -> bool:
        """Whether signatures, chain and content are valid, whatever the content says."""
        return self.report.valid and not self.mismatch

    @property
    def complete(self) -> bool:
        """Whether this proves, to the degree asked for, that the whole machine was sanitized."""
        record = self.report.record
        return self.authentic and record is not None and record.headline is Headline.SANITIZED


def add_verify_command(subparsers: Any) -> argparse.ArgumentParser:  # noqa: ANN401 - argparse keeps this type private
    """Add `verify` to the program's commands."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "verify", help="verify certificates and records, offline"
    )
    _add_arguments(parser)
    return parser


def run_verify(args: argparse.Namespace) -> int:
    """Verify every file named; 0 only where each is valid and each machine was sanitized; raises UsageError."""
    trust = load_trust(_read(args.trust), None if args.crl is None else _read(args.crl))
    at = datetime.now(UTC)
    required = Degree(args.require_proof)
    findings = [finding for path in args.files for finding in _verify_path(path, trust, at, required)]
    if args.json:
        print(json.dumps([_as_json(finding) for finding in findings], indent=2))  # noqa: T201
    else:
        for finding in findings:
            _say(finding)
    return int(ExitCode.OK if all(finding.complete for finding in findings) else ExitCode.NOT_SANITIZED)


def main(argv: Sequence[str] | None = None) -> int:
    """The verifier as a program of its own; returns the exit code."""
    parser = argparse.ArgumentParser(prog="ardoise verify", description="Verify certificates and records, offline.")
    _add_arguments(parser)
    args = parser.parse_args(argv)
    try:
        return run_verify(args)
    except AgentError as error:
        print(f"ardoise: {error}", file=sys.stderr)  # noqa: T201
        return int(error.exit_code)


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files", metavar="FILE", nargs="+", type=Path, help="certificate.pdf, record.json or an evidence folder"
    )
    parser.add_argument(
        "--trust", metavar="ROOT.pem", type=Path, required=True, help="the issuer's root certificate"
    )
    parser.add_argument("--crl", metavar="FILE", type=Path, help="the issuing CA's list of revoked stations")
    parser.add_argument(
        "--require-proof",
        choices=[str(d) for d in Degree],
        default=str(Degree.SIGNED),
        help="the degree of proof asked for",
    )
    parser.add_argument("--json", action="store_true", help="the reports as JSON on standard output")


def _verify_path(path: Path, trust: Trust, at: datetime, required: Degree) -> list[Finding]:
    if path.is_dir():
        return _verify_folder(path, trust, at, required)
    data = _read(path)
    if data.startswith(b"%PDF-"):
        return [Finding(str(path), verify_document(data, trust, at, required))]
    signature = _read(path.with_name(path.name + ".p7s"))
    return [Finding(str(path), verify_record(data, signature, trust, at, required))]


def _verify_folder(folder: Path, trust: Trust, at: datetime, required: Degree) -> list[Finding]:
    if not (folder / "record.json").exists():
        return _verify_many(folder, trust, at, required)
    evidence = (_read(folder / "record.json"), _read(folder / "record.json.p7s"))
    documents = [folder / name for name in _DOCUMENTS if (folder / name).exists()]
    if len(documents) != 1:
        raise UsageError(
            f"{folder} holds no document, or two.", "A whole evidence folder has certificate.pdf or record.pdf."
        )
    findings = [Finding(str(folder / "record.json"), verify_record(*evidence, trust, at, required))]
    pdf = _read(documents[0])
    report = verify_document(pdf, trust, at, required)
    mismatch = _mismatch(documents[0].name, report, pdf, evidence)
    return [*findings, Finding(str(documents[0]), report, mismatch)]


def _mismatch(name: str, report: Report, pdf: bytes, evidence: tuple[bytes, bytes]) -> str:
    if report.record is None:
        return ""
    if attached_evidence(pdf) != evidence:
        return "The document carries another record or signature than the folder holds."
    kind = document_kind(report.record)
    if name != kind.file_name:
        return f"The document is called {name}, and what it holds is a {kind}."
    return ""


def _verify_many(folder: Path, trust: Trust, at: datetime, required: Degree) -> list[Finding]:
    inner = sorted(path.parent for path in folder.glob("*/record.json"))
    if not inner:
        raise UsageError(f"{folder} holds no record.json.", "Give a certificate, a record or an evidence folder.")
    return [finding for each in inner for finding in _verify_folder(each, trust, at, required)]


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAXIMUM_FILE_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror}.") from error
    if len(data) > MAXIMUM_FILE_BYTES:
        raise UsageError(f"{path} is larger than any certificate.")
    return data


def _say(finding: Finding) -> None:
    report = finding.report
    lines = [printable(finding.path, 200)]
    lines += [f"  {s.number:>2}. {s.name:<13} {s.status:<11} {printable(s.detail, 200)}" for s in report.steps]
    if finding.mismatch:
        lines.append(f"      {finding.mismatch}")
    lines += [f"  note: {printable(remark, 200)}" for remark in report.remarks]
    lines += [f"  {line}" for line in _conclusion(finding)]
    print("\n".join(lines), end="\n\n")  # noqa: T201


def _conclusion(finding: Finding) -> list[str]:
    report, record = finding.report, finding.report.record
    if not finding.authentic or record is None or report.signer is None:
        broken = report.failed_step
        step = f" at step {broken.number} ({broken.name}): {report.failure}" if broken else ""
        return [f"NOT VALID{step}. Nothing in this file is proven."]
    signer = report.signer
    lines = [
        f"proven:  signed with the key of station {printable(signer.station)} of {printable(signer.organisation)}; unchanged since;",
        f"         its own evidence supports {record.headline}. Degree of proof: {report.degree}.",
        "claimed: that the station's program and operator were honest, and its dates.",
    ]
    for drive in record.drives:
        identity = drive.identity
        lines.append(
            f"  {drive.outcome}: {printable(identity.model)}, serial {printable(identity.serial) or 'not stated'}"
        )
    if record.headline is Headline.SANITIZED:
        mark = "SPECIMEN of a certificate" if record.specimen else "VALID certificate"
        return [*lines, f"{mark}: {record.headline}."]
    if document_kind(record) is DocumentKind.PARTIAL_CERTIFICATE:
        return [
            *lines,
            f"Authentic, for the media marked sanitized only: {record.headline}. NOT a certificate for the machine.",
        ]
    return [*lines, f"Authentic record: {record.headline}. NOT a certificate."]


def _as_json(finding: Finding) -> dict[str, Any]:
    report, record = finding.report, finding.report.record
    return {
        "path": finding.path,
        "authentic": finding.authentic,
        "complete": finding.complete,
        "failure": None if report.failure is None else report.failure.value,
        "failed_step": None if report.failed_step is None else report.failed_step.name,
        "mismatch": finding.mismatch,
        "steps": [
            {"number": s.number, "name": s.name, "status": s.status.value, "detail": s.detail} for s in report.steps
        ],
        "remarks": list(report.remarks),
        "record_sha256": report.record_sha256,
        "degree": None if report.degree is None else report.degree.value,
        "station": None if report.signer is None else report.signer.station,
        "organisation": None if report.signer is None else report.signer.organisation,
        "record_id": None if record is None else record.record_id,
        "headline": None if record is None else record.headline.value,
        "specimen": None if record is None else record.specimen,
        "media": []
        if record is None
        else [
            {"model": d.identity.model, "serial": d.identity.serial, "outcome": d.outcome.value}
            for d in record.drives
        ],
    }


if __name__ == "__main__":
    sys.exit(main())
