"""What the engine says reaches a French or German screen in its language."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from agent.certificate.words import Words
from agent.diagnostics.health import assess
from agent.engine.planning import make_plan
from agent.host.ata_capabilities import SecurityState, security_obstacles
from agent.model.firmware import FoundObstacle, Obstacle
from agent.model.language import Language
from agent.model.sanitization import Method, Plan, Policy, Refusal, Technique
from agent.text import use_language
from agent.tui.told import told
from tests.plan_cases import PLAN_CASES
from tests.unit.diagnostics.captures import documents, snapshot

_OTHERS = (Language.FRENCH, Language.GERMAN)
_POLICIES = (Policy(), Policy(required=Method.PURGE), Policy(pass_set="dod-3"), Policy(technique="overwrite"))

_EVERYTHING = SecurityState(supported=True, enabled=True, locked=True, frozen=True, expired=True, enhanced=True)


@pytest.fixture(autouse=True)
def _english_again() -> Iterator[None]:
    yield
    use_language("en")


def reasons_of_plans() -> set[str]:
    """Everything that planning says of the kinds of drives of docs/plans.md."""
    said: set[str] = set()
    for case in PLAN_CASES:
        for policy in _POLICIES:
            found = make_plan(case.drive, policy, firmware=case.firmware)
            said |= set(found.reasons)
            said |= set(found.not_covered) if isinstance(found, Plan) else set()
    return said


@pytest.mark.parametrize("language", _OTHERS)
def test_whatever_a_plan_says_is_translated(language: Language) -> None:
    missing = {text for text in reasons_of_plans() if Words(language).known_phrase(text) in {None, text}}
    assert not missing


@pytest.mark.parametrize("obstacle", Obstacle)
@pytest.mark.parametrize("detail", ["", "43 %"])
def test_every_obstacle_is_translated_with_its_detail(obstacle: Obstacle, detail: str) -> None:
    case = next(c for c in PLAN_CASES if c.name == "SATA SSD without SANITIZE")
    assert case.firmware is not None
    hindered = replace(case.firmware, obstacles=(FoundObstacle(obstacle, detail),))
    found = make_plan(case.drive, Policy(), firmware=hindered)
    assert isinstance(found, Plan | Refusal)
    (said,) = [text for text in found.reasons if text.startswith(obstacle.value)]
    for code in _OTHERS:
        use_language(code)
        assert told(said) != said
        assert detail in told(said)


def test_whatever_is_said_of_the_captured_drives_health_is_translated() -> None:
    said = {text for _file, document in documents() for text in assess(snapshot(document)).reasons}
    assert len(said) > 20
    for language in _OTHERS:
        assert not {text for text in said if Words(language).known_phrase(text) in {None, text}}


@pytest.mark.parametrize("language", _OTHERS)
def test_what_stands_in_brackets_is_translated_too(language: Language) -> None:
    use_language(language)
    for found in security_obstacles(_EVERYTHING):
        case = next(c for c in PLAN_CASES if c.name == "SATA SSD without SANITIZE")
        assert case.firmware is not None
        plan = make_plan(case.drive, Policy(), firmware=replace(case.firmware, obstacles=(found,)))
        (said,) = [text for text in plan.reasons if text.startswith(found.obstacle.value)]
        assert found.detail in said
        assert found.detail not in told(said)


def test_a_job_that_tried_several_techniques_is_told_part_by_part() -> None:
    reason = (
        f"{Technique.NVME_SANITIZE_BLOCK_ERASE.value}: the drive says that its erase failed; "
        "overwrite: write error at LBA 77"
    )
    use_language("fr")
    said = told(reason)
    assert "son effacement a échoué" in said
    assert said.endswith("erreur d\u2019écriture au LBA 77")
    assert "erase failed" not in said


def test_what_nobody_translated_is_shown_as_it_is() -> None:
    use_language("de")
    assert told("something new; [/red]") == "something new; [/red]"
