"""Packaged tools that erase: a run of one is evidence whatever became of it, so nothing here raises for its exit code."""

import re
import time

from agent.errors import ToolFailed
from agent.host.run import run
from agent.model.firmware import ToolRun

OUTPUT_END_CHARACTERS = 4000
_ANY_CODE = range(256)


def run_tool(argv: tuple[str, ...], timeout: float, *, secret: str = "", shown: str = "") -> ToolRun:
    """Run a tool to its end or to its time-out in seconds, when it is stopped and has no code; raises ToolMissing.

    A `secret` is recorded as `shown`, in what was asked and in what was printed.
    """
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
    milliseconds = round((time.monotonic() - began) * 1000)
    return ToolRun(argv, code, text.strip()[-OUTPUT_END_CHARACTERS:], milliseconds)


# hdparm 9.65 says these and still ends with 0 where libata hands it an error in fixed format (drives.md 7.1); the others
# come with an exit code, and are here for programs that look at the text alone.
_REFUSED = re.compile(
    r"SG_IO: |missing sense data|SANITIZE failed|SANITIZE device error|SANITIZE feature set is not supported"
    r"|^ ?(?:SECURITY_[A-Z_]+|ERASE_PREPARE): |(?:_EXT|\(_EXT\)|MAX_ADDRESS|HDIO_DRIVE_CMD\([a-z_]+\)) failed"
    r"|^Program aborted",
    re.MULTILINE,
)


def refused_by_text(output: str) -> bool:
    """Whether hdparm's text says that the drive refused or that its answer was lost, whatever the exit code (drives.md 7.1).

    A text without any of it proves nothing: only the drive's own status does.
    """
    return _REFUSED.search(output) is not None
