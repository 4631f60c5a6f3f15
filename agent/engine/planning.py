"""From a drive and a policy to a plan or a refusal; pure, nothing is touched."""

from dataclasses import dataclass

from agent.engine.pass_sets import find_pass_set
from agent.engine.technique_choice import AUTO, Choice, choose
from agent.errors import UsageError
from agent.model.drive import Drive, HiddenAreaState
from agent.model.firmware import FirmwareReading
from agent.model.passes import PassKind
from agent.model.sanitization import Method, PassSet, Plan, Policy, Refusal, Resumption, Technique, VerificationKind


@dataclass(frozen=True)
class Interrupted:
    """An overwrite that was cut off: the passes that it was making, and where it may go on."""

    pass_set: PassSet
    resumption: Resumption


TECHNIQUES: tuple[str, ...] = (AUTO, *(technique.value for technique in Technique))


def make_plan(
    drive: Drive,
    policy: Policy,
    interrupted: Interrupted | None = None,
    firmware: FirmwareReading | None = None,
    *,
    has_psid: bool = False,
) -> Plan | Refusal:
    """What will be done to this drive and why, or why nothing can be; raises UsageError for names that are not known.

    `interrupted` is what an overwrite of this drive left that was cut off; the same passes go on from there. `firmware`
    is what the drive can do by itself; without it there is only the overwrite. `has_psid`: somebody typed what stands on
    its label, which asks for the revert.
    """
    if policy.technique not in TECHNIQUES:
        raise UsageError(f"There is no technique {policy.technique!r}.", f"Known are: {', '.join(TECHNIQUES)}.")
    pass_set = find_pass_set(policy.pass_set)
    obstacles = _exclusions(drive) + _unusable_size(drive) + _hidden(drive)
    obstacles += _needless_passes(drive, pass_set)
    if obstacles:
        return Refusal(drive, obstacles)
    resumption = interrupted.resumption if interrupted and may_resume(policy, pass_set, interrupted) else None
    choice = choose(drive, _wanted(policy, pass_set, resumption), policy.required, firmware, has_psid=has_psid)
    if not choice.ladder:
        return Refusal(drive, choice.reasons)
    first = choice.ladder[0]
    if first.technique.by_firmware:
        resumption = None
    # What was carried over is believed only where every byte of it is read back (DESIGN section 6); so is a Purge by erasing
    # or overwriting (IEEE 2883, as trust.md A2 has it).
    whole = resumption is not None or any(r.level is Method.PURGE and r.erased_hex for r in choice.ladder)
    verification = VerificationKind.FULL if whole else policy.verification
    return Plan(
        drive=drive,
        technique=first.technique,
        pass_set=pass_set,
        verification=verification,
        level_reached=first.level,
        level_required=policy.required,
        reasons=_reasons(policy, pass_set, verification, choice) + (_RESUMING if resumption else ()),
        not_covered=first.not_covered,
        resumption=resumption,
        # An overwrite alone keeps the form that it always had.
        ladder=choice.ladder if first.technique.by_firmware else (),
    )


def _wanted(policy: Policy, pass_set: PassSet, resumption: Resumption | None) -> str:
    # Several passes are asked for by a contract: the drive's own erase would be something else.
    if policy.technique == AUTO and (resumption is not None or len(pass_set.passes) > 1):
        return Technique.OVERWRITE.value
    return policy.technique


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


def _reasons(policy: Policy, pass_set: PassSet, verification: VerificationKind, choice: Choice) -> tuple[str, ...]:
    first, last = choice.ladder[0], choice.ladder[-1]
    if not first.technique.by_firmware:
        return (*_overwrite_reasons(policy, pass_set), *_read_back_reasons(pass_set, verification), *choice.reasons)
    asked = policy.technique != AUTO or first.technique is Technique.OPAL_PSID_REVERT
    chosen = (
        f"{first.technique.value} was asked for" if asked else "the strongest technique that this medium offers"
    )
    reasons = [chosen, *choice.reasons]
    reasons.append(
        "markers are planted before and must all be different afterwards; the drive's status alone proves nothing"
    )
    if first.erased_hex:
        reasons.append(_full_or_sample(verification))
    if not last.technique.by_firmware:
        reasons.append(f"the overwrite would make {_passes(pass_set)}: {pass_set.passes[-1].title} last")
    return tuple(reasons)


def _overwrite_reasons(policy: Policy, pass_set: PassSet) -> tuple[str, ...]:
    chosen = "overwrite was asked for"
    if policy.technique == AUTO:
        chosen = "overwrite is the strongest technique that this version offers for this medium"
    level = "level reached is Clear (NIST SP 800-88r2, IEEE 2883-2022)"
    reasons = [chosen, f"{_passes(pass_set)} over every addressable byte: {level}"]
    if len(pass_set.passes) > 1:
        reasons.append("more than one pass reaches no higher level; it is done because it was asked for")
    return tuple(reasons)


def _read_back_reasons(pass_set: PassSet, verification: VerificationKind) -> tuple[str, ...]:
    aliases = "a repeated pattern last: the read-back can't show addresses that alias"
    if pass_set.passes[-1].kind is PassKind.RANDOM:
        aliases = "random data last: the read-back also shows addresses that alias and data that were not stored"
    return aliases, _full_or_sample(verification)


def _full_or_sample(verification: VerificationKind) -> str:
    if verification is VerificationKind.FULL:
        return "every byte is read back and compared"
    return "a sample of at least 10 % is read back and compared (NIST SP 800-88r1 4.7.2)"


def _passes(pass_set: PassSet) -> str:
    count = len(pass_set.passes)
    return "1 pass" if count == 1 else f"{count} passes"
