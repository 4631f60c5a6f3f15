"""In the guest: log in to drives of the network, in their order, and wait for their nodes; there is no udev.

A drive whose power is cut fails its requests after five seconds; when it comes back it has the same node.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

_ADDRESS = "10.99.0.1"
_INITIATOR = "iqn.2026-11.test.ardoise:guest"
_HOST = "nqn.2014-08.org.nvmexpress:uuid:6d1c0a52-6f3b-4f8e-9a0c-0a2d6f0e51aa"
_SECONDS = 20
_GIVE_UP_SECONDS = "5"
_SETTINGS = {
    "node.session.timeo.replacement_timeout": _GIVE_UP_SECONDS,
    # A drive that is silent for a minute is slow, not unplugged: nobody asks the network whether it is still there.
    "node.conn[0].timeo.noop_out_interval": "0",
    "node.conn[0].timeo.noop_out_timeout": "0",
}
_NODE = ("iscsiadm", "-m", "node", "-p", f"{_ADDRESS}:PORT", "-T", "TARGET")
_LOG_IN: dict[str, tuple[tuple[str, ...], ...]] = {
    "iscsi": ((*_NODE, "-o", "new"), (*_NODE, "--login")),
    "nvme": (
        (
            *("nvme", "connect", "-t", "tcp", "-a", _ADDRESS, "-s", "PORT", "-n", "TARGET", "--hostnqn", _HOST),
            *("--reconnect-delay", "1", "--fast_io_fail_tmo", _GIVE_UP_SECONDS, "--ctrl-loss-tmo", "-1"),
        ),
    ),
}


def attach(remotes: Sequence[dict[str, Any]]) -> None:
    """Log in to each, so that nodes come in that order; raises RuntimeError."""
    if any(remote["protocol"] == "iscsi" for remote in remotes):
        _start_iscsid()
    for remote in remotes:
        for command in _LOG_IN[remote["protocol"]]:
            argv = [w.replace("PORT", str(remote["port"])).replace("TARGET", remote["target"]) for w in command]
            done = subprocess.run(argv, capture_output=True, text=True, check=False)
            if done.returncode:
                raise RuntimeError(f"{argv} ended with {done.returncode}: {done.stdout}{done.stderr}")
        wait_for(Path(remote["node"]))


def _start_iscsid() -> None:
    """The daemon that logs in, and logs in again when a drive is back; NVMe's driver does that by itself."""
    for place in ("/etc/iscsi", "/var/lib/iscsi"):
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", place], check=True)
    Path("/etc/iscsi/iscsid.conf").write_text("".join(f"{key} = {value}\n" for key, value in _SETTINGS.items()))
    Path("/etc/iscsi/initiatorname.iscsi").write_text(f"InitiatorName={_INITIATOR}\n")
    Path("/run/lock").mkdir(exist_ok=True)
    log = Path("/lab/iscsid")
    with log.open("wb") as said:
        subprocess.Popen(["iscsid", "--foreground"], stdin=subprocess.DEVNULL, stdout=said, stderr=said)
    # Its socket for iscsiadm comes last.
    _wait(lambda: "@ISCSIADM" in Path("/proc/net/unix").read_text(), log.read_text)


def wait_for(node: Path) -> None:
    """Until the node can be opened and says a size; raises RuntimeError with the block devices that there are."""
    _wait(lambda: _answers(node), lambda: f"no {node}, but {sorted(os.listdir('/sys/block'))}")


def _wait(met: Callable[[], bool], told: Callable[[], str]) -> None:
    end = time.monotonic() + _SECONDS
    while not met():
        if time.monotonic() > end:
            raise RuntimeError(told())
        time.sleep(0.01)


def _answers(node: Path) -> bool:
    try:
        with node.open("rb") as file:
            return file.seek(0, os.SEEK_END) > 0
    except OSError:
        return False
