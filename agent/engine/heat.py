"""Temperatures while drives are worked on: what gets too hot stands still until it has cooled down by itself."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from agent.engine.gate import Gate
from agent.model.drive import Drive
from agent.model.health import Heat
from agent.model.job import PauseReason

POLL_SECONDS = 30.0


@dataclass(frozen=True)
class Thermometer:
    """How a drive's temperature is read, None where it has none or does not tell; and how often.

    `read` may take as long as the tool's time-out: each drive is read by a thread of its own.
    """

    read: Callable[[Drive], Heat | None]
    poll_seconds: float = POLL_SECONDS

    def watch(self, drive: Drive, gate: Gate, answers: Callable[[], bool], name: str) -> None:
        """Follow this drive in a thread until its job has ended; while it does not answer it is not asked this either."""
        threading.Thread(target=self._follow, args=(drive, gate, answers), name=name, daemon=True).start()

    def _follow(self, drive: Drive, gate: Gate, answers: Callable[[], bool]) -> None:
        guard = Guard(gate)
        try:
            while not gate.closed.wait(self.poll_seconds):
                # One that hangs while it is too hot must not stand still: the silence is counted only while it works.
                guard.look(self.read(drive) if answers() else None)
        finally:
            # Whatever ends this thread: a drive that nobody measures any more must not stand still for ever.
            gate.lift(PauseReason.TEMPERATURE)


class Guard:
    """Holds a job from its drive's limit on, and lets it go once the drive has cooled down.

    A job that a person lets go on all the same is not held again before its drive has cooled down once.
    """

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._hot = False

    def look(self, heat: Heat | None) -> None:
        """Judge one reading; without a temperature nothing is held for it."""
        self._gate.heat = heat
        if heat is not None and heat.celsius >= heat.limit_celsius:
            if not self._hot:
                self._gate.hold(PauseReason.TEMPERATURE, f"{heat.celsius} °C, limit {heat.limit_celsius} °C")
            self._hot = True
        elif heat is None or heat.celsius <= heat.cool_celsius:
            self._gate.lift(PauseReason.TEMPERATURE)
            self._hot = False
