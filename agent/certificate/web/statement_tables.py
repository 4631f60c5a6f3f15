"""What verify.html must know of statements, from the program's own tables: kinds and limits, words of their pages, rules of a lot."""

from collections.abc import Iterable

from agent.certificate.statement import KINDS
from agent.certificate.statement_words import WORDS
from agent.model.destruction import DestructionResult, DestructionTechnique
from agent.model.drive import PLACEHOLDER_SERIALS
from agent.model.lot import ExceptionKind


def statement_tables() -> dict[str, object]:
    """By name; words stand in the order of the languages, exceptions in the order that a lot lists them in."""
    kinds: Iterable[ExceptionKind] = ExceptionKind
    techniques: Iterable[DestructionTechnique] = DestructionTechnique
    return {
        "kinds": [
            {
                "schema": kind.schema,
                "name": kind.name,
                "object": kind.type.__name__,
                "bytes": kind.limits.bytes,
                "tokens": kind.limits.tokens,
            }
            for kind in KINDS
        ],
        "words": dict(WORDS),
        "placeholders": sorted(PLACEHOLDER_SERIALS),
        "exceptions": [kind.value for kind in kinds],
        "open": [kind.value for kind in kinds if kind.is_open],
        "damaging": [each.value for each in techniques if each.reaches is DestructionResult.DAMAGED],
    }
