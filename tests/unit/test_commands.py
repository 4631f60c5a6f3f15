"""The command line itself: where options may stand, what is spelled out, and that no error is a traceback."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from agent.__main__ import main
from agent.host import real
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
