"""What of a verified record becomes searchable columns; no person, no asset tag, no host name."""

from typing import Any

from agent.certificate.evidence import Evidence
from agent.model.firmware_evidence import bytes_shown
from agent.model.json_form import to_json_form
from agent.model.record import DriveRecord, Record, own_erase
from server_stub.verdict import Accept


def folded(text: str) -> str:
    """The form in which serials are compared: a barcode scanner and a person type them differently."""
    return "".join(text.split()).casefold()


def certificate_row(evidence: Evidence, digest: str, accepted: Accept) -> dict[str, Any]:
    """The columns of one archived record, without its place and receipt."""
    record = accepted.record
    return {
        "record_sha256": evidence.record_sha256,
        "evidence_sha256": digest,
        "record_id": record.record_id,
        "issued_at": to_json_form(record.time.issued_at),
        "headline": record.headline.value,
        "environment": record.environment.value,
        "specimen": record.specimen,
        "test_root": accepted.test_root,
        "organisation": record.issuer.organisation,
        "station": record.issuer.station,
        "machine": f"{record.host.manufacturer} {record.host.model}".strip(),
        "machine_serial": record.host.serial,
        "machine_serial_folded": folded(record.host.serial),
        "record": evidence.record,
        "signature": evidence.signature,
        "document": evidence.document,
    }


def media_rows(record: Record, sequence: int) -> list[dict[str, Any]]:
    """One row for each medium, in the record's order."""
    return [_medium_row(drive, sequence, position) for position, drive in enumerate(record.drives, 1)]


def _medium_row(drive: DriveRecord, sequence: int, position: int) -> dict[str, Any]:
    check, own = drive.verification, own_erase(drive)
    return {
        "sequence": sequence,
        "position": position,
        "model": drive.identity.model,
        "serial": drive.identity.serial,
        "serial_folded": folded(drive.identity.serial),
        "media_type": drive.media_type,
        "capacity_bytes": drive.identity.capacity_bytes,
        "outcome": drive.outcome.value,
        "technique": drive.technique.value if drive.technique else "",
        "level_reached": drive.level_reached.value,
        "bytes_matching": bytes_shown(own) if own else check.bytes_matching if check else 0,
        "reason": drive.reason,
    }
