"""What the power source allows to be started: a drive's own erase can't be stopped, and a drive that loses power in it may be lost.

The figures are this program's own: no standard names any. Half a charge, because a worn battery's last half can't be trusted;
twice the drive's estimate, because drives give the shortest time that they know.
"""

from dataclasses import dataclass
from enum import StrEnum

from agent.errors import AgentError
from agent.host.machine import Machine
from agent.model.power import PowerReading, PowerSource
from agent.model.sanitization import Plan, Rung

LEAST_PERCENT = 50
TIMES_ESTIMATE = 2


class PowerVerdict(StrEnum):
    """Whether a technique may be started on this power."""

    FINE = "fine"
    CAUTION = "on battery"
    REFUSED = "battery too low"


@dataclass(frozen=True)
class PowerJudgement:
    """The verdict and why, in plain text and in figures alone ("31 % < 50 %"); nothing where it is fine."""

    verdict: PowerVerdict
    reason: str = ""
    figures: str = ""


FINE = PowerJudgement(PowerVerdict.FINE)


def judge_power(power: PowerReading | None, rung: Rung) -> PowerJudgement:
    """Whether one technique may be started; an overwrite always, for it can go on later. What is not known refuses nothing."""
    if power is None or power.source is not PowerSource.BATTERY:
        return FINE
    found = f"the machine runs on {power.words}"
    if not rung.technique.by_firmware:
        return PowerJudgement(PowerVerdict.CAUTION, f"{found}: plug it in", _figures(power))
    if power.charge_percent is not None and power.charge_percent < LEAST_PERCENT:
        wanted = f"a command that can't be stopped needs {LEAST_PERCENT} % or mains"
        figures = f"{power.charge_percent} % < {LEAST_PERCENT} %"
        return PowerJudgement(PowerVerdict.REFUSED, f"{found}: {wanted}", figures)
    needed = None if rung.minutes is None else TIMES_ESTIMATE * rung.minutes
    if power.remaining_minutes is not None and needed is not None and power.remaining_minutes < needed:
        wanted = f"a command that can't be stopped needs {needed} min, twice the drive's own estimate, or mains"
        figures = f"{power.remaining_minutes} min < {needed} min"
        return PowerJudgement(PowerVerdict.REFUSED, f"{found}: {wanted}", figures)
    return PowerJudgement(PowerVerdict.CAUTION, f"{found}: plug it in", _figures(power))


def _figures(power: PowerReading) -> str:
    charge = "" if power.charge_percent is None else f"{power.charge_percent} %"
    left = "" if power.remaining_minutes is None else f"{power.remaining_minutes} min"
    return ", ".join(part for part in (charge, left) if part)


def judge_plan(power: PowerReading | None, plan: Plan) -> PowerJudgement:
    """What is to be said of a whole plan: the worst of its techniques, for any of them may be the one that is started."""
    judged = [judge_power(power, rung) for rung in plan.rungs]
    ranks = list(PowerVerdict)
    return max(judged, key=lambda j: ranks.index(j.verdict))


def power_now(machine: Machine) -> PowerReading | None:
    """The power source at this moment, None where it can't be read; raises nothing of the machine's."""
    try:
        return machine.power()
    except AgentError:
        return None
