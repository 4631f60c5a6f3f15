"""How other tools ended on the same faults: measured in November 2026 in guests like this one, on drives of 64 MiB, one run for each cell.

HS: success, and true. HF: failure, said so. FS: the tool's last word is success and planted data is left. NR: no record is left.
"""

from __future__ import annotations

TOOLS = (
    "nwipe 0.42",
    "nwipe 0.38",
    "shred 9.7",
    "scrub 2.6.1",
    "dwipe 3.0.2, 1 %",
    "dwipe 3.0.2, 100 %",
)

_SAME = "as at 1 %"
ROWS: dict[str, tuple[str, str, str, str, str, str]] = {
    "healthy": ("HS", "HS", "HS", "HS", "HS", "HS"),
    "write-error-start": (
        "HF 4096",
        "HF 15.9 MB",
        "HF 4096",
        "HF 62.9 MB",
        "HF 4096, its log says completed",
        _SAME,
    ),
    "write-error-middle": ("HF 4096", "HF 15.9 MB", "HF 4096", "HF 29.4 MB", "HF 33.5 MB", _SAME),
    "write-error-end": ("HF 4096", "HF 15.9 MB", "HF 4096", "HF 4096", "HF 4096", "HF"),
    "both-error-middle": ("HF 4096", "HF 33.5 MB", "HF 4096", "HF 29.4 MB", "HF 33.5 MB", ""),
    "read-error-middle": (
        "HF 0",
        "HF 33.5 MB",
        "HS, not read",
        "HF 0",
        "HS, not sampled",
        "HF 0, its JSON says completed",
    ),
    "drop-all": ("HF", "**FS** 67.1 MB", "**FS** 67.1 MB", "HF", "HF, its JSON says completed", _SAME),
    "drop-1m": ("HF", "**FS** 1 MiB", "**FS** 1 MiB", "HF", "HF, its JSON says completed", _SAME),
    "drop-4k": ("HF", "**FS** 4096", "**FS** 4096", "HF", "**FS** 4096", "HF, its JSON says completed"),
    "drop-first": ("HF", "**FS** 1 MiB", "**FS** 1 MiB", "HF", "**FS** 1 MiB", "**FS** 1 MiB"),
    "drop-last": ("HF", "**FS** 1 MiB", "**FS** 1 MiB", "HF", "HF, its JSON says completed", _SAME),
    "odd": ("HS", "HS", "HS", "HS", "**FS** 2560", "HF, whatever the drive"),
    "4kn": ("HS", "HS", "HS", "HS", "HS", "HS"),
    "vanish": ("HF 33.6 MB", "HF", "HF", "HF", "HF", ""),
    "gone": ("HF 41.9 MB", "HF 32.6 MB", "HF 46.3 MB", "HF 41.9 MB", "HF 45.1 MB", ""),
    "stall": ("HS", "HS", "HS", "HS", "HS", ""),
    "kill": ("NR", "NR", "NR", "NR", "resumed, 0 left", ""),
    "mounted": (
        "**FS** exit 0, nothing done",
        "erased under the file system",
        "as nwipe 0.38",
        "as nwipe 0.38",
        "",
        "",
    ),
    "held": ("erased, no word", "erased", "erased", "erased", "", ""),
}
