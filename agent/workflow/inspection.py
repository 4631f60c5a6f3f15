"""Find every drive and judge its health, before anything is planned."""

import logging

from agent.diagnostics.health import assess
from agent.diagnostics.temperature import heat_of
from agent.engine.heat import Thermometer
from agent.errors import AgentError
from agent.host.machine import Machine
from agent.model.drive import Drive
from agent.model.health import HealthReport, Heat
from agent.model.session import InspectedDrive
from agent.workflow.view import Inspection

log = logging.getLogger(__name__)


def inspect_machine(machine: Machine) -> Inspection:
    """Everything that was found, with health where it could be read; raises what discovery raises."""
    drives = machine.discover()
    inspected = tuple(InspectedDrive(d, read_health(machine, d)) for d in drives)
    boot = next((d for d in drives if d.is_boot_medium), None)
    return Inspection(machine.inventory(), inspected, boot)


def read_health(machine: Machine, drive: Drive) -> HealthReport | None:
    """The verdict on one drive, None where its health can't be read at all; raises nothing of the tool's."""
    try:
        return assess(machine.read_smart(drive))
    except AgentError as error:
        log.warning("health of %s can't be read: %s", drive.node, error.message)
        return None


def read_heat(machine: Machine, drive: Drive) -> Heat | None:
    """The temperature of one drive, None where it can't be read; raises nothing of the tool's."""
    try:
        return heat_of(machine.read_temperature(drive), drive.media_type)
    except AgentError as error:
        log.warning("temperature of %s can't be read: %s", drive.node, error.message)
        return None


def thermometer(machine: Machine) -> Thermometer:
    """What the engine measures a machine's drives with."""
    return Thermometer(lambda drive: read_heat(machine, drive))
