"""Which techniques a plan's ladder holds, in which order, and why; pure.

The strongest that the medium really offers comes first (DESIGN D3); where two reach the same level, one that writes or erases
every cell comes before one that only changes a key.
"""

from dataclasses import dataclass

from agent.model.drive import Drive, HiddenAreaState, MediaType
from agent.model.firmware import TAKES_NOTHING, FirmwareReading, FoundObstacle, Obstacle, TechniqueOffer
from agent.model.levels import LEAVES_ANYTHING, WHOLE_DRIVE, level_of
from agent.model.sanitization import Method, Rung, Technique

AUTO = "auto"

_ORDER = (
    Technique.ATA_SANITIZE_BLOCK_ERASE,
    Technique.NVME_SANITIZE_BLOCK_ERASE,
    Technique.SCSI_SANITIZE_BLOCK_ERASE,
    Technique.MMC_SANITIZE,
    Technique.MMC_SECURE_ERASE,
    Technique.ATA_SANITIZE_OVERWRITE,
    Technique.NVME_SANITIZE_OVERWRITE,
    Technique.SCSI_SANITIZE_OVERWRITE,
    Technique.ATA_SECURITY_ERASE_ENHANCED,
    Technique.NVME_FORMAT_USER_DATA_ERASE,
    Technique.ATA_SECURITY_ERASE,
    Technique.ATA_SANITIZE_CRYPTO_SCRAMBLE,
    Technique.NVME_SANITIZE_CRYPTO_ERASE,
    Technique.SCSI_SANITIZE_CRYPTO_ERASE,
    Technique.NVME_FORMAT_CRYPTO_ERASE,
    Technique.OVERWRITE,
)
"""Within one level; a PSID revert is not in it: it comes after these, where somebody typed what stands on the label."""

_REVERT = Technique.OPAL_PSID_REVERT
_MOST_CLEAR_BY_FIRMWARE = 1


@dataclass(frozen=True)
class Choice:
    """The ladder, strongest first, and why in a person's words; without a rung the reasons say why there is none."""

    ladder: tuple[Rung, ...]
    reasons: tuple[str, ...]


def choose(
    drive: Drive, technique: str, required: Method, reading: FirmwareReading | None, *, has_psid: bool = False
) -> Choice:
    """The techniques for this drive that reach the level required; `technique` is AUTO or the one that was asked for.

    A PSID revert is among them only where somebody typed the PSID.
    """
    obstacles = reading.obstacles if reading else ()
    deadly = [o for o in obstacles if o.obstacle in TAKES_NOTHING]
    if deadly:
        return Choice((), tuple(_obstacle_words(o) for o in deadly))
    rungs = _possible(drive, reading)
    if technique == _REVERT.value and not has_psid and any(r.technique is _REVERT for r in rungs):
        return Choice((), ("its PSID has not been typed yet: it stands on the drive's label",))
    rungs = [r for r in rungs if has_psid or r.technique is not _REVERT]
    wanted = [r for r in rungs if technique in {AUTO, r.technique.value}]
    enough = [r for r in wanted if r.level.rank >= max(required.rank, Method.CLEAR.rank)]
    hindered = tuple(_obstacle_words(o) for o in obstacles)
    if reading and reading.offers and drive.media_type is MediaType.VIRTUAL:
        hindered += (_VIRTUAL,)
    if reading and reading.unreached:
        hindered += (f"nothing but a sanitize of the whole drive reaches {', '.join(reading.unreached)}",)
    if reading and (others := _others(reading)):
        hindered += (f"its own erase would erase {', '.join(others)} too, and is not used",)
        hindered += _given_up(drive, reading)
    unseen = tuple(hit for hit in (reading.also_hit if reading else ()) if not hit.startswith("/dev/"))
    if unseen and enough and enough[0].technique.by_firmware:
        hindered += (f"erases also {', '.join(unseen)}, which no node of this machine leads to",)
    if not enough:
        return Choice((), (_none_reaches(wanted, required, technique), *hindered))
    ladder = tuple(_shortened(drive, enough)) if technique == AUTO else tuple(enough)
    return Choice(ladder, hindered)


def _possible(drive: Drive, reading: FirmwareReading | None) -> list[Rung]:
    offers = [o for o in (reading.offers if reading else ()) if not _is_forbidden(o, reading)]
    # What a person confirms names this drive only: nothing that erases another one is planned.
    offers = [] if reading and _others(reading) else [o for o in offers if _can_be_shown(o)]
    rungs = [_rung(drive, o) for o in offers]
    level = level_of(Technique.OVERWRITE, drive.media_type)
    if not any(Technique.OVERWRITE in o.forbids for o in (reading.obstacles if reading else ())):
        rungs.append(Rung(Technique.OVERWRITE, level, not_covered=overwrite_leaves(drive)))
    if reading and reading.unreached:
        rungs = [r for r in rungs if r.technique in WHOLE_DRIVE]
    # What is not in the order is only done where it was asked for by name.
    return sorted(rungs, key=lambda r: (-r.level.rank, _place(drive, r.technique)))


def _can_be_shown(offer: TechniqueOffer) -> bool:
    """Whether a read-back or markers can say afterwards that it was done."""
    return bool(offer.erased_hex) or offer.technique in LEAVES_ANYTHING


def _others(reading: FirmwareReading) -> tuple[str, ...]:
    """Other drives of this machine that a technique of this one erases too; namespaces that no node leads to are nobody else's."""
    return tuple(hit for hit in reading.also_hit if hit.startswith("/dev/"))


def _given_up(drive: Drive, reading: FirmwareReading) -> tuple[str, ...]:
    """The level that is given up where one command for several drives would reach a higher one than an overwrite of each."""
    usable = [_rung(drive, o) for o in reading.offers if not _is_forbidden(o, reading) and _can_be_shown(o)]
    best = min(usable, key=lambda r: (-r.level.rank, _place(drive, r.technique)), default=None)
    if best is None or best.level.rank <= level_of(Technique.OVERWRITE, drive.media_type).rank:
        return ()
    level = best.level.value.capitalize()
    return (
        f"{best.technique.value} would reach {level}, for all of them together; here each is confirmed and erased by itself",
    )


def _place(drive: Drive, technique: Technique) -> int:
    if technique not in _ORDER:
        return len(_ORDER)
    # On a disk an overwrite reaches what a Clear by the drive reaches, and shows it byte by byte.
    first = technique is Technique.OVERWRITE and not drive.media_type.is_flash
    return -1 if first else _ORDER.index(technique)


def _is_forbidden(offer: TechniqueOffer, reading: FirmwareReading | None) -> bool:
    obstacles = reading.obstacles if reading else ()
    return any(not o.forbids or offer.technique in o.forbids for o in obstacles)


def _rung(drive: Drive, offer: TechniqueOffer) -> Rung:
    level = level_of(offer.technique, drive.media_type, purge_source=offer.purge_source)
    leaves = _hidden_leaves(drive) + offer.remarks
    if level is not Method.PURGE:
        leaves = overwrite_leaves(drive) + offer.remarks
    return Rung(offer.technique, level, offer.minutes, offer.erased_hex, offer.purge_source, leaves)


def _shortened(drive: Drive, rungs: list[Rung]) -> list[Rung]:
    """Every Purge, one Clear of the drive's own where it is flash, the revert that was asked for, then the overwrite."""
    strong = [r for r in rungs if r.level is Method.PURGE and r.technique in (*_ORDER, _REVERT)]
    weak = [r for r in rungs if r.level is Method.CLEAR and r.technique in _ORDER and r.technique.by_firmware]
    plain = [r for r in rungs if not r.technique.by_firmware]
    own = weak[:_MOST_CLEAR_BY_FIRMWARE] if drive.media_type.is_flash else []
    reverts = [r for r in rungs if r.technique is _REVERT and r not in strong]
    return strong + own + reverts + plain


def overwrite_leaves(drive: Drive) -> tuple[str, ...]:
    """What an overwrite of this medium does not reach."""
    if drive.media_type is MediaType.VIRTUAL:
        left = "copies and snapshots that the storage below this virtual disk keeps"
    elif drive.media_type.is_flash:
        left = "over-provisioned and retired blocks of the flash, which the host can't address"
    elif drive.media_type is MediaType.HARD_DISK:
        left = "sectors that the drive has reallocated, which the host can't address"
    else:
        left = "reallocated sectors or over-provisioned flash, which the host can't address"
    return (left, *_hidden_leaves(drive))


def _hidden_leaves(drive: Drive) -> tuple[str, ...]:
    if drive.hidden_areas.state is not HiddenAreaState.NOT_EXAMINED:
        return ()
    return ("hidden areas (HPA, DCO, AMA): not examined",)


def _none_reaches(rungs: list[Rung], required: Method, technique: str) -> str:
    if not rungs:
        return f"the drive does not offer {technique} now"
    best = max(rungs, key=lambda r: r.level.rank)
    level = best.level.value.capitalize() if best.level is not Method.NONE else "no level"
    subject = "an overwrite" if best.technique is Technique.OVERWRITE else best.technique.value
    return f"{subject} reaches {level}, {required.value.capitalize()} is required"


def _obstacle_words(found: FoundObstacle) -> str:
    advice = _ADVICE.get(found.obstacle, "")
    text = f"{found.obstacle.value} ({found.detail})" if found.detail else found.obstacle.value
    return f"{text}: {advice}" if advice else text


_VIRTUAL = "its own erase is not used: behind a virtual disk it reaches no medium that anybody could name"
_THAW = (
    "the machine's firmware has locked the drive's own erase; try in this order: let the machine sleep for ten seconds"
    " (on the screen, or `ardoise thaw`), unplug the drive's cable and plug it in again while the machine runs, another technique"
)
_ADVICE = {
    Obstacle.FROZEN: _THAW,
    Obstacle.SANITIZE_FROZEN: _THAW,
    Obstacle.LOCKED: "unlock it with its password, or revert it with the PSID on its label",
    Obstacle.ATTEMPTS_EXCEEDED: "switch the machine off and on again",
    Obstacle.SANITIZE_RUNNING: "it can't be stopped; wait until the drive has ended it",
    Obstacle.SANITIZE_FAILED: "the drive takes nothing but a new sanitize",
    Obstacle.OPAL_LOCKED: "revert it with the PSID on its label",
    Obstacle.BLOCK_SID: "switch Block SID off in the machine's setup, or suspend and resume",
    Obstacle.BRIDGED: "a bridge may lose the drive's commands; take the drive out of its case for its own erase",
    Obstacle.DENIED_MODEL: "its own erase is not used",
}
