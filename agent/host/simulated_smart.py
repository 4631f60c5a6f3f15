"""A self-test's course put into a captured smartctl document, in the fields where smartctl itself reports it.

Field names and status values: smartmontools 7.4, ataprint.cpp, nvmeprint.cpp and scsiprint.cpp; ATA8-ACS 7.52.7,
NVM Express 2.0 5.16.1.7, SPC-4 7.3.17.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from agent.model.health import SelfTestKind, SelfTestState

Json = dict[str, Any]


@dataclass(frozen=True)
class SelfTestCourse:
    """Where a simulated self-test stands; `bad_lba` is where it failed."""

    kind: SelfTestKind
    state: SelfTestState
    remaining_percent: int
    bad_lba: int


def with_self_test(document: Json, course: SelfTestCourse) -> Json:
    """The document as smartctl would print it with this self-test; unchanged where the protocol is unknown."""
    served = deepcopy(document)
    writers: dict[str, Callable[[Json, SelfTestCourse], None]] = {"ATA": _ata, "NVMe": _nvme, "SCSI": _scsi}
    writer = writers.get(str(served.get("device", {}).get("protocol", "")))
    if writer:
        writer(served, course)
    return served


_ATA_STATUS: dict[SelfTestState, Json] = {
    SelfTestState.PASSED: {"value": 0, "string": "completed without error", "passed": True},
    SelfTestState.ABORTED: {"value": 16, "string": "was aborted by the host"},
    SelfTestState.FAILED: {
        "value": 112,
        "string": "completed having the read element of the test failed",
        "passed": False,
    },
}
_ATA_LOG_STATUS: dict[SelfTestState, Json] = {
    SelfTestState.PASSED: {"value": 0, "string": "Completed without error", "passed": True},
    SelfTestState.ABORTED: {"value": 16, "string": "Aborted by host"},
    SelfTestState.FAILED: {"value": 112, "string": "Completed: read failure", "passed": False},
}


def _hours(document: Json) -> int:
    return int(document.get("power_on_time", {}).get("hours", 0))


def _ata(document: Json, course: SelfTestCourse) -> None:
    status = document.setdefault("ata_smart_data", {}).setdefault("self_test", {})
    if course.state is SelfTestState.RUNNING:
        # The low nibble counts what remains in tens of percent, from 1 to 9.
        tens = min(9, max(1, -(-course.remaining_percent // 10)))
        status["status"] = {
            "value": 0xF0 | tens,
            "string": f"in progress, {tens}0% remaining",
            "remaining_percent": tens * 10,
        }
        return
    status["status"] = dict(_ATA_STATUS[course.state])
    short = course.kind is SelfTestKind.SHORT
    entry: Json = {
        "type": {"value": 1, "string": "Short offline"} if short else {"value": 2, "string": "Extended offline"},
        "status": dict(_ATA_LOG_STATUS[course.state]),
        "lifetime_hours": _hours(document),
    }
    if course.state is SelfTestState.FAILED:
        entry["lba"] = course.bad_lba
    log = document.setdefault("ata_smart_self_test_log", {}).setdefault("standard", {"revision": 1})
    log["table"] = [entry, *log.get("table", [])]
    log["count"] = len(log["table"])
    log["error_count_total"] = log.get("error_count_total", 0) + (course.state is SelfTestState.FAILED)
    log.setdefault("error_count_outdated", 0)


_NVME_RESULT: dict[SelfTestState, Json] = {
    SelfTestState.PASSED: {"value": 0, "string": "Completed without error"},
    SelfTestState.ABORTED: {"value": 1, "string": "Aborted: Self-test command"},
    SelfTestState.FAILED: {"value": 7, "string": "Completed: failed segments"},
}


def _nvme(document: Json, course: SelfTestCourse) -> None:
    number, word = (1, "Short") if course.kind is SelfTestKind.SHORT else (2, "Extended")
    log = document.setdefault("nvme_self_test_log", {})
    log["current_self_test_operation"] = {"value": 0, "string": "No self-test in progress"}
    if course.state is SelfTestState.RUNNING:
        log["current_self_test_operation"] = {"value": number, "string": f"{word} self-test in progress"}
        log["current_self_test_completion_percent"] = 100 - course.remaining_percent
        return
    entry: Json = {
        "self_test_code": {"value": number, "string": word},
        "self_test_result": dict(_NVME_RESULT[course.state]),
        "power_on_hours": _hours(document),
    }
    if course.state is SelfTestState.FAILED:
        entry["lba"] = {"value": course.bad_lba}
    log["table"] = [entry, *log.get("table", [])]


_SCSI_RESULT: dict[SelfTestState, Json] = {
    SelfTestState.RUNNING: {"value": 15, "string": "Self test in progress ..."},
    SelfTestState.PASSED: {"value": 0, "string": "Completed"},
    SelfTestState.ABORTED: {"value": 1, "string": "Aborted (by user command)"},
    SelfTestState.FAILED: {"value": 6, "string": "Failed in second segment"},
}


def _scsi(document: Json, course: SelfTestCourse) -> None:
    short = course.kind is SelfTestKind.SHORT
    entry: Json = {
        "code": {"value": 1, "string": "Background short"} if short else {"value": 2, "string": "Background long"},
        "result": dict(_SCSI_RESULT[course.state]),
    }
    if course.state is SelfTestState.RUNNING:
        entry["self_test_in_progress"] = True
    else:
        entry["power_on_time"] = {"hours": _hours(document), "aka": "accumulated_power_on_hours"}
    if course.state is SelfTestState.FAILED:
        entry["lba_first_failure"] = {"value": course.bad_lba, "aka": "address_of_first_failure"}
    older = [document[f"scsi_self_test_{i}"] for i in range(19) if f"scsi_self_test_{i}" in document]
    document.update({f"scsi_self_test_{i}": test for i, test in enumerate([entry, *older])})
