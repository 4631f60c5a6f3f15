"""Drives whose erase commands the machine's firmware has locked: a short sleep of the machine, and what they say after it."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from agent.errors import EvidenceError, Refused
from agent.host.machine import Machine
from agent.model.firmware import FREEZES
from agent.model.session import InspectedDrive
from agent.model.sleep import SleepEnding, SleepObstacle, Slept
from agent.workflow.stick import Stick
from agent.workflow.view import Inspection, Stage

SLEEP_SECONDS = 10
BACK_SECONDS = 30.0
"""So long drives and the stick may take to appear again."""
_LOOK_SECONDS = 1.0


@dataclass(frozen=True)
class Thawed:
    """What a sleep came to: the attempt, the drives that were locked before and are after, those that did not come back."""

    slept: Slept
    inspection: Inspection
    frozen_before: tuple[str, ...]
    frozen_after: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def freed(self) -> tuple[str, ...]:
        """Drives whose erase commands are no longer locked."""
        return tuple(n for n in self.frozen_before if n not in self.frozen_after and n not in self.missing)


def frozen_nodes(drives: Sequence[InspectedDrive]) -> tuple[str, ...]:
    """Drives on offer whose own erase the machine's firmware has locked."""
    return tuple(d.drive.node for d in drives if d.drive.on_offer and _frozen(d))


def _frozen(found: InspectedDrive) -> bool:
    return found.firmware is not None and any(o.obstacle in FREEZES for o in found.firmware.obstacles)


def sleep_and_look(
    machine: Machine,
    before: Inspection,
    inspect: Callable[[], Inspection],
    stick_is_back: Callable[[], bool] = lambda: True,
    *,
    patience: float | None = None,
    pause: Callable[[float], None] = time.sleep,
) -> Thawed:
    """Let the machine sleep, wait for stick and drives, look at all anew; nothing may be at work meanwhile.

    Raises Refused before anything happens; EvidenceError where the stick does not come back or another one does; what
    inspection raises.
    """
    machine.permit_writing()
    obstacle = machine.sleep_obstacle()
    if obstacle is not None:
        raise Refused(
            f"This machine is not let sleep: {obstacle.value}.", "Plug the drive in again, or use another machine."
        )
    slept = machine.sleep(SLEEP_SECONDS)
    looks = max(1, int((BACK_SECONDS if patience is None else patience) / _LOOK_SECONDS))
    for _look in range(looks):
        if stick_is_back():
            break
        pause(_LOOK_SECONDS)
    else:
        raise EvidenceError(
            "The stick did not come back after the sleep.", "Plug the same stick in again, then look at the drives."
        )
    after = inspect()
    for _look in range(looks):
        if not _missing(before, after):
            break
        pause(_LOOK_SECONDS)
        after = inspect()
    _check_stick(before, after)
    missing = _missing(before, after)
    return Thawed(slept, after, frozen_nodes(before.drives), frozen_nodes(after.drives), missing)


def _missing(before: Inspection, after: Inspection) -> tuple[str, ...]:
    """Drives that are not there any more, under any node: a controller may number them anew."""
    there = [d.drive.identity for d in after.drives]
    gone = [d.drive for d in before.drives if not any(i.same_medium(d.drive.identity) for i in there)]
    return tuple(d.node for d in gone if not d.is_boot_medium)


def _check_stick(before: Inspection, after: Inspection) -> None:
    # In memory the running system outlives its stick, and then it is no boot medium any more, but what it is told apart by stays.
    if before.boot_medium is None or after.boot_medium is None:
        return
    if not after.boot_medium.identity.same_medium(before.boot_medium.identity):
        raise EvidenceError(
            "Another stick came back after the sleep.", "Plug in the one that this system runs from."
        )


def words_of(thawed: Thawed) -> tuple[str, ...]:
    """What a sleep came to, in plain text, with what to try next in its order."""
    told = {
        SleepEnding.SLEPT: f"The machine slept for {thawed.slept.asleep_ms / 1000:.0f} s.",
        SleepEnding.WOKE_EARLY: f"The machine woke after {thawed.slept.asleep_ms / 1000:.0f} s.",
        SleepEnding.NEVER_SLEPT: "The machine did not sleep: its firmware returned at once.",
    }
    lines = [told[thawed.slept.ending]]
    lines += [f"{node}: no longer locked" for node in thawed.freed]
    lines += [f"{node}: still locked" for node in thawed.frozen_after]
    lines += [f"{node}: did not come back" for node in thawed.missing]
    if thawed.frozen_after:
        lines.append(
            "Next: unplug the drive's cable and plug it in again while the machine runs; else another technique."
        )
    return tuple(lines)


class Rest:
    """Either a session begins or the machine sleeps: never both, whichever thread or screen asks."""

    def __init__(
        self, machine: Machine, stick: Stick, inspect: Callable[[], Inspection], stage: Callable[[], Stage]
    ) -> None:
        self._machine = machine
        self._stick = stick
        self._inspect = inspect
        self._stage = stage
        self._one = threading.Lock()

    @contextmanager
    def awake(self) -> Iterator[None]:
        """Held while a session begins; raises Refused where the machine is let sleep."""
        if not self._one.acquire(blocking=False):
            raise Refused("The machine is about to sleep.", "Wait until it is awake and its drives were looked at.")
        try:
            yield
        finally:
            self._one.release()

    def obstacle(self) -> SleepObstacle | None:
        """What stands against a sleep of this machine; raises EnvironmentLacks."""
        return self._machine.sleep_obstacle()

    def thaw(self) -> Thawed:
        """Sleep with no job running, then look at all drives anew; raises Refused, EvidenceError, ToolMissing, ToolFailed."""
        with self.awake():
            # A session that begins holds the same lock until its stage says so.
            if self._stage() is not Stage.READY:
                raise Refused("Drives are being worked on: the machine may not sleep now.", "Wait for the record.")
            return sleep_and_look(self._machine, self._inspect(), self._inspect, self._stick.is_awake)
