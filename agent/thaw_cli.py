"""`ardoise thaw`: a short sleep of the machine, after which drives that its firmware has locked take their own erase."""

import argparse
import json
import sys

from agent.cli import add_machine_options, add_parser
from agent.errors import ExitCode, Refused
from agent.host.machine import Machine
from agent.workflow.inspection import inspect_machine
from agent.workflow.thawing import Thawed, frozen_nodes, sleep_and_look, words_of


def add_thaw_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the command."""
    parser = add_parser(
        commands, "thaw", "let the machine sleep for ten seconds, so that frozen drives can erase themselves"
    )
    add_machine_options(parser)
    parser.add_argument("--json", action="store_true", default=False)


def run_thaw(machine: Machine, arguments: argparse.Namespace) -> int:
    """Exit 0 where no drive is frozen afterwards; raises Refused where one still is, or the machine may not sleep."""
    before = inspect_machine(machine)
    frozen = frozen_nodes(before.drives)
    if not frozen:
        sys.stderr.write("No drive on offer is frozen.\n")
        return ExitCode.OK
    sys.stderr.write(f"Frozen: {', '.join(frozen)}. The machine sleeps, and wakes by itself.\n")
    thawed = sleep_and_look(machine, before, lambda: inspect_machine(machine))
    for line in words_of(thawed):
        sys.stderr.write(line + "\n")
    if arguments.json:
        json.dump(_document(thawed), sys.stdout, indent=2)
        sys.stdout.write("\n")
    left = thawed.frozen_after or thawed.missing
    if left:
        raise Refused(f"Still not to be erased by their own commands: {', '.join(left)}.")
    return ExitCode.OK


def _document(thawed: Thawed) -> dict[str, object]:
    return {
        "ending": thawed.slept.ending.value,
        "asleep_ms": thawed.slept.asleep_ms,
        "freed": list(thawed.freed),
        "frozen": list(thawed.frozen_after),
        "missing": list(thawed.missing),
    }
