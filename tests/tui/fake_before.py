"""The steps before an erase, as a test sets them; and machines whose drives need one."""

from dataclasses import replace

from agent.errors import AgentError, Refused
from agent.model.drive import Drive, HiddenAreas, HiddenAreaState, MediaType
from agent.model.firmware import (
    CommandState,
    DeviceStatus,
    FirmwareReading,
    FoundObstacle,
    Obstacle,
    TechniqueOffer,
)
from agent.model.preparation import Preparation, PreparationKind, PreparationOutcome
from agent.model.psid import Psid
from agent.model.sanitization import Technique
from agent.model.session import InspectedDrive
from agent.workflow.before_erase import StepView
from agent.workflow.view import Inspection
from tests.samples import AT

CODE = "BCDF"
REVERT = Technique.OPAL_PSID_REVERT


class FakeBefore:
    """Notes what it was told; `outcome` is what a step comes to once `finish` is called."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.psids: dict[str, Psid] = {}
        self.outcome = PreparationOutcome.DONE
        self.inspection: Inspection | None = None
        self.error: AgentError | None = None
        self.refuses: AgentError | None = None
        self._view: StepView | None = None

    def view(self) -> StepView | None:
        return self._view

    def keep_psid(self, node: str, psid: Psid | None) -> None:
        self.psids.pop(node, None)
        if psid is not None:
            self.psids[node] = psid

    def give_back(self, node: str) -> None:
        self._begin(PreparationKind.HIDDEN_AREAS, node)

    def ask_revert(self, node: str) -> str:
        return CODE

    def revert(self, node: str, code: str) -> None:
        if code != CODE:
            raise Refused("The code is wrong.")
        self._begin(PreparationKind.PSID_REVERT, node)

    def _begin(self, kind: PreparationKind, node: str) -> None:
        if self.refuses:
            raise self.refuses
        self.told.append(f"{kind.value} {node}")
        self._view = StepView(kind, node)

    def finish(self, node: str = "") -> None:
        """Let the running step end."""
        assert self._view is not None
        identity = drive_that_hides().drive.identity
        done = Preparation(self._view.kind, identity, self.outcome, "Something else.", AT)
        self._view = replace(
            self._view,
            node=node or self._view.node,
            running=False,
            preparation=None if self.error else done,
            inspection=self.inspection,
            error=self.error,
        )


def _drive(number: int, **changes: object) -> Drive:
    from tests.tui.fake_sitting import make_drive  # noqa: PLC0415 - it holds one of these

    return make_drive(number, **changes)


def drive_that_hides(number: int = 0, sectors: int = 2_097_152) -> InspectedDrive:
    """A disk that shows a gibibyte less than it has."""
    shown = 1_953_525_168 - sectors
    areas = HiddenAreas(HiddenAreaState.PRESENT, shown, shown + sectors)
    return InspectedDrive(_drive(number, hidden_areas=areas), None)


def encrypting_drive(number: int = 1, *, locked: bool = True) -> InspectedDrive:
    """A self-encrypting drive, locked by somebody who is gone."""
    obstacles = (FoundObstacle(Obstacle.OPAL_LOCKED),) if locked else ()
    reading = FirmwareReading((TechniqueOffer(REVERT),), obstacles, DeviceStatus(CommandState.NEVER, ()), (), ())
    drive = _drive(number, model="Samsung SSD 860 EVO", media_type=MediaType.SOLID_STATE, rotation_rpm=None)
    return InspectedDrive(drive, None, reading)
