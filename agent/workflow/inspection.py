"""Find every drive and judge its health, before anything is planned."""

import logging

from agent.diagnostics.health import assess
from agent.errors import AgentError
from agent.host.machine import Machine
from agent.model.drive import Drive
from agent.model.health import HealthReport
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
