"""Who confirmed what: the short code that a screen shows, and the names that a command line must repeat.

Enter alone never confirms, a scanner ends with Enter (DESIGN section 5).
"""

import secrets
from collections.abc import Sequence

from agent.errors import Refused
from agent.workflow.view import PlanSet

INVARIANT_LETTERS = "BCDEFGHIJKLNOPRSTUVX"
"""Letters that sit on the same key on US, French, Belgian, Swiss and German keyboards (users.md 0.1)."""

CODE_LENGTH = 4


def new_code() -> str:
    """A fresh code that nobody can have typed before it was shown."""
    return "".join(secrets.choice(INVARIANT_LETTERS) for _ in range(CODE_LENGTH))


def check_code(plans: PlanSet, typed: str) -> None:
    """Raise Refused unless the typed code is the one shown for these very plans."""
    if not plans.code or not secrets.compare_digest(plans.code.encode(), typed.strip().upper().encode()):
        raise Refused(
            "The code does not match the one on the screen.",
            "Nothing was touched. Read the code and type it again.",
        )


def check_names(plans: PlanSet, confirmed: Sequence[str]) -> None:
    """Raise Refused unless every chosen drive is confirmed by its own name, and no other name was given."""
    if len(set(plans.names)) != len(plans.names):
        raise Refused(
            "Two drives would be confirmed by one name.", "Nothing was touched. Choose them one at a time."
        )
    missing = [name for name in plans.names if name not in confirmed]
    if missing:
        words = ", ".join(repr(name) for name in missing)
        raise Refused(
            f"Not confirmed: {words}.",
            "Nothing was touched. Give --confirm for every chosen drive, by its serial, or by its node where no serial is unique.",
        )
    unknown = [name for name in confirmed if name not in plans.names]
    if unknown:
        words = ", ".join(repr(name) for name in unknown)
        raise Refused(f"Confirmed, but not chosen: {words}.", "Nothing was touched. Check which drives you mean.")
