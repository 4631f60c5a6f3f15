"""`ardoise verify`: numbered steps, what is proven and what is only claimed, and an exit code that is 0 for complete success only.

Needs no network and nothing of the agent but certificate, model and errors. What a finding is and how it is said stands in
verify_findings.py, what is looked at in verify_inputs.py; docs/verify.md describes the JSON.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent.certificate.report import Degree
from agent.certificate.sequence import Sequence as Numbering
from agent.certificate.sequence import judge_sequences
from agent.certificate.trust import TRUST_FILES, load_trust_files
from agent.errors import AgentError, EnvironmentLacks, ExitCode, UsageError
from agent.model.drive import printable
from agent.tree import is_folder
from agent.verify_findings import Asked, Said, judge_unit
from agent.verify_inputs import Unit, find_units, read_file

JSON_FORM = "ardoise-verification/1"
LONGEST_ERROR = 2000
_FEW = 64
_CHUNK = 16


def add_verify_command(subparsers: Any) -> argparse.ArgumentParser:  # noqa: ANN401 - argparse keeps this type private
    """Add `verify` to the program's commands."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "verify", help="verify certificates and records, offline"
    )
    _add_arguments(parser)
    return parser


def run_verify(args: argparse.Namespace) -> int:
    """Verify everything named; 0 only where each is valid and each machine was sanitized; raises UsageError."""
    at = args.at or datetime.now(UTC)
    given = _Given(_trust_files(args), at, Degree(args.require_proof))
    units = [unit for path in args.files for unit in find_units(path)]
    said: list[Said] = []
    for each in _judged(units, given, args.jobs):
        said.append(each)
        if not args.json and not (args.quiet and each.complete):
            print("\n".join(each.lines), end="\n\n")  # noqa: T201
    numberings = judge_sequences(each.place for each in said if each.place is not None)
    if args.json:
        print(json.dumps(_form(said, numberings, at), indent=2))  # noqa: T201
    else:
        _say_together(said, numberings)
    return int(ExitCode.OK if _is_success(said, numberings, args) else ExitCode.NOT_SANITIZED)


def main(argv: Sequence[str] | None = None) -> int:
    """The verifier as a program of its own; returns the exit code."""
    parser = argparse.ArgumentParser(prog="ardoise verify", description="Verify certificates and records, offline.")
    _add_arguments(parser)
    args = parser.parse_args(argv)
    try:
        return run_verify(args)
    except AgentError as error:
        print(f"ardoise: {printable(str(error), LONGEST_ERROR)}", file=sys.stderr)  # noqa: T201
        return int(error.exit_code)


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files",
        metavar="FILE",
        nargs="+",
        type=Path,
        help="certificate.pdf, record.json, an evidence folder, a folder of any depth, or a ZIP archive",
    )
    parser.add_argument(
        "--trust",
        metavar="ROOT.pem|DIR",
        type=Path,
        required=True,
        help=f"the issuer's root certificate, or a folder with {', '.join(TRUST_FILES)}",
    )
    parser.add_argument("--crl", metavar="FILE", type=Path, help="the issuing CA's list of revoked stations")
    parser.add_argument("--root-crl", metavar="FILE", type=Path, help="the root's list of revoked issuing CAs")
    parser.add_argument("--log", metavar="FILE", type=Path, help="the keys of the logs that are known (log.vkey)")
    parser.add_argument("--checkpoint", metavar="FILE", type=Path, help="a head of the log that is known")
    parser.add_argument(
        "--require-proof",
        choices=[str(d) for d in Degree],
        default=str(Degree.SIGNED),
        help="the degree of proof asked for",
    )
    parser.add_argument(
        "--require-sequence", action="store_true", help="a gap in a station's numbering is no success"
    )
    parser.add_argument(
        "--at", metavar="MOMENT", type=_moment, help="verify as of this day or moment (2036-11-21, or with T14:30Z)"
    )
    parser.add_argument(
        "--jobs", metavar="N", type=int, default=os.cpu_count() or 1, help="processes, one for each core"
    )
    parser.add_argument("--quiet", action="store_true", help="say only what is no complete success")
    parser.add_argument("--json", action="store_true", help="the reports as JSON on standard output")


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@dataclass(frozen=True)
class _Given:
    """What the options say, in a form that travels to other processes."""

    trust: Mapping[str, bytes]
    at: datetime
    required: Degree

    def asked(self) -> Asked:
        """The same as values; raises UsageError."""
        return Asked(load_trust_files(self.trust), self.at, self.required)


def _trust_files(args: argparse.Namespace) -> dict[str, bytes]:
    folder = args.trust if is_folder(args.trust) else None
    inside = () if folder is None else (name for name in TRUST_FILES if (folder / name).is_file())
    files = (
        {TRUST_FILES[0]: read_file(args.trust)} if folder is None else {n: read_file(folder / n) for n in inside}
    )
    # What is named on the command line goes before what lies in the folder.
    named = zip(TRUST_FILES[1:], (args.crl, args.log, args.checkpoint, args.root_crl), strict=True)
    return files | {name: read_file(path) for name, path in named if path is not None}


def _judged(units: list[Unit], given: _Given, jobs: int) -> Iterator[Said]:
    """Every finding, in the order of the units; on several cores where there are many."""
    asked = given.asked()
    if len(units) < _FEW or jobs < 2:
        for unit in units:
            yield from judge_unit(unit, asked)
        return
    # Costs a tenth of a second to import.
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415
    from concurrent.futures.process import BrokenProcessPool  # noqa: PLC0415
    from multiprocessing import get_context  # noqa: PLC0415

    # This process has no other threads; where forking is not sound, everything is imported anew.
    context = get_context("fork" if sys.platform == "linux" else "spawn")
    workers = min(jobs, -(-len(units) // _CHUNK))
    try:
        with ProcessPoolExecutor(workers, context, _begin, (given,)) as pool:
            for found in pool.map(_work, units, chunksize=_CHUNK):
                if isinstance(found, UsageError):
                    raise found
                yield from found
    except BrokenProcessPool as error:
        raise EnvironmentLacks(
            "A process that verified has ended before its time; what is said so far is not all.",
            "Perhaps the memory did not suffice: try --jobs 1.",
        ) from error


_asked: list[Asked] = []


def _begin(given: _Given) -> None:
    _asked[:] = [given.asked()]


def _work(unit: Unit) -> list[Said] | UsageError:
    try:
        return judge_unit(unit, _asked[0])
    except UsageError as error:
        return UsageError(error.message, error.remedy)


def _is_success(said: list[Said], numberings: Iterable[Numbering], args: argparse.Namespace) -> bool:
    forked = any(each.forks for each in numberings)
    gaps = args.require_sequence and any(each.gaps for each in numberings)
    return all(each.complete for each in said) and not forked and not gaps


def _say_together(said: list[Said], numberings: tuple[Numbering, ...]) -> None:
    """What only several records show, and the count of all."""
    for each in numberings:
        if each.records > 1 or each.forks:
            print("\n".join(_numbering_lines(each)), end="\n\n")  # noqa: T201
    if len(said) > 1:
        complete, authentic = sum(s.complete for s in said), sum(s.authentic for s in said)
        print(  # noqa: T201
            f"{len(said)} verified: {complete} complete, {authentic - complete} authentic but not complete, "
            f"{len(said) - authentic} not valid."
        )


def _numbering_lines(each: Numbering) -> list[str]:
    _, organisation, station = each.station
    lines = [
        f"Station {printable(station)} of {printable(organisation)}: {each.records} records, {each.first} to {each.last}"
    ]
    lines += [f"  GAP: {_range(gap)} not here; that says nothing of why" for gap in each.gaps]
    lines += [f"  FORK: {printable(words, 300)}" for words in each.forks]
    return lines


def _range(gap: tuple[int, int]) -> str:
    low, high = gap
    return f"number {low} is" if low == high else f"numbers {low} to {high} are"


def _form(said: list[Said], numberings: tuple[Numbering, ...], at: datetime) -> dict[str, Any]:
    stations = [
        {
            "root": each.station[0],
            "organisation": each.station[1],
            "station": each.station[2],
            "first": each.first,
            "last": each.last,
            "records": each.records,
            "gaps": [list(gap) for gap in each.gaps],
            "forks": list(each.forks),
        }
        for each in numberings
    ]
    return {"form": JSON_FORM, "at": at.isoformat(), "findings": [each.form for each in said], "stations": stations}


if __name__ == "__main__":
    sys.exit(main())
