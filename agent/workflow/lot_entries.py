"""What a lot says of one record: its digests, and the facts that the lot's rules need."""

from agent.model.drive import SerialSource
from agent.model.lot import LotEntry, LotMedium
from agent.model.record import DriveRecord, Record, SessionEnd


def entry_of(record: Record, record_sha256: str, document_name: str, document_sha256: str, proof: str) -> LotEntry:
    """The entry of a record that was verified."""
    host = record.host
    hidden = any(not controller.driver or controller.raid_mode for controller in host.controllers)
    return LotEntry(
        record_id=record.record_id,
        record_sha256=record_sha256,
        document_name=document_name,
        document_sha256=document_sha256,
        proof=proof,
        station=record.issuer.station,
        sequence=record.station_link.sequence,
        issued_at=record.time.issued_at,
        clock_plausible=record.time.clock_plausible,
        operator=record.operator.id,
        headline=record.headline,
        whole=not hidden and record.ended is SessionEnd.COMPLETED,
        manufacturer=host.manufacturer,
        model=host.model,
        serial=host.serial,
        asset_tag=host.asset_tag,
        media=tuple(_medium(drive) for drive in record.drives),
    )


def _medium(drive: DriveRecord) -> LotMedium:
    identity = drive.identity
    return LotMedium(
        model=identity.model,
        # A bridge says its own number for whatever disk is plugged in: it can't tell two of them apart.
        serial="" if identity.serial_source is SerialSource.BRIDGE else identity.serial,
        wwn=identity.wwn,
        capacity_bytes=identity.capacity_bytes,
        media_type=drive.media_type,
        outcome=drive.outcome,
        level_reached=drive.level_reached,
    )
