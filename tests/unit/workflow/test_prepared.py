"""Notes of what was done to drives: never another drive's, and none is lost without a word."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.model.machine import Environment
from agent.model.preparation import Preparation, PreparationKind, PreparationOutcome
from agent.model.session import InspectedDrive
from agent.workflow.prepared import Prepared
from agent.workflow.view import Inspection
from tests.sample_hosts import LAPTOP
from tests.unit.engine.fakes import fake_drive, make_identity

THEN = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
FILLERS = ["", "0000", "0", "To be filled by O.E.M."]


def step(serial: str, **more) -> Preparation:
    identity = replace(make_identity(), serial=serial, **more)
    return Preparation(PreparationKind.HIDDEN_AREAS, identity, PreparationOutcome.BEGUN, "", THEN)


def seen(notes: Prepared, *serials: str, **more) -> list[int]:
    """How many notes each of these drives gets."""
    drive = fake_drive().drive
    drives = [
        replace(drive, node=f"/dev/sd{letter}", identity=replace(make_identity(), serial=serial, **more))
        for letter, serial in zip("abcdefgh", serials, strict=False)
    ]
    found = Inspection(LAPTOP, tuple(InspectedDrive(d, None) for d in drives), None)
    return [len(d.preparations) for d in notes.attached(found).drives]


@pytest.fixture
def notes(tmp_path: Path):
    return lambda: Prepared(tmp_path, Environment.SIMULATED)


def test_a_drive_is_found_again_whatever_size_it_shows_and_no_other_is(notes) -> None:
    notes().begin(step("S1"))
    assert seen(notes(), "S1", "S2", capacity_bytes=1 << 30) == [1, 0]
    assert seen(notes(), "S1", model="another") == [0]
    assert seen(notes(), "S1", "S1") == [0, 0]
    assert notes().remarks() == ()


@pytest.mark.parametrize("serial", FILLERS)
def test_a_filler_for_a_serial_number_is_never_taken_for_the_drive_after_a_start(notes, serial) -> None:
    now = notes()
    now.begin(step(serial))
    assert seen(now, serial) == [1], "in the same sitting it is still the one"
    assert seen(now, serial, serial) == [0, 0]
    assert now.remarks() == ()
    later = notes()
    assert seen(later, serial) == [0]
    (told,) = later.remarks()
    assert "2026-11-20: hidden areas given back, begun" in told
    assert "no record will say it" in told


@pytest.mark.parametrize("serial", FILLERS)
def test_another_drive_of_the_same_filler_does_not_make_the_note_go(notes, serial) -> None:
    notes().begin(step(serial))
    later = notes()
    later.forget([step(serial).identity])
    assert len(notes().remarks()) == 1
    now = notes()
    now.begin(replace(step(serial), at=datetime(2026, 11, 21, tzinfo=UTC)))
    now.forget([step(serial).identity])
    assert len(notes().remarks()) == 1, "the one of this sitting was told, the older one was not"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b'{"environment": "simulated"}'])
def test_what_can_not_be_read_is_said_kept_and_stops_nobody(notes, tmp_path, content) -> None:
    (tmp_path / "prepared.json").write_bytes(content)
    now = notes()
    assert seen(now, "S1") == [0]
    assert len(now.remarks()) == 1
    now.begin(step("S1"))
    now.finish(replace(step("S1"), outcome=PreparationOutcome.DONE))
    assert seen(notes(), "S1") == [1]
    assert (tmp_path / "prepared-unreadable.json").read_bytes() == content
