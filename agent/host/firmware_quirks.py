"""Models that are known to hang or die of their own erase, and models for which a changed key alone is Purge; each with its source.

The table is data (`data/firmware_quirks.json`). A model is matched as a whole, and only its first 64 characters are looked at.
"""

import json
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from agent.model.firmware import FoundObstacle, Obstacle
from agent.model.sanitization import Technique

MODEL_CHARACTERS = 64
# No groups, so that nothing is repeated twice over: a match takes time in proportion to a model's length.
_SAFE_PATTERN = re.compile(r"(?:[A-Za-z0-9 .|-]|\\d|\[[A-Za-z0-9 .-]+\][*+]?)+")


@dataclass(frozen=True)
class DeniedModel:
    """A model on which these techniques are not tried."""

    model: re.Pattern[str]
    techniques: tuple[Technique, ...]
    reason: str
    sources: tuple[str, ...]


@dataclass(frozen=True)
class KeyChangeModel:
    """A model whose maker or evaluator says, in the source, that a change of its key meets Purge."""

    model: re.Pattern[str]
    techniques: tuple[Technique, ...]
    source: str


@dataclass(frozen=True)
class FirmwareQuirks:
    """The whole table."""

    denied: tuple[DeniedModel, ...]
    purge_by_key_change: tuple[KeyChangeModel, ...]

    def obstacles(self, model: str) -> tuple[FoundObstacle, ...]:
        """What is known against a model's own erases."""
        return tuple(
            FoundObstacle(Obstacle.DENIED_MODEL, f"{row.reason} ({', '.join(row.sources)})", forbids=row.techniques)
            for row in self.denied
            if _matches(row.model, model)
        )

    def purge_source(self, model: str, technique: Technique) -> str:
        """The source by which a changed key alone is Purge for this model; '' where nobody says so."""
        rows = (
            row for row in self.purge_by_key_change if technique in row.techniques and _matches(row.model, model)
        )
        return next((row.source for row in rows), "")


@cache
def firmware_quirks() -> FirmwareQuirks:
    """The table of this version; raises ValueError, KeyError where it is malformed, which a test of it excludes."""
    text = (files("agent.host") / "data" / "firmware_quirks.json").read_text("utf-8")
    return parse_quirks(text)


def parse_quirks(text: str) -> FirmwareQuirks:
    """A table from its JSON; raises ValueError, KeyError for unknown techniques, unsafe patterns and rows without a source."""
    document = json.loads(text)
    return FirmwareQuirks(
        denied=tuple(
            DeniedModel(
                _pattern(row["model"]), _techniques(row["techniques"]), row["reason"], _sources(row["sources"])
            )
            for row in document["denied"]
        ),
        purge_by_key_change=tuple(
            KeyChangeModel(_pattern(row["model"]), _techniques(row["techniques"]), _sources([row["source"]])[0])
            for row in document["purge_by_key_change"]
        ),
    )


def _pattern(text: str) -> re.Pattern[str]:
    if not _SAFE_PATTERN.fullmatch(text):
        raise ValueError(f"not a plain pattern: {text}")
    return re.compile(text, re.ASCII)


def _techniques(names: list[str]) -> tuple[Technique, ...]:
    if not names:
        raise ValueError("a row without techniques")
    return tuple(Technique(name) for name in names)


def _sources(texts: list[str]) -> tuple[str, ...]:
    if not texts or not all(text.startswith("https://") for text in texts):
        raise ValueError("a row without a source")
    return tuple(texts)


def _matches(pattern: re.Pattern[str], model: str) -> bool:
    return pattern.fullmatch(model.strip()[:MODEL_CHARACTERS]) is not None
