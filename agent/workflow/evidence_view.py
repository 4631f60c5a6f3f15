"""A finished record as a screen or a command shows it."""

from decimal import ROUND_DOWN, Decimal
from pathlib import Path

from agent.model.firmware_evidence import bytes_shown
from agent.model.record import DriveRecord, Record, document_kind, own_erase
from agent.registry.finals import final_in
from agent.workflow.view import EvidenceView, MediumView, UploadState


def view_of(record: Record, folder: Path, upload: UploadState, detail: str = "") -> EvidenceView:
    """The view of a record that lies in `folder`."""
    return EvidenceView(
        record_id=record.record_id,
        folder=folder,
        document=folder / document_kind(record).file_name,
        headline=record.headline,
        coverage_percent=coverage_percent(record),
        media=tuple(_medium(d) for d in record.drives),
        upload=upload,
        upload_detail=detail,
        final=final_in(folder),
    )


def coverage_percent(record: Record) -> str:
    """Smallest share of a medium that was read back, rounded down; empty where nothing was."""
    shares = [
        Decimal(100) * read / d.identity.capacity_bytes
        for d in record.drives
        if (read := _bytes_read(d)) is not None and d.identity.capacity_bytes
    ]
    if not shares or len(shares) < sum(bool(d.passes or own_erase(d)) for d in record.drives):
        return ""
    return f"{min(shares).quantize(Decimal('0.1'), ROUND_DOWN).normalize():f}"


def _bytes_read(drive: DriveRecord) -> int | None:
    own = own_erase(drive)
    if own is not None:
        return bytes_shown(own)
    return drive.verification.bytes_read if drive.verification is not None else None


def _medium(drive: DriveRecord) -> MediumView:
    return MediumView(
        node=drive.node,
        model=drive.identity.model,
        serial=drive.identity.serial,
        outcome=drive.outcome,
        level_reached=drive.level_reached.value,
        reason=drive.reason,
        first_bad_lba=first_bad_lba(drive),
    )


def first_bad_lba(drive: DriveRecord) -> int | None:
    """The lowest sector that could not be written, read, or came back different; None where all is well."""
    bad = [e.lba for p in drive.passes for e in p.first_errors]
    if drive.verification is not None:
        bad += [e.lba for e in drive.verification.first_unreadable]
        bad += list(drive.verification.first_mismatches)
    own = own_erase(drive)
    if own is not None and own.read_back is not None:
        bad += own.read_back.first_refused
        bad += [e.lba for e in own.read_back.first_unreadable]
    if own is not None and own.markers is not None:
        bad += own.markers.first_unchanged
    return min(bad, default=None)
