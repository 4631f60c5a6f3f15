"""`ardoise`: parse arguments, choose the machine once, wire the parts, pick a front end."""

import argparse
import contextlib
import json
import logging
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from agent import (
    __version__,
    accept_cli,
    cli,
    destroy_cli,
    intake_cli,
    label_cli,
    lot_cli,
    pki_cli,
    thaw_cli,
    verify_cli,
)
from agent.core_policy import keep_memory_private
from agent.errors import AgentError, ExitCode, UsageError
from agent.host.clock import SystemClock
from agent.host.machine import Machine
from agent.model.drive import printable
from agent.text import language
from agent.workflow.desk import Desk
from agent.workflow.sitting import Sitting
from agent.workflow.view import Stage

_LAST_UPLOAD_SECONDS = 60.0


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; every error is told in words with what to do, and becomes an exit code."""
    logging.basicConfig(level=logging.CRITICAL, stream=sys.stderr)
    keep_memory_private()
    arguments = _parser().parse_args(argv)
    try:
        code = int(_dispatch(arguments))
        # What a full disk has to say, it says at the flush: here it becomes words, later it would be a traceback.
        sys.stdout.flush()
    except AgentError as error:
        # It may name files and answers that come from anybody.
        sys.stderr.write(f"ardoise: {printable(str(error), verify_cli.LONGEST_ERROR)}\n")
        return int(error.exit_code)
    except (KeyboardInterrupt, EOFError):  # the second at a question: Ctrl-D, or the terminal is gone
        sys.stderr.write("ardoise: stopped.\n")
        return int(ExitCode.NOT_SANITIZED)
    except OSError as error:
        with contextlib.suppress(OSError):
            sys.stderr.write(f"ardoise: {error.strerror or error}: the output or a file can't be used.\n")
        _close_quietly()
        return int(ExitCode.REFUSED)
    return code


def _close_quietly() -> None:
    # Python flushes stdout once more at its end, and would tell of a full disk with a traceback.
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ardoise",
        allow_abbrev=False,
        description="Diagnoses donated computers, sanitizes their drives, and proves it. Without a command: the screen.",
    )
    parser.add_argument("--version", action="version", version=f"ardoise {__version__}")
    cli.add_machine_options(parser)
    cli.add_desk_options(parser, required=False)
    parser.add_argument(
        "--bench", type=Path, metavar="DIR", help="choose among the simulated machines in this folder"
    )
    parser.add_argument("--language", choices=["en", "fr", "de"], help="language of the screen (default: LANG)")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    cli.add_commands(commands)
    thaw_cli.add_thaw_command(commands)
    capture = commands.add_parser("capture", help="record this machine as a folder of captures, serials replaced")
    capture.add_argument("folder", type=Path, metavar="DIR")
    verify_cli.add_verify_command(commands)
    pki_cli.add_pki_commands(commands)
    intake_cli.add_intake_command(commands)
    lot_cli.add_lot_commands(commands)
    destroy_cli.add_destroy_command(commands)
    accept_cli.add_accept_command(commands)
    label_cli.add_label_commands(commands)
    return parser


def _dispatch(arguments: argparse.Namespace) -> int:
    commands: dict[str | None, Callable[[argparse.Namespace], int]] = {
        "verify": verify_cli.run_verify,
        "pki": pki_cli.run_pki,
        "intake": intake_cli.run_intake,
        "lot": lot_cli.run_lot,
        "destroy": destroy_cli.run_destroy,
        "accept": accept_cli.run_accept,
        "label": label_cli.run_label,
        "code": label_cli.run_code,
        "upload": cli.run_upload,
        "capture": _capture,
        "list": lambda a: cli.run_list(_machine(a, ()), a),
        "test": lambda a: cli.run_test(_machine(a, a.drives), a),
        "thaw": lambda a: thaw_cli.run_thaw(_machine(a, ()), a),
        "sanitize": lambda a: cli.run_sanitize(_machine(a, a.drive or ()), a),
        None: _screen,
    }
    return commands[arguments.command](arguments)


def _machine(arguments: argparse.Namespace, named: Sequence[str]) -> Machine:
    if arguments.machine is not None:
        if arguments.real_drives:
            raise UsageError("--machine and --real-drives exclude each other.", "Choose one.")
        return _simulated(arguments.machine)
    from agent.host.real import RealMachine  # noqa: PLC0415 - a simulated run needs neither udev nor root

    return RealMachine(
        real_drives=arguments.real_drives, named_nodes=tuple(n for n in named if n.startswith("/dev/"))
    )


def _simulated(folder: Path) -> Machine:
    from agent.host.simulated import SimulatedMachine  # noqa: PLC0415 - see _machine

    return SimulatedMachine(folder)


def _capture(arguments: argparse.Namespace) -> int:
    from agent.host.capture import capture_machine  # noqa: PLC0415 - see _machine
    from agent.host.real import RealMachine  # noqa: PLC0415 - see _machine

    capture_machine(RealMachine(real_drives=False, named_nodes=()), arguments.folder)
    sys.stderr.write(f"Recorded in {arguments.folder}. Look through it before you share it.\n")
    return ExitCode.OK


def _screen(arguments: argparse.Namespace) -> int:
    needed = (
        ("station", "evidence")
        if arguments.bench is None
        else ("operator", "station", "passphrase_file", "evidence")
    )
    missing = [f"--{name.replace('_', '-')}" for name in needed if not getattr(arguments, name)]
    if missing:
        raise UsageError(
            f"The screen needs {', '.join(missing)}.",
            "`ardoise --help` explains them; `make run` shows the screen on simulated machines.",
        )
    if not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        raise UsageError("The screen needs a terminal.", "Without one, use the commands: `ardoise --help`.")
    if arguments.bench is None:
        return _screen_of_one(_machine(arguments, ()), arguments)
    desk = cli.open_desk(arguments)
    from agent.tui.run import choose_machine  # noqa: PLC0415 - textual is for the screen only

    while name := choose_machine(_titles(arguments.bench), arguments.language):
        code = _sit_down(_simulated(arguments.bench / name), desk, arguments.language)
        if code != ExitCode.OK:
            return code
    return ExitCode.OK


def _screen_of_one(machine: Machine, arguments: argparse.Namespace) -> int:
    if arguments.operator and arguments.passphrase_file:
        return _sit_down(machine, cli.open_desk(arguments), arguments.language)
    from agent.tui.run import MEMORY_REMARK, tell, unlock  # noqa: PLC0415 - the language is chosen before the screen is imported

    if arguments.passphrase_file:
        raise UsageError("The screen needs --operator too.", "Without --passphrase-file it asks for both.")
    remarks = [MEMORY_REMARK] if machine.runs_from_memory is False else []
    try:
        answer = unlock(arguments.operator or "", arguments.station, SystemClock().now, arguments.language, remarks)
        if answer is None:
            return ExitCode.OK
        arguments.operator, station = answer
        return _sit_down(machine, cli.open_desk(arguments, station), language())
    except AgentError as error:
        # Whoever was asked on the screen is told on the screen: a terminal's last line is soon drawn over.
        tell(str(error))
        raise


def _sit_down(machine: Machine, desk: Desk, language: str | None) -> int:
    from agent.tui.run import run_screen  # noqa: PLC0415 - the language is chosen before the screen is imported

    sitting = Sitting(machine, desk, SystemClock())
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    threading.Thread(target=_outlive_terminal, args=(sitting,), name="terminal", daemon=True).start()
    try:
        return run_screen(sitting, language)
    finally:
        sitting.close()


def _outlive_terminal(sitting: Sitting) -> None:
    """When the terminal is gone for good, let the jobs reach their record, then end: no screen can ever say more."""
    poller = select.poll()
    poller.register(sys.stdin.fileno(), 0)
    while not poller.poll():
        pass
    while sitting.view().stage in {Stage.RUNNING, Stage.RECORDING}:
        time.sleep(1)
    sitting.upload_settled(_LAST_UPLOAD_SECONDS)
    # The main thread may hang in a write to the dead terminal, so the process can't be asked to end.
    os._exit(ExitCode.REFUSED)


def _titles(bench: Path) -> list[tuple[str, str, str]]:
    folders = sorted(path.parent for path in bench.glob("*/machine.json"))
    if not folders:
        raise UsageError(f"There is no simulated machine in {bench}.", "`make machines` makes some.")
    about = [(folder.name, json.loads((folder / "machine.json").read_bytes())) for folder in folders]
    about.sort(key=lambda entry: (int(entry[1].get("order", 99)), entry[0]))
    return [(name, str(entry.get("title", "")), str(entry.get("provenance", ""))) for name, entry in about]


if __name__ == "__main__":
    sys.exit(main())
