"""Where a machine's power comes from, and how long it lasts."""

from dataclasses import dataclass
from enum import StrEnum


class PowerSource(StrEnum):
    """What the machine runs on; a machine that shows no battery is not asked about its mains."""

    MAINS = "mains"
    BATTERY = "battery"
    NO_BATTERY = "no battery found"
    UNKNOWN = "not told"


@dataclass(frozen=True)
class PowerReading:
    """The power at one moment; charge of all batteries in percent and minutes until they are empty, None where not told."""

    source: PowerSource
    charge_percent: int | None = None
    remaining_minutes: int | None = None

    @property
    def words(self) -> str:
        """The reading in plain text."""
        parts = [self.source.value]
        if self.charge_percent is not None:
            parts.append(f"{self.charge_percent} % charged")
        if self.remaining_minutes is not None:
            parts.append(f"about {self.remaining_minutes} min left")
        return ", ".join(parts)
