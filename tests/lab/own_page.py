"""`python -m tests.lab.own_page`: docs/own-erases.md from the cells of the last run; exit 1 where the committed page says otherwise."""

from __future__ import annotations

import json
import sys

from tests.lab.guest import REPOSITORY
from tests.lab.lab_own_erase import CELLS
from tests.lab.own_erases import ERASES

PAGE = REPOSITORY / "docs" / "own-erases.md"
_HEAD = """# The drive's own erase on faulty drives

Written by `make lab`, which fails where this page and what it measured differ. In a User Mode Linux guest with the image's own packages the program of this checkout
(`ardoise sanitize --technique ...`, nothing else allowed) asks drives of 16 MiB for one technique each, through hdparm, nvme-cli and sg3_utils. The drives are programs of the lab
that speak ATA and SCSI (over iSCSI) and NVMe (over TCP), with one fault each. Every 512-byte sector held a text of its own; afterwards the medium is searched for them from outside.
*left* is how much still held one, in MiB. All drives of a column are in one session, each with its fault.

No technique was called *sanitized* on a drive that still held something. *refused* means that the plan says so before anything is touched; *unknown* that the command was started and
its end can't be shown, so nothing else is tried. A drive that erased itself and is still called failed or unknown is one that could not show it.

eMMC has a lab of its own (`tests/lab/lab_own_emmc.py`): thirteen devices through mmc-utils. One lie can't be seen by any host: a device that erases what can be read and whose sanitize then does
nothing behind it is called sanitized, for every register and every read says so. Boot areas and RPMB are named as not reached.

"""


def page() -> str:
    """The whole page."""
    keys = list(dict.fromkeys(f.key for erase in ERASES for f in erase.faults))
    columns = [erase.technique for erase in ERASES]
    lines = ["| fault | " + " | ".join(columns) + " |", "| --- |" + " --- |" * len(columns)]
    lines += [f"| {key} | " + " | ".join(_cell(technique, key) for technique in columns) + " |" for key in keys]
    return _HEAD + "\n".join(lines) + "\n"


def _cell(technique: str, fault: str) -> str:
    for path in CELLS.glob("*.json"):
        cell = json.loads(path.read_text())
        if (cell["technique"], cell["fault"]) == (technique, fault):
            left = f", {cell['left'] / (1 << 20):.3g} left" if cell["left"] else ""
            return f"{cell['outcome']}{left}"
    return ""


def main() -> int:
    """Compare and write."""
    told = page()
    before = PAGE.read_text() if PAGE.exists() else ""
    PAGE.write_text(told)
    if told != before:
        print(f"{PAGE.name} has changed: look at the difference and commit it", file=sys.stderr)
    return int(told != before)


if __name__ == "__main__":
    sys.exit(main())
