"""What the words of ATA IDENTIFY DEVICE say of the drive's own erases; pure, and nothing is believed without a right checksum.

Sources: ACS-4, IDENTIFY DEVICE (words) and the feature sets Sanitize Device and Security.
"""

from dataclasses import dataclass

from agent.model.firmware import FoundObstacle, Obstacle, TechniqueOffer
from agent.model.sanitization import Technique

IDENTIFY_BYTES = 512
_RAW_WORDS = (59, 69, 82, 83, 84, 85, 89, 90, 92, 93, 128)

SANITIZE_TECHNIQUES = (
    Technique.ATA_SANITIZE_OVERWRITE,
    Technique.ATA_SANITIZE_BLOCK_ERASE,
    Technique.ATA_SANITIZE_CRYPTO_SCRAMBLE,
)
SECURITY_TECHNIQUES = (Technique.ATA_SECURITY_ERASE_ENHANCED, Technique.ATA_SECURITY_ERASE)


@dataclass(frozen=True)
class EraseTime:
    """The drive's estimate in minutes; `at_least` where the word says "that or more"."""

    minutes: int
    at_least: bool = False


@dataclass(frozen=True)
class SecurityState:
    """Word 128, with words 82 and 85: the Security feature set at this moment."""

    supported: bool
    enabled: bool
    locked: bool
    frozen: bool
    expired: bool
    enhanced: bool


@dataclass(frozen=True)
class AtaCapabilities:
    """Erases that the drive says it has; `encrypts_all` where it encrypts all user data (word 69 bit 4)."""

    model: str
    sectors: int
    sanitize: tuple[Technique, ...]
    security: SecurityState
    normal_time: EraseTime | None
    enhanced_time: EraseTime | None
    encrypts_all: bool
    raw: tuple[str, ...]

    @property
    def has_sanitize(self) -> bool:
        """Whether SANITIZE STATUS EXT may be asked."""
        return bool(self.sanitize)


def parse_capabilities(data: bytes) -> AtaCapabilities | None:
    """The 512 bytes of IDENTIFY DEVICE; None without signature and right checksum in word 255, or for a packet device."""
    # ACS-4 7.13.6.102. Drives before ATA-5 have no checksum; none of them has an erase worth trusting.
    if len(data) != IDENTIFY_BYTES or data[510] != 0xA5 or sum(data) % 256:
        return None
    words = [data[i] | data[i + 1] << 8 for i in range(0, IDENTIFY_BYTES, 2)]
    if words[0] & 0x8000:
        return None
    return AtaCapabilities(
        model=_model(data),
        sectors=_sectors(words),
        sanitize=_sanitize(words[59]),
        security=_security(words),
        normal_time=_erase_time(words[89]),
        enhanced_time=_erase_time(words[90]),
        encrypts_all=bool(words[69] & 1 << 4),
        raw=tuple(f"word {number} {words[number]:04X}h" for number in _RAW_WORDS),
    )


def _model(data: bytes) -> str:
    raw = data[54:94]
    return bytes(raw[i ^ 1] for i in range(len(raw))).decode("latin-1").strip(" \0")


def _sectors(words: list[int]) -> int:
    # Word 83 bit 10, valid with bits 15:14 = 01b: 48-bit addresses, whose count is in words 100-103.
    if words[83] & 0xC400 == 0x4400:
        return words[100] | words[101] << 16 | words[102] << 32 | words[103] << 48
    return words[60] | words[61] << 16


def _sanitize(word: int) -> tuple[Technique, ...]:
    if not word & 1 << 12:
        return ()
    bits = dict(zip(SANITIZE_TECHNIQUES, (14, 15, 13), strict=True))
    return tuple(technique for technique, bit in bits.items() if word & 1 << bit)


def _security(words: list[int]) -> SecurityState:
    word = words[128]
    return SecurityState(
        supported=bool(word & 1 << 0 and words[82] & 1 << 1),
        enabled=bool(word & 1 << 1 or words[85] & 1 << 1),
        locked=bool(word & 1 << 2 and word & 1 << 1),
        frozen=bool(word & 1 << 3),
        expired=bool(word & 1 << 4),
        enhanced=bool(word & 1 << 5),
    )


def _erase_time(word: int) -> EraseTime | None:
    # Bit 15 (the extended format of ACS-4) chooses 15 bits instead of 8; units of two minutes, the largest means "or more".
    extended = bool(word & 0x8000)
    largest = 0x7FFF if extended else 0xFF
    value = word & largest
    if value == 0:
        return None
    return EraseTime((value - (value == largest)) * 2, at_least=value == largest)


def offers_of(found: AtaCapabilities) -> tuple[TechniqueOffer, ...]:
    """The techniques that the drive says it supports, whether or not something stands against them now."""
    offers = [TechniqueOffer(technique, erased_hex=_after_sanitize(technique)) for technique in found.sanitize]
    if found.security.supported:
        if found.security.enhanced:
            offers.append(_security_offer(Technique.ATA_SECURITY_ERASE_ENHANCED, found.enhanced_time, found))
        offers.append(_security_offer(Technique.ATA_SECURITY_ERASE, found.normal_time, found))
    return tuple(offers)


def _after_sanitize(technique: Technique) -> tuple[str, ...]:
    # The pattern that is asked for; flash shows either value after a block erase (drives.md 7.3); a new key shows noise.
    return {
        Technique.ATA_SANITIZE_OVERWRITE: ("00",),
        Technique.ATA_SANITIZE_BLOCK_ERASE: ("00", "ff"),
        Technique.ATA_SANITIZE_CRYPTO_SCRAMBLE: (),
    }[technique]


def _security_offer(technique: Technique, time: EraseTime | None, found: AtaCapabilities) -> TechniqueOffer:
    """ACS-4, SECURITY ERASE UNIT: normal mode writes binary zeros or ones, enhanced mode a pattern of the maker's choice.

    Where all user data are encrypted, the maker may change the key instead: what is read then is noise (trust.md A5.8).
    """
    enhanced = technique is Technique.ATA_SECURITY_ERASE_ENHANCED
    changed_only = enhanced or found.encrypts_all
    remarks = ["the drive itself names no value to be read back"] if changed_only else []
    if time is not None and time.at_least:
        remarks.append("the drive's estimate is a lower limit")
    return TechniqueOffer(
        technique, time.minutes if time else None, () if changed_only else ("00", "ff"), tuple(remarks)
    )


def security_obstacles(state: SecurityState) -> tuple[FoundObstacle, ...]:
    """What word 128 says against an erase; a locked drive refuses every read, write and erase (ACS-4, security command actions)."""
    found = []
    if state.locked:
        found.append(FoundObstacle(Obstacle.LOCKED, "a password must be given first"))
    if state.supported and state.frozen:
        detail = "until the drive loses power or sleeps"
        found.append(FoundObstacle(Obstacle.FROZEN, detail, SECURITY_TECHNIQUES))
    if state.expired:
        detail = "until the drive loses power"
        found.append(FoundObstacle(Obstacle.ATTEMPTS_EXCEEDED, detail, SECURITY_TECHNIQUES))
    return tuple(found)
