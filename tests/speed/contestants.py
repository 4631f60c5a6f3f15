"""The programs that are compared, each with the command for one job."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass

from tests.speed.targets import MIB, Target

_ENGINE = (sys.executable, "-m", "tests.speed.engine_run")


@dataclass(frozen=True)
class Contest:
    """One job, the same for all: the commands by program, and how often the device is gone over.

    nwipe reads back through the page cache, so of its reads only those are counted that reach the device.
    """

    name: str
    commands: dict[str, tuple[str, ...]]
    times_over: int

    def least(self, name: str) -> int:
        """How often the device must be gone over for the job to have been done."""
        return self.times_over - (name == "nwipe")


def contests(target: Target) -> tuple[Contest, ...]:
    """All jobs on this device; programs that are not installed are left out."""
    node = target.node
    found = (
        Contest(
            "zeros, write",
            {"fio": _fio(node, "write"), "dd": _dd(target), "ardoise": _engine("write-zeros", node)},
            1,
        ),
        Contest("random, write", {"fio": _fio(node, "write"), "ardoise": _engine("write-random", node)}, 1),
        Contest("random, read back", {"fio": _fio(node, "read"), "ardoise": _engine("verify-random", node)}, 1),
        Contest(
            "zeros + full read-back", {"nwipe": _nwipe(node, "zero", "last"), "ardoise": _engine("zeros", node)}, 2
        ),
        Contest(
            "random + full read-back",
            {"nwipe": _nwipe(node, "prng", "last"), "ardoise": _engine("random", node)},
            2,
        ),
        Contest(
            "DoD 3-pass + full read-back",
            {"nwipe": _nwipe(node, "dodshort", "last"), "ardoise": _engine("dod-3", node)},
            4,
        ),
    )
    return tuple(
        Contest(c.name, {k: v for k, v in c.commands.items() if shutil.which(v[0])}, c.times_over) for c in found
    )


def versions() -> dict[str, str]:
    """What each program says of itself."""
    asked = {"fio": ["fio", "--version"], "dd": ["dd", "--version"], "nwipe": ["nwipe", "--version"]}
    found = {}
    for name, argv in asked.items():
        if shutil.which(argv[0]):
            said = subprocess.run(argv, capture_output=True, text=True, check=False)
            number = re.search(r"\d+\.\d[\d.]*", said.stdout + said.stderr)
            found[name] = number.group(0) if number else "?"
    return found


def _engine(job: str, *nodes: str) -> tuple[str, ...]:
    return (*_ENGINE, job, *nodes)


def _fio(node: str, way: str) -> tuple[str, ...]:
    # Scrambling its buffers would make fio slower than the device.
    return (
        *("fio", "--name=limit", f"--filename={node}", f"--rw={way}", "--bs=4M", "--iodepth=4", "--direct=1"),
        *("--ioengine=io_uring", "--scramble_buffers=0", "--end_fsync=1"),
    )


def _dd(target: Target) -> tuple[str, ...]:
    count = f"count={target.size // (4 * MIB)}"
    return ("dd", "if=/dev/zero", f"of={target.node}", "bs=4M", "oflag=direct", "conv=fsync", "status=none", count)


def _nwipe(node: str, method: str, verify: str) -> tuple[str, ...]:
    return (
        *("nwipe", "--autonuke", "--nogui", "--nowait", "--noblank", f"--method={method}", f"--verify={verify}"),
        *("--rounds=1", "--logfile=/dev/null", node),
    )
