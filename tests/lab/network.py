"""A private network for a guest and the drives that it reaches over it: user and network namespaces, no root, no way to anywhere else.

Each drive's model is a process of its own, and so is the guest: the power of each is cut apart from the others'.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ADDRESS = "10.99.0.1"
PROGRAMS = ("unshare", "nsenter")
_REPOSITORY = Path(__file__).resolve().parents[2]
_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
# The shell keeps the namespaces for as long as its input is open: they end with this process, however it ends.
_KEEPER = f"""ip link set lo up && ip tuntap add tap0 mode tap && ip addr add {ADDRESS}/24 dev tap0 && ip link set tap0 up &&
echo ready && exec cat"""
_READY_SECONDS = 30
_LOOK_SECONDS = 0.01


@dataclass(frozen=True)
class Remote:
    """What a guest logs in to before its case: a drive's protocol and name, and the node that it must then have."""

    protocol: str
    target: str
    node: str
    port: int


MODELS = {"iscsi": "tests.lab.drives.serve", "nvme": "tests.lab.drives.serve_nvme"}


class Network:
    """One network with one place for a guest (tap0); a context manager that ends every drive on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._keeper: subprocess.Popen[str] | None = None
        self._drives: list[Drive] = []
        self._guests = 1

    def __enter__(self) -> Self:
        """Make it; raises AssertionError where this machine does not let us."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._keeper = subprocess.Popen(
            ["unshare", "--user", "--map-root-user", "--net", "sh", "-c", _KEEPER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=_ENVIRONMENT,
            start_new_session=True,
        )
        assert self._keeper.stdout
        if self._keeper.stdout.readline().strip() != "ready":
            said = self._keeper.communicate()[1].strip()
            raise AssertionError(
                f"the lab needs user and network namespaces, /dev/net/tun and the program ip: {said}"
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Cut the power of every drive, and end it."""
        for drive in self._drives:
            drive.cut()
        assert self._keeper
        self._keeper.communicate()

    def entering(self) -> list[str]:
        """The words before a command that runs in it; it stays the same process."""
        assert self._keeper
        return ["nsenter", "--target", str(self._keeper.pid), "--user", "--net", "--preserve-credentials", "--"]

    def next_address(self) -> str:
        """An address for the next start of a guest: the drives may still hold connections of one that was killed."""
        self._guests += 1
        return f"10.99.0.{self._guests}"

    def drive(self, remote: Remote, config: dict[str, Any], model: str = "") -> Drive:
        """A drive with its power on; `config` is what its model reads, LAB/ in it the folder that this network's is in."""
        drive = Drive(self, model or MODELS[remote.protocol], remote.port, config, len(self._drives))
        self._drives.append(drive)
        drive.power_on()
        return drive


class Drive:
    """The process of one drive's model. What it had not written to its file is lost when its power is cut."""

    def __init__(self, network: Network, model: str, port: int, config: dict[str, Any], number: int) -> None:
        self._network = network
        self._model = model
        self._port = port
        self._path = network.folder / f"drive-{number}"
        lab = f"{network.folder.parent}/"
        self._path.with_suffix(".json").write_text(json.dumps(config).replace("LAB/", lab))
        self._process: subprocess.Popen[bytes] | None = None

    def power_on(self) -> None:
        """Start it and wait until it listens; raises AssertionError with what it said."""
        at = f"{ADDRESS}:{self._port}"
        argv = [sys.executable, "-m", self._model, "--listen", at, str(self._path.with_suffix(".json"))]
        out = self._path.with_suffix(".out")
        with out.open("wb") as told, self._path.with_suffix(".err").open("ab") as said:
            self._process = subprocess.Popen(
                [*self._network.entering(), *argv],
                cwd=_REPOSITORY,
                stdin=subprocess.DEVNULL,
                stdout=told,
                stderr=said,
                env={**_ENVIRONMENT, "PYTHONUNBUFFERED": "1"},
                start_new_session=True,
            )
        process = self._process
        _wait(lambda: b"ready" in out.read_bytes() or process.poll() is not None, _READY_SECONDS)
        assert b"ready" in out.read_bytes(), f"no drive at {at}: {self.said()}"

    def cut(self) -> None:
        """Cut its power: killed, with all that it had only in memory."""
        # The number of a process that has ended may be another's by now.
        if self._process and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(30)

    def power_off(self) -> None:
        """Switch it off in order, so that it writes what it still holds; raises AssertionError where it ended with an error."""
        assert self._process
        self._process.terminate()
        code = self._process.wait(30)
        assert code in {0, -signal.SIGTERM}, f"the drive ended with {code}: {self.said()}"

    def said(self) -> str:
        """The end of what its model wrote to its standard error."""
        return self._path.with_suffix(".err").read_text(errors="replace")[-3000:]


def _wait(met: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not met() and time.monotonic() < end:
        time.sleep(_LOOK_SECONDS)
