"""One unit verified, and what is said of it: to a person in numbered steps, to a program as JSON (docs/verify.md)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agent.certificate.document import (
    CRL_NAME,
    LOG_PROOF_NAME,
    RECORD_NAME,
    ROOT_CRL_NAME,
    TIME_STAMP_NAME,
    read_proofs,
)
from agent.certificate.proofs import Proofs, proofs_of
from agent.certificate.report import Degree, Report
from agent.certificate.sequence import Place, place_of
from agent.certificate.trust import Trust
from agent.certificate.verify import attached_evidence, verify_document, verify_record
from agent.errors import UsageError
from agent.model.drive import printable
from agent.model.record import DocumentKind, Headline, document_kind
from agent.verify_inputs import DOCUMENTS, SIGNATURE, Unit

FINALS = tuple(dict.fromkeys(kind.final_name for kind in DocumentKind))
_BESIDE = (TIME_STAMP_NAME, LOG_PROOF_NAME)


@dataclass(frozen=True)
class Asked:
    """What every unit is verified against."""

    trust: Trust
    at: datetime
    required: Degree = Degree.SIGNED


@dataclass(frozen=True)
class Finding:
    """One file that was verified; `mismatch` says where a folder's document and its files differ, or what can't be read."""

    path: str
    report: Report | None
    mismatch: str = ""

    @property
    def authentic(self) -> bool:
        """Whether signatures, chain and content are valid, whatever the content says."""
        return self.report is not None and self.report.valid and not self.mismatch

    @property
    def complete(self) -> bool:
        """Whether this proves, to the degree asked for, that the whole machine was sanitized."""
        record = None if self.report is None else self.report.record
        return self.authentic and record is not None and record.headline is Headline.SANITIZED


@dataclass(frozen=True)
class Said:
    """What is left of a finding once it was said: small enough to travel between processes by the thousand."""

    authentic: bool
    complete: bool
    lines: tuple[str, ...]
    form: dict[str, Any]
    place: Place | None


def judge_unit(unit: Unit, asked: Asked) -> list[Said]:
    """Every finding of a unit; a file that can't be read is a finding among others, and raises UsageError alone."""
    if unit.problem:
        return [_said(Finding(unit.source.label(unit.names[0]), None, unit.problem))]
    try:
        findings = _folder(unit, asked) if unit.is_folder else _alone(unit, asked)
    except UsageError as error:
        if not unit.among_others:
            raise
        findings = [Finding(unit.source.label(unit.record or unit.documents[0]), None, error.message)]
    return [_said(finding) for finding in findings]


def _alone(unit: Unit, asked: Asked) -> list[Finding]:
    source = unit.source
    if unit.record is None:
        (name,) = unit.documents
        return [
            Finding(source.label(name), verify_document(source.read(name), asked.trust, asked.at, asked.required))
        ]
    data, signature = source.read(unit.record), source.read(unit.record + SIGNATURE)
    return [_record(unit, asked, data, signature)]


def _record(
    unit: Unit, asked: Asked, data: bytes, signature: bytes, inside: Mapping[str, bytes] | None = None
) -> Finding:
    name = unit.record or RECORD_NAME
    proofs = _proofs(unit, name, inside or {})
    report = verify_record(data, signature, asked.trust, asked.at, asked.required, proofs=proofs)
    return Finding(unit.source.label(name), report)


def _proofs(unit: Unit, record: str, inside: Mapping[str, bytes]) -> Proofs:
    named = {each: each.replace(RECORD_NAME, record, 1) for each in _BESIDE}
    if unit.is_folder or record == RECORD_NAME:
        named |= {each: each for each in (CRL_NAME, ROOT_CRL_NAME)}
    beside = {kind: unit.source.read(name) for kind, name in named.items() if name in unit.names}
    return proofs_of({**inside, **beside})


def _folder(unit: Unit, asked: Asked) -> list[Finding]:
    source, name = unit.source, unit.record or RECORD_NAME
    if len(unit.documents) != 1:
        words = "no document" if not unit.documents else "two documents"
        return [
            Finding(source.label(name), None, f"The folder holds {words}: {' or '.join(DOCUMENTS)} belongs there.")
        ]
    (document,) = unit.documents
    evidence = source.read(name), source.read(name + SIGNATURE)
    inside: dict[str, bytes] = {}
    findings = []
    for each in (name for name in FINALS if name in unit.names):
        pdf = source.read(each)
        report = verify_document(pdf, asked.trust, asked.at, asked.required)
        finding = Finding(source.label(each), report, _mismatch(each, report, pdf, evidence))
        if finding.authentic:
            inside |= read_proofs(pdf)
        findings.append(finding)
    # Where the registry's document is there too, the degree is asked of that one: the station's own has no proofs.
    required = Degree.SIGNED if findings else asked.required
    pdf = source.read(document)
    report = verify_document(pdf, asked.trust, asked.at, required, proofs=_proofs(unit, name, inside))
    own = Finding(source.label(document), report, _mismatch(document, report, pdf, evidence))
    return [_record(unit, asked, *evidence, inside), own, *findings]


def _mismatch(name: str, report: Report, pdf: bytes, evidence: tuple[bytes, bytes]) -> str:
    if report.record is None:
        return ""
    if attached_evidence(pdf) != evidence:
        return "The document carries another record or signature than the folder holds."
    kind = document_kind(report.record)
    if name not in {kind.file_name, kind.final_name}:
        return f"The document is called {name}, and what it holds is a {kind}."
    return ""


def _said(finding: Finding) -> Said:
    place = place_of(finding.report, finding.path) if finding.report is not None and finding.authentic else None
    return Said(finding.authentic, finding.complete, tuple(_lines(finding)), _form(finding), place)


def _lines(finding: Finding) -> list[str]:
    report = finding.report
    lines = [printable(finding.path, 200)]
    if report is not None:
        lines += [f"  {s.number:>2}. {s.name:<13} {s.status:<11} {printable(s.detail, 200)}" for s in report.steps]
    if finding.mismatch:
        lines.append(f"      {printable(finding.mismatch, 200)}")
    if report is not None:
        lines += [f"  note: {printable(remark, 200)}" for remark in report.remarks]
    return lines + [f"  {line}" for line in _conclusion(finding)]


def _conclusion(finding: Finding) -> list[str]:
    report = finding.report
    if report is None or not finding.authentic or report.record is None or report.signer is None:
        broken = None if report is None else report.failed_step
        step = f" at step {broken.number} ({broken.name}): {report.failure}" if report and broken else ""
        return [f"NOT VALID{step}. Nothing in this file is proven."]
    record, signer = report.record, report.signer
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


def _form(finding: Finding) -> dict[str, Any]:
    report = finding.report
    record = None if report is None else report.record
    signer = None if report is None else report.signer
    broken = None if report is None else report.failed_step
    return {
        "path": finding.path,
        "authentic": finding.authentic,
        "complete": finding.complete,
        "failure": None if report is None or report.failure is None else report.failure.value,
        "failed_step": None if broken is None else broken.name,
        "mismatch": finding.mismatch,
        "steps": []
        if report is None
        else [
            {"number": s.number, "name": s.name, "status": s.status.value, "detail": s.detail} for s in report.steps
        ],
        "remarks": [] if report is None else list(report.remarks),
        "record_sha256": None if report is None else report.record_sha256,
        "degree": None if report is None or report.degree is None else report.degree.value,
        "station": None if signer is None else signer.station,
        "organisation": None if signer is None else signer.organisation,
        "record_id": None if record is None else record.record_id,
        "sequence": None if record is None else record.station_link.sequence,
        "headline": None if record is None else record.headline.value,
        "specimen": None if record is None else record.specimen,
        "media": []
        if record is None
        else [
            {"model": d.identity.model, "serial": d.identity.serial, "outcome": d.outcome.value}
            for d in record.drives
        ],
    }
