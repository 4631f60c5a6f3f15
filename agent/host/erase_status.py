"""Whether a drive is at its own erase, asked before any of its blocks is read.

A SAS drive leaves reads unanswered meanwhile, and the kernel lets each of them wait for minutes; so does an open of its block node
while the kernel looks for partitions there. Its node for commands alone (/dev/sgN) waits for nothing. Sources: SBC-4, SANITIZE;
ACS-4, Sanitize Device state machine; NVMe Base 2.0, Sanitize Operations.
"""

from agent.errors import ToolFailed, ToolMissing
from agent.host.ata_device import sanitize_status
from agent.host.ata_sanitize import judge_status
from agent.host.identity import Reading
from agent.host.nvme_ask import ask_sanitize_log
from agent.host.scsi_firmware import sanitize_now
from agent.host.scsi_units import command_node
from agent.host.sysfs import Roots
from agent.model.drive import Bus
from agent.model.firmware import CommandState, DeviceStatus

_NO_READS = frozenset({CommandState.RUNNING, CommandState.FAILED})


def takes_no_reads(roots: Roots, name: str, reading: Reading) -> bool:
    """Whether the drive says that a sanitize runs in it, or failed: until a new one has ended it delivers no block.

    False where it says nothing: its blocks are then asked for, with patience that ends.
    """
    try:
        status = _status(roots, name, reading)
    except (ToolMissing, ToolFailed):
        return False
    return status is not None and status.state in _NO_READS


def _status(roots: Roots, name: str, reading: Reading) -> DeviceStatus | None:
    node = str(roots.dev / name.replace("!", "/"))
    if reading.network or reading.raid:
        return None
    if reading.bus in {Bus.SAS, Bus.SCSI}:
        return sanitize_now(command_node(roots, name, node))
    if reading.bus in {Bus.SATA, Bus.PATA} and reading.ata is not None and reading.ata.sanitize_supported:
        return judge_status(sanitize_status(command_node(roots, name, node)))
    return ask_sanitize_log(node).status if reading.bus is Bus.NVME else None
