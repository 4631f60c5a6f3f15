"""Health readings and self-tests through `smartctl --json`; the verdict on them is made elsewhere (diagnostics).

smartctl's exit status is a bit mask that says more than success or failure, so every value is data here. It opens ATA, SCSI and NVMe
nodes for reading only (smartmontools, os_linux.cpp: a SATA disk in standby would spin up otherwise).
"""

import hashlib
import json
import re
from typing import Any

from agent.errors import ToolFailed
from agent.host.run import Completed, run
from agent.host.smart_scan import scanned_type
from agent.model.health import SelfTestKind, SmartSnapshot

_ANY_STATUS = range(256)
# smartctl(8), EXIT STATUS: command line, device open, command to the drive.
_NOT_READ = 0b011
_NOT_DONE = 0b111
_READ_SECONDS = 90.0
_TEMPERATURE_SECONDS = 20.0
_EVERYTHING = ("-x",)
# Few commands, for a drive at work: -x reads a dozen logs, and an ATA drive empties its queue for each of them.
_TEMPERATURE = ("-A", "-c", "-l", "scttemp")
# SCT writes to a log to read: nothing to try on a bridge that others are writing through.
_OVER_A_BRIDGE = ("-A",)
_COMMAND_SECONDS = 60.0
_SCSI_NODES = "/dev/sd"
_KIND = re.compile(r"[a-z][\w,+/.-]*")
_WORDS = {SelfTestKind.SHORT: "short", SelfTestKind.EXTENDED: "long"}


def read_snapshot(node: str) -> SmartSnapshot:
    """One full reading; raises ToolMissing, ToolFailed (no answer in time). A drive that can't be read gives its exit status."""
    snapshot = _snapshot(node, _EVERYTHING)
    if not snapshot.exit_status & _NOT_READ:
        return snapshot
    # smartctl guesses a bridge's protocol only while it scans, and not when a node is named.
    kind = scanned_type(node) if node.startswith(_SCSI_NODES) else None
    if kind is None:
        return snapshot
    second = _snapshot(node, (*_EVERYTHING, "-d", kind))
    return snapshot if second.exit_status & _NOT_READ else second


def read_temperature(node: str, kind: str = "", *, bridged: bool = False) -> dict[str, Any]:
    """smartctl's JSON with the temperature in it; `kind` is the type that it named before; raises ToolMissing, ToolFailed."""
    typed = ("-d", kind) if _KIND.fullmatch(kind) else ()
    argv = ("smartctl", "--json=c", *(_OVER_A_BRIDGE if bridged else _TEMPERATURE), *typed, node)
    return parse_document(run(argv, timeout=_TEMPERATURE_SECONDS, allowed=_ANY_STATUS).stdout)


def start_self_test(node: str, kind: SelfTestKind) -> None:
    """Start a self-test in the background; raises ToolFailed where the drive refuses, one running already included."""
    _command(node, ("-t", _WORDS[kind]), "Read the drive's health; wait for a running self-test or abort it.")


def abort_self_test(node: str) -> None:
    """Abort the running self-test; raises ToolFailed."""
    _command(node, ("-X",), "Read the drive's health to see whether a self-test still runs.")


def parse_document(output: bytes) -> dict[str, Any]:
    """smartctl's JSON object; {} where the output is something else."""
    try:
        document = json.loads(output.decode("utf-8", "replace"))
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _snapshot(node: str, options: tuple[str, ...]) -> SmartSnapshot:
    done = run(("smartctl", "--json=c", *options, node), timeout=_READ_SECONDS, allowed=_ANY_STATUS)
    document = parse_document(done.stdout)
    return SmartSnapshot(done.code, document, _version(document), hashlib.sha256(done.stdout).hexdigest())


def _command(node: str, options: tuple[str, ...], remedy: str) -> None:
    kind = scanned_type(node) if node.startswith(_SCSI_NODES) and _needs_type(node) else None
    argv = ("smartctl", "--json=c", *(("-d", kind) if kind else ()), *options, node)
    done = run(argv, timeout=_COMMAND_SECONDS, allowed=_ANY_STATUS)
    if done.code & _NOT_DONE:
        raise ToolFailed(argv, done.code, _messages(done), remedy)


def _needs_type(node: str) -> bool:
    probe = run(("smartctl", "--json=c", "-i", node), timeout=_COMMAND_SECONDS, allowed=_ANY_STATUS)
    return bool(probe.code & _NOT_READ)


def _messages(done: Completed) -> str:
    about = parse_document(done.stdout).get("smartctl")
    rows = about.get("messages") if isinstance(about, dict) else None
    texts = [str(row.get("string", "")) for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return "; ".join(texts) or done.stderr.decode("utf-8", "replace")


def _version(document: dict[str, Any]) -> str:
    about = document.get("smartctl")
    numbers = about.get("version") if isinstance(about, dict) else None
    return "smartctl " + ".".join(str(n) for n in numbers) if isinstance(numbers, list) else "smartctl"
