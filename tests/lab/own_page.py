"""`python -m tests.lab.own_page`: docs/own-erases.md from the cells of the last run; exit 1 where the committed page says otherwise.

With `--forget` it drops the cells of earlier runs instead.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from tests.lab.guest import REPOSITORY
from tests.lab.own_cells import KEEPS_POWER, LOSES_POWER, OwnCell, forget, own_cells, own_cuts
from tests.lab.own_emmc import CUTS, DEVICES, SANITIZE, SECURE_ERASE
from tests.lab.own_erases import CUT_ERASES, ERASES
from tests.lab.own_hidden import GIVING_BACK, KEEPING, TECHNIQUES

PAGE = REPOSITORY / "docs" / "own-erases.md"
_MIB = 1 << 20
_HEAD = """# The drive's own erase on faulty drives

Written by `make lab`, which fails where this page and what it measured differ. In a User Mode Linux guest with the image's own packages the program of this checkout
(`ardoise sanitize --technique ...`, nothing else allowed) asks drives of 16 MiB for one technique each, through hdparm, nvme-cli, sg3_utils, sedutil-cli and mmc-utils. The drives are programs of the lab
that speak ATA and SCSI (over iSCSI) and NVMe (over TCP), with one fault each. Every 512-byte sector held a text of its own; afterwards the medium is searched for them from outside.
*left* is how much still held one, in MiB, where that does not hang on a moment. All drives of a column are in one session, each with its fault.

No technique was called *sanitized* on a drive that still held something at its addresses. *refused* means that the plan says so before anything is touched; *unknown* that the command was started and
its end can't be shown, so nothing else is tried. A drive that erased itself and is still called failed or unknown is one that could not show it.

"""
_EMMC = """
## eMMC

Each device is in a guest of its own, where a preloaded library answers for it. *behind* are blocks that no address maps to any more. One lie can't be seen by any host: a device that erases what can be
read, and whose sanitize then does nothing behind it, or half. It is called sanitized, for every register and every read says so, and the record names those blocks as the drive's word alone. Boot areas
and RPMB are named as not reached.

"""
_HIDING = """
## Hidden areas

The drive hides 2 MiB of its end (4 where both do), with what was planted there. Where the operator lets it be given back, it is, before the plan; *refused* is then the drive's own answer.

"""
_CUTS = """
## Power cuts

The power goes while the drive erases itself. At the next start, whatever is then the strongest technique is asked for. The record of the session that was cut claims nothing;
afterwards the drive holds nothing that was planted and no password. A drive that has power of its own goes on; one that loses it has a write cache, which is lost too.
The power of an eMMC is the machine's.

"""


def page() -> str:
    """The whole page."""
    return "".join((_HEAD, _grid(), _HIDING, _hiding(), _EMMC, _emmc(), _CUTS, _cuts()))


def missing() -> list[str]:
    """What the last run did not measure."""
    cells, cuts = own_cells(), own_cuts()
    wanted = [(e.technique, f.key) for e in ERASES for f in e.faults] + [(d.technique, d.fault) for d in DEVICES]
    wanted += _hiding_keys()
    powers = [(e.technique, p) for e in CUT_ERASES for p in (KEEPS_POWER, LOSES_POWER)]
    powers += [(c.words, LOSES_POWER) for c in CUTS]
    return [": ".join(key) for key in wanted if key not in cells] + [": ".join(k) for k in powers if k not in cuts]


def _grid() -> str:
    cells, columns = own_cells(), [erase.technique for erase in ERASES]
    moving = {(e.technique, f.key) for e in ERASES for f in e.faults if f.moving}
    known = {(e.technique, f.key) for e in ERASES for f in e.faults}
    keys = dict.fromkeys(f.key for erase in ERASES for f in erase.faults)
    rows = [
        (
            key,
            *(_cell(cells.get((t, key)), moving=(t, key) in moving) if (t, key) in known else "" for t in columns),
        )
        for key in keys
    ]
    return _table(("fault", *columns), rows)


def _hiding_keys() -> list[tuple[str, str]]:
    return [(t, h.key) for t in TECHNIQUES for h in GIVING_BACK] + [(TECHNIQUES[0], h.key) for h in KEEPING]


def _hiding() -> str:
    cells, known = own_cells(), _hiding_keys()
    keys = dict.fromkeys(key for _, key in known)
    rows = [(k, *(_cell(cells.get((t, k))) if (t, k) in known else "" for t in TECHNIQUES)) for k in keys]
    return _table(("what hides it", *TECHNIQUES), rows)


def _emmc() -> str:
    cells, columns = own_cells(), (SANITIZE, SECURE_ERASE)
    keys = dict.fromkeys(device.fault for device in DEVICES)
    return _table(("fault", *columns), [(key, *(_cell(cells.get((t, key))) for t in columns)) for key in keys])


def _cuts() -> str:
    cuts, powers = own_cuts(), (KEEPS_POWER, LOSES_POWER)
    names = [*(erase.technique for erase in CUT_ERASES), *(cut.words for cut in CUTS)]
    rows = [(n, *(", then ".join(cuts[n, p].outcomes) if (n, p) in cuts else "" for p in powers)) for n in names]
    return _table(("technique", *(f"{power} goes" for power in powers)), rows)


def _cell(cell: OwnCell | None, *, moving: bool = False) -> str:
    if cell is None:
        return ""
    parts = [cell.outcome]
    if cell.left and not moving:
        parts.append(f"{_mib(cell.left)} left")
    if cell.behind:
        parts.append(f"{_mib(cell.behind)} behind")
    return ", ".join(parts)


def _mib(count: int) -> str:
    return f"{max(count / _MIB, 0.1):.1f}".removesuffix(".0")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main(argv: Sequence[str]) -> int:
    """Compare and write."""
    if list(argv) == ["--forget"]:
        forget()
        return 0
    if absent := missing():
        print("not measured: " + "; ".join(absent), file=sys.stderr)
        return 1
    told = page()
    before = PAGE.read_text() if PAGE.exists() else ""
    PAGE.write_text(told)
    if told != before:
        print(f"{PAGE.name} has changed: look at the difference and commit it", file=sys.stderr)
    return int(told != before)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
