"""What can't be true together in a record that claims a sanitized medium; used where a record is made and by every verifier.

The byte counts themselves are weighed in record.py; here stands what an honest run can't write down, so that a forger has to
make up a whole consistent run, and a defect of the program shows. Wall-clock times are never weighed: a wrong clock blocks
nothing (DESIGN D9).
"""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from agent.model.drive import Bus, HiddenAreas, HiddenAreaState, MediaType
from agent.model.firmware import TAKES_NOTHING, CommandOutcome
from agent.model.levels import WHOLE_DRIVE
from agent.model.machine import Environment
from agent.model.pass_sets import PASS_SETS
from agent.model.passes import PassKind, SectorError
from agent.model.preparation import is_same_drive
from agent.model.sanitization import Method, Technique, VerificationKind

if TYPE_CHECKING:
    from agent.model.record import DriveRecord, Record

_FASTEST_BYTES_PER_MS = 128_000_000
"""No bus carries more: PCI Express 6.0 with sixteen lanes moves 121 GB/s."""
_GRACE_MS = 1000
_LEAST_SEED = re.compile(r"[0-9a-f]{32,}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_SETS = {each.name: each.passes for each in PASS_SETS}

_BUSES = {
    "ata ": frozenset({Bus.SATA, Bus.PATA}),
    "nvme": frozenset({Bus.NVME}),
    "scsi": frozenset({Bus.SAS, Bus.SCSI}),
    "mmc ": frozenset({Bus.MMC}),
    "opal": frozenset({Bus.SATA, Bus.NVME}),
}
"""The buses on which a drive takes a technique, by how its name begins; an overwrite goes everywhere."""


def drive_contradiction(drive: "DriveRecord") -> str:
    """Why this medium's evidence can't be that of a sanitized one; '' where nothing contradicts itself."""
    return (
        _geometry(drive)
        or _hidden_areas(drive)
        or _as_found(drive)
        or _technique(drive)
        or _passes(drive)
        or _read_back(drive)
        or _durations(drive)
        or _preparations(drive)
    )


def record_contradiction(record: "Record") -> str:
    """Why the parts of a record can't belong to one session; '' where they can."""
    nodes = [drive.node for drive in record.drives]
    if len(set(nodes)) != len(nodes):
        return "a medium is listed twice"
    link = record.station_link
    first = link.sequence == 1
    if link.sequence < 1 or first != (not link.previous_record_sha256):
        return "its place in the station's sequence contradicts itself"
    if not first and not _SHA256.fullmatch(link.previous_record_sha256):
        return "the digest of the station's previous record is none"
    for number, drive in enumerate(record.drives, 1):
        if words := _against_policy(record, drive):
            return f"medium {number}: {words}"
    return ""


def _against_policy(record: "Record", drive: "DriveRecord") -> str:
    policy = record.policy
    if drive.level_required is not policy.required:
        return f"the level required is '{drive.level_required}', the policy's is '{policy.required}'"
    if drive.level_reached is Method.NONE:
        return ""
    asked = [
        (drive.technique, policy.technique, policy.technique in ("auto", drive.technique)),
        (drive.pass_set, policy.pass_set, drive.pass_set == policy.pass_set),
        ("a sample", "full", policy.verification is VerificationKind.SAMPLED or not _sampled(drive)),
    ]
    for done, wanted, agree in asked:
        if not agree:
            return f"'{str(done)[:40]}' was carried out, the policy asks for '{wanted[:40]}'"
    if drive.resumed_from == record.record_id:
        return "it was resumed from this very record"
    if record.environment is not Environment.SIMULATED and not _past_the_cache(drive):
        return "it was not written and read past the cache (direct I/O)"
    return ""


def _sampled(drive: "DriveRecord") -> bool:
    checks = [drive.verification, *(tried.read_back for tried in drive.attempts[-1:])]
    return any(check is not None and check.kind is VerificationKind.SAMPLED for check in checks)


def _past_the_cache(drive: "DriveRecord") -> bool:
    checks = [drive.verification, *(tried.read_back for tried in drive.attempts)]
    return all(p.direct_io for p in drive.passes) and all(check.direct_io for check in checks if check is not None)


def _geometry(drive: "DriveRecord") -> str:
    size, sector = drive.identity.capacity_bytes, drive.identity.logical_sector_bytes
    if size <= 0 or sector <= 0 or sector % 512 or size % sector:
        return f"{size} bytes in sectors of {sector} are no capacity"
    if drive.level_reached.rank > drive.level_planned.rank:
        return f"the level reached, '{drive.level_reached}', is higher than the one planned"
    return ""


def _hidden_areas(drive: "DriveRecord") -> str:
    areas = (drive.hidden_areas, drive.hidden_areas_after)
    if any(each is not None and _hides(each, drive) for each in areas):
        return "the numbers of sectors say that an area is hidden"
    if drive.hidden_areas.state is HiddenAreaState.NOT_APPLICABLE and drive.bus in {Bus.SATA, Bus.PATA}:
        return "a drive on an ATA bus may hide areas"
    return ""


def _hides(areas: HiddenAreas, drive: "DriveRecord") -> bool:
    shown = drive.identity.capacity_bytes // drive.identity.logical_sector_bytes
    return any(count is not None and count != shown for count in (areas.accessible_sectors, areas.native_sectors))


def _as_found(drive: "DriveRecord") -> str:
    reading = drive.firmware_before
    if reading is None:
        return ""
    if any(found.obstacle in TAKES_NOTHING for found in reading.obstacles):
        return "the drive was found locked, or at an erase, and took nothing"
    if reading.unreached and drive.technique not in WHOLE_DRIVE:
        return "parts of the drive that no node leads to were not reached"
    return ""


def _technique(drive: "DriveRecord") -> str:
    technique = drive.technique
    if technique is None:
        return "no technique was carried out"
    buses = _BUSES.get(technique.value[:4])
    if buses is not None and drive.bus not in buses:
        return f"'{technique}' is not a technique of a drive on {drive.bus[:20]}"
    flash_only = drive.bus in {Bus.NVME, Bus.MMC}
    if drive.media_type == MediaType.HARD_DISK and flash_only:
        return f"no {MediaType.HARD_DISK} is attached by {drive.bus}"
    if drive.media_type == MediaType.SOLID_STATE and drive.rotation_rpm:
        return f"a {MediaType.SOLID_STATE} does not rotate"
    if technique is Technique.OVERWRITE and any(
        tried.outcome is CommandOutcome.UNCONFIRMED or tried.technique is Technique.OVERWRITE
        for tried in drive.attempts
    ):
        return "an erase of the drive's own was not confirmed before the overwrite"
    return ""


def _passes(drive: "DriveRecord") -> str:
    if drive.technique is not Technique.OVERWRITE:
        return "an erase of the drive's own is not resumed" if drive.resumed_from else ""
    if _SETS.get(drive.pass_set) != tuple(done.spec for done in drive.passes):
        return f"the passes are not those of the pass set '{drive.pass_set[:40]}'"
    for done in drive.passes:
        committed = _SHA256.fullmatch(done.key_sha256) is not None
        if committed != (done.spec.kind is PassKind.RANDOM) or (not committed and done.key_sha256):
            return f"pass {done.number} does not say which stream it wrote"
        if done.first_errors:
            return f"pass {done.number} lists errors that it does not count"
    carried = [done.carried_over_bytes for done in drive.passes]
    whole = [done.bytes_written for done in drive.passes]
    begun = next((i for i, part in enumerate(carried) if part != whole[i]), len(carried))
    if any(carried[begun + 1 :]):
        return "a later pass was carried over, an earlier one was not"
    return ""


def _read_back(drive: "DriveRecord") -> str:
    check, sector = drive.verification, drive.identity.logical_sector_bytes
    for seed, kind in _seeds(drive):
        if (kind is VerificationKind.SAMPLED) != bool(seed) or (seed and not _LEAST_SEED.fullmatch(seed)):
            return "the sample's seed is missing, or there is one without a sample"
    if check is None:
        return ""
    if min(check.bytes_expected, check.bytes_read, check.bytes_matching, check.unreadable_sectors) < 0:
        return "the read-back counts less than nothing"
    if check.bytes_expected % sector or check.first_mismatches:
        return "the read-back does not count in sectors, or lists mismatches that it does not count"
    return _listed(check.first_unreadable, check.unreadable_sectors, drive.identity.capacity_bytes // sector)


def _seeds(drive: "DriveRecord") -> Iterable[tuple[str, VerificationKind]]:
    for check in (drive.verification, *(tried.read_back for tried in drive.attempts[-1:])):
        if check is not None:
            yield check.sample_seed, check.kind


def _listed(ranges: tuple[SectorError, ...], total: int, sectors: int) -> str:
    """Whether the ranges lie on the medium, in order, none twice, and not more than were counted."""
    end, count = 0, 0
    for each in ranges:
        if each.sector_count <= 0 or each.lba < end:
            return "a range of unreadable sectors is listed twice, or is none"
        end, count = each.lba + each.sector_count, count + each.sector_count
    return (
        "unreadable sectors are listed that were not counted or don't exist"
        if end > sectors or count > total
        else ""
    )


def _durations(drive: "DriveRecord") -> str:
    timed = [(done.bytes_written - done.carried_over_bytes, done.duration_ms) for done in drive.passes]
    checks = [drive.verification, *(tried.read_back for tried in drive.attempts)]
    timed += [(check.bytes_read, check.duration_ms) for check in checks if check is not None]
    if any(took < 0 or moved > (took + _GRACE_MS) * _FASTEST_BYTES_PER_MS for moved, took in timed):
        return "bytes were moved faster than any bus can"
    others = [tried.duration_ms for tried in drive.attempts] + [pause.duration_ms for pause in drive.pauses]
    if drive.duration_ms < 0 or any(took < 0 for took in others):
        return "something took less than no time"
    # What was carried over took its time in another session.
    own = sum(done.duration_ms for done in drive.passes if not done.carried_over_bytes)
    own += drive.verification.duration_ms if drive.verification else 0
    if own > drive.duration_ms + _GRACE_MS:
        return "its parts took longer than the whole"
    return ""


def _preparations(drive: "DriveRecord") -> str:
    if any(not is_same_drive(step.identity, drive.identity) for step in drive.preparations):
        return "a preparation was made on another drive"
    return ""
