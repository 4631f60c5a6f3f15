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
    found = controller_cautions(inspection.inventory.controllers)
    for plan in plans.plans:
        found += _power(plan, power) + _health(plan.drive.node, health.get(plan.drive.node))
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


def _power(plan: Plan, power: PowerReading | None) -> tuple[Caution, ...]:
    judged = judge_plan(power, plan)
    kinds = {PowerVerdict.CAUTION: CautionKind.ON_BATTERY, PowerVerdict.REFUSED: CautionKind.BATTERY_TOO_LOW}
    kind = kinds.get(judged.verdict)
    return (Caution(kind, plan.drive.node, judged.reason),) if kind else ()


def _health(node: str, health: HealthReport | None) -> tuple[Caution, ...]:
    if health is None or health.verdict is not Verdict.FAIL:
        return ()
    return (Caution(CautionKind.BAD_HEALTH, node, "; ".join(health.reasons)),)
