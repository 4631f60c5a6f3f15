"""Self-tests from status and log: ATA by the captures, NVMe and SCSI by the fields that smartctl prints."""

from copy import deepcopy
from typing import Any

import pytest

from agent.diagnostics.self_test import expected_minutes, follow_self_test, self_test_status
from agent.model.health import SelfTestKind, SelfTestState, SelfTestStatus
from tests.unit.diagnostics.captures import load, snapshot


@pytest.mark.parametrize(
    ("name", "state", "kind", "minutes"),
    [
        ("sata01.json", SelfTestState.ABORTED, SelfTestKind.EXTENDED, 50),
        ("mini_ide03.json", SelfTestState.PASSED, SelfTestKind.SHORT, 2),
        ("sata03.json", SelfTestState.NEVER_RUN, None, None),
        ("ide07.json", SelfTestState.UNKNOWN, None, None),
    ],
)
def test_ata_captures(name: str, state: SelfTestState, kind: SelfTestKind | None, minutes: int | None) -> None:
    status = self_test_status(load(name).document)
    assert (status.state, status.kind, status.expected_minutes) == (state, kind, minutes)


def test_a_running_ata_test_says_what_remains() -> None:
    status = self_test_status(load("smart-ata.json").document)
    assert (status.state, status.remaining_percent) == (SelfTestState.RUNNING, 10)


def ata(value: int, *entries: dict[str, Any]) -> dict[str, Any]:
    document = deepcopy(load("sata01.json").document)
    document["ata_smart_data"]["self_test"]["status"] = {"value": value, "string": "x"}
    document["ata_smart_self_test_log"] = {"standard": {"count": len(entries), "table": list(entries)}}
    return document


def entry(kind: int, hours: int, status: int = 0) -> dict[str, Any]:
    return {"type": {"value": kind}, "status": {"value": status}, "lifetime_hours": hours}


@pytest.mark.parametrize(
    ("nibble", "state"),
    [(0, SelfTestState.PASSED), (1, SelfTestState.ABORTED), (2, SelfTestState.ABORTED), *((n, SelfTestState.FAILED) for n in range(3, 9)), (9, SelfTestState.UNKNOWN), (15, SelfTestState.RUNNING)],
)  # fmt: skip
def test_every_ata_status(nibble: int, state: SelfTestState) -> None:
    assert self_test_status(ata(nibble << 4, entry(1, 5))).state is state


def test_captive_tests_are_of_the_same_kind() -> None:
    assert self_test_status(ata(0, entry(0x82, 5))).kind is SelfTestKind.EXTENDED


def nvme(operation: int, percent: int | None = None, *results: tuple[int, int]) -> dict[str, Any]:
    log: dict[str, Any] = {"current_self_test_operation": {"value": operation}}
    if percent is not None:
        log["current_self_test_completion_percent"] = percent
    log["table"] = [
        {"self_test_code": {"value": c}, "self_test_result": {"value": r, "string": "x"}} for c, r in results
    ]
    return {"device": {"protocol": "NVMe"}, "nvme_self_test_log": log}


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (nvme(1, 30), SelfTestStatus(SelfTestState.RUNNING, SelfTestKind.SHORT, 70, 2)),
        (nvme(2, 255), SelfTestStatus(SelfTestState.RUNNING, SelfTestKind.EXTENDED, None, None)),
        (nvme(0), SelfTestStatus(SelfTestState.NEVER_RUN)),
        (nvme(0, None, (1, 0)), SelfTestStatus(SelfTestState.PASSED, SelfTestKind.SHORT, None, 2, "x")),
        (nvme(0, None, (2, 7)), SelfTestStatus(SelfTestState.FAILED, SelfTestKind.EXTENDED, None, None, "x")),
        (
            nvme(0, None, (2, 9), (1, 0)),
            SelfTestStatus(SelfTestState.ABORTED, SelfTestKind.EXTENDED, None, None, "x"),
        ),
        (nvme(0, None, (2, 15)), SelfTestStatus(SelfTestState.UNKNOWN, SelfTestKind.EXTENDED, None, None, "x")),
    ],
)
def test_nvme(document: dict[str, Any], expected: SelfTestStatus) -> None:
    assert self_test_status(document) == expected


@pytest.mark.parametrize(
    ("result", "state"),
    [
        (0, SelfTestState.PASSED),
        (1, SelfTestState.ABORTED),
        (3, SelfTestState.FAILED),
        (15, SelfTestState.RUNNING),
        (8, SelfTestState.UNKNOWN),
    ],
)
def test_scsi(result: int, state: SelfTestState) -> None:
    document = {"scsi_self_test_0": {"code": {"value": 2}, "result": {"value": result, "string": "x"}}}
    assert self_test_status(document).state is state
    assert self_test_status(document).kind is SelfTestKind.EXTENDED


def test_the_drive_says_how_long_a_test_takes() -> None:
    document = load("sata01.json").document
    assert expected_minutes(document, SelfTestKind.EXTENDED) == 50
    assert (
        expected_minutes(document, SelfTestKind.SHORT)
        == document["ata_smart_data"]["self_test"]["polling_minutes"]["short"]
    )
    assert expected_minutes({}, SelfTestKind.SHORT) is None


OLD = [entry(1, hours) for hours in range(121, 100, -1)]  # a full log: 21 entries


@pytest.mark.parametrize(
    ("now", "seen_running", "state"),
    [
        (ata(0xF3, *OLD), False, SelfTestState.RUNNING),
        (ata(0, entry(1, 130), *OLD[:-1]), True, SelfTestState.PASSED),
        (ata(0, entry(1, 130), *OLD[:-1]), False, SelfTestState.PASSED),  # the log is no longer than before
        (ata(0x70, entry(1, 130, 0x70), *OLD[:-1]), True, SelfTestState.FAILED),
        (ata(0x10, *OLD), True, SelfTestState.ABORTED),
        (ata(0, *OLD), False, SelfTestState.UNKNOWN),  # the older test's success is not this one's
    ],
)
def test_a_finished_test_is_known_by_its_own_result(
    now: dict[str, Any], seen_running: bool, state: SelfTestState
) -> None:
    before = snapshot(ata(0, *OLD))
    status = follow_self_test(before, snapshot(now), SelfTestKind.SHORT, seen_running=seen_running)
    assert status.state is state
