"""The command line itself: where options may stand, what is spelled out, and that no error is a traceback."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from agent import cli
from agent.__main__ import _parser, main
from agent.host import real
from agent.model.health import Heat
from agent.model.job import NO_PROGRESS, JobSnapshot, JobState, PauseReason, Progress
from agent.workflow.view import SittingView, Stage
from tests.bench.make import make_bench


@pytest.fixture
def laptop(tmp_path: Path, allow_programs) -> Path:
    """A small simulated laptop."""
    allow_programs("mkfs.ext4", "debugfs", Path(sys.executable).name)
    return make_bench(tmp_path, ["laptop"], size_mib=16)[0]


@pytest.fixture(autouse=True)
def _no_real_machine(monkeypatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the real machine was chosen")

    monkeypatch.setattr(real, "RealMachine", refuse)


@pytest.mark.parametrize("before", [True, False])
def test_the_machine_may_be_named_before_or_after_the_command(laptop, capsys, before) -> None:
    machine = ["--machine", str(laptop)]
    assert main([*machine, "list", "--json"] if before else ["list", *machine, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["environment"] == "simulated"


@pytest.mark.parametrize("arguments", [["list", "--real"], ["--real", "list"], ["sanitize", "--al"], ["nonsense"]])
def test_options_are_spelled_out(arguments, capsys) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2


def test_simulated_and_real_exclude_each_other(laptop, capsys) -> None:
    assert main(["list", "--machine", str(laptop), "--real-drives"]) == 2


def test_the_screen_needs_a_desk_and_a_terminal(tmp_path, laptop, capsys) -> None:
    assert main([]) == 2
    assert "--station, --evidence" in capsys.readouterr().err
    assert main(["--bench", str(tmp_path)]) == 2
    assert "--passphrase-file" in capsys.readouterr().err


def test_a_full_output_is_told_in_one_line(laptop) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "agent", "list", "--machine", str(laptop)],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False, env=os.environ | {"PYTHONPATH": str(Path.cwd())},
        )  # fmt: skip
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_missing_machine_names_the_remedy(tmp_path, capsys) -> None:
    assert main(["list", "--machine", str(tmp_path / "nowhere")]) == 3
    said = capsys.readouterr().err
    assert said.startswith("ardoise: ")
    assert "Traceback" not in said


class PulledSitting:
    """As much of a sitting as the command follows: its stick is out after the end, and comes back at the third look."""

    def __init__(self, *, comes_back: bool) -> None:
        self.looks = 0
        self.comes_back = comes_back

    def wait(self, _timeout: float) -> bool:
        return True

    def snapshots(self) -> tuple[()]:
        return ()

    def view(self) -> SittingView:
        self.looks += 1
        if self.comes_back and self.looks > 4:
            return SittingView(Stage.RECORDED, None, "", "")
        return SittingView(
            Stage.RECORD_FAILED, None, "The stick was pulled out.", "Put it back.", stick_missing=True
        )


def test_the_command_waits_for_a_stick_that_is_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli, "_POLL_SECONDS", 0.01)
    sitting = PulledSitting(comes_back=True)
    cli._follow_jobs(sitting, [])  # type: ignore[arg-type]
    assert sitting.looks > 4
    assert capsys.readouterr().err.count("Put the same stick back") == 1
    cli._follow_jobs(PulledSitting(comes_back=False), [2])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "accepted"), [("1", True), ("24", True), ("0", False), ("-1", False), ("four", False), ("²", False)]
)
def test_the_number_of_drives_at_once(text: str, accepted: bool, capsys: pytest.CaptureFixture[str]) -> None:
    before, after = ["--max-drives", text], ["sanitize", "--max-drives", text, "--all"]
    desk = ["--operator", "op-1", "--station", "s", "--passphrase-file", "f", "--evidence", "e"]
    for arguments in (before, [*after, *desk]):
        if accepted:
            assert _parser().parse_args(arguments).max_drives == int(text)
        else:
            with pytest.raises(SystemExit):
                _parser().parse_args(arguments)
            assert "from 1 on" in capsys.readouterr().err
    assert _parser().parse_args(["sanitize", "--all", *desk]).max_drives is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "sanitizing 42 %"),
        ({"state": JobState.CONFIRMED, "progress": NO_PROGRESS}, "confirmed, waits for another drive to end"),
        ({"pause": PauseReason.OPERATOR}, "sanitizing 42 %, paused (operator)"),
        ({"pause": PauseReason.TEMPERATURE, "heat": Heat(63, 60)}, "sanitizing 42 %, paused (temperature 63 °C)"),
        ({"silent_seconds": 12.7}, "sanitizing 42 %, not answering for 13 s"),
    ],
)
def test_what_is_said_of_a_drive_at_work(changes: dict, words: str) -> None:
    job = JobSnapshot("job-1", "/dev/sda", "M", "S", JobState.SANITIZING, Progress(1, 1, 42, 100, 1.0, 1.0, 0), "")
    assert cli._progress_line(replace(job, **changes)) == f"/dev/sda: {words}"
