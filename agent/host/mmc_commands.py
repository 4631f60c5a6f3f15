"""Erasing an eMMC through mmc-utils: erase or trim everything and sanitize, or secure erase; each blocks until it is done."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from agent.errors import IdentityChanged, ToolFailed
from agent.host.firmware_tool import run_tool
from agent.host.mmc_ext_csd import ExtCsd, read_ext_csd
from agent.host.sysfs import Roots, block_folder, block_name, read_text
from agent.host.unused import refuse_if_used
from agent.model.firmware import CommandState, DeviceStatus, TechniqueOffer, ToolRun

# The kernel interrupts a sanitize that takes longer than it was told (4 minutes by itself), and an interrupted sanitize
# gives no guarantee at all (JESD84-B51 6.6.11).
_SANITIZE_SECONDS = 6 * 3600
_TOOL_SECONDS = _SANITIZE_SECONDS + 600.0
# What mmc-utils prints where the kernel or the device said no; out of time it may still be at work.
_FAILED = re.compile(
    r"Failed!|Could not |^ioctl: |is not supported|^Usage: |^Erase (?:start )?response: ", re.MULTILINE
)
_OUT_OF_TIME = re.compile(r"timed out", re.IGNORECASE)


@dataclass(frozen=True)
class EmmcDevice:
    """An eMMC as it was when the command was made; `cid` tells it from any other."""

    node: str
    roots: Roots
    cid: str
    register: ExtCsd

    def check(self) -> None:
        """Raise IdentityChanged where the node leads to another device or to none."""
        if read_text(block_folder(self.roots, block_name(self.node)) / "device/cid") != self.cid:
            raise IdentityChanged(f"{self.node} leads to another device now.", "List the drives again.")

    def ready(self) -> None:
        """Raise IdentityChanged, or MediaBusy: mmc-utils opens the node without an exclusive claim."""
        self.check()
        refuse_if_used(self.roots, (block_name(self.node),))

    def answers(self) -> bool:
        """Whether the register can be read and still names the same size."""
        self.check()
        register = read_ext_csd(self.roots, self.node)
        return register is not None and register.sectors == self.register.sectors

    def erase(self, kind: str) -> ToolRun:
        """Erase all of the user area; raises ToolMissing."""
        argv = ("mmc", "erase", kind, "0", str(self.register.last_address), self.node)
        return run_tool(argv, _TOOL_SECONDS)


class MmcSanitize:
    """Erase (or trim) of everything, then sanitize: the second removes only what the first has unmapped."""

    in_background = False
    secret_note = ""

    def __init__(self, device: EmmcDevice, offer: TechniqueOffer, release: Callable[[], None]) -> None:
        self.offer = offer
        self._device = device
        self._release = release
        self._erased = False
        self._tool: ToolRun | None = None

    def status(self) -> DeviceStatus:
        """Completed only where both tools ended well in this object; the device keeps no status. Raises IdentityChanged."""
        if self._tool is None:
            return DeviceStatus(CommandState.UNKNOWN, ("no status of an erase",))
        # mmc sanitize prints nothing where it succeeds.
        clean = self._tool.code == 0 and not self._tool.output
        return _judge(self._device, self._tool, said_success=self._erased and clean)

    def prepare(self) -> tuple[ToolRun, ...]:
        """Erase everything, for minutes: the data are gone from here on, and nothing goes on by itself.

        Raises ToolMissing, ToolFailed where the tool does not say that it succeeded, IdentityChanged, MediaBusy.
        """
        self._device.ready()
        kind, name = ("trim", "Trim") if self._device.register.trim else ("legacy", "Legacy Erase")
        tool = self._device.erase(kind)
        if not _said(tool, name):
            raise ToolFailed(tool.argv, tool.code, tool.output)
        self._erased = True
        return (tool,)

    def start(self) -> ToolRun:
        """Sanitize, for hours if need be; raises ToolMissing, IdentityChanged, then nothing was started."""
        self._device.check()
        # Debian 12's mmc-utils know no time-out, print their usage and start nothing: the status says failed then.
        argv = ("mmc", "sanitize", self._device.node, str(_SANITIZE_SECONDS * 1000))
        self._tool = run_tool(argv, _TOOL_SECONDS)
        return self._tool

    def settle(self) -> tuple[ToolRun, ...]:
        """Nothing was done that has to be taken back."""
        return ()

    def close(self) -> None:
        """Release what keeps others from the node; safe to call twice."""
        self._release()


class MmcSecureErase:
    """Secure erase of the whole user area, copies of its blocks included (JESD84-B451, Secure Erase)."""

    in_background = False
    secret_note = ""

    def __init__(self, device: EmmcDevice, offer: TechniqueOffer, release: Callable[[], None]) -> None:
        self.offer = offer
        self._device = device
        self._release = release
        self._tool: ToolRun | None = None

    def status(self) -> DeviceStatus:
        """Completed only where the tool ended well in this object; the device keeps no status. Raises IdentityChanged."""
        if self._tool is None:
            return DeviceStatus(CommandState.UNKNOWN, ("no status of an erase",))
        return _judge(self._device, self._tool, said_success=_said(self._tool, "Secure Erase"))

    def prepare(self) -> tuple[ToolRun, ...]:
        """Ask who uses it; raises IdentityChanged, MediaBusy."""
        self._device.ready()
        return ()

    def start(self) -> ToolRun:
        """Erase, for hours if need be; raises ToolMissing, IdentityChanged, then nothing was started."""
        self._device.check()
        self._tool = self._device.erase("secure-erase")
        return self._tool

    def settle(self) -> tuple[ToolRun, ...]:
        """Nothing was done that has to be taken back."""
        return ()

    def close(self) -> None:
        """Release what keeps others from the node; safe to call twice."""
        self._release()


def _said(tool: ToolRun, name: str) -> bool:
    """Whether mmc erase ended with 0, said that this kind succeeded, and nothing else."""
    return tool.code == 0 and f"{name} Succeed!" in tool.output and not _FAILED.search(tool.output)


def _judge(device: EmmcDevice, tool: ToolRun, *, said_success: bool) -> DeviceStatus:
    answers = device.answers()
    words = (f"exit {tool.code}", "EXT_CSD as before" if answers else "EXT_CSD not as before")
    if said_success and answers:
        return DeviceStatus(CommandState.DONE, words)
    ended = tool.code not in {0, None} and not _OUT_OF_TIME.search(tool.output)
    if ended and _FAILED.search(tool.output):
        return DeviceStatus(CommandState.FAILED, words)
    return DeviceStatus(CommandState.UNKNOWN, words)
