"""Plans for the chosen drives, with the code and the names that confirm them; nothing is touched."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from agent.engine.planning import make_plan, may_resume
from agent.engine.resumption import Resumable
from agent.errors import Refused
from agent.model.drive import Drive, confirmable_name
from agent.model.firmware import FirmwareReading
from agent.model.sanitization import Plan, Policy, Refusal
from agent.workflow.confirmation import new_code
from agent.workflow.resuming import interrupted, job_for
from agent.workflow.view import Inspection, PlanSet


def make_plan_set(
    chosen: Sequence[Drive],
    every: tuple[Drive, ...],
    policy: Policy,
    kept: Sequence[Resumable] = (),
    firmware: Mapping[str, FirmwareReading] = MappingProxyType({}),
    *,
    psids: frozenset[str] = frozenset(),
) -> PlanSet:
    """Plans and refusals for the chosen ones among all drives of the machine; raises UsageError for unknown names.

    `kept` are overwrites that were cut off and may go on; `firmware` is what drives can do by themselves, by node; `psids`
    are the nodes of drives whose PSID was typed.
    """
    alike = Counter(_who(d) for d in every)
    cut_off = {d.node: interrupted(job_for(d, kept)) if alike[_who(d)] == 1 else None for d in chosen}
    judged = [make_plan(d, policy, cut_off[d.node], firmware.get(d.node), has_psid=d.node in psids) for d in chosen]
    plans = tuple(j for j in judged if isinstance(j, Plan))
    names = tuple(confirmable_name(p.drive, every) for p in plans)
    going_on = replace(policy, resume=True)
    could = [(p, found) for p in plans if (found := cut_off[p.drive.node]) is not None]
    return PlanSet(
        policy=policy,
        plans=plans,
        refusals=tuple(j for j in judged if isinstance(j, Refusal)),
        not_selected=tuple(d for d in every if d.on_offer and d not in chosen),
        spared=tuple(d for d in every if not d.on_offer),
        code=new_code(),
        names=names,
        name_is_node=tuple(name == p.drive.node for name, p in zip(names, plans, strict=True)),
        resumable=tuple(p.drive.node for p, found in could if may_resume(going_on, p.pass_set, found)),
    )


def firmware_by_node(inspection: Inspection | None) -> dict[str, FirmwareReading]:
    """What each drive said that it can do by itself, where it did."""
    found = inspection.drives if inspection else ()
    return {f.drive.node: f.firmware for f in found if f.firmware is not None}


def _who(drive: Drive) -> tuple[str, str, str]:
    return drive.identity.model, drive.identity.serial, drive.identity.wwn


def check_plans(plans: PlanSet, drives: tuple[Drive, ...]) -> None:
    """Raise Refused where these plans can't be carried out on the drives as they were found last."""
    if not plans.plans and any(d.on_offer for d in drives):
        raise Refused("No drive was chosen.", "Choose the drives to sanitize.")
    if any(p.drive not in drives for p in plans.plans):
        raise Refused("The drives were looked at anew since this was planned.", "Plan and confirm again.")
