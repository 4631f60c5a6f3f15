"""In the guest: log in to a drive of the network and wait for its node; `python3 -m tests.lab.attach PROTOCOL TARGET NODE PORT`.

There is no udev and no daemon: iscsistart logs in once and leaves the connection to the kernel, `nvme connect` does the same.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_ADDRESS = "10.99.0.1"
_INITIATOR = "iqn.2026-11.test.ardoise:guest"
_HOST = "nqn.2014-08.org.nvmexpress:uuid:6d1c0a52-6f3b-4f8e-9a0c-0a2d6f0e51aa"
_SECONDS = 20
# A drive that is silent for a minute is slow, not unplugged: the kernel must not ask the network whether it is still there.
_NO_PING = ("--param", "node.conn[0].timeo.noop_out_interval=0", "--param", "node.conn[0].timeo.noop_out_timeout=0")
# A drive without power must come to errors, as it does on a cable, and not to waiting for a daemon that isn't there.
_GIVES_UP = ("--param", "node.session.timeo.replacement_timeout=5")
_LOG_IN = {
    "iscsi": (
        "iscsistart",
        "-i",
        _INITIATOR,
        "-g",
        "1",
        "-a",
        _ADDRESS,
        *_NO_PING,
        *_GIVES_UP,
        "-p",
        "PORT",
        "-t",
        "TARGET",
    ),
    "nvme": (
        *("nvme", "connect", "-t", "tcp", "-a", _ADDRESS, "--hostnqn", _HOST, "--reconnect-delay", "1"),
        *("--ctrl-loss-tmo", "20", "-s", "PORT", "-n", "TARGET"),
    ),
}


def attach(remotes: Sequence[dict[str, Any]]) -> None:
    """Log in to each, in their order, so that nodes come in that order too; raises RuntimeError."""
    for remote in remotes:
        words = {"PORT": str(remote["port"]), "TARGET": str(remote["target"])}
        argv = [words.get(word, word) for word in _LOG_IN[remote["protocol"]]]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{argv} ended with {done.returncode}: {done.stdout}{done.stderr}")
        wait_for(Path(remote["node"]))


def wait_for(node: Path) -> None:
    """Until the node can be opened and says a size; raises RuntimeError with the block devices that there are."""
    end = time.monotonic() + _SECONDS
    while not _answers(node):
        if time.monotonic() > end:
            raise RuntimeError(f"no {node}, but {sorted(os.listdir('/sys/block'))}")
        time.sleep(0.01)


def _answers(node: Path) -> bool:
    try:
        with node.open("rb") as file:
            return file.seek(0, os.SEEK_END) > 0
    except OSError:
        return False


if __name__ == "__main__":
    protocol, target, place, port = sys.argv[1:]
    attach([{"protocol": protocol, "target": target, "node": place, "port": port}])
