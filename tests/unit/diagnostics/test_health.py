"""Rows T01-T08 and T10 of the triage requirements on readings of drives that were really donated, and the policy's edges."""

from collections import Counter
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.diagnostics.attributes import attributes_of
from agent.diagnostics.health import STILL_SANITIZED, assess
from agent.model.health import Verdict
from tests.unit.diagnostics.captures import documents, load, snapshot


def test_t01_passed_with_pending_sectors_is_suspect() -> None:
    report = assess(load("sata03.json"))
    assert report.self_assessment_passed is True
    assert (report.verdict, report.pending_sectors) == (Verdict.SUSPECT, 67)
    assert "67 pending sectors" in report.reasons


def test_t02_failing_now_is_fail_though_the_raw_value_is_zero() -> None:
    report = assess(load("test0.txt"))
    assert (report.verdict, report.reallocated_sectors, report.smartctl_exit_status) == (Verdict.FAIL, 0, 216)
    assert any("attribute 5 " in reason and "now" in reason for reason in report.reasons)


@pytest.mark.parametrize("name", ["mini_ide03.json", "mini_ide05.json", "mini_sata07.json"])
def test_t03_fujitsu_packs_the_spare_pool_above_the_count(name: str) -> None:
    report = assess(load(name))
    assert (report.verdict, report.reallocated_sectors) == (Verdict.OK, 0)


def test_t04_hitachi_reallocated_count_is_the_leading_number() -> None:
    report = assess(load("mini_ide02.json"))
    assert (report.verdict, report.reallocated_sectors) == (Verdict.SUSPECT, 138)


def test_t05_seagate_counters() -> None:
    packed = load("test18.txt")
    assert attributes_of(packed.document)[188].count == 1
    report = assess(packed)
    assert (report.verdict, report.uncorrectable_errors) == (Verdict.SUSPECT, 17)
    assert not any("time-outs" in reason for reason in report.reasons)
    assert attributes_of(load("test5.txt").document)[188].count == 2
    assert assess(load("test5.txt")).verdict is Verdict.OK


def test_t06_an_implausible_age_is_no_age() -> None:
    report = assess(load("ide01.json"))
    assert (report.verdict, report.power_on_hours) == (Verdict.OK, None)
    assert any("implausible" in reason for reason in report.reasons)


def test_t07_nvme_media_errors() -> None:
    report = assess(load("smart-nvme-failed.json"))
    assert (report.verdict, report.media_errors, report.self_assessment_passed) == (Verdict.SUSPECT, 7, True)


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("smart_disabled.txt", 0),
        ("virtual_scsi.txt", 0),
        ("virtual_scsi.txt", 1),
        ("ide02.json", 0),
        ("ide04.json", 0),
        ("ide07.json", 0),
    ],
)
def test_t08_no_assessment_is_unknown_with_a_reason(name: str, index: int) -> None:
    report = assess(load(name, index))
    assert report.verdict is Verdict.UNKNOWN
    assert report.reasons[0]


def test_t10_a_failing_drive_is_still_sanitized_and_then_destroyed() -> None:
    assert STILL_SANITIZED in assess(load("test0.txt")).reasons
    assert STILL_SANITIZED not in assess(load("sata03.json")).reasons
    assert "destruction" in STILL_SANITIZED


def test_power_on_hours_where_smartctl_itself_reads_none() -> None:
    assert assess(load("smart-sat.json")).power_on_hours == 2725


def test_old_drives() -> None:
    assert assess(load("sata02.json")).verdict is Verdict.OLD
    assert assess(load("sata06.json")).verdict is Verdict.OK  # 33,294 hours


def test_the_error_log_of_nvme_says_nothing_about_the_media() -> None:
    document = deepcopy(load("smart-nvme.json").document)
    document["nvme_smart_health_information_log"]["num_err_log_entries"] = 162
    assert assess(snapshot(document)).verdict is Verdict.OK


def test_the_readings_of_donated_drives_as_a_whole() -> None:
    reports = [(name, assess(snapshot(document))) for name, document in documents()]
    assert Counter(report.verdict for _, report in reports) == {
        Verdict.OK: 29,
        Verdict.SUSPECT: 11,
        Verdict.UNKNOWN: 7,
        Verdict.OLD: 3,
        Verdict.FAIL: 1,
    }
    for name, report in reports:
        assert (report.verdict is Verdict.OK) <= (report.self_assessment_passed is True), name
        assert report.verdict is Verdict.OK or report.reasons, name


def nvme(**log: int) -> dict[str, Any]:
    document = deepcopy(load("smart-nvme.json").document)
    document["nvme_smart_health_information_log"].update(log)
    return document


@pytest.mark.parametrize(
    ("log", "verdict"),
    [
        ({"critical_warning": 0b000001}, Verdict.FAIL),
        ({"critical_warning": 0b000100}, Verdict.FAIL),
        ({"critical_warning": 0b001000}, Verdict.FAIL),
        ({"critical_warning": 0b000010}, Verdict.SUSPECT),
        ({"critical_warning": 0b010000}, Verdict.SUSPECT),
        ({"available_spare": 9, "available_spare_threshold": 10}, Verdict.FAIL),
        ({"available_spare": 10, "available_spare_threshold": 10}, Verdict.OK),
        ({"percentage_used": 79}, Verdict.OK),
        ({"percentage_used": 80}, Verdict.SUSPECT),
        ({"percentage_used": 140}, Verdict.SUSPECT),
    ],
)
def test_nvme_policy(log: dict[str, int], verdict: Verdict) -> None:
    assert assess(snapshot(nvme(**log))).verdict is verdict


def with_raw(number: int, value: int, text: str) -> dict[str, Any]:
    document = deepcopy(load("sata01.json").document)
    for row in document["ata_smart_attributes"]["table"]:
        if row["id"] == number:
            row["raw"] = {"value": value, "string": text}
    return document


@pytest.mark.parametrize(
    ("number", "value", "verdict"),
    [
        (5, 10, Verdict.OK),
        (5, 11, Verdict.SUSPECT),
        (188, 5, Verdict.OK),
        (188, 6, Verdict.SUSPECT),
        (187, 1, Verdict.SUSPECT),
        (197, 1, Verdict.SUSPECT),
        (198, 1, Verdict.SUSPECT),
        (199, 999, Verdict.OK),
    ],
)
def test_attribute_policy(number: int, value: int, verdict: Verdict) -> None:
    assert assess(snapshot(with_raw(number, value, str(value)))).verdict is verdict


def test_transfer_errors_mean_the_cable() -> None:
    assert any("check the cable" in reason for reason in assess(snapshot(with_raw(199, 3, "3"))).reasons)


@pytest.mark.parametrize(
    ("bit", "verdict"),
    [
        (1, Verdict.UNKNOWN),
        (2, Verdict.UNKNOWN),
        (4, Verdict.OK),
        (8, Verdict.FAIL),
        (16, Verdict.FAIL),
        (32, Verdict.SUSPECT),
        (64, Verdict.OK),
        (128, Verdict.SUSPECT),
    ],
)
def test_each_bit_of_the_exit_status(bit: int, verdict: Verdict) -> None:
    assert assess(snapshot(load("sata01.json").document, bit)).verdict is verdict


def test_a_failed_self_test_is_fail() -> None:
    document = deepcopy(load("sata01.json").document)
    document["ata_smart_data"]["self_test"]["status"] = {
        "value": 0x70,
        "string": "completed having the read element fail",
    }
    assert assess(snapshot(document)).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"smart_status": {"passed": "yes"}},
        {"smart_status": []},
        {"smart_status": {"passed": None}, "ata_smart_attributes": {"table": [None, {"id": "5"}, {"id": True}]}},
        {"ata_smart_attributes": {"table": [{"id": 5, "raw": {"value": -1, "string": "?"}}]}},
        {"nvme_smart_health_information_log": 7, "temperature": {"current": True}},
        {"smartctl": {"messages": "x"}, "power_on_time": {"hours": "many"}},
    ],
)
def test_documents_of_no_shape_are_unknown(document: dict[str, Any]) -> None:
    report = assess(snapshot(document, 0))
    assert report.verdict is Verdict.UNKNOWN
    assert (report.power_on_hours, report.temperature_celsius, report.reallocated_sectors) == (None, None, None)


KEYS = (
    "smart_status", "passed", "ata_smart_attributes", "table", "id", "raw", "value", "string", "when_failed", "flags", "prefailure",
    "nvme_smart_health_information_log", "critical_warning", "media_errors", "available_spare", "available_spare_threshold",
    "percentage_used", "power_on_time", "hours", "temperature", "current", "ata_smart_data", "self_test", "status", "nvme_self_test_log",
    "smartctl", "messages", "scsi_error_counter_log", "read", "total_uncorrected_errors", "scsi_self_test_0", "result", "smart_support",
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=30,
)


@given(document=st.dictionaries(st.sampled_from(KEYS), JSON, max_size=6), status=st.integers(0, 255))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_no_document_raises_or_is_ok_without_the_drives_own_word(document: dict[str, Any], status: int) -> None:
    report = assess(snapshot(document, status))
    if report.verdict is Verdict.OK:
        assert report.self_assessment_passed is True
        assert not status & 0b10111011
    assert report.power_on_hours is None or 0 <= report.power_on_hours <= 263_000
