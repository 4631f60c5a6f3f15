"""The engine on loop devices, as a program of its own: `python -m tests.speed.engine_run JOB NODE ...` prints seconds for each drive, and the
processor's without the start of Python."""

from __future__ import annotations

import errno
import json
import re
import sys
import tempfile
import time
from pathlib import Path

from agent.engine.crew import PACE
from agent.engine.engine import Engine
from agent.engine.journal import Journal
from agent.engine.overwrite import write_pass
from agent.engine.planning import make_plan
from agent.engine.stream import RandomStream, open_stream
from agent.engine.transfer import Transfer
from agent.engine.verification import Comparison, compare_regions, full_regions
from agent.host.clock import SystemClock
from agent.host.media import BlockMedium, open_exclusively
from agent.host.sysfs import Roots
from agent.model.drive import Bus, Drive, HiddenAreas, HiddenAreaState, MediaType
from agent.model.job import JobState
from agent.model.machine import Environment
from agent.model.passes import PassKind, PassSpec
from agent.model.power import PowerReading, PowerSource
from agent.model.sanitization import Plan, Policy
from tests.unit.engine.fakes import make_header

KEY = bytes(range(32))
_ROOTS = Roots()


class LoopMachine:
    """Opens the loop devices that were named, and nothing else."""

    environment = Environment.HOST

    def open_medium(self, drive: Drive) -> BlockMedium:
        """Open exclusively, as the real machine does."""
        return open_exclusively(drive.node, _ROOTS)

    def power(self) -> PowerReading:
        """What feeds the machine is no part of what is measured."""
        return PowerReading(PowerSource.UNKNOWN)


def main() -> int:
    """`write-zeros`, `write-random` or `verify-random` do one phase on one drive; a pass set's name does a whole job on all."""
    job, *nodes = sys.argv[1:]
    if not nodes or not all(re.fullmatch(r"/dev/loop[0-9]+", n) for n in nodes):
        print("loop devices only", file=sys.stderr)
        return 2
    before = time.process_time()
    seconds = _phase(job, nodes[0]) if job.startswith(("write-", "verify-")) else _whole(job, nodes)
    print(json.dumps({"seconds": seconds, "cpu_seconds": time.process_time() - before}))
    return 0


def _phase(job: str, node: str) -> list[float]:
    medium = open_exclusively(node, _ROOTS)
    spec = PassSpec(PassKind.RANDOM) if job.endswith("random") else PassSpec(PassKind.PATTERN, "00")
    stream = RandomStream(KEY) if spec.kind is PassKind.RANDOM else open_stream(spec)
    reading = job.startswith("verify-")
    transfer = Transfer(
        medium.read_at if reading else medium.write_at,
        medium.logical_sector_bytes,
        monotonic=time.monotonic,
        check_stop=lambda: None,
        no_progress=errno.EIO,
    )
    began = time.monotonic()
    if reading:
        comparison = Comparison()
        compare_regions(
            full_regions(medium.capacity_bytes),
            stream,
            name="bench",
            pace=PACE,
            transfer=transfer,
            comparison=comparison,
            sector=medium.logical_sector_bytes,
            report=lambda *_: None,
        )
        assert comparison.sectors == 0
    else:
        write_pass(
            medium.capacity_bytes, stream, name="bench", pace=PACE, transfer=transfer, report=lambda *_: None
        )
        medium.flush()
    assert transfer.moved == medium.capacity_bytes
    medium.close()
    return [time.monotonic() - began]


def _whole(pass_set: str, nodes: list[str]) -> list[float]:
    plans = tuple(_plan(node, pass_set) for node in nodes)
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal.create(Path(folder), make_header(plans))
        engine = Engine(LoopMachine(), journal, SystemClock())  # type: ignore[arg-type] - all that the engine asks of a machine
        engine.start(plans)
        assert engine.wait()
    results = engine.results()
    assert all(r.state is JobState.SANITIZED for r in results), [r.reason for r in results]
    return [r.duration_ms / 1000 for r in results]


def _plan(node: str, pass_set: str) -> Plan:
    medium = open_exclusively(node, _ROOTS)
    identity = medium.read_identity()
    medium.close()
    drive = Drive(
        *(node, identity, Bus.SATA, MediaType.HARD_DISK, 7200, False, False, "", ()),
        HiddenAreas(HiddenAreaState.NOT_APPLICABLE),
        (),
    )
    plan = make_plan(drive, Policy(pass_set=pass_set))
    assert isinstance(plan, Plan), plan
    return plan


if __name__ == "__main__":
    sys.exit(main())
