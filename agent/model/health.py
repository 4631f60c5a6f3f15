"""Health of a drive: the snapshot that was read, and the verdict on it."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

MARGIN_CELSIUS = 5


class Verdict(StrEnum):
    """Triage verdict of a drive."""

    OK = "OK"
    OLD = "OLD"
    SUSPECT = "SUSPECT"
    FAIL = "FAIL"
    UNKNOWN = "UNKNOWN"


class SelfTestKind(StrEnum):
    """Self-tests in ATA and NVMe words (smartctl's `long` is the extended one)."""

    SHORT = "short"
    EXTENDED = "extended"


class SelfTestState(StrEnum):
    """Where a self-test stands."""

    NEVER_RUN = "never run"
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"
    ABORTED = "aborted"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class SelfTestStatus:
    """State of the newest self-test; `remaining_percent` while running, `expected_minutes` by the drive's own figure."""

    state: SelfTestState
    kind: SelfTestKind | None = None
    remaining_percent: int | None = None
    expected_minutes: int | None = None
    detail: str = ""


@dataclass(frozen=True)
class SmartSnapshot:
    """One `smartctl --json` reading; `exit_status` is smartctl's bit mask, `document` its JSON ({} where there was none)."""

    exit_status: int
    document: dict[str, Any] = field(hash=False)
    tool_version: str
    sha256: str


@dataclass(frozen=True)
class TemperatureReading:
    """What was asked for a drive's temperature: smartctl's JSON ({} where there was none), and the limit that the kernel knows."""

    document: dict[str, Any] = field(hash=False)
    kernel_limit_celsius: int | None = None


@dataclass(frozen=True)
class Heat:
    """A drive's temperature and the one that it should stay below, in degrees Celsius."""

    celsius: int
    limit_celsius: int

    @property
    def cool_celsius(self) -> int:
        """From here on a drive that was too hot may work again; nearer to the limit it would stop and go all the time."""
        return self.limit_celsius - MARGIN_CELSIUS


@dataclass(frozen=True)
class HealthReport:
    """The verdict, its reasons in words, and the figures a refurbisher sorts by; None where the drive did not say."""

    verdict: Verdict
    reasons: tuple[str, ...]
    self_assessment_passed: bool | None
    power_on_hours: int | None
    temperature_celsius: int | None
    reallocated_sectors: int | None
    pending_sectors: int | None
    uncorrectable_errors: int | None
    media_errors: int | None
    percentage_used: int | None
    self_test: SelfTestStatus
    smartctl_exit_status: int
    snapshot_sha256: str
