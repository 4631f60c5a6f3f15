"""Hidden sectors of a simulated drive: its image grows by them once they are given back."""

from dataclasses import dataclass

from agent.host.hidden_area_restore import POWER_CYCLE, Restoration
from agent.host.simulated_drive import SimulatedDrive
from agent.model.drive import Drive, HiddenAreaState
from agent.model.firmware import ToolRun


@dataclass(frozen=True)
class HiddenBehaviour:
    """hidden.json: whether sectors come back only after a loss of power, for which the program's next start stands; `refuses`: never."""

    needs_power_cycle: bool = False
    refuses: bool = False


def read_hidden_behaviour(drive: SimulatedDrive) -> HiddenBehaviour:
    """What the drive's folder says; without a file they come back at once; raises EnvironmentLacks."""
    name = f"drives/{drive.name}/hidden.json"
    return drive.folder.read_value(name, HiddenBehaviour) if drive.folder.exists(name) else HiddenBehaviour()


def give_back(drive: SimulatedDrive) -> Restoration:
    """Give hidden sectors back as the drive's folder says; raises EnvironmentLacks, MediaVanished, OSError."""
    found = drive.found()
    if found.hidden_areas.state is not HiddenAreaState.PRESENT:
        return Restoration(found.hidden_areas)
    behaviour = read_hidden_behaviour(drive)
    native = found.hidden_areas.native_sectors or 0
    tool = ToolRun(("simulated", "give hidden sectors back", f"p{native}"), 0, "", 0)
    if behaviour.refuses or behaviour.needs_power_cycle:
        drive.remember(hidden_asked=not behaviour.refuses)
        return Restoration(found.hidden_areas, (tool,), POWER_CYCLE)
    _grow(drive, found)
    words = f"{native - (found.hidden_areas.accessible_sectors or 0)} hidden sectors were given back."
    return Restoration(drive.found().hidden_areas, (tool,), words)


def power_cycle(drive: SimulatedDrive) -> None:
    """What was asked for before the power went is done now; raises EnvironmentLacks, OSError."""
    if drive.state().hidden_asked and not drive.state().hidden_given_back:
        _grow(drive, drive.found())


def _grow(drive: SimulatedDrive, found: Drive) -> None:
    drive.resize_image((found.hidden_areas.native_sectors or 0) * found.identity.logical_sector_bytes)
    drive.remember(hidden_given_back=True)
