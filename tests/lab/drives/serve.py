"""Serves simulated drives until SIGTERM: `python -m tests.lab.drives.serve --listen ADDR:PORT CONFIG.json`.

SIGTERM is an orderly power-off of the drives, SIGKILL a power cut.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tests.lab.drives.faults import drive_config
from tests.lab.drives.iscsi import Target
from tests.lab.drives.sas import SasDisk
from tests.lab.drives.sat import AtaDisk

_TICK_SECONDS = 0.05


class Unit(Protocol):
    """What every kind of drive does."""

    def tick(self) -> None:
        """Let the drive's own work go on."""

    def power_off(self) -> None:
        """End it in order."""


class Server(Protocol):
    """What serves the drives of one transport."""

    def start(self) -> None:
        """Serve in threads of its own."""


@dataclass(frozen=True)
class Kind:
    """How a drive of this kind is made of its part of the configuration, and how it is reached."""

    make: Callable[[Mapping[str, Any]], Unit]
    transport: str


KINDS = {
    "ata": Kind(lambda given: AtaDisk(drive_config(given)), "iscsi"),
    "sas": Kind(lambda given: SasDisk(drive_config(given)), "iscsi"),
}
TRANSPORTS: dict[str, Callable[[tuple[str, int], list[Any]], Server]] = {"iscsi": Target}


def main(argv: Sequence[str] | None = None) -> None:
    """Make the drives, listen, say `ready`, work until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--listen",
        action="append",
        required=True,
        metavar="[TRANSPORT=]ADDR:PORT",
        help="iscsi unless it says otherwise; once for each transport",
    )
    parser.add_argument("config", type=Path, help="a JSON list of drives, or an object with the list `drives`")
    arguments = parser.parse_args(argv)
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    units = _serve(_listens(arguments.listen), json.loads(arguments.config.read_text()))
    print("ready", flush=True)
    while not over.wait(_TICK_SECONDS):
        for unit in units:
            unit.tick()
    for unit in units:
        unit.power_off()
    # A command that never ends, as a hanging erase, holds nobody up.
    os._exit(0)


def _listens(given: Sequence[str]) -> dict[str, tuple[str, int]]:
    found = {}
    for each in given:
        transport, _, address = each.rpartition("=")
        host, _, port = address.rpartition(":")
        found[transport or "iscsi"] = (host, int(port))
    return found


def _serve(listens: Mapping[str, tuple[str, int]], config: Any) -> list[Unit]:
    """Make every drive, then start a server for each transport that has any."""
    drives = config["drives"] if isinstance(config, dict) else config
    made: dict[str, list[Unit]] = {}
    for given in drives:
        kind = KINDS[given["kind"]]
        made.setdefault(kind.transport, []).append(kind.make(given))
    for transport, units in made.items():
        if transport not in listens:
            raise SystemExit(f"--listen {transport}=ADDR:PORT is needed for its drives")
        TRANSPORTS[transport](listens[transport], units).start()
    return [unit for units in made.values() for unit in units]


if __name__ == "__main__":
    main()
