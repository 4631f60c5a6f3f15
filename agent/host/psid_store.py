"""The PSIDs that persons typed, in the memory of this program only, each for one drive."""

from agent.model.drive import Identity
from agent.model.psid import Psid


class PsidStore:
    """Found again by the whole identity: a drive of another serial number or size gets none."""

    def __init__(self) -> None:
        self._kept: list[tuple[Identity, Psid]] = []

    def keep(self, identity: Identity, psid: Psid | None) -> None:
        """Keep this one instead of what was kept for the drive; None forgets it."""
        others = [(known, old) for known, old in self._kept if not known.same_medium(identity)]
        self._kept = others if psid is None else [*others, (identity, psid)]

    def of(self, identity: Identity) -> Psid | None:
        """What was kept for this drive."""
        return next((psid for known, psid in self._kept if known.same_medium(identity)), None)

    def __repr__(self) -> str:
        """How many there are."""
        return f"PsidStore({len(self._kept)} kept)"
