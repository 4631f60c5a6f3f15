"""The one function that starts programs."""

import os
import threading
import time
from pathlib import Path

import pytest

from agent.errors import ToolFailed, ToolMissing
from agent.host import run as module
from agent.host.node_lock import lock_node
from agent.host.run import ProgramNotPermitted, run
from tests.conftest import Allow


@pytest.fixture(autouse=True)
def _shell(allow_programs: Allow) -> None:
    allow_programs("sh", "cat", "env")


def sh(script: str, **options):  # type: ignore[no-untyped-def]
    return run(("sh", "-c", script), **{"timeout": 10.0, **options})


def test_output_and_code() -> None:
    done = sh("echo out; echo err >&2; exit 3", allowed={3})
    assert (done.code, done.stdout, done.stderr) == (3, b"out\n", b"err\n")


def test_an_exit_code_that_is_not_allowed() -> None:
    with pytest.raises(ToolFailed) as caught:
        sh("echo no >&2; exit 4", allowed={0, 2})
    assert (caught.value.code, caught.value.stderr) == (4, "no\n")


def test_a_signal_is_never_an_allowed_exit_code() -> None:
    with pytest.raises(ToolFailed) as caught:
        sh("kill -SEGV $$", allowed=range(256))
    assert caught.value.code == -11


def test_standard_input_is_closed_or_exactly_the_bytes_given() -> None:
    assert run(("cat",), timeout=5.0).stdout == b""
    big = os.urandom(3_000_000)
    assert run(("cat",), timeout=5.0, input=big).stdout == big


def test_locale_and_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "x")
    lines = run(("env",), timeout=5.0).stdout.decode().splitlines()
    assert "LC_ALL=C.UTF-8" in lines
    assert {line.partition("=")[0] for line in lines} == {"LC_ALL", "PATH"}
    (path,) = (line for line in lines if line.startswith("PATH="))
    assert path.endswith("/usr/sbin:/usr/bin:/sbin:/bin")


def test_arguments_reach_no_shell(tmp_path: Path) -> None:
    evil = f"; touch {tmp_path}/made `touch {tmp_path}/made` $(touch {tmp_path}/made)"
    with pytest.raises(ToolFailed):
        run(("cat", evil), timeout=5.0)
    assert not (tmp_path / "made").exists()


def test_out_of_time_kills_the_whole_group(tmp_path: Path) -> None:
    started = time.monotonic()
    with pytest.raises(ToolFailed) as caught:
        sh(f"(sleep 1.2; touch {tmp_path}/late) & sleep 60", timeout=0.3)
    assert caught.value.code is None
    assert time.monotonic() - started < 5
    time.sleep(1.4)
    assert not (tmp_path / "late").exists()


def test_endless_output_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "OUTPUT_LIMIT_BYTES", 100_000)
    with pytest.raises(ToolFailed, match="more than 100000 bytes"):
        sh("while :; do echo yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy; done")


def test_a_program_that_is_not_there() -> None:
    with pytest.raises(ToolMissing, match="no-such-program"):
        run(("no-such-program",), timeout=1.0)


def test_a_program_that_is_not_permitted_is_not_started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "permitted", frozenset({"cat"}))
    run(("cat",), timeout=5.0)
    with pytest.raises(ProgramNotPermitted, match="sh"):
        sh(f"touch {tmp_path}/made")
    assert not (tmp_path / "made").exists()


def test_a_program_that_nobody_can_end_keeps_no_lock_of_ours(tmp_path: Path) -> None:
    """hdparm in the kernel until the drive has erased itself, while a person stops watching and the program goes on or ends."""
    node, told = tmp_path / "sdx", tmp_path / "told"
    node.write_bytes(b"")
    lock = lock_node(str(node))
    runs = threading.Thread(target=sh, args=(f"ls -l /proc/self/fd > {told}; touch {told}.done; sleep 2",))
    runs.start()
    until = time.monotonic() + 10
    while not Path(f"{told}.done").exists():
        assert time.monotonic() < until
        time.sleep(0.01)
    os.close(lock)
    os.close(lock_node(str(node)))
    assert str(node) not in told.read_text()
    runs.join()
    # Its end was taken note of: it is no zombie.
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
