"""Headless: everything that the screen does, as commands; JSON on stdout, all else on stderr."""

import argparse
import contextlib
import json
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from agent.cli_before import add_before_options, take_steps
from agent.cli_names import canonical_name, choose_drive
from agent.diagnostics.health import assess
from agent.diagnostics.self_test import follow_self_test
from agent.errors import ExitCode, RecordNotMade, Refused, UsageError
from agent.host.clock import SystemClock
from agent.host.machine import Machine
from agent.model.drive import Drive, confirmable_name, printable
from agent.model.health import HealthReport, SelfTestKind, SelfTestState, SmartSnapshot
from agent.model.job import JobSnapshot, JobState, PauseReason
from agent.model.json_form import to_json_form
from agent.model.record import Headline, Outcome
from agent.model.sanitization import Method, Policy, VerificationKind
from agent.model.session import InspectedDrive
from agent.registry.outbox import Outbox
from agent.text import use_language
from agent.workflow.desk import Desk
from agent.workflow.inspection import inspect_machine
from agent.workflow.sitting import Sitting
from agent.workflow.stating import NAMES, parse_stated
from agent.workflow.station import REGISTRY, ROOT, Station, log_key_of, open_station, read_passphrase
from agent.workflow.uploads import Registry, Uploads
from agent.workflow.view import EvidenceView, PlanSet, Stage, UploadState

_POLL_SECONDS = 0.2
_REPORT_SECONDS = 2.0


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare list, test, sanitize and upload."""
    listing = add_parser(commands, "list", "list the drives of this machine, with what excludes them")
    add_machine_options(listing)
    listing.add_argument("--json", action="store_true", default=False)
    test = add_parser(commands, "test", "run the drives' own self-tests and judge their health")
    test.add_argument("drives", nargs="+", metavar="DRIVE", help="serial or node")
    test.add_argument(
        "--extended", action="store_true", default=False, help="the extended self-test instead of the short one"
    )
    add_machine_options(test)
    test.add_argument("--json", action="store_true", default=False)
    _add_sanitize(commands)
    upload = add_parser(commands, "upload", "upload all records that the registry has not confirmed yet")
    upload.add_argument("--evidence", type=Path, required=True, metavar="DIR")
    upload.add_argument("--registry", required=True, metavar="URL")
    upload.add_argument(
        "--registry-key", type=Path, metavar="FILE", help="default: the key in the station's folder"
    )
    upload.add_argument("--station", type=Path, metavar="DIR", help="the station's folder")
    upload.add_argument("--json", action="store_true", default=False)


def add_parser(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, words: str
) -> argparse.ArgumentParser:
    """A command whose absent options leave alone what stands before it, and whose options are spelled out."""
    return commands.add_parser(name, help=words, argument_default=argparse.SUPPRESS, allow_abbrev=False)


def add_machine_options(parser: argparse.ArgumentParser) -> None:
    """The choice between this machine and a recorded one."""
    parser.add_argument(
        "--machine", type=Path, metavar="DIR", help="a simulated machine: captures and sparse files"
    )
    parser.add_argument(
        "--real-drives", action="store_true", help="outside the live system: allow writing to this machine's drives"
    )


def add_desk_options(parser: argparse.ArgumentParser, *, required: bool) -> None:
    """Who works, with which key, and where evidence goes."""
    parser.add_argument("--operator", required=required, metavar="ID", help="opaque id of the operator, not a name")
    parser.add_argument("--station", type=Path, required=required, metavar="DIR", help="the station's folder")
    parser.add_argument(
        "--passphrase-file", type=Path, required=required, metavar="F", help="opens the station's key"
    )
    parser.add_argument("--evidence", type=Path, required=required, metavar="DIR", help="where records are kept")
    parser.add_argument(
        "--registry",
        default=parser.argument_default or "",
        metavar="URL",
        help="upload to this registry afterwards",
    )
    parser.add_argument(
        "--registry-key", type=Path, metavar="FILE", help="default: the key in the station's folder"
    )
    parser.add_argument(
        "--state",
        nargs="+",
        action="extend",
        metavar="NAME=TEXT",
        help=f"what stands in the record as stated: {', '.join(NAMES)}",
    )
    parser.add_argument(
        "--max-drives", type=_some, metavar="N", help="so many drives at once, the others wait (default: all)"
    )


def _some(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of drives, from 1 on")
    return int(text)


def _add_sanitize(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = add_parser(commands, "sanitize", "sanitize drives, certify, upload")
    chosen = parser.add_mutually_exclusive_group(required=True)
    chosen.add_argument("--all", action="store_true", default=False, help="every drive that nothing excludes")
    chosen.add_argument("--drive", nargs="+", action="extend", default=None, metavar="SERIAL_OR_NODE")
    parser.add_argument(
        "--technique",
        default="auto",
        metavar="NAME",
        help="auto (default), overwrite, or one of the drive's own, such as nvme-sanitize-block-erase",
    )
    parser.add_argument("--passes", default="random", metavar="NAME")
    parser.add_argument("--verify", choices=[k.value for k in VerificationKind], default="full")
    parser.add_argument(
        "--start-again",
        action="store_true",
        default=False,
        help="never go on with an overwrite that was cut off: all passes from the beginning",
    )
    parser.add_argument("--require", choices=[Method.CLEAR.value, Method.PURGE.value], default="clear")
    parser.add_argument("--confirm", nargs="+", action="extend", default=[], metavar="SERIAL_OR_NODE")
    add_before_options(parser)
    add_desk_options(parser, required=True)
    add_machine_options(parser)
    parser.add_argument("--json", action="store_true", default=False)


def run_list(machine: Machine, arguments: argparse.Namespace) -> int:
    """`ardoise list`: what is there, with health and exclusions."""
    found = inspect_machine(machine)
    drives = tuple(f.drive for f in found.drives)
    if arguments.json:
        entries = [
            to_json_form(f) | {"on_offer": f.drive.on_offer, "confirm": confirmable_name(f.drive, drives)}
            for f in found.drives
        ]
        _print_json(
            {"environment": machine.environment.value, "machine": to_json_form(found.inventory), "drives": entries}
        )
        return ExitCode.OK
    for entry in found.drives:
        sys.stdout.write(_drive_line(entry) + "\n")
    if not found.drives:
        sys.stdout.write("No drive found. Looked at: " + ", ".join(found.inventory.looked_at) + "\n")
    return ExitCode.OK


def run_test(machine: Machine, arguments: argparse.Namespace) -> int:
    """`ardoise test`: start self-tests, follow them to their end, give the verdicts; exit 1 where one is not passed."""
    kind = SelfTestKind.EXTENDED if arguments.extended else SelfTestKind.SHORT
    drives = [choose_drive(machine.discover(), name) for name in arguments.drives]
    before = {drive.node: machine.read_smart(drive) for drive in drives}
    for drive in drives:
        machine.start_self_test(drive, kind)
        _say(f"{drive.node}: {kind} self-test started")
    reports: dict[str, HealthReport] = {}
    with _interruption() as interrupted:
        for drive in drives:
            reports[drive.node] = _follow_self_test(machine, drive, (before[drive.node], kind), interrupted)
    if arguments.json:
        _print_json({node: to_json_form(report) for node, report in reports.items()})
    for node, report in reports.items():
        _say(f"{node}: self-test {report.self_test.state}; {report.verdict} {'; '.join(report.reasons)}".rstrip())
    passed = all(r.self_test.state is SelfTestState.PASSED for r in reports.values())
    return ExitCode.OK if passed else ExitCode.NOT_SANITIZED


def open_desk(arguments: argparse.Namespace, station: Station | None = None) -> Desk:
    """The desk that the options describe, with a station opened before; raises StationError, KeyLocked, UsageError."""
    if station is None:
        station = open_station(arguments.station, read_passphrase(arguments.passphrase_file), SystemClock().now())
    key = _read_key(arguments.registry_key) if arguments.registry_key else station.registry_key
    registry = Registry(arguments.registry, key, station.root_pem, log_key_of(station.folder))
    stated = parse_stated(arguments.state or ())
    return Desk(station, arguments.operator, arguments.evidence, registry, arguments.max_drives, stated)


def run_sanitize(machine: Machine, arguments: argparse.Namespace) -> int:
    """`ardoise sanitize`: one sitting from inspection to upload; see ExitCode for what it returns."""
    use_language(arguments.language)
    sitting = Sitting(machine, open_desk(arguments), SystemClock())
    try:
        return _sanitize(sitting, arguments)
    finally:
        sitting.close()


def _sanitize(sitting: Sitting, arguments: argparse.Namespace) -> int:
    for notice in sitting.notices():
        _say(notice)
    for view in sitting.recovered():
        _say(f"An interrupted session was recorded: {view.folder}")
    policy = Policy(
        arguments.technique.replace("-", " "),
        arguments.passes,
        VerificationKind(arguments.verify),
        Method(arguments.require),
        resume=not arguments.start_again,
    )
    told = sitting.notices()
    inspection = sitting.inspect()
    drives = tuple(f.drive for f in inspection.drives)
    for notice in (n for n in sitting.notices() if n not in told):
        _say(notice)
    nodes = (
        [d.node for d in drives if d.on_offer]
        if arguments.all
        else [choose_drive(drives, n).node for n in arguments.drive]
    )
    drives, nodes = take_steps(sitting, arguments, inspection, list(dict.fromkeys(nodes)), _say)
    plans = sitting.plan(nodes, policy)
    if plans.refusals:
        raise Refused(_refusal_words(plans), "Nothing was touched.")
    for plan, name in zip(plans.plans, plans.names, strict=True):
        _say(f"{plan.drive.node}: {printable(name)}: {plan.pass_set.title}; {'; '.join(plan.reasons)}")
    for caution in plans.cautions:
        _say(f"{caution.node or 'this machine'}: {caution.kind}: {caution.detail}")
    sitting.confirm_names_and_start(plans, [canonical_name(n, drives) for n in arguments.confirm])
    with _interruption() as interrupted:
        _follow_jobs(sitting, interrupted)
        return _finish(sitting, plans, arguments, interrupted)


def _finish(sitting: Sitting, plans: PlanSet, arguments: argparse.Namespace, interrupted: list[int]) -> int:
    state = sitting.view()
    if state.stage is not Stage.RECORDED or state.evidence is None:
        raise RecordNotMade(state.problem or "The record could not be made.", state.remedy)
    while arguments.registry and not sitting.upload_settled(_POLL_SECONDS) and not interrupted:
        pass
    evidence = sitting.view().evidence or state.evidence
    _say_result(evidence)
    if arguments.json:
        _print_json(_evidence_json(evidence))
    chosen = {p.drive.node for p in plans.plans}
    asked = [m for m in evidence.media if m.node in chosen] if arguments.drive else list(evidence.media)
    if any(m.outcome is not Outcome.SANITIZED for m in asked) or (
        arguments.all and evidence.headline is Headline.INCOMPLETE
    ):
        return ExitCode.NOT_SANITIZED
    if arguments.registry and evidence.upload is not UploadState.ARCHIVED:
        return ExitCode.NOT_ARCHIVED
    return ExitCode.OK


def run_upload(arguments: argparse.Namespace) -> int:
    """`ardoise upload`: exit 0 only when nothing waits any more and nothing was corrupt."""
    key = arguments.registry_key or (arguments.station / REGISTRY if arguments.station else None)
    key = key or arguments.evidence / REGISTRY
    root, log_key = _station_trust(arguments.station) if arguments.station else (None, None)
    registry = Registry(arguments.registry, _read_key(key), root, log_key)
    uploads = Uploads(Outbox(arguments.evidence), registry)
    report = uploads.run_now()
    for result in report.results:
        _say(f"{result.record_id}: {result.outcome} {result.detail} {result.remedy}".rstrip())
    for record_id, remark in report.final_remarks.items():
        _say(f"{record_id}: {remark}")
    for aside in report.set_aside:
        _say(f"set aside: {aside.was.name}: {aside.reason}")
    if arguments.json:
        _print_json({r.record_id: {"state": r.outcome.value, "detail": r.detail} for r in report.results})
    return ExitCode.OK if report.complete else ExitCode.NOT_ARCHIVED


# small parts -------------------------------------------------------------------------------------------------


def _follow_jobs(sitting: Sitting, interrupted: list[int]) -> None:
    reported = time.monotonic()
    missing = False
    while not sitting.wait(_POLL_SECONDS) or sitting.view().stick_missing:
        state = sitting.view()
        if state.stick_missing and not missing:
            _say("The stick was pulled out. The drives go on. Put the same stick back; do not switch off.")
        missing = state.stick_missing
        if state.stage is Stage.RECORD_FAILED:
            if interrupted:
                return
            time.sleep(_POLL_SECONDS)
        elif interrupted:
            _say("Stopping; what was done is being recorded.")
            sitting.cancel()
            interrupted.clear()
        if time.monotonic() - reported >= _REPORT_SECONDS:
            reported = time.monotonic()
            for job in sitting.snapshots():
                _say(_progress_line(job))


def _progress_line(job: JobSnapshot) -> str:
    done, total = job.progress.done_bytes, job.progress.total_bytes
    words = [f"{job.state} {100 * done // total} %" if total else str(job.state)]
    if job.state is JobState.CONFIRMED:
        words.append("waits for another drive to end")
    if job.pause is not None:
        heat = f" {job.heat.celsius} °C" if job.pause is PauseReason.TEMPERATURE and job.heat else ""
        words.append(f"paused ({job.pause}{heat})")
    if job.silent_seconds is not None:
        words.append(f"not answering for {job.silent_seconds:.0f} s")
    return f"{job.node}: {', '.join(words)}"


def _follow_self_test(
    machine: Machine, drive: Drive, started: tuple[SmartSnapshot, SelfTestKind], interrupted: list[int]
) -> HealthReport:
    (before, kind), seen_running = started, False
    while True:
        now = machine.read_smart(drive)
        status = follow_self_test(before, now, kind, seen_running=seen_running)
        if status.state is not SelfTestState.RUNNING:
            return replace(assess(now), self_test=status)
        seen_running = True
        if interrupted:
            machine.abort_self_test(drive)
            interrupted.clear()
        _say(f"{drive.node}: self-test running, {status.remaining_percent} % remaining")
        time.sleep(_REPORT_SECONDS)


@contextlib.contextmanager
def _interruption() -> Iterator[list[int]]:
    seen: list[int] = []
    previous = {
        number: signal.signal(number, lambda n, _: seen.append(n)) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield seen
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _refusal_words(plans: PlanSet) -> str:
    return " ".join(f"{r.drive.node}: {'; '.join(r.reasons)}." for r in plans.refusals)


def _drive_line(found: InspectedDrive) -> str:
    drive = found.drive
    held = "; ".join(f"{e.reason} {printable(e.detail)}".strip() for e in drive.exclusions) or "on offer"
    health = f"{found.health.verdict} {'; '.join(found.health.reasons)}".strip() if found.health else "UNKNOWN"
    size = f"{drive.identity.capacity_bytes / 1e9:.1f} GB"
    text = (drive.node, printable(drive.identity.model), printable(drive.identity.serial), size, drive.bus.value)
    return "  ".join((*text, health, f"[{held}]"))


def _say_result(evidence: EvidenceView) -> None:
    _say(f"{evidence.headline}: {evidence.document}")
    for medium in evidence.media:
        where = f", first bad LBA {medium.first_bad_lba}" if medium.first_bad_lba is not None else ""
        reason = f": {printable(medium.reason, 200)}" if medium.reason else ""
        _say(f"{medium.node} {printable(medium.serial)}: {medium.outcome}{reason}{where}")
    if evidence.upload is not UploadState.NOT_ASKED:
        _say(f"registry: {evidence.upload} {evidence.upload_detail}".rstrip())
    if evidence.final is not None:
        _say(f"final document: {evidence.final}")


def _evidence_json(evidence: EvidenceView) -> dict[str, Any]:
    return {
        **to_json_form(evidence),
        "folder": str(evidence.folder),
        "document": str(evidence.document),
        "final": None if evidence.final is None else str(evidence.final),
        "archived": evidence.upload is UploadState.ARCHIVED,
    }


def _station_trust(folder: Path) -> tuple[bytes | None, bytes | None]:
    root = folder / ROOT
    return (root.read_bytes() if root.is_file() else None, log_key_of(folder))


def _read_key(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"The registry's key {str(path)!r} can't be read: {error.strerror}.",
            "Name it with --registry-key FILE.",
        ) from error


def _print_json(value: object) -> None:
    json.dump(value, sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
