"""Methods, techniques, pass sets and plans: what will be done to a medium, and the level that it reaches."""

from dataclasses import dataclass
from enum import StrEnum

from agent.model.drive import Drive


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


class VerificationKind(StrEnum):
    """How the medium is read back."""

    FULL = "full"
    SAMPLED = "sampled"


class PassKind(StrEnum):
    """What one pass writes."""

    PATTERN = "pattern"
    RANDOM = "random"


RANDOM_GENERATOR = "AES-256-CTR"


@dataclass(frozen=True)
class PassSpec:
    """One pass: a repeated pattern in lower-case hex, or the random stream (then the pattern is empty)."""

    kind: PassKind
    pattern_hex: str = ""

    @property
    def title(self) -> str:
        """The bytes in words, never a standard's name."""
        return f"random ({RANDOM_GENERATOR})" if self.kind is PassKind.RANDOM else f"pattern 0x{self.pattern_hex}"


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


@dataclass(frozen=True)
class Plan:
    """What will be done to one drive; nothing has been touched yet."""

    drive: Drive
    technique: Technique
    pass_set: PassSet
    verification: VerificationKind
    level_reached: Method
    level_required: Method
    reasons: tuple[str, ...]
    not_covered: tuple[str, ...]


@dataclass(frozen=True)
class Refusal:
    """A drive for which there is no plan, and why."""

    drive: Drive
    reasons: tuple[str, ...]
