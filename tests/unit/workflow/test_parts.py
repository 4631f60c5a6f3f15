"""Confirmation, clock, numbering and ids, each alone."""

import json
import threading
import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.errors import Refused, StationError
from agent.model.drive import Drive
from agent.model.health import HealthReport
from agent.model.sanitization import Policy
from agent.workflow.clock_check import clock_remark, effective_time
from agent.workflow.confirmation import CODE_LENGTH, INVARIANT_LETTERS, check_code, check_names, new_code
from agent.workflow.inspection import read_each
from agent.workflow.record_id import new_record_id
from agent.workflow.sequence import next_link
from agent.workflow.view import PlanSet
from tests.tui.fake_sitting import make_drive, make_health

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def plan_set(*names: str, code: str = "BEXT") -> PlanSet:
    return PlanSet(Policy(), (), (), (), (), code, names, tuple(n.startswith("/") for n in names))


def test_the_health_of_several_drives_is_read_at_once_and_stays_with_its_drive() -> None:
    drives = [make_drive(n) for n in range(3)]
    report, together = make_health(), threading.Barrier(3, timeout=10)

    def health_of(drive: Drive) -> HealthReport | None:
        together.wait()
        return report if drive.node != drives[1].node else None

    assert read_each(drives, health_of) == {drives[0].node: report, drives[2].node: report}


def test_codes_use_letters_that_every_keyboard_has_in_one_place() -> None:
    codes = {new_code() for _ in range(200)}
    assert len(codes) > 150
    assert all(len(c) == CODE_LENGTH and set(c) <= set(INVARIANT_LETTERS) for c in codes)


@pytest.mark.parametrize("typed", ["", "BEX", "BEXTT", "TXEB", "BEXT BEXT"])
def test_other_codes_are_refused(typed: str) -> None:
    with pytest.raises(Refused):
        check_code(plan_set("S1"), typed)


@pytest.mark.parametrize("typed", ["BEXT", "bext", " bext\n"])
def test_the_code_is_accepted_in_either_case(typed: str) -> None:
    check_code(plan_set("S1"), typed)


def test_no_code_is_never_the_right_code() -> None:
    with pytest.raises(Refused):
        check_code(plan_set("S1", code=""), "")


@pytest.mark.parametrize("names", [[], ["S1"], ["S1", "S2", "S3"], ["S1", "s2"], ["S1", ""]])
def test_every_chosen_drive_and_no_other_must_be_named(names: list[str]) -> None:
    with pytest.raises(Refused):
        check_names(plan_set("S1", "S2"), names)


def test_all_named_is_enough() -> None:
    check_names(plan_set("S1", "/dev/sdb"), ["/dev/sdb", "S1"])


@pytest.mark.parametrize(
    ("now", "plausible"),
    [(datetime(2009, 1, 1, tzinfo=UTC), False), (NOW, True), (datetime(2060, 1, 1, tzinfo=UTC), False)],
)
def test_clocks(now: datetime, plausible: bool) -> None:
    assert (clock_remark(now) == "") is plausible
    assert effective_time(now, NOW) == NOW or plausible


def test_ids_are_uuid_version_7_in_order_of_time() -> None:
    first, later = new_record_id(NOW), new_record_id(NOW.replace(year=2027))
    assert uuid.UUID(first).version == 7
    assert uuid.UUID(first).variant == uuid.RFC_4122
    assert first < later
    assert uuid.UUID(first).int >> 80 == int(NOW.timestamp() * 1000)


def test_a_number_that_was_announced_and_never_published_is_used_again(tmp_path: Path) -> None:
    with next_link(tmp_path, lambda _: None) as one:
        one.announce("a", "aa")
        one.settle("a", "aa")
    with next_link(tmp_path, lambda _: None) as two:
        assert (two.link.sequence, two.link.previous_record_sha256) == (2, "aa")
        two.announce("b", "bb")
    with next_link(tmp_path, lambda record_id: record_id != "b") as again:
        assert (again.link.sequence, again.link.previous_record_sha256) == (2, "aa")


@pytest.mark.parametrize("known", [True, None])
def test_a_gap_is_better_than_a_fork(tmp_path: Path, known: bool | None) -> None:
    with next_link(tmp_path, lambda _: None) as one:
        one.announce("a", "aa")
    with next_link(tmp_path, lambda _: known) as two:
        assert (two.link.sequence, two.link.previous_record_sha256) == (2, "aa")


def test_the_first_number_is_used_again_too(tmp_path: Path) -> None:
    with next_link(tmp_path, lambda _: None) as one:
        one.announce("a", "aa")
    with next_link(tmp_path, lambda _: False) as again:
        assert (again.link.sequence, again.link.previous_record_sha256) == (1, "")


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"number": 3}', json.dumps({"number": 1, "extra": 2})])
def test_a_damaged_numbering_is_told(tmp_path: Path, damage: str) -> None:
    (tmp_path / "sequence.json").write_text(damage)
    with pytest.raises(StationError), next_link(tmp_path, lambda _: None):
        pass
