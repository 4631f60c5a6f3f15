"""What is said before a plan is confirmed, from real captures where there are any."""

from dataclasses import replace

from agent.diagnostics.health import assess
from agent.engine.planning import make_plan
from agent.model.health import Verdict
from agent.model.machine import StorageController
from agent.model.power import PowerReading, PowerSource
from agent.model.sanitization import Policy
from agent.model.session import InspectedDrive
from agent.workflow.cautions import controller_cautions, with_cautions
from agent.workflow.plan_set import make_plan_set
from agent.workflow.view import CautionKind, Inspection
from tests.plan_cases import PLAN_CASES
from tests.sample_hosts import AHCI, LAPTOP
from tests.unit.diagnostics.captures import load

NVME = next(c for c in PLAN_CASES if c.name == "NVMe with sanitize")
BATTERY = PowerReading(PowerSource.BATTERY, 80, 200)


def cautions(power=None, health=None, controllers=(AHCI,)):
    found = InspectedDrive(NVME.drive, health, NVME.firmware)
    inspection = Inspection(replace(LAPTOP, controllers=tuple(controllers)), (found,), None)
    plans = make_plan_set([NVME.drive], (NVME.drive,), Policy(), (), {NVME.drive.node: NVME.firmware})
    told = with_cautions(plans, inspection, power).cautions
    return [(c.kind, c.node, c.detail) for c in told]


def test_nothing_to_say() -> None:
    assert cautions() == []
    assert cautions(PowerReading(PowerSource.MAINS, 3)) == []
    assert cautions(PowerReading(PowerSource.UNKNOWN, 3)) == []


def test_on_battery_once_for_the_machine() -> None:
    assert cautions(BATTERY) == [(CautionKind.ON_BATTERY, "", "80 %, 200 min")]


def test_a_battery_that_is_too_low_for_this_drive() -> None:
    low = [(CautionKind.BATTERY_TOO_LOW, NVME.drive.node, "31 % < 50 %")]
    assert cautions(PowerReading(PowerSource.BATTERY, 31)) == low


def test_controllers_that_hide_drives() -> None:
    rst = StorageController("0000:00:17.0", "RAID controller 8086:2822", "ahci", raid_mode=True)
    lost = StorageController("0000:01:00.0", "SAS controller 1000:0097", "", raid_mode=False)
    assert [c.kind for c in controller_cautions([AHCI, rst, lost])] == [
        CautionKind.RAID_MODE,
        CautionKind.NO_DRIVER,
    ]
    assert cautions(controllers=[rst]) == [
        (CautionKind.RAID_MODE, "", "0000:00:17.0 RAID controller 8086:2822"),
    ]


def test_a_drive_that_says_that_it_fails() -> None:
    report = assess(load("test0.txt"))
    assert report.verdict is Verdict.FAIL
    ((kind, node, detail),) = cautions(health=report)
    assert (kind, node) == (CautionKind.BAD_HEALTH, NVME.drive.node)
    assert detail == "; ".join(report.reasons)
    assert cautions(health=assess(load("smart-nvme.json"))) == []


def test_a_bridged_drive_says_why_its_own_erase_is_not_used() -> None:
    case = next(c for c in PLAN_CASES if "bridge" in c.name)
    plan = make_plan(case.drive, Policy(), firmware=case.firmware)
    assert not plan.rungs[0].technique.by_firmware
    assert any("behind a USB bridge" in r for r in plan.reasons)


def test_the_own_erase_of_a_virtual_disk_is_not_used() -> None:
    case = next(c for c in PLAN_CASES if c.name == "virtual disk that offers an erase of its own")
    plan = make_plan(case.drive, Policy(), firmware=case.firmware)
    assert not plan.rungs[0].technique.by_firmware
    assert (
        "its own erase is not used: behind a virtual disk it reaches no medium that anybody could name"
        in plan.reasons
    )
