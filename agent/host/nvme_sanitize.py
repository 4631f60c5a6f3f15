"""NVMe Sanitize through nvme-cli: starts at once, goes on through power cuts, can't be stopped; the log page tells its end."""

import re
from collections.abc import Callable

from agent.host.firmware_tool import run_tool
from agent.host.nvme_ask import ask_sanitize_log
from agent.host.nvme_drive import NvmeDrive
from agent.host.nvme_offers import SANITIZE_ACTIONS, keeps_blocks
from agent.host.nvme_structures import OVERWRITE, SanitizeLog
from agent.model.firmware import CommandState, DeviceStatus, TechniqueOffer, ToolRun

# Only the command's acceptance is waited for; some drives take their time over it.
_TIMEOUT_SECONDS = 300.0
_REFUSED = re.compile(r"^NVMe status: .+", re.MULTILINE)


def refusal(tool: ToolRun) -> str:
    """The controller's own error as nvme-cli prints it; '' where the controller did not answer with one."""
    match = _REFUSED.search(tool.output) if tool.code not in {0, None} else None
    return match[0] if match else ""


class NvmeSanitize:
    """One Sanitize action on the whole NVM subsystem."""

    in_background = True
    secret_note = ""

    def __init__(self, drive: NvmeDrive, offer: TechniqueOffer, release: Callable[[], None]) -> None:
        self.offer = offer
        self._drive = drive
        self._release = release
        self._action = SANITIZE_ACTIONS[offer.technique]
        self._before: SanitizeLog | None = None
        self._tool: ToolRun | None = None

    def status(self) -> DeviceStatus:
        """The drive's own status; once started, only of *this* command. Raises ToolMissing, ToolFailed, MediaVanished, IdentityChanged.

        A success with another action in SCDW10 is not ours (unknown). An error of the controller after which the log is
        word for word what it was before means that nothing was started (never).
        """
        log = ask_sanitize_log(self._drive.still_there().controller)
        status = log.status
        if self._tool is None:
            return status
        error = refusal(self._tool)
        if error and log == self._before and status.state is not CommandState.RUNNING:
            return DeviceStatus(CommandState.NEVER, (*status.raw, error))
        if status.state is CommandState.DONE and log.action != self._action:
            return DeviceStatus(CommandState.UNKNOWN, status.raw)
        if status.state is CommandState.DONE:
            self._drive.answering()
        return status

    def prepare(self) -> tuple[ToolRun, ...]:
        """Read the status once more, and ask who answers and who uses it; raises also MediaBusy, MediaVanished, IdentityChanged."""
        place = self._drive.ready(with_others=True)
        self._before = ask_sanitize_log(place.controller)
        return ()

    def start(self) -> ToolRun:
        """Give the command to the controller; raises ToolMissing, MediaVanished, IdentityChanged, then nothing was started."""
        argv = self._argv(self._drive.still_there().controller)
        self._tool = run_tool(argv, _TIMEOUT_SECONDS)
        return self._tool

    def settle(self) -> tuple[ToolRun, ...]:
        """Nothing was done that has to be taken back."""
        return ()

    def close(self) -> None:
        """Release what keeps others from the node; safe to call twice."""
        self._release()

    def _argv(self, controller: str) -> tuple[str, ...]:
        # Numbers: 2.3 and 2.13 take them, the names came later. AUSE stays off: a drive whose sanitize failed then refuses
        # its data to everybody until a sanitize succeeds, instead of coming back with what is left; and a failure in
        # restricted mode refuses every command with AUSE.
        argv = ["nvme", "sanitize", controller, f"--sanact={self._action}"]
        if self._action == OVERWRITE:
            # 0 would mean 16 passes, and the other actions refuse the option.
            argv += ["--owpass=1", "--ovrpat=0"]
        if keeps_blocks(self._drive, self._action):
            argv.append("--no-dealloc")
        return tuple(argv)
