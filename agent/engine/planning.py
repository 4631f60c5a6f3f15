"""From a drive and a policy to a plan or a refusal; pure, nothing is touched."""

from dataclasses import dataclass

from agent.engine.pass_sets import find_pass_set
from agent.errors import UsageError
from agent.model.drive import Drive, HiddenAreaState, MediaType
from agent.model.passes import PassKind
from agent.model.sanitization import Method, PassSet, Plan, Policy, Refusal, Resumption, Technique, VerificationKind


@dataclass(frozen=True)
class Interrupted:
    """An overwrite that was cut off: the passes that it was making, and where it may go on."""

    pass_set: PassSet
    resumption: Resumption


AUTO = "auto"
TECHNIQUES: tuple[str, ...] = (AUTO, Technique.OVERWRITE.value)


def make_plan(drive: Drive, policy: Policy, interrupted: Interrupted | None = None) -> Plan | Refusal:
    """What will be done to this drive and why, or why nothing can be; raises UsageError for names that are not known.

    `interrupted` is what an overwrite of this drive left that was cut off; the same passes go on from there.
    """
    if policy.technique not in TECHNIQUES:
        raise UsageError(f"There is no technique {policy.technique!r}.", f"Known are: {', '.join(TECHNIQUES)}.")
    pass_set = find_pass_set(policy.pass_set)
    obstacles = _exclusions(drive) + _unusable_size(drive) + _hidden(drive)
    obstacles += _needless_passes(drive, pass_set) + _level_too_low(policy)
    if obstacles:
        return Refusal(drive, obstacles)
    resumption = interrupted.resumption if interrupted and may_resume(policy, pass_set, interrupted) else None
    # What was carried over is believed only where every byte of it is read back (DESIGN section 6).
    verification = VerificationKind.FULL if resumption else policy.verification
    return Plan(
        drive=drive,
        technique=Technique.OVERWRITE,
        pass_set=pass_set,
        verification=verification,
        level_reached=Method.CLEAR,
        level_required=policy.required,
        reasons=_reasons(policy, pass_set, verification) + (_RESUMING if resumption else ()),
        not_covered=_not_covered(drive),
        resumption=resumption,
    )


def may_resume(policy: Policy, pass_set: PassSet, interrupted: Interrupted) -> bool:
    """Whether the policy wants an interrupted overwrite to go on and asks for the very passes that it was making."""
    return policy.resume and pass_set == interrupted.pass_set


_RESUMING = (
    "an overwrite that was cut off goes on: what it wrote last is compared first; where that differs, all passes start again",
)


def _exclusions(drive: Drive) -> tuple[str, ...]:
    return tuple(f"{e.reason}: {e.detail}" if e.detail else str(e.reason) for e in drive.exclusions)


def _unusable_size(drive: Drive) -> tuple[str, ...]:
    size, sector = drive.identity.capacity_bytes, drive.identity.logical_sector_bytes
    if size <= 0 or sector <= 0 or sector % 512:
        return (f"the drive says that it has {size} bytes in sectors of {sector}",)
    if size % sector:
        return (f"the capacity of {size} bytes is no whole number of {sector}-byte sectors",)
    return ()


def _hidden(drive: Drive) -> tuple[str, ...]:
    areas = drive.hidden_areas
    if areas.state is not HiddenAreaState.PRESENT:
        return ()
    sizes = ""
    if areas.accessible_sectors is not None and areas.native_sectors is not None:
        sizes = f" ({areas.native_sectors - areas.accessible_sectors} sectors)"
    return (f"a hidden area{sizes} (HPA, DCO or AMA) is out of an overwrite's reach and must be removed first",)


def _needless_passes(drive: Drive, pass_set: PassSet) -> tuple[str, ...]:
    if len(pass_set.passes) == 1 or not drive.media_type.is_flash:
        return ()
    count = len(pass_set.passes)
    reason = f"{count} passes on flash wear it out and reach no more than one does (NIST SP 800-88r2 FAQ Q6)"
    return (f"{reason}: choose a set of one pass",)


def _level_too_low(policy: Policy) -> tuple[str, ...]:
    if policy.required.rank <= Method.CLEAR.rank:
        return ()
    return (f"an overwrite reaches Clear, {policy.required.value.capitalize()} is required",)


def _reasons(policy: Policy, pass_set: PassSet, verification: VerificationKind) -> tuple[str, ...]:
    chosen = "overwrite was asked for"
    if policy.technique == AUTO:
        chosen = "overwrite is the strongest technique that this version offers for this medium"
    count = len(pass_set.passes)
    passes = "1 pass" if count == 1 else f"{count} passes"
    level = "level reached is Clear (NIST SP 800-88r2, IEEE 2883-2022)"
    reasons = [chosen, f"{passes} over every addressable byte: {level}"]
    if count > 1:
        reasons.append("more than one pass reaches no higher level; it is done because it was asked for")
    last = pass_set.passes[-1]
    if last.kind is PassKind.RANDOM:
        reasons.append(
            "random data last: the read-back also shows addresses that alias and data that were not stored"
        )
    else:
        reasons.append("a repeated pattern last: the read-back can't show addresses that alias")
    if verification is VerificationKind.FULL:
        reasons.append("every byte is read back and compared")
    else:
        reasons.append("a sample of at least 10 % is read back and compared (NIST SP 800-88r1 4.7.2)")
    return tuple(reasons)


def _not_covered(drive: Drive) -> tuple[str, ...]:
    lines = []
    if drive.media_type is MediaType.VIRTUAL:
        lines.append("copies and snapshots that the storage below this virtual disk keeps")
    elif drive.media_type.is_flash:
        lines.append("over-provisioned and retired blocks of the flash, which the host can't address")
    elif drive.media_type is MediaType.HARD_DISK:
        lines.append("sectors that the drive has reallocated, which the host can't address")
    else:
        lines.append("reallocated sectors or over-provisioned flash, which the host can't address")
    if drive.hidden_areas.state is HiddenAreaState.NOT_EXAMINED:
        lines.append("hidden areas (HPA, DCO, AMA): not examined")
    return tuple(lines)
