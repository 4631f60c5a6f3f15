"""The prompt for a PSID: without echo, again where it has no form of one, a few times where the drive refuses it."""

import argparse
from types import SimpleNamespace

import pytest

from agent import cli_before
from agent.cli_before import take_steps
from agent.errors import MediaError, Refused
from agent.model.machine import MachineInventory
from agent.model.preparation import PreparationOutcome
from agent.workflow.view import Inspection
from tests.tui.fake_before import CODE, FakeBefore, encrypting_drive

PSID = "ABCDEFGH23456789JKLMNPQR23456789"
INVENTORY = MachineInventory("", "", "", "", "", "", "", "", "", 0, (), (), ())


class Before(FakeBefore):
    """A drive that refuses so many PSIDs."""

    def __init__(self, refusals: int = 0) -> None:
        super().__init__()
        self.refusals = refusals
        self.seen: list[str] = []

    def revert_named(self, node: str, name: str, drives: tuple) -> None:
        self.seen.append(self.psids[node].reveal())
        self.revert(node, CODE)

    def wait(self, timeout: float) -> bool:
        self.outcome = PreparationOutcome.REFUSED if len(self.seen) <= self.refusals else PreparationOutcome.DONE
        self.finish()
        return True


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a person types at the prompt, line by line."""
    lines: list[str] = []
    monkeypatch.setattr(cli_before.getpass, "getpass", lambda _prompt: lines.pop(0))
    monkeypatch.setattr(cli_before.sys.stdin, "isatty", lambda: True, raising=False)
    return lines


def take(before: Before, *, locked: bool = True) -> list[str]:
    found = encrypting_drive(0, locked=locked)
    inspection = Inspection(INVENTORY, (found,), None)
    before.inspection = inspection
    serial = found.drive.identity.serial
    arguments = argparse.Namespace(restore_hidden_areas=False, ask_psid=[serial], psid_fd=None, confirm=[serial])
    said: list[str] = []
    take_steps(SimpleNamespace(before=before), arguments, inspection, ["/dev/sda"], said.append)  # type: ignore[arg-type]
    return said


def test_a_mistyped_one_is_asked_again(typed: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    typed += [PSID[1:], PSID]
    before = Before()
    take(before)
    assert before.seen == [PSID]
    told = capsys.readouterr().err
    assert "32 letters and digits" in told
    assert PSID[1:] not in told


def test_a_refused_one_is_asked_again(typed: list[str]) -> None:
    typed += ["B" * 32, PSID]
    before = Before(refusals=1)
    take(before)
    assert before.seen == ["B" * 32, PSID]


def test_not_for_ever(typed: list[str]) -> None:
    typed += ["B" * 32] * 9
    before = Before(refusals=9)
    with pytest.raises(MediaError, match="refused by the drive"):
        take(before)
    assert len(before.seen) == 3


def test_an_empty_line_gives_up(typed: list[str]) -> None:
    typed += [""]
    with pytest.raises(Refused):
        take(Before())


def test_of_an_unlocked_drive_it_is_kept_for_the_plan(typed: list[str]) -> None:
    typed += [PSID]
    before = Before()
    take(before, locked=False)
    assert before.seen == []
    assert before.psids["/dev/sda"].reveal() == PSID
