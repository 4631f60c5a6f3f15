"""The PSID revert of a simulated self-encrypting drive: only the PSID in its firmware.json opens it, and its content is noise then."""

from agent.errors import Refused
from agent.host.simulated_drive import SimulatedDrive
from agent.host.simulated_firmware import SimulatedErase, SimulatedFirmware, overwrite_image
from agent.model.firmware import CommandState, DeviceStatus, ToolRun
from agent.model.psid import Psid, plain_psid
from agent.model.sanitization import Technique

_REFUSED = "method status code NOT_AUTHORIZED"


class SimulatedRevert(SimulatedErase):
    """The revert with the PSID that a person typed; raises Refused where the drive has none, or nobody typed one."""

    in_background = False

    def __init__(self, drive: SimulatedDrive, firmware: SimulatedFirmware, psid: Psid | None) -> None:
        super().__init__(drive, firmware, Technique.OPAL_PSID_REVERT)
        if psid is None:
            raise Refused(f"Nobody has given the PSID of /dev/{drive.name}.", "Type it from the drive's label.")
        self._psid: Psid | None = psid
        self._told = DeviceStatus(CommandState.UNKNOWN, ("simulated: no revert",))

    def status(self) -> DeviceStatus:
        """What became of this revert."""
        return self._told

    def start(self) -> ToolRun:
        """Revert at once, where the PSID is the one on the label."""
        argv = ("simulated", self.offer.technique.value, "PSID")
        label = plain_psid(self._firmware.psid)
        if self._psid is None or not label or self._psid.reveal() != label:
            self._told = DeviceStatus(CommandState.FAILED, ("simulated: NOT_AUTHORIZED",))
            return ToolRun(argv, 1, _REFUSED, 0)
        overwrite_image(self._drive, self._firmware.erases, "")
        self._drive.remember(opal_reverted=True, written=True)
        self._told = DeviceStatus(self._firmware.ends, (f"simulated: {self._firmware.ends.value}",))
        return ToolRun(argv, 0, "revertTper completed successfully", 0)

    def close(self) -> None:
        """Forget the PSID."""
        self._psid = None
