"""`make mutants`: each defect in a copy of the program, and whether its tests turn red; 1 where one survives."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.mutants.defects import DEFECTS, Defect
from tests.mutants.proof_defects import PROOF_DEFECTS

_REPOSITORY = Path(__file__).resolve().parents[2]
_COPIED = ("agent", "docs", "server_stub", "tests", "pyproject.toml")
_FAILED_TESTS = 1


def main() -> int:
    """Try every defect, or those whose names contain the words given."""
    wanted = [d for d in (*DEFECTS, *PROOF_DEFECTS) if all(w in d.name for w in sys.argv[1:])]
    survivors = []
    with tempfile.TemporaryDirectory(prefix="ardoise-mutants.") as folder:
        copy = Path(folder)
        for name in _COPIED:
            source = _REPOSITORY / name
            if source.is_dir():
                shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, copy / name)
        _check_that_the_copy_is_tested(copy)
        for defect in wanted:
            _check_that_it_fits(copy, defect)
        for defect in wanted:
            if defect.needs_root and os.geteuid() != 0:
                print(f"  -        skipped, needs root: {defect.name}")
                continue
            began = time.monotonic()
            said = _try(copy, defect)
            verdict = f"caught    {said}" if said else "SURVIVED "
            print(f"{time.monotonic() - began:4.0f} s  {verdict}  {defect.name}", flush=True)
            if not said:
                survivors.append(defect)
    print(f"{len(wanted) - len(survivors)} of {len(wanted)} caught or skipped")
    return 1 if survivors else 0


def _try(copy: Path, defect: Defect) -> str:
    """How the tests failed; empty where they passed. Raises where the tests did not run."""
    file = copy / defect.file
    text = file.read_text()
    file.write_text(text.replace(defect.old, defect.new))
    try:
        done = _pytest(copy, *defect.tests)
    finally:
        file.write_text(text)
    if done.returncode not in {0, _FAILED_TESTS}:
        raise SystemExit(f"{defect.name}: the tests did not run\n{done.stdout[-3000:]}{done.stderr[-1000:]}")
    if not done.returncode:
        return ""
    named = re.search(r"FAILED \S+::(\w+)", done.stdout)
    return named.group(1) if named else "an error"


def _check_that_it_fits(copy: Path, defect: Defect) -> None:
    places = (copy / defect.file).read_text().count(defect.old)
    if places != 1:
        raise SystemExit(f"{defect.name}: its place is {places} times in {defect.file}")


def _check_that_the_copy_is_tested(copy: Path) -> None:
    said = subprocess.run(
        [sys.executable, "-c", "import agent; print(agent.__file__)"],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    if not said.startswith(str(copy)):
        raise SystemExit(f"The tests would run on {said.strip()}, not on the copy.")


def _pytest(copy: Path, *tests: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", *tests]
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(argv, cwd=copy, env=environment, capture_output=True, text=True, check=False, timeout=900)


if __name__ == "__main__":
    sys.exit(main())
