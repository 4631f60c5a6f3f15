"""A lot as a folder: every record, acceptance, destruction record and receipt in it, verified before it counts.

A folder with a `record.json` is an evidence folder, wherever it lies below the lot's. Whatever is not valid is a problem of
the lot, never left out: a lot that hides a bad file would say more than its evidence does.
"""

import hashlib
import os
import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

from agent.certificate.document import CRL_NAME, LOG_PROOF_NAME, ROOT_CRL_NAME, TIME_STAMP_NAME
from agent.certificate.proofs import Proofs, proofs_of
from agent.certificate.report import Degree, Report
from agent.certificate.statement import ACCEPTANCE, DESTRUCTION, INTAKE, Kind
from agent.certificate.trust import Trust
from agent.certificate.verify import attached_evidence, verify_document, verify_record
from agent.certificate.verify_statement import verify_statement
from agent.errors import UsageError
from agent.model.lot import Lot, LotAcceptance, LotDestruction, LotEntry, LotIntake
from agent.model.record import document_kind
from agent.model.statement import Statement
from agent.registry.outbox import SET_ASIDE
from agent.workflow.lot_entries import entry_of

MAXIMUM_FILE_BYTES = 64 * 1024 * 1024
MANY = 64
PROOF_NAMES = (TIME_STAMP_NAME, LOG_PROOF_NAME, CRL_NAME, ROOT_CRL_NAME)

S = TypeVar("S", bound=Statement)


@dataclass(frozen=True)
class Problem:
    """A file of the lot that can't be believed, and why."""

    path: str
    what: str


@dataclass(frozen=True)
class LotContents:
    """What a lot's folder holds, all of it verified; `problems` is what is not."""

    entries: tuple[LotEntry, ...]
    destructions: tuple[LotDestruction, ...]
    intake: LotIntake | None
    problems: tuple[Problem, ...]
    remarks: tuple[str, ...]


@dataclass
class _Reading:
    """A lot that is being read."""

    folder: Path
    trust: Trust
    at: datetime
    problems: list[Problem] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def problem(self, path: Path, what: str) -> None:
        """Note what can't be believed."""
        self.problems.append(Problem(str(path.relative_to(self.folder)), what))


def read_lot(folder: Path, trust: Trust, at: datetime) -> LotContents:
    """Read and verify all of a lot's folder; raises UsageError where there is no such folder."""
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder.", "Give the folder that holds the lot's evidence folders.")
    reading = _Reading(folder, trust, at)
    entries: dict[str, LotEntry] = {}
    for path in sorted(folder.rglob(SET_ASIDE)):
        if any(path.rglob("*.json")):
            reading.problem(path, "holds evidence that was set aside: nobody can tell here what it would have said")
    paths = [path.parent for path in _find(folder, "record.json")]
    for path, (entry, problems) in zip(paths, _read_all(reading, paths), strict=True):
        reading.problems += problems
        if entry is None:
            continue
        if entry.record_sha256 in entries:
            reading.remarks.append(f"{path.name}: a copy of a record that is there already")
        entries.setdefault(entry.record_sha256, entry)
    destructions = [done for path in _find(folder, DESTRUCTION.json_name) if (done := _destruction(reading, path))]
    receipts = [got for path in _find(folder, INTAKE.json_name) if (got := _intake(reading, path))]
    if len(receipts) > 1:
        reading.problems.append(Problem(INTAKE.json_name, "the lot has more than one intake receipt"))
    return LotContents(
        entries=tuple(sorted(entries.values(), key=lambda e: (e.issued_at, e.record_id, e.record_sha256))),
        destructions=tuple(sorted(destructions, key=lambda d: d.statement_sha256)),
        intake=receipts[0] if len(receipts) == 1 else None,
        problems=tuple(reading.problems),
        remarks=tuple(reading.remarks),
    )


def compare(lot: Lot, contents: LotContents) -> tuple[Problem, ...]:
    """Where a folder holds something else than its manifest says."""
    there = {entry.record_sha256: entry for entry in contents.entries}
    said = {entry.record_sha256: entry for entry in lot.entries}
    problems = [
        Problem(said[digest].record_id, "listed, and not in the folder") for digest in said if digest not in there
    ]
    problems += [
        Problem(there[digest].record_id, "in the folder, and not listed") for digest in there if digest not in said
    ]
    # A proof may have been added since: the degree is what the folder says today.
    problems += [
        Problem(said[digest].record_id, "the manifest says something else of this record than the folder")
        for digest in said
        if digest in there and _fixed(there[digest]) != _fixed(said[digest])
    ]
    if set(lot.destructions) != set(contents.destructions):
        problems.append(Problem(DESTRUCTION.json_name, "the destruction records are not those listed"))
    if lot.intake != contents.intake:
        problems.append(Problem(INTAKE.json_name, "the intake receipt is not the one listed"))
    return tuple(problems)


def _fixed(entry: LotEntry) -> LotEntry:
    return replace(entry, proof="")


def _find(folder: Path, name: str) -> list[Path]:
    return sorted(p for p in folder.rglob(name) if SET_ASIDE not in p.relative_to(folder).parts and p.is_file())


_Found = tuple[LotEntry | None, list[Problem]]


def _read_all(reading: _Reading, folders: list[Path]) -> Iterable[_Found]:
    """What each evidence folder holds, in their order; on every core where there are many."""
    cores = os.cpu_count() or 1
    if len(folders) < MANY or cores < 2 or sys.platform != "linux":
        return [_read_one(reading, folder) for folder in folders]
    # This process has no other threads, and certificates can't be sent to another: the children inherit them.
    with ProcessPoolExecutor(cores, get_context("fork"), _begin, (reading,)) as pool:
        return list(pool.map(_work, folders, chunksize=16))


def _read_one(reading: _Reading, folder: Path) -> _Found:
    own = _Reading(reading.folder, reading.trust, reading.at)
    return _read_evidence(own, folder), own.problems


_inherited: list[_Reading] = []


def _begin(reading: _Reading) -> None:
    _inherited[:] = [reading]


def _work(folder: Path) -> _Found:
    return _read_one(_inherited[0], folder)


def _read_evidence(reading: _Reading, folder: Path) -> LotEntry | None:
    data, signature = _read(reading, folder / "record.json"), _read(reading, folder / "record.json.p7s")
    if data is None or signature is None:
        return None
    report = verify_record(data, signature, reading.trust, reading.at, proofs=_proofs(reading, folder))
    if report.record is None:
        reading.problem(folder / "record.json", _why(report))
        return None
    name = document_kind(report.record).file_name
    document = _read(reading, folder / name)
    inside = None if document is None else _document_degree(reading, folder / name, document, (data, signature))
    if document is None or inside is None or report.degree is None:
        return None
    digests = (hashlib.sha256(data).hexdigest(), hashlib.sha256(document).hexdigest())
    # The proofs travel in the registry's document, or lie beside the record, or both.
    degrees = [report.degree, inside]
    final = folder / document_kind(report.record).final_name
    if final.exists():
        sealed = _read(reading, final)
        proven = None if sealed is None else _document_degree(reading, final, sealed, (data, signature))
        if proven is None:
            return None
        degrees.append(proven)
    degree = max(degrees, key=lambda d: d.rank)
    entry = entry_of(report.record, digests[0], name, digests[1], degree.value)
    if not (folder / ACCEPTANCE.json_name).exists():
        return entry
    acceptance = _acceptance(reading, folder / ACCEPTANCE.json_name, entry)
    return None if acceptance is None else replace(entry, acceptance=acceptance)


def _document_degree(
    reading: _Reading, path: Path, document: bytes, evidence: tuple[bytes, bytes]
) -> Degree | None:
    """The degree that a document's own proofs reach; None where it is not valid, or not this record's."""
    report = verify_document(document, reading.trust, reading.at)
    if report.record is None:
        reading.problem(path, _why(report))
        return None
    if attached_evidence(document) != evidence:
        reading.problem(path, "it carries another record than the folder")
        return None
    return report.degree


def _proofs(reading: _Reading, folder: Path) -> Proofs:
    found = {
        name: data
        for name in PROOF_NAMES
        if (folder / name).exists() and (data := _read(reading, folder / name)) is not None
    }
    return proofs_of(found)


def _acceptance(reading: _Reading, path: Path, entry: LotEntry) -> LotAcceptance | None:
    found = _statement(reading, path, ACCEPTANCE)
    if found is None:
        return None
    acceptance, digest = found
    if acceptance.record_sha256 != entry.record_sha256:
        reading.problem(path, "it is the acceptance of another record")
        return None
    if (acceptance.operator, acceptance.record_headline) != (entry.operator, entry.headline.value):
        reading.problem(path, "it says something else of the record than the record itself")
        return None
    return LotAcceptance(digest, acceptance.validator, acceptance.decision)


def _destruction(reading: _Reading, path: Path) -> LotDestruction | None:
    found = _statement(reading, path, DESTRUCTION)
    if found is None:
        return None
    done, digest = found
    medium = done.medium
    return LotDestruction(
        digest, medium.model, medium.serial, medium.machine_serial, medium.record_sha256, done.technique, done.result
    )  # fmt: skip


def _intake(reading: _Reading, path: Path) -> LotIntake | None:
    found = _statement(reading, path, INTAKE)
    if found is None:
        return None
    receipt, digest = found
    return LotIntake(digest, receipt.machines)


def _statement(reading: _Reading, path: Path, kind: Kind[S]) -> tuple[S, str] | None:
    data, signature = _read(reading, path), _read(reading, path.with_name(kind.signature_name))
    if data is None or signature is None:
        return None
    stamp_file = path.with_name(f"{kind.signature_name}.tsr")
    stamp = _read(reading, stamp_file) if stamp_file.exists() else None
    report = verify_statement(data, signature, reading.trust, reading.at, time_stamp=stamp)
    if not isinstance(report.statement, kind.type):
        step = report.failed_step
        reading.problem(path, f"step {step.number} ({step.name}): {step.detail}" if step else "of another schema")
        return None
    return report.statement, report.sha256


def _read(reading: _Reading, path: Path) -> bytes | None:
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


def _why(report: Report) -> str:
    step = report.failed_step
    return f"step {step.number} ({step.name}): {step.detail}" if step else "not valid"
