"""`make run`: a throw-away bench, trust chain and registry, then the screen; nothing outside its own folder is touched."""

import contextlib
import io
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from agent.__main__ import main as ardoise
from server_stub.app import create_app
from server_stub.authority import LOG_FILES, make_log_key, open_folder
from server_stub.judge import Judge, TrustFiles
from server_stub.keys import load_key
from server_stub.serving import serve_in_thread
from server_stub.settings import Settings
from tests.bench.make import make_bench

_PACE = 6 * 1024 * 1024


def main() -> int:
    """Set everything up in a folder of its own, open the screen, say where the evidence is; returns an exit code."""
    if not sys.stdin.isatty() or not sys.stdout.isatty():
        sys.stderr.write("The screen needs a terminal; in scripts use `ardoise sanitize` (see README.md).\n")
        return 2
    place = Path(os.environ.get("ARDOISE_DEMO") or tempfile.mkdtemp(prefix="ardoise-demo-"))
    place.mkdir(parents=True, exist_ok=True)
    try:
        return _run(place)
    except KeyboardInterrupt:
        shutil.rmtree(place, ignore_errors=True)
        sys.stderr.write("\nStopped; nothing is left behind.\n")
        return 1


def _run(place: Path) -> int:
    sys.stderr.write("Making simulated machines with real files on their drives ...\n")
    make_bench(place / "machines", pace=_PACE)
    passphrase = place / "passphrase"
    passphrase.write_text("a throw-away passphrase\n")
    pki, station, evidence = place / "pki", place / "station", place / "evidence"
    evidence.mkdir(exist_ok=True)
    _quiet(
        "pki", "init", pki, "--organisation", "Atelier de démonstration", "--test", "--passphrase-file", passphrase
    )
    _quiet("pki", "issue-station", pki, "--name", "demo-stick", "--out", station, "--passphrase-file", passphrase)
    folder = place / "registry"
    _quiet(
        "pki", "issue-registry", pki, "--name", "demo-registry", "--out", folder, "--passphrase-file", passphrase
    )
    make_log_key(folder, "log.example/demo")
    shutil.copy(folder / "log.vkey", station)
    with _embedded_registry(pki, folder) as url:
        code = ardoise(
            [
                *("--bench", str(place / "machines"), "--operator", "demo", "--station", str(station)),
                *("--passphrase-file", str(passphrase), "--evidence", str(evidence), "--registry", url),
            ]
        )
    shutil.rmtree(place / "machines", ignore_errors=True)
    if list(evidence.glob("*/record.json")):
        sys.stderr.write(
            f"The evidence of this demonstration is in {evidence}.\n"
            f"Verify it: .venv/bin/ardoise verify {evidence} --trust {pki / 'root.pem'} --log {folder / 'log.vkey'}\n"
        )
    return code


@contextlib.contextmanager
def _embedded_registry(pki: Path, folder: Path) -> Iterator[str]:
    trust = TrustFiles(pki / "root.pem", pki / "crl.pem")
    settings = Settings(
        key=load_key(pki / "registry.key.pem"),
        verifier=Judge(trust),
        database=f"sqlite:///{folder / 'registry.sqlite'}",
        authority=open_folder(folder, "log.example/demo"),
        log_folder=folder / LOG_FILES,
        trust=trust.current,
    )
    with serve_in_thread(create_app(settings)) as running:
        yield running.base_url


def _quiet(*arguments: object) -> None:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()) as words:
        code = ardoise([str(a) for a in arguments])
    if code:
        raise SystemExit(words.getvalue())


if __name__ == "__main__":
    sys.exit(main())
