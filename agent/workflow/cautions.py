"""What a person should know of the machine and its drives before confirming a plan; it forbids nothing by itself."""

from collections.abc import Sequence
from dataclasses import replace

from agent.engine.power_policy import PowerVerdict, judge_plan
from agent.model.health import HealthReport, Verdict
from agent.model.machine import StorageController
from agent.model.power import PowerReading
from agent.model.sanitization import Plan
from agent.workflow.view import Caution, CautionKind, Inspection, PlanSet


def with_cautions(plans: PlanSet, inspection: Inspection | None, power: PowerReading | None) -> PlanSet:
    """The same plans with what is to be said of them; of the machine first, then drive by drive."""
    if inspection is None:
        return plans
    health = {d.drive.node: d.health for d in inspection.drives}
    found = controller_cautions(inspection.inventory.controllers) + power_cautions(plans.plans, power)
    for plan in plans.plans:
        found += _health(plan.drive.node, health.get(plan.drive.node))
    return replace(plans, cautions=found)


def controller_cautions(controllers: Sequence[StorageController]) -> tuple[Caution, ...]:
    """Controllers behind which drives may be that nothing here sees; they make the headline INCOMPLETE."""
    found = []
    for controller in controllers:
        where = f"{controller.address} {controller.description}"
        if controller.raid_mode:
            found.append(Caution(CautionKind.RAID_MODE, "", where))
        elif not controller.driver:
            found.append(Caution(CautionKind.NO_DRIVER, "", where))
    return tuple(found)


def power_cautions(plans: Sequence[Plan], power: PowerReading | None) -> tuple[Caution, ...]:
    """Once that the machine runs on battery, and for each drive whose own erase would not be started."""
    judged = [(plan, judge_plan(power, plan)) for plan in plans]
    low = [(plan, j) for plan, j in judged if j.verdict is PowerVerdict.REFUSED]
    refused = tuple(Caution(CautionKind.BATTERY_TOO_LOW, plan.drive.node, j.figures) for plan, j in low)
    spared = [j.figures for _plan, j in judged if j.verdict is PowerVerdict.CAUTION]
    return (*(Caution(CautionKind.ON_BATTERY, "", figures) for figures in spared[:1]), *refused)


def _health(node: str, health: HealthReport | None) -> tuple[Caution, ...]:
    if health is None or health.verdict is not Verdict.FAIL:
        return ()
    return (Caution(CautionKind.BAD_HEALTH, node, "; ".join(health.reasons)),)
