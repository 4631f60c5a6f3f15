"""A lot as a folder: every record, acceptance, destruction record and receipt in it, verified before it counts.

A folder with a `record.json` is an evidence folder, wherever it lies below the lot's. Whatever is not valid is a problem of
the lot, never left out: a lot that hides a bad file would say more than its evidence does.
"""

import hashlib
import os
import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path

from agent.certificate.document import CRL_NAME, LOG_PROOF_NAME, ROOT_CRL_NAME, TIME_STAMP_NAME, read_proofs
from agent.certificate.proofs import Proofs, proofs_of
from agent.certificate.sequence import Place, judge_sequences, place_of
from agent.certificate.statement import ACCEPTANCE, DESTRUCTION, INTAKE
from agent.certificate.trust import Trust
from agent.certificate.verify import attached_evidence, verify_document, verify_record
from agent.errors import EnvironmentLacks, UsageError
from agent.model.acceptance import Acceptance
from agent.model.lot import Lot, LotAcceptance, LotDestruction, LotEntry, LotIntake
from agent.model.record import DocumentKind, document_kind
from agent.tree import is_folder
from agent.workflow.lot_entries import entry_of
from agent.workflow.lot_reading import Reading, read_file, read_statement, why_not
from agent.workflow.lot_tree import LotTree, Problem, look_through

MANY = 64
FINAL_KINDS = (DocumentKind.CERTIFICATE, DocumentKind.RECORD)
PROOF_NAMES = (TIME_STAMP_NAME, LOG_PROOF_NAME, CRL_NAME, ROOT_CRL_NAME)


@dataclass(frozen=True)
class LotContents:
    """What a lot's folder holds, all of it verified; `problems` is what is not, `specimens` whether its records are ones."""

    entries: tuple[LotEntry, ...]
    destructions: tuple[LotDestruction, ...]
    intake: LotIntake | None
    specimens: bool
    problems: tuple[Problem, ...]
    remarks: tuple[str, ...]


def read_lot(folder: Path, trust: Trust, at: datetime) -> LotContents:
    """Read and verify all of a lot's folder; raises UsageError where there is no such folder, EnvironmentLacks."""
    if not is_folder(folder):
        raise UsageError(f"{folder} is no folder.", "Give the folder that holds the lot's evidence folders.")
    tree = look_through(folder)
    reading = Reading(folder, trust, at, list(tree.problems))
    found = list(_read_all(reading, list(tree.evidence)))
    for each in found:
        reading.problems += each.problems
    records = [each.record for each in found if each.record is not None]
    entries = _decided(reading, tree, _by_record(reading, records))
    _look_at_all(reading, records)
    known = {entry.record_id for entry in entries.values()}
    reading.problems += [
        Problem(str(place), "the journal of a session that has no record here: nobody can tell what was begun")
        for session, place in tree.sessions
        if session not in known
    ]
    destructions = {
        done.statement_sha256: done for path in tree.destructions if (done := _destruction(reading, path))
    }
    receipts = {got.statement_sha256: got for path in tree.receipts if (got := _intake(reading, path))}
    if len(receipts) > 1:
        reading.problems.append(Problem(INTAKE.json_name, "the lot has more than one intake receipt"))
    return LotContents(
        entries=tuple(sorted(entries.values(), key=lambda e: (e.issued_at, e.record_id, e.record_sha256))),
        destructions=tuple(sorted(destructions.values(), key=lambda d: d.statement_sha256)),
        intake=next(iter(receipts.values())) if len(receipts) == 1 else None,
        specimens=any(record.specimen for record in records),
        problems=tuple(reading.problems),
        remarks=tuple(reading.remarks),
    )


def _by_record(reading: Reading, records: Iterable["_Verified"]) -> dict[str, LotEntry]:
    """One entry for each record; a decision that only one of several copies carries is not lost."""
    entries: dict[str, LotEntry] = {}
    for record in records:
        entry, name = record.entry, record.place.path
        known = entries.setdefault(entry.record_sha256, entry)
        if known is entry:
            continue
        reading.remarks.append(f"{Path(name).name}: a copy of a record that is there already")
        _decide(reading, entries, entry.record_sha256, entry.acceptance, name)
    return entries


def _decided(reading: Reading, tree: LotTree, entries: dict[str, LotEntry]) -> dict[str, LotEntry]:
    """The entries with the acceptances that lie elsewhere than beside their record."""
    for path in tree.acceptances:
        found = read_statement(reading, path, ACCEPTANCE)
        if found is None:
            continue
        entry = entries.get(found[0].record_sha256)
        if entry is None:
            reading.problem(path, "it is the acceptance of a record that is not there")
        else:
            decision = _checked_acceptance(reading, path, entry, *found)
            _decide(reading, entries, entry.record_sha256, decision, str(path.relative_to(reading.folder)))
    return entries


def _decide(
    reading: Reading, entries: dict[str, LotEntry], digest: str, decision: LotAcceptance | None, where: str
) -> None:
    known = entries[digest]
    if decision is None or known.acceptance == decision:
        return
    if known.acceptance is None:
        entries[digest] = replace(known, acceptance=decision)
    else:
        reading.problems.append(Problem(where, "there is another decision on the same record"))


def _look_at_all(reading: Reading, records: list["_Verified"]) -> None:
    """What only several records show: two histories of one station, real machines among specimens, other organisations."""
    for numbering in judge_sequences(record.place for record in records):
        # Both count, and the worse where they are of one machine: a stick that was restored must not end its lots.
        reading.remarks += [f"station {numbering.station[-1]}, a FORK: {words}" for words in numbering.forks]
    if len({record.specimen for record in records}) > 1:
        reading.problems += [
            Problem(record.place.path, "a specimen, among records of real machines")
            for record in records
            if record.specimen
        ]
    organisations = sorted({record.place.station[1] for record in records})
    if len(organisations) > 1:
        reading.remarks.append(f"records of {len(organisations)} organisations: {', '.join(organisations)}")


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
        if digest in there and _fixed(there[digest], said[digest]) != said[digest]
    ]
    if contents.entries and contents.specimens != lot.specimen:
        problems.append(Problem("lot.json", "specimens and records of real machines are not one lot"))
    if set(lot.destructions) != set(contents.destructions):
        problems.append(Problem(DESTRUCTION.json_name, "the destruction records are not those listed"))
    if lot.intake != contents.intake:
        problems.append(Problem(INTAKE.json_name, "the intake receipt is not the one listed"))
    return tuple(problems)


def _fixed(entry: LotEntry, said: LotEntry) -> LotEntry:
    fixed = replace(entry, proof=said.proof)
    if entry.acceptance is None or said.acceptance is None or said.acceptance.issued_at is not None:
        return fixed
    # Older manifests name an acceptance by its digest alone, which fixes its day too.
    return replace(fixed, acceptance=replace(entry.acceptance, issued_at=None))


@dataclass(frozen=True)
class _Verified:
    """A record that was verified with its document."""

    entry: LotEntry
    place: Place
    specimen: bool


@dataclass(frozen=True)
class _Found:
    """What one evidence folder holds."""

    record: _Verified | None
    problems: tuple[Problem, ...]


def _read_all(reading: Reading, folders: list[Path]) -> Iterable[_Found]:
    """What each evidence folder holds, in their order; on every core where there are many."""
    cores = os.cpu_count() or 1
    if len(folders) < MANY or cores < 2 or sys.platform != "linux":
        return [_read_one(reading, folder) for folder in folders]
    # This process has no other threads, and certificates can't be sent to another: the children inherit them.
    try:
        with ProcessPoolExecutor(cores, get_context("fork"), _begin, (reading,)) as pool:
            return list(pool.map(_work, folders, chunksize=16))
    except BrokenProcessPool as error:
        raise EnvironmentLacks(
            "A process that verified has ended before its time; nothing was decided.",
            "Perhaps the memory did not suffice: close other programs, then try again.",
        ) from error


def _read_one(reading: Reading, folder: Path) -> _Found:
    own = Reading(reading.folder, reading.trust, reading.at)
    record = _read_evidence(own, folder)
    return _Found(record, tuple(own.problems))


_inherited: list[Reading] = []


def _begin(reading: Reading) -> None:
    _inherited[:] = [reading]


def _work(folder: Path) -> _Found:
    return _read_one(_inherited[0], folder)


def _read_evidence(reading: Reading, folder: Path) -> _Verified | None:
    data, signature = read_file(reading, folder / "record.json"), read_file(reading, folder / "record.json.p7s")
    if data is None or signature is None:
        return None
    proofs = _proofs(reading, folder, (data, signature))
    if proofs is None:
        return None
    report = verify_record(data, signature, reading.trust, reading.at, proofs=proofs)
    place = place_of(report, str(folder.relative_to(reading.folder)))
    if report.record is None or report.degree is None or place is None:
        reading.problem(folder / "record.json", why_not(report))
        return None
    name = document_kind(report.record).file_name
    document = _document(reading, folder / name, (data, signature), proofs)
    if document is None:
        return None
    digests = (hashlib.sha256(data).hexdigest(), hashlib.sha256(document).hexdigest())
    entry = entry_of(report.record, digests[0], name, digests[1], report.degree.value)
    acceptance = None
    if (folder / ACCEPTANCE.json_name).exists():
        acceptance = _acceptance(reading, folder / ACCEPTANCE.json_name, entry)
        if acceptance is None:
            return None
    return _Verified(replace(entry, acceptance=acceptance), place, report.record.specimen)


def _proofs(reading: Reading, folder: Path, evidence: tuple[bytes, bytes]) -> Proofs | None:
    """What lies beside the record, and what the registry's document carries; None where that one is not valid."""
    inside: dict[str, bytes] = {}
    for final in (folder / kind.final_name for kind in FINAL_KINDS):
        if not final.exists():
            continue
        sealed = _document(reading, final, evidence, Proofs())
        if sealed is None:
            return None
        inside |= read_proofs(sealed)
    beside = {
        name: found
        for name in PROOF_NAMES
        if (folder / name).exists() and (found := read_file(reading, folder / name)) is not None
    }
    return proofs_of({**inside, **beside})


def _document(reading: Reading, path: Path, evidence: tuple[bytes, bytes], proofs: Proofs) -> bytes | None:
    """A document that is valid and this record's; None where that is a problem."""
    document = read_file(reading, path)
    if document is None:
        return None
    report = verify_document(document, reading.trust, reading.at, proofs=proofs)
    if report.record is None:
        reading.problem(path, why_not(report))
    elif attached_evidence(document) != evidence:
        reading.problem(path, "it carries another record than the folder")
    elif path.name not in {document_kind(report.record).file_name, document_kind(report.record).final_name}:
        reading.problem(path, f"what it holds is a {document_kind(report.record)}")
    else:
        return document
    return None


def _acceptance(reading: Reading, path: Path, entry: LotEntry) -> LotAcceptance | None:
    found = read_statement(reading, path, ACCEPTANCE)
    return None if found is None else _checked_acceptance(reading, path, entry, *found)


def _checked_acceptance(
    reading: Reading, path: Path, entry: LotEntry, acceptance: Acceptance, digest: str
) -> LotAcceptance | None:
    if acceptance.record_sha256 != entry.record_sha256:
        reading.problem(path, "it is the acceptance of another record")
        return None
    if (acceptance.operator, acceptance.record_headline) != (entry.operator, entry.headline.value):
        reading.problem(path, "it says something else of the record than the record itself")
        return None
    return LotAcceptance(digest, acceptance.validator, acceptance.decision, acceptance.issued_at)


def _destruction(reading: Reading, path: Path) -> LotDestruction | None:
    found = read_statement(reading, path, DESTRUCTION)
    if found is None:
        return None
    done, digest = found
    medium = done.medium
    return LotDestruction(
        digest, medium.model, medium.serial, medium.machine_serial, medium.record_sha256, done.technique, done.result
    )  # fmt: skip


def _intake(reading: Reading, path: Path) -> LotIntake | None:
    found = read_statement(reading, path, INTAKE)
    if found is None:
        return None
    receipt, digest = found
    return LotIntake(digest, receipt.machines)
