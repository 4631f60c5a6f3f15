"""Twenty-four drives at once, each as slow as the next: each gets what it can take, in little memory."""

from __future__ import annotations

import json
from pathlib import Path

from tests.lab import guest
from tests.lab.cells import drive_records
from tests.lab.conftest import sanitize
from tests.lab.disk import MIB, left, plant
from tests.lab.guest import PLACE, Case

_DRIVES = 24
_SECTORS = 32 * MIB // 512
_DELAY_MS = 1200
_MEMORY_BYTES = 220 * MIB
# Two blocks of 1 MiB are under way on a slow drive, and each takes the delay to be written. Reading is not delayed: what looks at the
# drives before the run reads them in hundreds of small steps.
_IDEAL_SECONDS = _SECTORS * 512 / (2 * MIB) * (_DELAY_MS / 1000)


def test_each_of_twenty_four_drives_gets_its_share(lab: Path) -> None:
    drive = lab / "drive"
    plant(drive, _SECTORS * _DRIVES)
    nodes = [f"/dev/loop{n}" for n in range(_DRIVES)]
    making = (
        f"at=$((n * {_SECTORS}))",
        f'echo "0 {_SECTORS} delay /dev/ubdb $at 0 /dev/ubdb $at {_DELAY_MS} /dev/ubdb $at 0" | dmsetup create slow$n',
        "losetup --direct-io=on /dev/loop$n /dev/mapper/slow$n",
    )
    before = (f"for n in $(seq 0 {_DRIVES - 1}); do {'; '.join(making)}; done",)
    case = Case(sanitize(*nodes, passes="random"), nodes[0], before)
    (run,) = guest.run(lab, [drive], case, options=("loop.max_loop=32",)).runs
    assert run["code"] == 0, run["err"]
    assert left(drive, _SECTORS * _DRIVES).bytes == 0
    seconds = []
    for node in nodes:
        (record,) = drive_records(lab / "evidence", node)
        seconds.append(sum(int(p["duration_ms"]) for p in record["passes"]) / 1000)
    shares = sorted(_IDEAL_SECONDS / s for s in seconds)
    figures = {"slowest": shares[0], "fastest": shares[-1], "peak_bytes": run["peak_bytes"]}
    (PLACE / "many.json").write_text(json.dumps(figures))
    assert shares[0] > 0.9, figures
    assert shares[-1] / shares[0] < 1.1, figures
    assert run["peak_bytes"] < _MEMORY_BYTES, figures
