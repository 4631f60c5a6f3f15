"""A packaged tool that erases, run to its end: evidence whatever became of it, so nothing here raises for its exit code."""

import time

from agent.errors import ToolFailed
from agent.host.run import run
from agent.model.firmware import ToolRun

_KEPT_CHARACTERS = 4000
_ANY_CODE = range(256)


def run_erase(argv: tuple[str, ...], timeout: float, *, secret: str = "", shown: str = "") -> ToolRun:
    """Run it to its end or its time-out in seconds (then without a code); `secret` is recorded as `shown`; raises ToolMissing."""
    began = time.monotonic()
    try:
        done = run(argv, timeout=timeout, allowed=_ANY_CODE)
        code: int | None = done.code
        text = (done.stdout + b"\n" + done.stderr).decode("utf-8", "replace")
    except ToolFailed as error:
        code, text = error.code, error.stderr
    if secret:
        argv = tuple(part.replace(secret, shown) for part in argv)
        text = text.replace(secret, shown)
    return ToolRun(argv, code, text.strip()[-_KEPT_CHARACTERS:], round((time.monotonic() - began) * 1000))
