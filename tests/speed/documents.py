"""How long documents take: one certificate, and a lot of 3,800 machines, from records to the sealed summary.

    python -m tests.speed.documents [FILE.md]

The figures go to standard output, or between the marks of FILE.md.
"""

import os
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from agent.certificate.cades import sign_detached
from agent.certificate.page import render_page
from agent.certificate.record import encode_record
from agent.certificate.seal import seal_page
from agent.certificate.statement import encode_statement, sign_statement
from agent.certificate.statement_page import render_statement, seal_statement
from agent.certificate.verify import verify_document, verify_record
from agent.certificate.verify_statement import verify_statement, verify_statement_document
from agent.model.intake import IntakeMachine
from agent.model.lot import LotHeadline, LotPolicy
from agent.model.sanitization import Method
from agent.workflow.lot_folder import read_lot
from tests.samples import AT, sample_record, throwaway_pki
from tests.statement_samples import intake, make_lot, many_records

MACHINES = 3800
BEGIN, END = "<!-- figures of tests/speed/documents.py -->", "<!-- end of the figures -->"

T = TypeVar("T")
PKI = throwaway_pki(test=False)


def _timed(rows: list[tuple[str, str]], name: str, work: Callable[[], T], *, times: int = 1) -> T:
    best, result = float("inf"), None
    for _ in range(times):
        begun = time.perf_counter()
        result = work()
        best = min(best, time.perf_counter() - begun)
    shown = f"{best * 1000:.0f} ms" if best < 1 else f"{best:.1f} s"
    rows.append((name, shown))
    print(f"{name}: {shown}", flush=True)
    assert result is not None
    return result


def _one(rows: list[tuple[str, str]]) -> None:
    record = sample_record(issuer=PKI.station.issuer)
    data = encode_record(record)
    signature = _timed(rows, "record: sign", lambda: sign_detached(data, PKI.station, AT), times=5)
    page = _timed(rows, "certificate: render", lambda: render_page(record, data, signature), times=5)
    sealed = _timed(rows, "certificate: compare and seal", lambda: seal_page(page, PKI.station, AT), times=5)
    _timed(rows, "record: verify", lambda: verify_record(data, signature, PKI.trust, AT), times=5)
    _timed(rows, "certificate: verify", lambda: verify_document(sealed, PKI.trust, AT), times=5)
    rows.append(("certificate: size", f"{len(sealed) / 1000:.0f} kB"))


def _lot_folder(folder: Path, count: int) -> None:
    for record in many_records(PKI, count):
        data = encode_record(record)
        signature = sign_detached(data, PKI.station, AT)
        inner = folder / record.record_id
        inner.mkdir()
        (inner / "record.json").write_bytes(data)
        (inner / "record.json.p7s").write_bytes(signature)
        page = seal_page(render_page(record, data, signature), PKI.station, AT)
        (inner / "certificate.pdf").write_bytes(page)


def _lot(rows: list[tuple[str, str]], machines: int) -> None:
    with TemporaryDirectory() as place:
        folder = Path(place)
        _timed(
            rows, f"{machines} certificates: sign, render, seal, write", lambda: _lot_folder(folder, machines) or 1
        )
        contents = _timed(
            rows, "lot: read and verify every record and document", lambda: read_lot(folder, PKI.trust, AT)
        )
    assert not contents.problems
    assert len(contents.entries) == machines
    announced = tuple(
        IntakeMachine(e.asset_tag, e.serial, "laptop", e.manufacturer, e.model, "", "") for e in contents.entries
    )
    receipt = replace(intake(PKI), machines=announced)
    policy = LotPolicy(Method.CLEAR, acceptance_required=False, acceptor_may_be_operator=False)
    lot = _timed(rows, "lot: conclude", lambda: make_lot(PKI, contents.entries, policy=policy, receipt=receipt))
    assert lot.headline is LotHeadline.SANITIZED
    data = _timed(rows, "lot: canonical JSON", lambda: encode_statement(lot))
    signature = sign_statement(data, PKI.station, AT)
    page = _timed(rows, "lot: render", lambda: render_statement(lot, data, signature))
    sealed = _timed(rows, "lot: compare and seal", lambda: seal_statement(page, lot, data, PKI.station, AT))
    _timed(rows, "lot.json: verify", lambda: verify_statement(data, signature, PKI.trust, AT))
    report = _timed(rows, "lot.pdf: verify", lambda: verify_statement_document(sealed, PKI.trust, AT))
    assert report.valid, report.failed_step
    rows += [("lot.json: size", f"{len(data) / 1e6:.1f} MB"), ("lot.pdf: size", f"{len(sealed) / 1e6:.1f} MB")]


def main() -> None:
    """Measure, and put the figures where they belong."""
    machines = int(os.environ.get("MACHINES", str(MACHINES)))
    rows: list[tuple[str, str]] = []
    _one(rows)
    _lot(rows, machines)
    lines = [
        "",
        f"{os.cpu_count()} cores (only reading the lot uses more than one), {platform.machine()}, Python {platform.python_version()}; a lot of {machines} machines.",
        "",
    ]
    lines += ["| what | time or size |", "| --- | ---: |", *(f"| {name} | {shown} |" for name, shown in rows), ""]
    if len(sys.argv) > 1:
        path = Path(sys.argv[1])
        before, rest = path.read_text().split(BEGIN)
        after = rest.split(END)[1]
        path.write_text(before + BEGIN + "\n" + "\n".join(lines) + END + after)
    else:
        print("\n".join(lines))


if __name__ == "__main__":
    main()
