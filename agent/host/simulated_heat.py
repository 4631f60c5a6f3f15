"""The temperature of a simulated drive: work warms it, rest cools it, and smartctl's document says so."""

import threading
import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from agent.host.simulated_faults import Faults

_HOTTEST_CELSIUS = 95.0
_AT_REST_CELSIUS = 25


@dataclass
class _State:
    above_rest: float = 0.0
    at: float = 0.0


class SimulatedHeat:
    """Degrees above the captured temperature, of one drive while the program runs; any method may be called from any thread."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._state = _State(at=monotonic())

    def worked(self, seconds: float, faults: Faults) -> None:
        """Note a request that took so long and has just ended."""
        if not faults.heats_per_second:
            return
        with self._lock:
            self._cool(self._monotonic() - seconds, faults)
            self._state = _State(self._state.above_rest + seconds * faults.heats_per_second, self._monotonic())

    def served(self, document: dict[str, Any], faults: Faults) -> dict[str, Any]:
        """The document as smartctl would print it now; the very one for a drive that is not told to get warm."""
        if not faults.heats_per_second:
            return document
        with self._lock:
            self._cool(self._monotonic(), faults)
            above = self._state.above_rest
        served = deepcopy(document)
        temperature = served.setdefault("temperature", {})
        celsius = int(min(_HOTTEST_CELSIUS, temperature.get("current", _AT_REST_CELSIUS) + above))
        temperature["current"] = celsius
        if "nvme_smart_health_information_log" in served:
            served["nvme_smart_health_information_log"]["temperature"] = celsius
        return served

    def _cool(self, now: float, faults: Faults) -> None:
        rested = max(0.0, now - self._state.at)
        self._state = _State(max(0.0, self._state.above_rest - rested * faults.cools_per_second), now)
