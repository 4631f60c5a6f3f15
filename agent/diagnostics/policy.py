"""Thresholds of the triage verdict, as a versioned table; information for the donor, never part of a sanitization outcome.

Sources: Backblaze's five attributes (5, 187, 188, 197, 198; any raw value > 0 is a reason to look), the ages at which
refurbishers sort drives out, and NVM Express Base 2.0 figure 207 for the critical warnings.
"""

from dataclasses import dataclass

POLICY_VERSION = "health-1"


@dataclass(frozen=True)
class HealthPolicy:
    """The largest values that raise no doubt; hours, sectors, counts, percent."""

    version: str = POLICY_VERSION
    reallocated_sectors: int = 10
    pending_sectors: int = 0
    offline_uncorrectable: int = 0
    reported_uncorrectable: int = 0
    command_timeouts: int = 5
    media_errors: int = 0
    percentage_used: int = 79
    power_on_hours: int = 35_000
    plausible_power_on_hours: int = 263_000  # 30 years: SMART itself is from 1995


DEFAULT_POLICY = HealthPolicy()

# NVMe critical warning: bit -> (words, whether the drive must be called failing).
NVME_CRITICAL_WARNINGS = {
    0: ("available spare below threshold", True),
    1: ("temperature outside its limits", False),
    2: ("reliability degraded", True),
    3: ("media in read-only mode", True),
    4: ("volatile memory backup failed", False),
    5: ("persistent memory region unreliable", False),
}

# smartctl(8), EXIT STATUS.
EXIT_COMMAND_LINE = 1 << 0
EXIT_OPEN_FAILED = 1 << 1
EXIT_COMMAND_FAILED = 1 << 2
EXIT_FAILING = 1 << 3
EXIT_PREFAIL_NOW = 1 << 4
EXIT_PAST_THRESHOLD = 1 << 5
EXIT_ERROR_LOG = 1 << 6
EXIT_SELF_TEST_ERRORS = 1 << 7
