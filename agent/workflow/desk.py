"""Who works here, with what, and where evidence goes; and what a session says of all that."""

import platform
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from agent import __version__
from agent.engine.stream import self_check
from agent.errors import UsageError
from agent.host.machine import Machine
from agent.model.language import Language
from agent.model.machine import Environment
from agent.model.record import Operator, Tool
from agent.model.session import SessionHeader
from agent.model.stated import NOTHING_STATED, Stated
from agent.registry.writable import check_writable
from agent.text import language
from agent.workflow.record_id import new_record_id
from agent.workflow.sequence import check_numbering
from agent.workflow.station import Station, check_may_sign
from agent.workflow.uploads import Registry, connect
from agent.workflow.view import Inspection, PlanSet, StationView

_OPERATOR = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")


@dataclass(frozen=True)
class Desk:
    """Station, operator's opaque id, evidence folder, registry; how many drives are worked on at once (None: all); what was stated."""

    station: Station
    operator: str
    evidence: Path
    registry: Registry
    max_drives: int | None = None
    stated: Stated = NOTHING_STATED


def check_operator(operator: str) -> None:
    """Raise UsageError for what can't be an operator's opaque id."""
    if not _OPERATOR.fullmatch(operator):
        raise UsageError(
            f"{operator!r} can't be an operator id.", "Use up to 32 letters, digits, '.', '_' or '-'; no name."
        )


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
        language=_document_language(),
        stated=desk.stated,
    )


def _document_language() -> Language:
    """The session's language, in which the page is made first."""
    code = language()
    return Language(code) if code in set(Language) else Language.ENGLISH


def check_desk(desk: Desk, machine: Machine) -> None:
    """Everything that would only show once drives are erased: raises AgentError before anything is touched."""
    if desk.registry.url:
        connect(desk.registry)
    check_may_sign(desk.station, machine.environment)
    check_numbering(desk.station.folder)
    self_check()
    check_writable(desk.evidence)


def station_view(desk: Desk, machine: Machine) -> StationView:
    """Where and as whom a sitting runs."""
    signer = desk.station.key.chain.signer
    environment = machine.environment
    return StationView(
        environment=environment,
        specimen=environment is Environment.SIMULATED,
        organisation=signer.organisation,
        station=signer.station,
        trusted_root=signer.root,
        operator=desk.operator,
        evidence=desk.evidence,
        registry=desk.registry.url,
        from_memory=machine.runs_from_memory,
    )
