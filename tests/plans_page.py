"""Writes docs/plans.md: what is planned by default for each kind of drive, from the program's own planning."""

from pathlib import Path

from agent.engine.planning import make_plan
from agent.model.sanitization import Plan, Policy, Rung
from tests.plan_cases import PLAN_CASES, PlanCase

PAGE = Path(__file__).resolve().parents[1] / "docs" / "plans.md"
_HEAD = """# What is planned for each kind of drive

Made by `python -m tests.plans_page` from the program's own planning, with nothing asked for but the defaults: the strongest technique that the medium offers,
then the next one only where the one before failed and left nothing running. `tests/unit/engine/test_plans_page.py` compares this page with the code, and
the levels with a table of its own (IEEE 2883-2022 as openSeaChest labels it, NIST SP 800-88r1 Appendix A; where they disagree, the lower).

Markers are planted before every technique of a drive's own and must all be different afterwards. Block erase and overwrite are also read back in full; after a
change of the key markers on 5 % of the medium are all that can be asked, and that is Purge only for models that are listed with a source.

| drive | techniques in their order | reached by the first | not covered by it, or why not |
| --- | --- | --- | --- |
"""


def page() -> str:
    """The whole page."""
    return _HEAD + "".join(f"{_row(case)}\n" for case in PLAN_CASES)


def _row(case: PlanCase) -> str:
    planned = make_plan(case.drive, Policy(), firmware=case.firmware)
    if not isinstance(planned, Plan):
        return f"| {case.name} | none: refused | - | {'; '.join(planned.reasons)} |"
    rungs = ", then ".join(_rung(rung) for rung in planned.rungs)
    return f"| {case.name} | {rungs} | {planned.level_reached.value.capitalize()} | {'; '.join(planned.not_covered) or '-'} |"


def _rung(rung: Rung) -> str:
    return f"{rung.technique.value} ({rung.level.value.capitalize()})"


if __name__ == "__main__":
    PAGE.write_text(page())
