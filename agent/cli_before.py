"""`ardoise sanitize`: what is done to chosen drives before their erase is planned, as options ask for it.

A PSID comes from a prompt without echo or from a file descriptor: what stands in an argument can be read by every process.
"""

import argparse
import getpass
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agent.cli_names import canonical_name, choose_drive
from agent.errors import AgentError, MediaError, Refused, UsageError
from agent.model.drive import Drive, confirmable_name, printable
from agent.model.preparation import PreparationKind, PreparationOutcome, is_same_drive
from agent.model.psid import Psid
from agent.model.session import InspectedDrive
from agent.workflow.before_erase import StepView, needed_before, offers_revert
from agent.workflow.sitting import Sitting
from agent.workflow.view import Inspection

_POLL_SECONDS = 0.2
_MOST_TRIES = 3

Ask = Callable[[Drive], Psid]


def add_before_options(parser: argparse.ArgumentParser) -> None:
    """Declare what may be done before the plan."""
    parser.add_argument(
        "--restore-hidden-areas",
        action="store_true",
        default=False,
        help="let the chosen drives give back what HPA, DCO or AMA hide, for good, and plan for the whole drive",
    )
    parser.add_argument(
        "--ask-psid",
        nargs="+",
        action="extend",
        default=[],
        metavar="SERIAL_OR_NODE",
        help="ask for the PSID on these drives' labels, without echo",
    )
    parser.add_argument(
        "--psid-fd",
        type=int,
        default=None,
        metavar="N",
        help="read the PSIDs from this file descriptor instead, one line for each --ask-psid, in its order",
    )


@dataclass
class _Chosen:
    """The chosen drives as they were inspected last."""

    inspection: Inspection
    nodes: list[str]

    def found(self, node: str) -> InspectedDrive:
        return next(f for f in self.inspection.drives if f.drive.node == node)

    def drives(self) -> tuple[Drive, ...]:
        return tuple(f.drive for f in self.inspection.drives)

    def moved(self, view: StepView, before: Drive) -> None:
        """Take what was found after a step; a drive may have got another name by it."""
        if view.inspection is None:
            return
        old = {node: self.found(node).drive.identity for node in self.nodes}
        self.inspection = view.inspection
        there = {d.node: d.identity for d in self.drives()}
        if not any(is_same_drive(identity, before.identity) for identity in there.values()):
            raise Refused(f"{before.node} is not found any more.", "Switch off and on, then try again.")
        self.nodes = [n for node in self.nodes for n, now in there.items() if is_same_drive(now, old[node])]


def take_steps(
    sitting: Sitting,
    arguments: argparse.Namespace,
    inspection: Inspection,
    nodes: Sequence[str],
    say: Callable[[str], None],
) -> tuple[tuple[Drive, ...], list[str]]:
    """Do what was asked for, on confirmed drives only; the drives and the chosen nodes as they are then; raises AgentError."""
    chosen = _Chosen(inspection, list(nodes))
    asks = _asks(arguments, chosen)
    confirmed = [canonical_name(n, chosen.drives()) for n in arguments.confirm]
    for node in list(chosen.nodes):
        identity = chosen.found(node).drive.identity
        if arguments.restore_hidden_areas and needed_before(chosen.found(node)) is PreparationKind.HIDDEN_AREAS:
            _check_confirmed(chosen, node, confirmed)
            sitting.before.give_back(node)
            _end(sitting, chosen, node, say)
        now = next((n for n in chosen.nodes if is_same_drive(chosen.found(n).drive.identity, identity)), node)
        if node in asks:
            _use_psid(sitting, chosen, (now, asks[node]), confirmed, say)
    return chosen.drives(), chosen.nodes


def _asks(arguments: argparse.Namespace, chosen: _Chosen) -> dict[str, Ask]:
    """By node, who is asked for its PSID; raises UsageError, and never repeats a word that may be a PSID itself."""
    nodes = []
    for name in arguments.ask_psid:
        try:
            node = choose_drive(chosen.drives(), name).node
        except UsageError:
            node = ""
        if node not in chosen.nodes:
            raise UsageError(
                "--ask-psid names no chosen drive.", "Name it as in --drive; the PSID itself is asked for."
            )
        nodes.append(node)
    if arguments.psid_fd is None:
        return dict.fromkeys(nodes, _prompt)
    psids = _read_psids(arguments.psid_fd, len(nodes))
    return {node: _given(psid) for node, psid in zip(nodes, psids, strict=True)}


def _given(psid: Psid) -> Ask:
    return lambda _drive: psid


def _read_psids(descriptor: int, count: int) -> list[Psid]:
    try:
        with os.fdopen(descriptor, encoding="utf-8") as lines:
            typed = [line for line in lines.read().splitlines() if line.strip()]
    except (OSError, ValueError) as error:
        raise UsageError(f"The descriptor {descriptor} of --psid-fd can't be read.") from error
    if len(typed) != count:
        raise UsageError(f"--psid-fd gives {len(typed)} lines for {count} drives.")
    return [Psid(line) for line in typed]


def _prompt(drive: Drive) -> Psid:
    if not sys.stdin.isatty():
        raise UsageError("There is no terminal to ask for a PSID.", "Give it by --psid-fd.")
    while True:
        typed = getpass.getpass(f"PSID of {drive.node} {printable(drive.identity.serial)}: ")
        try:
            return Psid(typed)
        except Refused as error:
            sys.stderr.write(f"{error}\n")
            if not typed:
                raise


def _use_psid(
    sitting: Sitting,
    chosen: _Chosen,
    asked: tuple[str, Ask],
    confirmed: Sequence[str],
    say: Callable[[str], None],
) -> None:
    """Keep the PSID for the plan; of a drive that can't be read before, revert it now."""
    node, ask = asked
    found = chosen.found(node)
    if not offers_revert(found):
        raise Refused(f"{node} can't be reverted by a PSID.", "Nothing was touched.")
    for tries_left in reversed(range(_MOST_TRIES if ask is _prompt else 1)):
        sitting.before.keep_psid(node, ask(found.drive))
        if needed_before(found) is not PreparationKind.PSID_REVERT:
            return
        _check_confirmed(chosen, node, confirmed)
        sitting.before.revert_named(node, confirmable_name(found.drive, chosen.drives()), chosen.drives())
        if _end(sitting, chosen, node, say, may_fail=tries_left > 0):
            return


def _check_confirmed(chosen: _Chosen, node: str, confirmed: Sequence[str]) -> None:
    name = confirmable_name(chosen.found(node).drive, chosen.drives())
    if name not in confirmed:
        raise Refused(f"Not confirmed: {name!r}.", "Nothing was touched. Give --confirm for every chosen drive.")


def _end(
    sitting: Sitting, chosen: _Chosen, node: str, say: Callable[[str], None], *, may_fail: bool = False
) -> bool:
    """Wait for the step and tell what became of it; whether it was done. Raises AgentError where it was not."""
    drive = chosen.found(node).drive
    while not sitting.before.wait(_POLL_SECONDS):
        pass
    view = sitting.before.view()
    if view is None:
        return False
    if view.error is not None:
        raise view.error
    if view.preparation is None:
        raise AgentError("The step left no result.")
    say(f"{node}: {view.preparation.words}")
    done = view.preparation.outcome is PreparationOutcome.DONE
    refused = view.preparation.outcome is PreparationOutcome.REFUSED
    if not done and not (may_fail and refused):
        raise MediaError(f"{node}: {view.preparation.outcome}.", view.preparation.words)
    chosen.moved(view, drive)
    return done
