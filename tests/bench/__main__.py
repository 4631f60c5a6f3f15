"""`python -m tests.bench make OUT [MACHINE ...] [--size-mib N] [--pace BYTES] [--seed WORD]`."""

import argparse
import sys
from pathlib import Path

from tests.bench.make import BenchError, known_machines, make_bench


def main() -> int:
    """Make benches and print their folders; 2 where what was asked for does not exist."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description="Throw-away machines with drives that may be erased."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    make = commands.add_parser("make", help="make the drives of recorded machines")
    make.add_argument("out", type=Path, help="folder for the benches; a bench that is there is replaced")
    make.add_argument(
        "machines", nargs="*", metavar="MACHINE", help=f"{', '.join(known_machines())}; all where none is named"
    )
    make.add_argument(
        "--size-mib", type=int, help="size of every drive in MiB (16 at least) instead of the layout's"
    )
    make.add_argument(
        "--pace", type=int, help="bytes per second of every drive, so that progress can be watched; 0: no limit"
    )
    make.add_argument("--seed", default="ardoise", help="other files for another word")
    options = parser.parse_args()
    if options.size_mib is not None and options.size_mib < 16:
        parser.error("a drive has 16 MiB at least")
    try:
        for folder in make_bench(options.out, options.machines, options.size_mib, options.pace, options.seed):
            print(folder)
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
