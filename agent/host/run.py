"""The one function that starts programs: argument list, closed stdin, fixed locale, time-out, allowed exit codes, bounded output.

Nothing else in the program may start a process. `permitted` lets tests forbid every program that they do not name.
"""

import os
import selectors
import shutil
import signal
import subprocess
import time
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePath
from typing import IO

from agent.errors import ToolFailed, ToolMissing

OUTPUT_LIMIT_BYTES = 8 * 1024 * 1024
SEARCH_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
_GRACE_SECONDS = 2.0
_ONLY_SUCCESS = frozenset({0})

permitted: frozenset[str] | None = None


class ProgramNotPermitted(AssertionError):
    """A test started a program that it does not name; nothing was run."""


@dataclass(frozen=True)
class Completed:
    """A program that ended with an allowed exit code."""

    argv: tuple[str, ...]
    code: int
    stdout: bytes
    stderr: bytes


def check_permitted(program: str) -> None:
    """Raise ProgramNotPermitted unless this program may be started; everything may where `permitted` is None."""
    name = PurePath(program).name
    if permitted is not None and name not in permitted:
        raise ProgramNotPermitted(f"{name} is not among the programs that this test names: {sorted(permitted)}")


def find_program(program: str) -> str | None:
    """Where a program is installed, the system's folders included that an ordinary user's PATH lacks."""
    return shutil.which(program, path=_search_path())


def run(
    argv: tuple[str, ...],
    *,
    timeout: float,
    allowed: Collection[int] = _ONLY_SUCCESS,
    input: bytes | None = None,  # noqa: A002 - the word of subprocess.run
) -> Completed:
    """Run a program to its end; raises ToolMissing, ToolFailed (exit code not allowed, out of time, too much output)."""
    check_permitted(argv[0])
    executable = find_program(argv[0])
    if executable is None:
        raise ToolMissing(f"The program {argv[0]} is not installed.", "Install it, or start from the live system.")
    stdin = _stdin(input)
    try:
        process = subprocess.Popen(
            argv,
            executable=executable,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={"LC_ALL": "C.UTF-8", "PATH": _search_path()},
            start_new_session=True,
            close_fds=True,
        )
    except OSError as error:
        raise ToolFailed(argv, error.errno or 1, str(error)) from error
    finally:
        os.close(stdin)
    return _finish(process, argv, time.monotonic() + timeout, allowed)


def _search_path() -> str:
    return ":".join(part for part in (os.environ.get("PATH", ""), SEARCH_PATH) if part)


def _stdin(data: bytes | None) -> int:
    """A descriptor that gives exactly these bytes and then ends; a memory file cannot block the writer."""
    if data is None:
        return os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    descriptor = os.memfd_create("stdin")
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _finish(
    process: subprocess.Popen[bytes], argv: tuple[str, ...], deadline: float, allowed: Collection[int]
) -> Completed:
    try:
        stdout, stderr, problem = _collect(process, deadline)
        if problem is None:
            problem = _await_exit(process, deadline)
    finally:
        _end(process)
    if problem is not None:
        late = problem == _OUT_OF_TIME
        raise ToolFailed(argv, None if late else process.returncode or 1, problem)
    if process.returncode not in allowed:
        raise ToolFailed(argv, process.returncode, (stderr or stdout).decode("utf-8", "replace"))
    return Completed(argv, process.returncode, stdout, stderr)


_OUT_OF_TIME = "no answer in time"


def _collect(process: subprocess.Popen[bytes], deadline: float) -> tuple[bytes, bytes, str | None]:
    """Read both pipes to their ends; the third value says why reading stopped before."""
    kept: dict[int, bytearray] = {}
    with selectors.DefaultSelector() as selector:
        pipes = [pipe for pipe in (process.stdout, process.stderr) if pipe is not None]
        for pipe in pipes:
            kept[pipe.fileno()] = bytearray()
            selector.register(pipe, selectors.EVENT_READ)
        problem = _drain(selector, kept, deadline)
        stdout, stderr = (bytes(kept[pipe.fileno()]) for pipe in pipes)
    return stdout, stderr, problem


def _drain(selector: selectors.BaseSelector, kept: dict[int, bytearray], deadline: float) -> str | None:
    while selector.get_map():
        left = deadline - time.monotonic()
        events = selector.select(max(left, 0.0))
        if not events and left <= 0:
            return _OUT_OF_TIME
        for key, _ in events:
            chunk = os.read(key.fd, 65536)
            if not chunk:
                selector.unregister(key.fileobj)
            kept[key.fd] += chunk
            if len(kept[key.fd]) > OUTPUT_LIMIT_BYTES:
                return f"more than {OUTPUT_LIMIT_BYTES} bytes of output"
    return None


def _await_exit(process: subprocess.Popen[bytes], deadline: float) -> str | None:
    try:
        process.wait(max(deadline - time.monotonic(), 0.1))
    except subprocess.TimeoutExpired:
        return _OUT_OF_TIME
    return None


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of the process group; a process stuck in the kernel on a dead drive is left behind, not waited for."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_SECONDS)
    for pipe in (process.stdout, process.stderr):
        _close(pipe)


def _close(pipe: IO[bytes] | None) -> None:
    if pipe is not None:
        pipe.close()
