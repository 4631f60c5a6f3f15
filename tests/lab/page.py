"""`python -m tests.lab.page`: docs/faults.md from the cells of the last `make lab-overwrite`; exit 1 where the committed page says otherwise."""

from __future__ import annotations

import sys

from tests.lab import peers
from tests.lab.cells import Cell, all_cells
from tests.lab.faults import FAULTS, REFUSED, Fault
from tests.lab.guest import REPOSITORY

PAGE = REPOSITORY / "docs" / "faults.md"

_HEAD = """# Faulty drives

Written by `make lab-overwrite`, which fails where this page and what it measured differ. In a User Mode Linux guest with the image's own packages, the
program of this checkout (`ardoise sanitize ... --real-drives`) overwrites drives of 64 MiB, smaller than the guest's memory. A drive is a file of
this machine, with a fault of device-mapper (or of null_blk, or of scsi_debug) between it and the program. Every 512-byte sector held a text of
its own; afterwards the file is searched for them from outside. *Left* counts the bytes that still hold one.

No success was said while planted data was left, and nothing was left but what could not be written.

The other tools' columns were measured in November 2026 on drives of the same size with the same faults, one run for each: nwipe 0.42 (git) and 0.38,
zeros and read-back of the last pass; shred 9.7 `-n1`, and `-z` where nothing fails; scrub 2.6.1 with its default set; dwipe 3.0.2, zeros, verified at
1 % and at 100 %. HS: success, and true. HF: said that it failed. **FS**: its last word was success while planted data was left. NR: no record was
left. An empty cell was not run.

"""

_SAMPLED = """
## Sampled read-back

Random data, a sample of at least 10 %: the first and the last MiB, and places that nobody can know before the last pass.

"""

_REST = """
A hole of 4 KiB may lie between the samples; a certificate names the share that was read back. Full read-back is the default.

## Power cuts

The guest is killed as a whole at thirty moments of a set of three passes and its read-back, drawn by a fixed seed. Every second drive has a volatile
write cache besides: of what it had not been told to flush, half of the blocks, drawn too, are as before (the flushed ones are known from
dm-log-writes). Six more cuts come in the middle of a write to the journal, on a slow stick. The evidence is on a FAT volume, as on the stick. The
next start records the cut session as interrupted, goes on in the pass and at the place that drive and journal both hold (never more than was
written, less than half a pass before the cut), and reads all of it back; the drive then holds the last pass in every block. The figures for
nwipe 0.42 and dwipe 3.0.2 on a power cut: no record; 54.5 and 36.7 MB left.

## Twenty-four drives

All at once, each as slow as the next (dm-delay): each gets at least 90 % of what it can take, and none 10 % more than another. The guest has one
processor: for speed, see `make bench`. `make test-root` does the same on loop devices with the screen open over them: 95 of 100 keys are
answered within 0.2 s (seen: 13 ms in the median), memory stays below 524 MiB
(seen: 140; 347 where the first second of each looked fast).

## What is not here

- Hidden areas (HPA, DCO): a drive that shows one is refused; what a drive does by itself is in own-erases.md.
- Counts shorter than asked for, which no block driver here returns: `tests/unit/engine`.
- What only hardware has: real firmware, cables, heat.
"""


def main() -> int:
    """Write the page; whether the committed one said the same."""
    cells = all_cells()
    missing = [f"{f.key} {p}" for f in FAULTS for p in ("random", "zeros") if (f.key, p, "full") not in cells]
    if missing:
        print("not measured: " + ", ".join(missing), file=sys.stderr)
        return 1
    text, before = page(cells), PAGE.read_text() if PAGE.exists() else ""
    if text == before:
        return 0
    PAGE.write_text(text)
    print("docs/faults.md has changed: look at the difference and commit it.", file=sys.stderr)
    return 1


def page(cells: dict[tuple[str, str, str], Cell]) -> str:
    """The whole page."""
    head = ("fault", "Ardoise", "exit", "lists", "left", *peers.TOOLS)
    lines = [_row(head), _row(["---"] * len(head))]
    for fault in FAULTS:
        others = peers.ROWS.get(fault.key, ("",) * len(peers.TOOLS))
        by_passes = {p: shown(fault, cells[fault.key, p, "full"]) for p in ("random", "zeros")}
        if by_passes["random"] == by_passes["zeros"]:
            lines.append(_row((fault.words, *by_passes["random"], *others)))
        else:
            lines += [_row((f"{fault.words} ({p})", *columns, *others)) for p, columns in by_passes.items()]
    sampled = [_row(("fault", "Ardoise", "exit", "left")), _row(["---"] * 4)]
    for fault in FAULTS:
        if fault.sampled:
            outcome, code, _, rest = shown(fault, cells[fault.key, "random", "sampled"])
            sampled.append(_row((fault.words, outcome, code, rest)))
    return _HEAD + "\n".join(lines) + "\n" + _SAMPLED + "\n".join(sampled) + "\n" + _REST


def shown(fault: Fault, cell: Cell) -> tuple[str, str, str, str]:
    """Outcome, exit code, listed sectors and bytes left; what depends on a moment only about."""
    moving = fault.left is None and fault.share is not None
    listed = cell.listed
    if moving:
        listed = "the sectors from there on" if cell.listed else "the sector where it was lost, in words"
    left = f"{cell.left_bytes:,}"
    if cell.outcome == REFUSED:
        left = "untouched"
    elif moving:
        left = f"about {1 - (fault.share or 0):.0%}".replace("%", " %")
    return cell.outcome, str(cell.code), listed, left


def _row(columns: tuple[str, ...] | list[str]) -> str:
    return "| " + " | ".join(columns) + " |"


if __name__ == "__main__":
    sys.exit(main())
