"""What one pass writes, and the evidence that it leaves."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from agent.model.json_form import LEFT_OUT


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
class SectorError:
    """One range that the drive refused, located in logical sectors."""

    lba: int
    sector_count: int
    error: str


@dataclass(frozen=True)
class PassResult:
    """Evidence of one pass; `key_sha256` commits to the random stream's key without revealing it.

    Of `bytes_written`, `carried_over_bytes` were written before an interruption, as the journal of that session says.
    """

    number: int
    spec: PassSpec
    key_sha256: str
    bytes_expected: int
    bytes_written: int
    direct_io: bool
    started_at: datetime
    duration_ms: int
    error_count: int
    first_errors: tuple[SectorError, ...]
    carried_over_bytes: int = field(default=0, metadata=LEFT_OUT)
