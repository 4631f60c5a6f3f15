"""Steps that a drive may need before its erase can be planned: hidden areas given back, an Opal lock reverted by its PSID.

Each runs in a thread of its own, on one drive that is otherwise selectable. It is noted on the stick before it begins,
the drives are inspected again after it, and the plan is made anew from what was found then.
"""

import logging
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from agent.errors import AgentError, Refused
from agent.host.firmware import FirmwareCommand
from agent.host.hidden_area_restore import POWER_CYCLE
from agent.host.machine import Machine
from agent.model.clock import Clock
from agent.model.drive import Drive, HiddenAreas, HiddenAreaState, confirmable_name
from agent.model.firmware import CommandState, Obstacle
from agent.model.preparation import Preparation, PreparationKind, PreparationOutcome, is_same_drive
from agent.model.psid import Psid
from agent.model.sanitization import Technique
from agent.model.session import InspectedDrive
from agent.workflow.confirmation import new_code
from agent.workflow.ending import sanitized_drives
from agent.workflow.prepared import Prepared
from agent.workflow.recording import Ending
from agent.workflow.view import Inspection

log = logging.getLogger(__name__)

_REVERT = Technique.OPAL_PSID_REVERT
REFUSED_PSID = (
    "The drive refused this PSID. Compare each character with the label and type it again;"
    " the drive may count attempts, and refuse all of them until it was switched off and on."
)
REVERTED = "The drive's locks are gone and its key is new. This alone proves nothing: its erase is planned now."
NOT_KNOWN = "The revert was started, and what became of it is not known."
GONE = "The drive is not found any more: switch the machine off and on, then try again."


@dataclass(frozen=True)
class StepView:
    """A step at one moment: it runs, or it left a preparation or an error.

    `node` is where the drive is, `inspection` what was found after it.
    """

    kind: PreparationKind
    node: str
    running: bool = True
    preparation: Preparation | None = None
    inspection: Inspection | None = None
    error: AgentError | None = None


def needed_before(found: InspectedDrive) -> PreparationKind | None:
    """The step without which there is no plan for this drive; None where none is needed or none would help."""
    if not found.drive.on_offer:
        return None
    if found.drive.hidden_areas.state is HiddenAreaState.PRESENT:
        return PreparationKind.HIDDEN_AREAS
    return PreparationKind.PSID_REVERT if is_opal_locked(found) and offers_revert(found) else None


def offers_revert(found: InspectedDrive) -> bool:
    """Whether the drive can be reverted with the PSID on its label."""
    offers = found.firmware.offers if found.firmware else ()
    return found.drive.on_offer and any(o.technique is _REVERT for o in offers)


def is_opal_locked(found: InspectedDrive) -> bool:
    """Whether Opal keeps the drive from being read and written."""
    obstacles = found.firmware.obstacles if found.firmware else ()
    return any(o.obstacle is Obstacle.OPAL_LOCKED for o in obstacles)


class BeforeErase:
    """All steps of one sitting, one at a time. Every method may be called from any thread.

    `inspected` gives a drive of the last inspection, and raises Refused once drives are worked on; `inspect` looks at the
    machine again.
    """

    def __init__(
        self,
        machine: Machine,
        journals: Path,
        clock: Clock,
        inspected: Callable[[str], InspectedDrive],
        inspect: Callable[[], Inspection],
    ) -> None:
        self._machine = machine
        self._clock = clock
        self._inspected = inspected
        self._inspect = inspect
        self._lock = threading.Lock()
        self._view: StepView | None = None
        self._ended = threading.Event()
        self._asked: tuple[Drive, str] | None = None
        self.prepared = Prepared(journals, machine.environment)

    # what a front end asks ------------------------------------------------------------------------------------

    def view(self) -> StepView | None:
        """The newest step; None where none was begun."""
        return self._view

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the step has ended, at most `timeout` seconds; whether it has."""
        return self._ended.wait(timeout)

    def check_idle(self) -> None:
        """Raise Refused while a step runs."""
        if self._view is not None and self._view.running:
            raise Refused("A drive is being prepared.", "Wait until that has ended.")

    def keep_psid(self, node: str, psid: Psid | None) -> None:
        """Keep the PSID of this drive in memory, so that its plan may use it; None forgets it; raises Refused."""
        found = self._inspected(node)
        if psid is not None and not offers_revert(found):
            raise Refused(f"{node} can't be reverted by a PSID.", "List the drives again.")
        self._machine.keep_psid(found.drive, psid)

    def give_back(self, node: str) -> None:
        """Begin to give back what this drive hides, for good; nothing is erased by it; raises Refused."""
        found = self._inspected(node)
        if needed_before(found) is not PreparationKind.HIDDEN_AREAS:
            raise Refused(f"There is nothing to give back on {node}.", "List the drives again.")
        self._begin(PreparationKind.HIDDEN_AREAS, found.drive, self._give_back)

    def ask_revert(self, node: str) -> str:
        """A fresh code that confirms the revert of this drive; raises Refused."""
        found = self._inspected(node)
        if not offers_revert(found):
            raise Refused(f"{node} can't be reverted by a PSID.", "List the drives again.")
        self._asked = found.drive, new_code()
        return self._asked[1]

    def revert(self, node: str, code: str) -> None:
        """Begin the revert that the shown code confirms: everything on the drive is lost; raises Refused."""
        drive, asked = self._inspected(node).drive, self._asked
        shown = asked[1] if asked is not None and asked[0] == drive else ""
        if not shown or not secrets.compare_digest(shown.encode(), code.strip().upper().encode()):
            raise Refused("The code does not match the one on the screen.", "Nothing was touched. Type it again.")
        self._asked = None
        self._begin(PreparationKind.PSID_REVERT, drive, self._revert)

    def revert_named(self, node: str, name: str, drives: tuple[Drive, ...]) -> None:
        """Begin the revert that the drive's own name confirms; raises Refused."""
        drive = self._inspected(node).drive
        if confirmable_name(drive, drives) != name:
            raise Refused(f"Not confirmed: {node}.", "Nothing was touched. Give --confirm for it.")
        self._begin(PreparationKind.PSID_REVERT, drive, self._revert)

    def recorded(self, ending: Ending) -> None:
        """A record with this ending is on stable storage: what it said needs to be said no more, and no PSID is kept."""
        self.prepared.forget(sanitized_drives(ending))
        for result in ending.results:
            self._machine.keep_psid(result.plan.drive, None)

    # the thread -----------------------------------------------------------------------------------------------

    def _begin(self, kind: PreparationKind, drive: Drive, work: Callable[[Drive], Preparation]) -> None:
        with self._lock:
            self.check_idle()
            self._machine.permit_writing()
            self._view = StepView(kind, drive.node)
            self._ended.clear()
        threading.Thread(target=self._run, args=(kind, drive, work), name="preparation", daemon=True).start()

    def _run(self, kind: PreparationKind, drive: Drive, work: Callable[[Drive], Preparation]) -> None:
        view = StepView(kind, drive.node, running=False)
        try:
            done = work(drive)
            self.prepared.finish(done)
            view = replace(view, preparation=done)
            inspection = self._inspect()
            found = [f.drive.node for f in inspection.drives if is_same_drive(f.drive.identity, drive.identity)]
            view = replace(view, inspection=inspection, node=found[0] if len(found) == 1 else drive.node)
        except AgentError as error:
            view = replace(view, error=error)
        except Exception as error:
            # The top of a thread: a defect ends as an error that is shown, and the note on the stick still says "begun".
            log.exception("a preparation ended by a defect")
            view = replace(view, error=AgentError(f"defect of the program: {type(error).__name__}"))
        finally:
            self._view = view
            self._ended.set()

    def _noted(self, kind: PreparationKind, drive: Drive) -> Preparation:
        areas = drive.hidden_areas if kind is PreparationKind.HIDDEN_AREAS else None
        begun = Preparation(
            kind, drive.identity, PreparationOutcome.BEGUN, "", self._clock.now(), hidden_before=areas
        )
        self.prepared.begin(begun)
        return begun

    # hidden areas ---------------------------------------------------------------------------------------------

    def _give_back(self, drive: Drive) -> Preparation:
        begun = self._noted(PreparationKind.HIDDEN_AREAS, drive)
        try:
            restoration = self._machine.restore_hidden_areas(drive)
        except AgentError:
            self.prepared.take_back(begun)
            raise
        after = self._areas_now(drive)
        reached = (
            after is not None
            and after.state is HiddenAreaState.NONE_FOUND
            and (after.native_sectors or 0) >= (drive.hidden_areas.native_sectors or 0)
        )
        hidden = (drive.hidden_areas.native_sectors or 0) - (drive.hidden_areas.accessible_sectors or 0)
        given_back = f"{hidden} hidden sectors were given back."
        words = given_back if reached else GONE if after is None else POWER_CYCLE
        outcome = PreparationOutcome.DONE if reached else PreparationOutcome.NOT_DONE
        return replace(begun, outcome=outcome, words=words, tools=restoration.tools, hidden_after=after)

    def _areas_now(self, drive: Drive) -> HiddenAreas | None:
        """What the same drive hides, wherever it is now: one of another native size may be found anew under another name."""
        every = self._machine.discover()
        found = [d.hidden_areas for d in every if is_same_drive(d.identity, drive.identity)]
        return found[0] if len(found) == 1 else None

    # PSID revert ----------------------------------------------------------------------------------------------

    def _revert(self, drive: Drive) -> Preparation:
        command = self._machine.firmware_command(drive, _REVERT)
        try:
            return self._carry_out(drive, command)
        finally:
            command.close()
            # What was refused is to be typed again, and what succeeded is needed no more.
            self._machine.keep_psid(drive, None)

    def _carry_out(self, drive: Drive, command: FirmwareCommand) -> Preparation:
        begun = self._noted(PreparationKind.PSID_REVERT, drive)
        try:
            command.prepare()
            tool = command.start()
        except AgentError:
            self.prepared.take_back(begun)
            command.settle()
            raise
        told = replace(begun, tools=(tool,), outcome=PreparationOutcome.UNKNOWN, words=NOT_KNOWN)
        try:
            status = command.status()
        except AgentError as error:
            return replace(told, words=f"{NOT_KNOWN} {error.message}")
        finally:
            command.settle()
        told = replace(told, status=status)
        if status.state is CommandState.DONE:
            return replace(told, outcome=PreparationOutcome.DONE, words=REVERTED)
        if status.state is CommandState.FAILED:
            return replace(told, outcome=PreparationOutcome.REFUSED, words=REFUSED_PSID)
        return told
