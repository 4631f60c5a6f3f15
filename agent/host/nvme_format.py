"""NVMe Format NVM with a secure erase, through nvme-cli: blocks until the drive is done."""

import re
from collections.abc import Callable

from agent.host.firmware_tool import run_tool
from agent.host.nvme_ask import ask_namespace
from agent.host.nvme_drive import NvmeDrive
from agent.host.nvme_offers import FORMAT_SETTINGS
from agent.host.nvme_sanitize import refusal
from agent.host.nvme_structures import ALL_NAMESPACES, NvmeNamespace
from agent.model.firmware import CommandState, DeviceStatus, TechniqueOffer, ToolRun

# A kernel that runs out of this resets the controller in the middle of the format; nvme-cli's own 10 minutes are too few
# for a drive that overwrites itself.
_COMMAND_SECONDS = 24 * 3600
_TOOL_SECONDS = _COMMAND_SECONDS + 600.0
# Said before anything is sent: the exclusive open failed.
_NOT_SENT = re.compile(r"^Namespace is currently busy", re.MULTILINE)
_SUCCESS = re.compile(r"^Success formatting namespace:([0-9a-f]+)\s*$", re.MULTILINE)


class NvmeFormat:
    """One format of one namespace, or of all where the drive knows no other (FNA bits 0 and 1)."""

    in_background = False
    secret_note = ""

    def __init__(self, drive: NvmeDrive, offer: TechniqueOffer, release: Callable[[], None]) -> None:
        self.offer = offer
        self._drive = drive
        self._release = release
        self._tool: ToolRun | None = None

    def status(self) -> DeviceStatus:
        """What can be told: the drive keeps no status of a format but what is left of it. Raises ToolMissing, ToolFailed, MediaVanished, IdentityChanged.

        Completed only where nvme-cli says so, ended with 0, and the namespace answers with the size and format of before.
        """
        place = self._drive.still_there()
        now = ask_namespace(self._drive.node, place.nsid)
        if now.percent_left:
            return DeviceStatus(CommandState.RUNNING, now.words, 1000 - 10 * min(now.percent_left, 100))
        if self._tool is None:
            return DeviceStatus(CommandState.UNKNOWN, now.words)
        if error := refusal(self._tool):
            return DeviceStatus(CommandState.FAILED, (*now.words, error))
        if self._tool.code not in {0, None} and (busy := _NOT_SENT.search(self._tool.output)):
            return DeviceStatus(CommandState.NEVER, (*now.words, busy[0]))
        same = now.same_shape(self._drive.namespace) and place.capacity_bytes == self._drive.place.capacity_bytes
        done = same and self._said_success(self._tool)
        if done:
            self._drive.answering()
        return DeviceStatus(CommandState.DONE if done else CommandState.UNKNOWN, now.words)

    def prepare(self) -> tuple[ToolRun, ...]:
        """Ask who answers and who uses it; raises ToolMissing, ToolFailed, MediaBusy, MediaVanished, IdentityChanged."""
        self._drive.ready(with_others=self._drive.controller.erases_all)
        return ()

    def start(self) -> ToolRun:
        """Format, for hours if need be; raises ToolMissing, MediaVanished, IdentityChanged, then nothing was started."""
        self._drive.still_there()
        self._tool = run_tool(self._argv(), _TOOL_SECONDS)
        return self._tool

    def settle(self) -> tuple[ToolRun, ...]:
        """Nothing was done that has to be taken back."""
        return ()

    def close(self) -> None:
        """Release what keeps others from the node; safe to call twice."""
        self._release()

    def _said_success(self, tool: ToolRun) -> bool:
        match = _SUCCESS.search(tool.output)
        meant = {self._drive.place.nsid, ALL_NAMESPACES}
        return tool.code == 0 and match is not None and int(match[1], 16) in meant

    def _argv(self) -> tuple[str, ...]:
        # Without --force, although who uses the drive was looked up: nvme-cli then opens the node with O_EXCL, so that the
        # kernel refuses what was mounted a moment ago. It costs the ten seconds that nvme-cli waits.
        node, nsid = self._drive.node, self._drive.place.nsid
        start = ("nvme", "format", node, f"--namespace-id={nsid}", f"--ses={FORMAT_SETTINGS[self.offer.technique]}")
        return (*start, *_as_it_is(self._drive.namespace), f"--timeout={_COMMAND_SECONDS * 1000}")


def _as_it_is(namespace: NvmeNamespace) -> tuple[str, ...]:
    """The format in use, spelled out: left to itself nvme-cli takes format 0 for all namespaces, and no protection."""
    return (
        f"--lbaf={namespace.format_index}",
        f"--pi={namespace.protection}",
        f"--pil={int(namespace.protection_first)}",
        f"--ms={int(namespace.extended_metadata)}",
    )
