"""Who works here, with what, and where evidence goes; and what a session says of all that."""

import platform
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from agent import __version__
from agent.host.machine import Machine
from agent.model.machine import Environment
from agent.model.record import Operator, Tool
from agent.model.session import SessionHeader
from agent.workflow.record_id import new_record_id
from agent.workflow.station import Station
from agent.workflow.uploads import Registry
from agent.workflow.view import Inspection, PlanSet


@dataclass(frozen=True)
class Desk:
    """Station, operator's opaque id, evidence folder, registry."""

    station: Station
    operator: str
    evidence: Path
    registry: Registry


def make_header(
    machine: Machine, desk: Desk, inspection: Inspection, plans: PlanSet, now: datetime
) -> SessionHeader:
    """What is known when the operator has confirmed: the journal's first line."""
    return SessionHeader(
        record_id=new_record_id(now),
        salt=secrets.token_hex(16),
        started_at=now,
        environment=machine.environment,
        specimen=machine.environment is Environment.SIMULATED,
        issuer=desk.station.key.issuer,
        operator=Operator(desk.operator),
        tool=Tool(
            name="ardoise",
            version=__version__,
            python=platform.python_version(),
            kernel=machine.kernel(),
            image_sha256=machine.image_sha256,
            helpers=machine.helper_versions(),
        ),
        host=inspection.inventory,
        policy=plans.policy,
        drives=inspection.drives,
        plans=plans.plans,
        refusals=plans.refusals,
    )
