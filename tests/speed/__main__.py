"""`make bench`: alternating rounds on the same device, medians and ratios, written to docs/benchmarks.md."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from psutil import virtual_memory

from agent.engine.stream import fastest_keystream
from tests.speed.contestants import Contest, contests, versions
from tests.speed.measure import Figure, median, run
from tests.speed.targets import MIB, Target, in_memory, on_disk, slowed

_REPOSITORY = Path(__file__).resolve().parents[2]
_PAGE = _REPOSITORY / "docs" / "benchmarks.md"
_GIB = 1 << 30
_SLOW = 30_000_000
# What is aimed at, as a ratio to fio or nwipe, on a device of memory and on one of the disk (at most 2 GiB/s).
_AIMED_AT = {
    "zeros, write": (0.97, 0.97),
    "random, write": (0.85, 0.95),
    "random, read back": (0.75, 0.95),
    "random + full read-back": (1.9, 1.5),
    "DoD 3-pass + full read-back": (1.3, 1.2),
}
OneTarget = AbstractContextManager[tuple[Target, ...]]


def main() -> int:
    """Measure and write the page; needs root for loop devices."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.speed", description="The engine beside fio, dd and nwipe."
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--gib",
        type=float,
        default=min(8.0, virtual_memory().total / _GIB / 3),
        help="size of the devices in GiB (8, or a third of the memory); a thirty-second of it against nwipe",
    )
    parser.add_argument("--out", type=Path, default=_PAGE)
    options = parser.parse_args()
    if os.geteuid() != 0:
        print("Loop devices need root: sudo make bench", file=sys.stderr)
        return 3
    size = int(options.gib * _GIB) // (16 * MIB) * 16 * MIB
    kinds = {
        "memory": in_memory,
        "disk": lambda size: on_disk(size, _REPOSITORY / "build" / "bench"),
    }
    parts = [_duel(kind, make, size, options.rounds) for kind, make in kinds.items()]
    parts.append(_many())
    options.out.write_text(_page(options.rounds, parts))
    print(options.out.read_text())
    return 0


def _duel(kind: str, make: Callable[[int], OneTarget], size: int, rounds: int) -> str:
    lines = [
        f"## A device of {'memory' if kind == 'memory' else 'the disk'}",
        "",
        "| job | program | GiB | GiB/s | CPU s/GiB | peak MB | to fio | to nwipe | aim |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for against in ("fio", "nwipe"):
        # nwipe takes twenty times as long: on a thirty-second of the bytes.
        with make(size // (32 if against == "nwipe" else 1)) as (target,):
            for contest in contests(target):
                if against in contest.commands:
                    lines += _contest(contest, target, rounds)
    return "\n".join(lines) + "\n"


def _contest(contest: Contest, target: Target, rounds: int) -> list[str]:
    figures = _rounds(contest, target, rounds)
    return [_row(contest, name, target, figures) for name in figures]


def _rounds(contest: Contest, target: Target, rounds: int) -> dict[str, list[Figure]]:
    figures: dict[str, list[Figure]] = {name: [] for name in contest.commands}
    if contest.name == "random, read back":
        run((sys.executable, "-m", "tests.speed.engine_run", "write-random", target.node), target, target.size)
    for number in range(rounds + 1):
        for name, argv in contest.commands.items():
            figure = run(argv, target, target.size * contest.least(name))
            # The first round warms caches and clocks up.
            if number:
                figures[name].append(figure)
        print(f"{target.kind}: {contest.name}: round {number} of {rounds}", file=sys.stderr)
    return figures


def _row(contest: Contest, name: str, target: Target, figures: dict[str, list[Figure]]) -> str:
    runs = figures[name]
    middle = median(runs)
    ratios = [_ratio(runs, figures.get(other)) if other != name else "" for other in ("fio", "nwipe")]
    job = contest.name if name == next(iter(contest.commands)) else ""
    aim = _AIMED_AT.get(contest.name, ("", ""))[target.kind == "disk"] if name == "ardoise" else ""
    size = f"{target.size / _GIB:.1f}" if job else ""
    return f"| {job} | {name} | {size} | {middle.rate:.2f} | {middle.cpu:.3f} | {middle.peak_bytes / 1e6:.0f} | {ratios[0]} | {ratios[1]} | {aim} |"


def _ratio(mine: list[Figure], others: list[Figure] | None) -> str:
    """The median of the rounds' ratios: what slows a whole round down drops out."""
    if not others:
        return ""
    pairs = sorted(o.seconds / m.seconds for m, o in zip(mine, others, strict=True))
    return f"{pairs[len(pairs) // 2]:.2f}"


def _many() -> str:
    lines = [
        f"## Many drives at once, random + full read-back, each limited to {_SLOW // 1_000_000} MB/s by the kernel",
        "",
        "| drives | of the sum of limits | slowest/fastest | cores for each | peak MB |",
        "| ---: | ---: | ---: | ---: | ---: |",
    ]
    for count in (1, 8, 24, 32):
        size = 96 * MIB
        with in_memory(size, count) as targets, slowed(targets, _SLOW) as can:
            if not can:
                return "\n".join([*lines[:1], "", "This kernel has no blkio.throttle: not measured."]) + "\n"
            argv = [sys.executable, "-m", "tests.speed.engine_run", "random", *(t.node for t in targets)]
            child = subprocess.Popen(argv, stdout=subprocess.PIPE)
            assert child.stdout is not None
            said = json.loads(child.stdout.read())
            seconds = said["seconds"]
            _, status, usage = os.wait4(child.pid, 0)
            assert status == 0
        ideal = 2 * size / _SLOW
        cores = said["cpu_seconds"] / max(seconds) / count
        share = ideal * count / sum(seconds)
        lines.append(
            f"| {count} | {share:.3f} | {min(seconds) / max(seconds):.3f} | {cores:.4f} | {usage.ru_maxrss / 1000:.0f} |"
        )
        print(f"{count} drives done", file=sys.stderr)
    return "\n".join(lines) + "\n"


def _page(rounds: int, parts: list[str]) -> str:
    cpu = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.machine(),
    )
    flags = Path("/proc/cpuinfo").read_text().split()
    cpu += f" ({' '.join(f for f in ('vaes', 'avx2', 'avx512f') if f in flags)})"
    named = ", ".join(f"{k} {v}" for k, v in versions().items())
    return (
        "# Benchmarks\n\n"
        "Written by `sudo make bench`: loop devices that it makes itself; programs alternate on the same device, after one round that is not\n"
        "counted; medians of the rounds; ratios are medians of each round's ratio. Seconds run from the first to the last change of the kernel's\n"
        "counters of the device. GiB count both ways, CPU is the program's own, for ardoise without the start of Python.\n\n"
        f"{os.cpu_count()} cores, {cpu}; Linux {platform.release()}; Python {platform.python_version()}; {named};\n"
        f"the code that was fastest for AES-256-CTR: {fastest_keystream().value}; {rounds} rounds.\n\n"
        + "\n".join(parts)
    )


if __name__ == "__main__":
    sys.exit(main())
