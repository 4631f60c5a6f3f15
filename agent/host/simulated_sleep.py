"""Sleep and power of a simulated machine: nothing sleeps, and what a sleep would come to is said in machine.json."""

import time
from collections.abc import Callable
from typing import Any

from agent.errors import EnvironmentLacks, Refused
from agent.model.firmware import ToolRun
from agent.model.machine import Battery
from agent.model.power import PowerReading, PowerSource
from agent.model.sleep import SleepObstacle, Slept

_ASLEEP = {"deep": 1.0, "early": 0.3, "never": 0.0}
_SHOWN_SECONDS = 1.0


class SimulatedSleep:
    """`sleep` of machine.json: deep, early, never, or none, which is a machine without S3; raises EnvironmentLacks for other words."""

    def __init__(self, about: dict[str, Any], wait: Callable[[float], None] = time.sleep) -> None:
        self._kind = str(about.get("sleep", ""))
        self._wait = wait
        if self._kind and self._kind not in _ASLEEP:
            raise EnvironmentLacks(
                f"machine.json knows no sleep {self._kind!r}.", f"Known are: {', '.join(_ASLEEP)}."
            )

    @property
    def obstacle(self) -> SleepObstacle | None:
        """What stands against it."""
        return None if self._kind else SleepObstacle.NO_S3

    def sleep(self, seconds: int) -> Slept:
        """A second that stands for the sleep; raises Refused where the machine has none."""
        if self.obstacle is not None:
            raise Refused(f"This machine is not let sleep: {self.obstacle.value}.")
        self._wait(_SHOWN_SECONDS)
        tool = ToolRun(("simulated", "sleep", str(seconds)), 0, self._kind, 0)
        return Slept(seconds, round(1000 * seconds * _ASLEEP[self._kind]), tool)


def simulated_power(batteries: tuple[Battery, ...]) -> PowerReading:
    """The power that a captured inventory tells of."""
    if not batteries:
        return PowerReading(PowerSource.NO_BATTERY)
    mains = batteries[0].on_mains
    source = PowerSource.UNKNOWN if mains is None else PowerSource.MAINS if mains else PowerSource.BATTERY
    charges = [b.charge_percent for b in batteries if b.charge_percent is not None]
    return PowerReading(source, min(charges) if len(charges) == len(batteries) else None)
