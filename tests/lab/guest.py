"""A guest on this machine: an ordinary process, whose drives are files and whose power is cut by killing it as a whole."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.lab.network import Network, Remote

REPOSITORY = Path(__file__).resolve().parents[2]
PLACE = REPOSITORY / "build" / "lab"
MEMORY_MIB = 384
_STICK_BYTES = 128 << 20
_LOOK_SECONDS = 0.002


@dataclass(frozen=True)
class Moment:
    """When `then` happens: once so many 512-byte sectors went over the drive, in the directions that count.

    The program stands still meanwhile, so that the moment is one, unless what happens takes its time and is to be seen.
    """

    sectors: int
    then: str
    counted: tuple[str, ...] = ("written",)
    paused: bool = True


@dataclass(frozen=True)
class Case:
    """What a guest does: logs in to remote drives, shell commands, then `ardoise` on NODE (as often as `runs` says), then shell commands.

    The commands of a moment are `freeze` (the program stops, the drive's log ends), `announce` (the host may cut the power), `announce at the
    journal` (as soon as the stick has taken a write) or the shell's. The stick takes `stick_delay_ms` for each write.
    `typed` is what each run of `ardoise` reads from its standard input.
    """

    argv: tuple[str, ...]
    node: str
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    moment: Moment | None = None
    runs: int = 1
    module: str = "agent"
    stick_delay_ms: int = 0
    remotes: tuple[Remote, ...] = ()
    typed: str = ""


@dataclass
class Result:
    """How the runs of a case ended, in their order, as `tests/lab/inside.py` says it."""

    runs: list[dict[str, Any]] = field(default_factory=list)
    problem: str = ""


class Guest:
    """One start of the guest; `folder` is what both sides see (/lab in there), `network` where its remote drives are."""

    def __init__(
        self,
        folder: Path,
        drives: Sequence[Path],
        case: Case,
        options: Sequence[str] = (),
        network: Network | None = None,
    ) -> None:
        self.folder = folder
        self._drives = drives
        self._case = case
        self._options = options
        self._network = network
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and return; the console goes to `console` in its folder."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in ("result.json", "announced"):
            (self.folder / name).unlink(missing_ok=True)
        stick = self.folder / "stick"
        if not stick.exists():
            with stick.open("wb") as file:
                file.truncate(_STICK_BYTES)
        (self.folder / "case.json").write_text(json.dumps(asdict(self._case)))
        with (self.folder / "console").open("ab") as console:
            self._process = subprocess.Popen(
                [*(self._network.entering() if self._network else ()), *self._argv(stick)],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                env={"PATH": os.environ["PATH"], "HOME": str(self.folder), "TMPDIR": "/dev/shm"},
                # Its processes are one group, which dies as one.
                start_new_session=True,
            )

    def _argv(self, stick: Path) -> list[str]:
        bytecode = PLACE / "bytecode"
        bytecode.mkdir(parents=True, exist_ok=True)
        letters = "bcdefgh"
        return [
            *(
                _named("kernel"),
                f"mem={MEMORY_MIB}M",
                "quiet",
                "con=null",
                "con0=null,fd:1",
                f"uml_dir={self.folder}/",
            ),
            *(
                "root=/dev/root",
                "rootfstype=hostfs",
                f"rootflags={_named('root')}",
                "ro",
                "init=/usr/sbin/lab-init",
            ),
            *("scsi_debug.add_host=0", "null_blk.nr_devices=0"),
            *(f"SRC={REPOSITORY}", f"LAB={self.folder}", f"BYTECODE={bytecode}"),
            *(f"ubda={stick}", *(f"ubd{x}={d}" for x, d in zip(letters, self._drives, strict=False))),
            *self._on_network(),
            *self._options,
        ]

    def _on_network(self) -> list[str]:
        if not self._network:
            return []
        return ["vec0:transport=tap,ifname=tap0,depth=64,gro=1", f"ADDRESS={self._network.next_address()}"]

    def wait(self, seconds: float, look: Callable[[], bool] = lambda: False) -> None:
        """Wait until the guest has switched itself off, or `look` says that it has seen enough; raises AssertionError."""
        assert self._process is not None
        end = time.monotonic() + seconds
        while self._process.poll() is None and not look():
            if time.monotonic() > end:
                self.cut()
                raise AssertionError(f"the guest has not ended within {seconds:.0f} s: {self.told()}")
            time.sleep(_LOOK_SECONDS)

    def running(self) -> bool:
        """Whether it has not switched itself off."""
        return self._process is not None and self._process.poll() is None

    def cut(self) -> None:
        """Cut the power: every process of the guest is killed at once."""
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(30)

    def announced(self) -> bool:
        """Whether the case has come to its moment."""
        return (self.folder / "announced").exists()

    def result(self) -> Result:
        """How the case ended; raises AssertionError with the console where it did not."""
        path = self.folder / "result.json"
        assert path.exists(), self.told()
        result = Result(**json.loads(path.read_text()))
        assert not result.problem, result.problem + self.told()
        return result

    def told(self) -> str:
        """The end of the console."""
        return "\n" + (self.folder / "console").read_text(errors="replace")[-3000:]


def run(
    folder: Path,
    drives: Sequence[Path],
    case: Case,
    seconds: float = 500,
    options: Sequence[str] = (),
    network: Network | None = None,
) -> Result:
    """Start a guest, wait for its end, return what it says."""
    guest = Guest(folder, drives, case, options, network)
    guest.start()
    try:
        guest.wait(seconds)
    finally:
        guest.cut()
    return guest.result()


def run_until_cut(
    folder: Path,
    drives: Sequence[Path],
    case: Case,
    seconds: float = 500,
    network: Network | None = None,
    when: Callable[[], bool] | None = None,
) -> bool:
    """Start a guest and cut its power at the case's moment, or `when` that says so; whether it came to it, and did not end before.

    Raises AssertionError where the case failed before.
    While a drive erases itself nothing goes over its cable: `when` may look at the drive instead.
    """
    guest = Guest(folder, drives, case, network=network)
    met = when or guest.announced
    guest.start()
    try:
        guest.wait(seconds, met)
        running = guest.running()
    finally:
        guest.cut()
    shutil.copyfile(folder / "console", folder / "console.cut")
    if not running:
        guest.result()
    return running


def _named(name: str) -> str:
    path = PLACE / name
    assert path.exists(), "the guest is made by `make lab`"
    return path.read_text().strip()
