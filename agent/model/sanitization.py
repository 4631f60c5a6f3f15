"""Methods, techniques, pass sets and plans: what will be done to a medium, and the level that it reaches."""

from dataclasses import dataclass, field
from enum import StrEnum

from agent.model.drive import Drive
from agent.model.json_form import LEFT_OUT
from agent.model.passes import PassResult, PassSpec


class Method(StrEnum):
    """Sanitization method of NIST SP 800-88r2 and IEEE 2883-2022; destruction is out of scope."""

    NONE = "none"
    CLEAR = "clear"
    PURGE = "purge"

    @property
    def rank(self) -> int:
        """Order of assurance: none < clear < purge."""
        return list(Method).index(self)


class Technique(StrEnum):
    """How a method is carried out (IEEE 2883-2022)."""

    OVERWRITE = "overwrite"
    ATA_SANITIZE_OVERWRITE = "ata sanitize overwrite"
    ATA_SANITIZE_BLOCK_ERASE = "ata sanitize block erase"
    ATA_SANITIZE_CRYPTO_SCRAMBLE = "ata sanitize crypto scramble"
    ATA_SECURITY_ERASE_ENHANCED = "ata security erase enhanced"
    ATA_SECURITY_ERASE = "ata security erase"
    NVME_SANITIZE_BLOCK_ERASE = "nvme sanitize block erase"
    NVME_SANITIZE_OVERWRITE = "nvme sanitize overwrite"
    NVME_SANITIZE_CRYPTO_ERASE = "nvme sanitize crypto erase"
    NVME_FORMAT_USER_DATA_ERASE = "nvme format user data erase"
    NVME_FORMAT_CRYPTO_ERASE = "nvme format crypto erase"
    SCSI_SANITIZE_BLOCK_ERASE = "scsi sanitize block erase"
    SCSI_SANITIZE_OVERWRITE = "scsi sanitize overwrite"
    SCSI_SANITIZE_CRYPTO_ERASE = "scsi sanitize cryptographic erase"
    MMC_SANITIZE = "mmc erase and sanitize"
    MMC_SECURE_ERASE = "mmc secure erase"
    OPAL_PSID_REVERT = "opal psid revert"

    @property
    def by_firmware(self) -> bool:
        """Whether the drive does it itself."""
        return self is not Technique.OVERWRITE


class VerificationKind(StrEnum):
    """How the medium is read back."""

    FULL = "full"
    SAMPLED = "sampled"


@dataclass(frozen=True)
class PassSet:
    """A named sequence of passes with its source; all of them reach Clear (trust.md A3)."""

    name: str
    title: str
    source: str
    passes: tuple[PassSpec, ...]


@dataclass(frozen=True)
class Policy:
    """What was asked for, as it stands in the record."""

    technique: str = "auto"
    pass_set: str = "random"
    verification: VerificationKind = VerificationKind.FULL
    required: Method = Method.CLEAR
    resume: bool = field(default=True, metadata=LEFT_OUT)


@dataclass(frozen=True)
class Resumption:
    """Where an overwrite that was cut off may go on: what the journal of that session proves, before the medium is asked.

    `passes` are whole; in the pass that follows them, `offset_bytes` from the beginning were on stable storage of the
    drive. `key_sha256` commits to the stream whose last bytes stand before that place.
    """

    record_id: str
    passes: tuple[PassResult, ...]
    offset_bytes: int
    key_sha256: str


@dataclass(frozen=True)
class Rung:
    """One technique of a ladder, the level that it reaches on this medium, and the drive's own estimate in minutes.

    `erased_hex` are the values that may be read back afterwards; empty where only "different from before" can be asked.
    `purge_source` is why a changed key alone counts as Purge for this model; empty elsewhere. `not_covered` is what this
    technique does not reach.
    """

    technique: Technique
    level: Method
    minutes: int | None = None
    erased_hex: tuple[str, ...] = ()
    purge_source: str = ""
    not_covered: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """What will be done to one drive; nothing has been touched yet.

    `ladder` are the techniques in their order: each next one is tried only where the one before failed without leaving
    anything running. Without a ladder it is `technique` alone.
    """

    drive: Drive
    technique: Technique
    pass_set: PassSet
    verification: VerificationKind
    level_reached: Method
    level_required: Method
    reasons: tuple[str, ...]
    not_covered: tuple[str, ...]
    resumption: Resumption | None = None
    ladder: tuple[Rung, ...] = field(default=(), metadata=LEFT_OUT)

    @property
    def rungs(self) -> tuple[Rung, ...]:
        """The techniques in their order, one at least."""
        return self.ladder or (Rung(self.technique, self.level_reached),)


def ladder_words(ladder: tuple[Rung, ...]) -> tuple[str, ...]:
    """A ladder for the record: each technique, its level, and the drive's own estimate."""
    words = []
    for number, rung in enumerate(ladder, start=1):
        text = f"{rung.technique.value} reaches {rung.level.value.capitalize()}"
        if rung.minutes is not None:
            text += f", about {rung.minutes} min as the drive says"
        words.append(text if number == 1 else f"if that fails and nothing is left running: {text}")
    return tuple(words)


@dataclass(frozen=True)
class Refusal:
    """A drive for which there is no plan, and why."""

    drive: Drive
    reasons: tuple[str, ...]
