"""The drive's own erase behind a protocol: what the engine may ask of one technique on one drive.

Each family of drives has a module that speaks through its packaged tool (hdparm, nvme-cli, sg3_utils, mmc-utils,
sedutil-cli). No exit code is a verdict: the device's own status is, and even that only together with a read-back.
"""

from typing import Protocol

from agent.model.firmware import DeviceStatus, TechniqueOffer, ToolRun


class FirmwareCommand(Protocol):
    """One technique on one drive. The node is not held open exclusively meanwhile: some tools want it for themselves."""

    @property
    def offer(self) -> TechniqueOffer:
        """The technique, with what the drive says of it."""
        ...

    @property
    def secret_note(self) -> str:
        """What must be in the journal before `prepare`, so that nobody is locked out: the documented password; '' where none is set."""
        ...

    @property
    def in_background(self) -> bool:
        """Whether `start` returns at once while the drive goes on, so that `status` tells its progress."""
        ...

    def status(self) -> DeviceStatus:
        """Ask the drive for its own status; raises ToolMissing, ToolFailed where it gives no answer."""
        ...

    def prepare(self) -> tuple[ToolRun, ...]:
        """What must come first (D_SENSE, a password); raises ToolMissing, ToolFailed, then nothing was started."""
        ...

    def start(self) -> ToolRun:
        """Run the tool to its end, for hours if need be; raises ToolMissing. What it printed and its exit code prove nothing."""
        ...

    def settle(self) -> tuple[ToolRun, ...]:
        """Take back what `prepare` did where it still stands (a password), so that nobody is locked out; raises ToolFailed."""
        ...

    def close(self) -> None:
        """Release what keeps others from the node meanwhile; safe to call twice."""
        ...
