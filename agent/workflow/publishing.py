"""From a record to evidence on stable storage: bytes built once, signed, drawn, sealed, verified as an auditor would, published."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from agent.certificate.cades import sign_detached
from agent.certificate.page import render_page
from agent.certificate.record import decode_record, encode_record
from agent.certificate.report import Report
from agent.certificate.seal import seal_page
from agent.certificate.trust import Trust, load_trust
from agent.certificate.verify import verify_document, verify_record
from agent.errors import CertificateError
from agent.model.record import Record, StationLink, document_kind
from agent.registry.outbox import Outbox
from agent.workflow.bracket import after_head, newest_head
from agent.workflow.clock_check import effective_time
from agent.workflow.sequence import next_link
from agent.workflow.station import Station

RECORD = "record.json"
SIGNATURE = "record.json.p7s"
JOURNAL_FOLDER = "journal"


@dataclass(frozen=True)
class Published:
    """A record that is on stable storage, and where."""

    record: Record
    folder: Path
    document: Path


def publish(
    record_id: str, build: Callable[[StationLink], Record], station: Station, outbox: Outbox, now: datetime
) -> Published:
    """Make, sign and store one record; raises CertificateError, EvidenceError, StationError, with nothing half-published.

    A record of this id that is there already, whole, is the one: it was published before something else went wrong.
    """
    found = _found(outbox, record_id)
    if found is not None:
        return found
    with next_link(station.folder, lambda record_id: was_published(outbox.evidence, record_id)) as reservation:
        record = after_head(build(reservation.link), newest_head(station, outbox))
        data = encode_record(record)
        signature = sign_detached(data, station.key, now)
        page = render_page(record, data, signature)
        document = seal_page(page, station.key, now)
        _verify_own(station, data, signature, document, now)
        digest = hashlib.sha256(data).hexdigest()
        reservation.announce(record.record_id, digest)
        name = document_kind(record).file_name
        folder = outbox.publish(record.record_id, {RECORD: data, SIGNATURE: signature, name: document})
        reservation.settle(record.record_id, digest)
    return Published(record, folder, folder / name)


def _found(outbox: Outbox, record_id: str) -> Published | None:
    folder = outbox.evidence / record_id
    if not outbox.is_whole(record_id):
        return None
    record = decode_record((folder / RECORD).read_bytes())
    return Published(record, folder, folder / document_kind(record).file_name)


def was_published(evidence: Path, record_id: str) -> bool | None:
    """Whether a record was published from this evidence folder; None where nothing is known of it here."""
    if (evidence / record_id).is_dir():
        return True
    return False if (evidence / JOURNAL_FOLDER / f"{record_id}.jsonl").is_file() else None


def _verify_own(station: Station, data: bytes, signature: bytes, document: bytes, now: datetime) -> None:
    # What an auditor would refuse must not leave the station: a defect here shows now and not years later.
    trust: Trust = load_trust(station.root_pem)
    at = effective_time(now, station.key.not_before)
    _insist(verify_record(data, signature, trust, at))
    _insist(verify_document(document, trust, at))


def _insist(report: Report) -> None:
    if report.valid:
        return
    step = report.failed_step
    what = f"step {step.number} ({step.name}): {step.detail}" if step else "no step passed"
    raise CertificateError(
        f"The new record does not pass its own verification, {what}.", "Keep the evidence folder and report this."
    )
