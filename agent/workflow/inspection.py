"""Find every drive and judge its health, before anything is planned."""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from agent.diagnostics.health import assess
from agent.diagnostics.temperature import heat_of
from agent.engine.heat import Thermometer
from agent.errors import AgentError
from agent.host.machine import Machine
from agent.model.drive import Drive
from agent.model.firmware import CommandState, DeviceStatus, FirmwareReading, FoundObstacle, Obstacle
from agent.model.health import HealthReport, Heat
from agent.model.session import InspectedDrive
from agent.workflow.view import Inspection

log = logging.getLogger(__name__)
T = TypeVar("T")
_AT_ONCE = 8
"""Drives that are asked at one time: a slow one delays none, and a machine of 1 GiB has room for as many smartctl."""


def inspect_machine(machine: Machine) -> Inspection:
    """Everything that was found, with health where it could be read; raises what discovery raises."""
    drives = machine.discover()
    own = read_each(drives, lambda drive: read_firmware(machine, drive))
    # A drive at its own erase answers nothing but questions for its status; others of it would only wait.
    at_rest = [d for d in drives if d.node not in own or own[d.node].status.state is not CommandState.RUNNING]
    health = read_each(at_rest, lambda drive: read_health(machine, drive))
    inspected = tuple(InspectedDrive(d, health.get(d.node), own.get(d.node)) for d in drives)
    boot = next((d for d in drives if d.is_boot_medium), None)
    return Inspection(machine.inventory(), inspected, boot)


def read_each(drives: Sequence[Drive], answer_of: Callable[[Drive], T | None]) -> dict[str, T]:
    """What several drives answer, asked at once, by node; those that give none are left out. Raises what `answer_of` raises."""
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="inspection") as pool:
        answers = pool.map(answer_of, drives)
        return {d.node: answer for d, answer in zip(drives, answers, strict=True) if answer is not None}


def read_health(machine: Machine, drive: Drive) -> HealthReport | None:
    """The verdict on one drive, None where its health can't be read at all; raises nothing of the tool's."""
    try:
        return assess(machine.read_smart(drive))
    except AgentError as error:
        log.warning("health of %s can't be read: %s", drive.node, error.message)
        return None


def read_firmware(machine: Machine, drive: Drive) -> FirmwareReading | None:
    """What one drive can do by itself, None for kinds that have no erase of their own; raises nothing of the tools'.

    A drive that could not be asked offers nothing, and the plan says why.
    """
    if not drive.on_offer:
        return None
    try:
        return machine.read_firmware(drive)
    except AgentError as error:
        log.warning("what %s can do by itself can't be read: %s", drive.node, error.message)
        unreadable = FoundObstacle(Obstacle.UNREADABLE, error.message)
        return FirmwareReading((), (unreadable,), DeviceStatus(CommandState.UNKNOWN, ()), (), ())


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
