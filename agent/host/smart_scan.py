"""Which `-d` type smartctl finds for each node when it scans, USB bridges and drives behind RAID controllers included.

The only place that imports pySMART. Its scan is used and nothing else: its Device parses text, drops smartctl's exit status
and has no time-out (docs/decisions/host-pysmart.md). Its runner is replaced by ours.
"""

import os
import re
import threading
from functools import cache
from typing import Protocol

from agent.errors import ToolFailed, ToolMissing
from agent.host.run import run

_SCAN_SECONDS = 60.0
_ONE_AT_A_TIME = threading.Lock()
_LINE = re.compile(r"^(/dev/[\w!/:.-]+) -d ([\w,+/.-]+) #")


def scan() -> tuple[tuple[str, str], ...]:
    """Pairs of node and type; () where smartctl is absent or fails. A RAID controller's drives have its node, /dev/bus/0."""
    try:
        # The import changes the environment, and each scan asks every drive.
        with _ONE_AT_A_TIME:
            lines = _bounded_smartctl().scan()
    except (ToolMissing, ToolFailed):
        return ()
    matches = (_LINE.match(line) for line in lines)
    return tuple((match[1], match[2]) for match in matches if match)


def scanned_type(node: str) -> str | None:
    """The type of one node, None where the scan does not list it."""
    return next((kind for name, kind in scan() if name == node), None)


class _Runner(Protocol):
    def scan(self) -> list[str]: ...


@cache
def _bounded_smartctl() -> _Runner:
    # pySMART sets LANG for the whole process while it is imported.
    language = os.environ.get("LANG")
    from pySMART.smartctl import Smartctl  # noqa: PLC0415

    if language is None:
        os.environ.pop("LANG", None)
    else:
        os.environ["LANG"] = language

    class Bounded(Smartctl):  # type: ignore[misc]
        """pySMART's smartctl, started by the one function that may start programs."""

        def _exec(self, cmd: list[str]) -> tuple[list[str], int]:
            done = run(tuple(cmd), timeout=_SCAN_SECONDS, allowed=range(256))
            return done.stdout.decode("utf-8", "replace").splitlines(), done.code

    runner: _Runner = Bounded(smartctl_path="smartctl")
    return runner
