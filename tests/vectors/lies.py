"""Records that are signed as they should be and claim SANITIZED, with evidence that does not support it: one lie each."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from agent.model.drive import Exclusion, ExclusionReason, HiddenAreas, HiddenAreaState
from agent.model.firmware import (
    CommandOutcome,
    CommandState,
    DeviceStatus,
    FirmwareReading,
    FoundObstacle,
    Obstacle,
)
from agent.model.job import JobState
from agent.model.passes import PassKind, PassSpec, SectorError
from agent.model.preparation import Preparation, PreparationKind, PreparationOutcome
from agent.model.record import DriveRecord, Headline, Outcome, Record
from agent.model.sanitization import Method, Technique, VerificationKind
from tests.samples import AT
from tests.vectors.media import DONE, disk, erased_by_itself, resumed, with_exceptions

Lie = Callable[[Record], Record]

_T = Technique


def claiming(record: Record, *drives: DriveRecord) -> Record:
    """The record with these media, each called sanitized, and the headline with them."""
    claimed = tuple(replace(drive, outcome=Outcome.SANITIZED) for drive in drives)
    return replace(record, drives=claimed, headline=Headline.SANITIZED)


def _drive(**changes: Any) -> Lie:
    return lambda record: claiming(record, replace(record.drives[0], **changes))


def _pass(**changes: Any) -> Lie:
    def lie(record: Record) -> Record:
        drive = record.drives[0]
        return claiming(record, replace(drive, passes=(replace(drive.passes[0], **changes),)))

    return lie


def _check(**changes: Any) -> Lie:
    def lie(record: Record) -> Record:
        drive = record.drives[0]
        if drive.verification is None:
            raise AssertionError("the sample is read back")
        return claiming(record, replace(drive, verification=replace(drive.verification, **changes)))

    return lie


def _sample(share: int, seed: str = "c0ffee00" * 4) -> Lie:
    def lie(record: Record) -> Record:
        read = record.drives[0].identity.capacity_bytes // share // 512 * 512
        kind, policy = VerificationKind.SAMPLED, replace(record.policy, verification=VerificationKind.SAMPLED)
        forged = _check(kind=kind, bytes_expected=read, bytes_read=read, bytes_matching=read, sample_seed=seed)
        return replace(forged(record), policy=policy)

    return lie


def _unread(*ranges: SectorError, counted: int | None = None) -> Lie:
    """Unreadable sectors, and the medium called sanitized with exceptions all the same."""

    def lie(record: Record) -> Record:
        drive = with_exceptions(record.drives[0], *ranges)
        if counted is not None and drive.verification is not None:
            read = drive.identity.capacity_bytes - counted * 512
            check = replace(drive.verification, unreadable_sectors=counted, bytes_read=read, bytes_matching=read)
            drive = replace(drive, verification=check)
        return replace(
            record,
            drives=(replace(drive, outcome=Outcome.SANITIZED_WITH_EXCEPTIONS),),
            headline=Headline.INCOMPLETE,
        )

    return lie


def _own(technique: Technique = _T.NVME_SANITIZE_BLOCK_ERASE, **changes: Any) -> Lie:
    """The drive's own erase with changes of its last attempt."""

    def lie(record: Record) -> Record:
        drive = erased_by_itself(record.drives[0], technique)
        return claiming(record, replace(drive, attempts=(replace(drive.attempts[-1], **changes),)))

    return lie


def _markers(**changes: Any) -> Lie:
    def lie(record: Record) -> Record:
        markers = erased_by_itself(record.drives[0]).attempts[-1].markers
        return _own(markers=replace(markers, **changes) if markers else None)(record)

    return lie


def _erased(**changes: Any) -> Lie:
    def lie(record: Record) -> Record:
        read_back = erased_by_itself(record.drives[0]).attempts[-1].read_back
        return _own(read_back=replace(read_back, **changes) if read_back else None)(record)

    return lie


def _other_size(record: Record) -> Record:
    drive = record.drives[0]
    smaller = replace(drive.identity, capacity_bytes=drive.identity.capacity_bytes - 512)
    return claiming(record, replace(drive, identity_at_end=smaller))


def _other_serial(record: Record) -> Record:
    drive = record.drives[0]
    return claiming(record, replace(drive, identity_at_open=replace(drive.identity, serial="S3TNNX0K999999")))


def _on_disk(**changes: Any) -> Lie:
    return lambda record: claiming(record, replace(disk(record.drives[0]), **changes))


def _hidden(state: HiddenAreaState, accessible: int = 0, after: bool = False) -> Lie:
    """The last million sectors of a disk out of reach."""

    def lie(record: Record) -> Record:
        drive = disk(record.drives[0])
        shown = accessible or drive.identity.capacity_bytes // 512
        areas = HiddenAreas(state, shown, shown + 1_000_000)
        changes = {"hidden_areas_after": areas} if after else {"hidden_areas": areas}
        return claiming(record, replace(drive, **changes))

    return lie


def _prepared_elsewhere(record: Record) -> Record:
    drive = record.drives[0]
    other = replace(drive.identity, serial="S3TNNX0K999999")
    done = PreparationOutcome.DONE
    step = Preparation(PreparationKind.PSID_REVERT, other, done, "reverted", AT)
    return claiming(record, replace(drive, preparations=(step,)))


def _policy(**changes: Any) -> Lie:
    return lambda record: replace(record, policy=replace(record.policy, **changes))


def _sample_against_policy(record: Record) -> Record:
    return replace(_sample(10)(record), policy=record.policy)


def _twice(record: Record) -> Record:
    return claiming(record, *record.drives, *record.drives)


def _two_passes(record: Record) -> Record:
    drive = record.drives[0]
    second = replace(drive.passes[0], number=3)
    return claiming(record, replace(drive, passes=(drive.passes[0], second)))


def _unconfirmed_before(record: Record) -> Record:
    drive = record.drives[0]
    tried = replace(erased_by_itself(drive).attempts[-1], outcome=CommandOutcome.UNCONFIRMED)
    return claiming(record, replace(drive, attempts=(tried,)))


def _carried_but_sampled(record: Record) -> Record:
    forged = _sample(10)(record)
    return claiming(forged, resumed(forged.drives[0], 4096))


def _purge_by_sample(record: Record) -> Record:
    size = record.drives[0].identity.capacity_bytes // 10 // 512 * 512
    kind = VerificationKind.SAMPLED
    forged = _erased(
        kind=kind,
        bytes_expected=size,
        bytes_read=size,
        bytes_accepted=size,
        values=(f"00: {size}",),
        sample_seed="c0ffee00" * 4,
    )(record)
    return replace(forged, policy=replace(forged.policy, verification=kind))


def _found(*obstacles: Obstacle, unreached: tuple[str, ...] = ()) -> Lie:
    """What the drive said of itself at inspection."""
    status = DeviceStatus(CommandState.NEVER, ())
    reading = FirmwareReading((), tuple(map(FoundObstacle, obstacles)), status, (), ("SANICAP 0x7",), unreached)
    return _drive(firmware_before=reading)


_LONG_AGO = {"status_before": DONE, "seen": (DONE,)}
_UNKNOWN = DeviceStatus(CommandState.UNKNOWN, ("no answer",))
_ONES = PassSpec(PassKind.PATTERN, "ff")
_NEGATIVE = SectorError(4096, -1, "Input/output error")
_LOST = SectorError(4096, 8, "Input/output error")

LIES: dict[str, tuple[str, Lie]] = {
    # What was written.
    "written-512-short": ("the pass stopped 512 bytes early", lambda r: _pass(bytes_written=r.drives[0].identity.capacity_bytes - 512)(r)),
    "expected-too-little": ("the pass was to write half of the medium", _pass(bytes_expected=2**38, bytes_written=2**38)),
    "write-errors": ("three sectors were refused", _pass(error_count=3)),
    "errors-not-counted": ("errors are listed that are not counted", _pass(first_errors=(_LOST,))),
    "no-pass": ("nothing was written at all", _drive(passes=())),
    "pass-missing": ("the second of three passes is missing", _two_passes),
    "passes-not-of-set": ("called 'random', zeros were written", _pass(spec=PassSpec(PassKind.PATTERN, "00"), key_sha256="")),
    "set-not-known": ("a pass set that does not exist", lambda r: _policy(pass_set="ultra-99")(_drive(pass_set="ultra-99")(r))),
    "seven-passes-claimed": ("called 'schneier-7', one pass was made", lambda r: _policy(pass_set="schneier-7")(_drive(pass_set="schneier-7")(r))),
    "stream-not-named": ("a random pass without commitment to its key", _pass(key_sha256="")),
    "not-direct": ("written into the cache, past nothing", _pass(direct_io=False)),
    "too-fast": ("512 GB in no time", _pass(duration_ms=0)),
    "negative-duration": ("a pass that ended before it began", _pass(duration_ms=-1)),
    "parts-longer-than-whole": ("its pass took longer than the job", _drive(duration_ms=1000)),
    # What was read back.
    "not-read-back": ("no read-back", _drive(verification=None)),
    "read-back-short": ("the read-back ended 512 bytes early", lambda r: _check(bytes_read=r.drives[0].identity.capacity_bytes - 512)(r)),
    "mismatches": ("a sector read back different", _check(mismatched_sectors=1)),
    "mismatches-not-counted": ("a mismatch is located that is not counted", _check(first_mismatches=(77,))),
    "matching-short": ("one sector did not match", lambda r: _check(bytes_matching=r.drives[0].identity.capacity_bytes - 512)(r)),
    "other-pass-read": ("the read-back is of another pass", _check(of_pass=2)),
    "sample-below-5-percent": ("a sample of 4 %", _sample(25)),
    "sample-without-seed": ("a sample whose places nobody can tell", _sample(10, seed="")),
    "sample-against-policy": ("the policy asks for all of it", _sample_against_policy),
    "read-back-cached": ("read back from the cache", _check(direct_io=False)),
    "read-back-too-fast": ("512 GB read in no time", _check(duration_ms=0)),
    "unreadable-above-1-percent": ("more than 1 % can't be read", _unread(SectorError(0, 20_000_000, "Input/output error"))),
    "unreadable-not-listed": ("nine unreadable sectors, eight listed", _unread(_LOST, counted=9)),
    "unreadable-listed-twice": ("the same eight sectors listed twice", _unread(_LOST, _LOST)),
    "unreadable-negative": ("less than nothing unreadable", _unread(_NEGATIVE)),
    "unreadable-behind-the-end": ("sectors that the medium does not have", _unread(SectorError(10**9 * 2, 8, "Input/output error"))),
    "exceptions-called-sanitized": ("exceptions, and not a word of them", lambda r: claiming(r, with_exceptions(r.drives[0], _LOST))),
    "ended-with-exceptions": ("the job ended with exceptions, none is shown", _drive(state=JobState.SANITIZED_WITH_EXCEPTIONS)),
    # Which medium, and what of it.
    "identity-changed": ("another size after the read-back", _other_size),
    "another-medium-opened": ("another serial on the descriptor", _other_serial),
    "identity-not-read": ("the identity was not read again", _drive(identity_at_end=None)),
    "excluded-medium": ("a medium that was mounted", _drive(exclusions=(Exclusion(ExclusionReason.MOUNTED),))),
    "hidden-area-left": ("a hidden area was found", _hidden(HiddenAreaState.PRESENT)),
    "hidden-area-after": ("a hidden area was found afterwards", _hidden(HiddenAreaState.PRESENT, after=True)),
    "hidden-area-by-numbers": ("'none found', and a million sectors too few", _hidden(HiddenAreaState.NONE_FOUND)),
    "hidden-areas-not-applicable": ("an ATA disk that is said to be unable to hide", _on_disk(hidden_areas=HiddenAreas(HiddenAreaState.NOT_APPLICABLE))),
    "sectors-of-nothing": ("sectors of 0 bytes", lambda r: _drive(**{n: replace(r.drives[0].identity, logical_sector_bytes=0) for n in ("identity", "identity_at_open", "identity_at_end")})(r)),
    "prepared-elsewhere": ("a preparation of another drive", _prepared_elsewhere),
    "listed-twice": ("one medium counted as two", _twice),
    "flash-that-rotates": ("a solid-state drive with 7200 rpm", _drive(rotation_rpm=7200)),
    "part-without-node": ("a namespace that no node leads to, and an overwrite", _found(unreached=("namespace 2",))),
    "found-locked": ("the drive was found locked by Opal", _found(Obstacle.OPAL_LOCKED)),
    # What was asked for, and the level.
    "purge-by-overwrite": ("Purge, with the evidence of a Clear", _drive(level_planned=Method.PURGE, level_reached=Method.PURGE)),
    "clear-where-purge-is-required": ("the policy asks for Purge", lambda r: _policy(required=Method.PURGE)(_drive(level_required=Method.PURGE)(r))),
    "required-lowered": ("the policy asks for Purge, the medium says Clear", _policy(required=Method.PURGE)),
    "higher-than-planned": ("Clear was reached, nothing was planned", _drive(level_planned=Method.NONE)),
    "other-technique-asked": ("the policy asks for a block erase", _policy(technique=_T.NVME_SANITIZE_BLOCK_ERASE.value)),
    "resumed-without-carrying": ("resumed, and nothing carried over", _drive(resumed_from="019aa000-5e00-7abc-8def-0123456789ff")),
    "carried-without-resuming": ("carried over from nowhere", _pass(carried_over_bytes=4096)),
    "carried-and-sampled": ("carried over, and a sample read back", _carried_but_sampled),
    "resumed-from-itself": ("resumed from this very record", lambda r: claiming(r, resumed(r.drives[0], 4096, r.record_id))),
    # The drive's own erase.
    "own-erase-not-confirmed": ("the drive never said that it was done", _own(status_after=_UNKNOWN, seen=(_UNKNOWN,))),
    "own-erase-of-long-ago": ("the completion is that of an earlier erase", _own(**_LONG_AGO)),
    "own-erase-no-command": ("no program was asked to do it", _own(tools=())),
    "own-erase-unconfirmed-before": ("an overwrite after an erase that nobody saw end", _unconfirmed_before),
    "own-erase-on-other-bus": ("an ATA technique on an NVMe drive", _own(_T.ATA_SANITIZE_BLOCK_ERASE)),
    "own-erase-not-attempted": ("a technique that was never tried", lambda r: claiming(r, replace(erased_by_itself(r.drives[0]), attempts=()))),
    "own-erase-of-the-key-is-purge": ("a changed key called Purge without a source", _own(_T.NVME_SANITIZE_CRYPTO_ERASE)),
    "markers-unchanged": ("one marker stands as before", _markers(changed=1999)),
    "markers-not-planted": ("markers that were never confirmed", _markers(confirmed=0)),
    "markers-too-few": ("ten markers", _markers(planted=10, confirmed=10, changed=10, bytes_total=5120)),
    "no-markers": ("no markers", _own(markers=None)),
    "erased-not-read-back": ("the status alone", _own(read_back=None)),
    "erased-holds-data": ("seven sectors hold something", _erased(refused_sectors=7)),
    "erased-other-value": ("what was accepted is not what an erased medium holds", lambda r: _erased(values=(f"5a: {r.drives[0].identity.capacity_bytes}",))(r)),
    "purge-by-sample": ("Purge, and a tenth read back", _purge_by_sample),
}  # fmt: skip
