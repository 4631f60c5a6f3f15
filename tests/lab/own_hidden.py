"""Drives of the lab that hide a part of themselves: data for lab_own_hidden.py."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.lab.own_erases import FAILED, REFUSED, SANITIZED

_HIDDEN_SECTORS = 4096
TECHNIQUES = ("ata sanitize block erase", "ata sanitize overwrite", "ata security erase")


@dataclass(frozen=True)
class Hiding:
    """How a drive hides its end (`config` and `identity`, as its model reads them), and what may become of it.

    `restore`: the operator lets it give back what it hides.
    """

    key: str
    config: dict[str, Any]
    outcomes: tuple[str, ...]
    restore: bool = True
    identity: dict[str, Any] = field(default_factory=dict)


GIVING_BACK = (
    Hiding("HPA", {"hpa_sectors": _HIDDEN_SECTORS}, (SANITIZED,)),
    Hiding("DCO", {"dco_sectors": _HIDDEN_SECTORS}, (SANITIZED,)),
    Hiding("HPA below a DCO", {"hpa_sectors": _HIDDEN_SECTORS, "dco_sectors": _HIDDEN_SECTORS}, (SANITIZED,)),
    Hiding(
        "AMA", {"ama_sectors": _HIDDEN_SECTORS}, (SANITIZED,), identity={"hpa": False, "dco": False, "ama": True}
    ),
)
# Each by itself: where one of them stops the command, nothing is done to the others either.
KEEPING = (
    Hiding(
        "HPA, nobody let it be given back",
        {"hpa_sectors": _HIDDEN_SECTORS, "spares_hidden": True},
        (FAILED, REFUSED),
        restore=False,
    ),
    Hiding("HPA, refuses to give it back", {"hpa_sectors": _HIDDEN_SECTORS, "refuses_restore": True}, (REFUSED,)),
    Hiding("DCO, refuses to give it back", {"dco_sectors": _HIDDEN_SECTORS, "refuses_restore": True}, (REFUSED,)),
)
