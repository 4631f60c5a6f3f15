"""Temperatures and limits in the fields where smartctl has them, and what stands for none."""

import pytest

from agent.diagnostics.temperature import heat_of
from agent.model.drive import MediaType
from agent.model.health import Heat, TemperatureReading
from tests.unit.diagnostics.captures import documents, load

DISK, FLASH = MediaType.HARD_DISK, MediaType.SOLID_STATE


def heat(document: object, media_type: MediaType = DISK, kernel: int | None = None) -> Heat | None:
    return heat_of(TemperatureReading(document, kernel), media_type)


def at(celsius: object, **more: object) -> dict[str, object]:
    return {"temperature": {"current": celsius, **more}}


def test_real_drives() -> None:
    assert heat(load("smart-scsi.json").document) == Heat(34, 68)
    assert heat(load("smart-nvme.json").document, FLASH) == Heat(36, 70)
    assert heat(load("sata03.json").document) == Heat(load("sata03.json").document["temperature"]["current"], 60)
    assert heat(load("virtual_scsi.txt").document) is None


def test_no_reading_of_a_real_drive_at_rest_holds_it() -> None:
    found = [heat(document) for _, document in documents()]
    assert sum(h is not None for h in found) > 30
    assert all(h is None or h.celsius < h.limit_celsius - 5 for h in found)


@pytest.mark.parametrize(
    ("document", "kernel", "expected"),
    [
        # Seagate Exos by smartctl 7.4; NVMe by 7.5; NVMe by 7.4 with the kernel's sensor.
        (at(61, op_limit_max=60, limit_max=70), None, Heat(61, 60)),
        (at(54, op_limit_max=84, critical_limit_max=88), 80, Heat(54, 84)),
        (at(54) | {"nvme_composite_temperature_threshold": {"warning": 83, "critical": 85}}, None, Heat(54, 83)),
        (at(54), 81, Heat(54, 81)),
        # What can't be a limit.
        (at(54, op_limit_max=0), None, Heat(54, 60)),
        (at(54, op_limit_max=127), 65261, Heat(54, 60)),
        (at(54, op_limit_max=40), None, Heat(54, 60)),
        (at(54, op_limit_max="60"), -273, Heat(54, 60)),
        (at(54, op_limit_max=0, drive_trip=65), None, Heat(54, 65)),
        # What can't be a temperature.
        (at(0), 80, None),
        (at(255), None, None),
        (at(True), None, None),
        (at("50"), None, None),
        ({}, 80, None),
        ([], None, None),
        ({"temperature": 50}, None, None),
    ],
)
def test_limits(document: object, kernel: int | None, expected: Heat | None) -> None:
    assert heat(document, DISK, kernel) == expected


@pytest.mark.parametrize(
    ("media_type", "limit"),
    [(m, 70 if m.is_flash else 60) for m in MediaType],
)
def test_defaults(media_type: MediaType, limit: int) -> None:
    assert heat(at(50), media_type) == Heat(50, limit)
