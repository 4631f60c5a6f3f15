"""The machines of the sample records, and the programs that are said to have worked on them."""

from dataclasses import replace

from agent.model.machine import Battery, MachineInventory, StorageController
from agent.model.record import Tool

TOOL = Tool("ardoise", "0.1.0", "3.13.5", "6.12.57", "a1" * 32, ("smartctl 7.4", "blkid 2.41"))

AHCI = StorageController(
    "0000:00:17.0", "Intel Sunrise Point-LP SATA Controller [AHCI mode]", "ahci", raid_mode=False
)

LAPTOP = MachineInventory(
    manufacturer="LENOVO",
    model="ThinkPad T480s",
    version="20L8S2N80C",
    serial="PC0ZVK4L",
    asset_tag="HUG-014233",
    chassis="Notebook",
    bios_version="N22ET75W (1.52)",
    bios_date="2023-02-08",
    processor="Intel(R) Core(TM) i5-8350U CPU @ 1.70GHz",
    memory_bytes=16 * 1024**3,
    batteries=(Battery("BAT0", 71, 57_000, 41_200, 318, on_mains=True),),
    controllers=(AHCI,),
    looked_at=("/sys/class/block", "/sys/bus/pci"),
)

SERVER = replace(
    LAPTOP,
    manufacturer="Dell Inc.",
    model="PowerEdge R730xd",
    version="",
    serial="8VXJ2N2",
    asset_tag="",
    chassis="Rack Mount Chassis",
    batteries=(),
    memory_bytes=128 * 1024**3,
    processor="Intel(R) Xeon(R) CPU E5-2630 v4 @ 2.20GHz",
)

HOSTS = {
    "server": SERVER,
    "many": SERVER,
    "tablet": replace(
        LAPTOP, manufacturer="Microsoft Corporation", model="Surface Pro 7", version="", chassis="Tablet"
    ),
    "hostile": replace(
        LAPTOP, manufacturer="[bold]", model="To be filled by O.E.M.", serial="0", asset_tag="\x00\x07=1+1"
    ),
}
