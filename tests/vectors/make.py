"""Makes the certificates of this folder, good and bad, with the verdict that each must get (index.json).

    python -m tests.vectors.make

Keys are computed from fixed words, so anybody holds them: no root of this folder may be trusted for anything. All else is
fixed too (clock, salts, serial numbers), so that making them again changes nothing. Verdicts are written down by hand in
the cases, never copied from a verifier's answer.
"""

import itertools
import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

from tests.vectors.case import FOLDER, Case, made_pki, pki
from tests.vectors.chains import crls, roots, untrusted_cases
from tests.vectors.hidden import hidden_cases
from tests.vectors.pages import page_cases
from tests.vectors.proofs import checkpoints, lists, logs, proof_cases
from tests.vectors.records import contradicting_cases, honest_cases, lying_cases, malformed_cases, valid_cases
from tests.vectors.scope import statement_verdicts, verdicts
from tests.vectors.sets import set_cases
from tests.vectors.statements import statement_cases
from tests.vectors.weak import weak_cases

FORM = "ardoise-vectors/1"


def cases() -> list[Case]:
    """Every vector."""
    a, b = pki("a"), pki("b")
    return [
        *valid_cases(a),
        *malformed_cases(a),
        *untrusted_cases(a, b),
        *weak_cases(a),
        *contradicting_cases(a),
        *lying_cases(a),
        *honest_cases(a),
        *page_cases(a, b),
        *hidden_cases(a),
        *proof_cases(a, b),
        *set_cases(a),
    ]


def all_statements() -> list[Case]:
    """Every vector of a lot, an intake receipt, a destruction record or an acceptance."""
    return statement_cases(pki("a"), pki("b"))


def write(folder: Path) -> None:
    """Write all vectors and their index into a folder."""
    with mock.patch("cryptography.x509.random_serial_number", _serials()):
        made_pki.cache_clear()
        made, stated, given = cases(), all_statements(), _given()
    made_pki.cache_clear()
    for name, data in given.items():
        (folder / name).write_bytes(data)
    for case in (*made, *stated):
        for name, data in case.files.items():
            place = folder / case.name / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
    index = {
        "form": FORM,
        "vectors": [_entry(case) for case in made if case.set_is is None],
        "statements": [_statement_entry(case) for case in stated],
        "sets": [_set_entry(case) for case in made if case.set_is is not None],
    }
    (folder / "index.json").write_text(json.dumps(index, indent=1, ensure_ascii=False) + "\n")


def _given() -> dict[str, bytes]:
    """What verifiers are given beside the vectors, by file name."""
    a = pki("a")
    groups = [
        ("root-{}.pem", roots()),
        ("crl-{}.pem", crls() | lists(a)),
        ("log-{}.vkey", logs()),
        ("checkpoint-{}", checkpoints(a)),
    ]
    return {form.format(name): data for form, group in groups for name, data in group.items()}


def _entry(case: Case) -> dict[str, Any]:
    return {
        "name": case.name,
        "file": f"{case.name}/{next(iter(case.files))}",
        "rule": case.rule,
        "why": case.why,
        "trust": f"root-{case.trust}.pem",
        "crl": None if case.crl is None else f"crl-{case.crl}.pem",
        "log": None if case.log is None else f"log-{case.log}.vkey",
        "checkpoint": None if case.checkpoint is None else f"checkpoint-{case.checkpoint}",
        "at": case.at.isoformat(),
        "verdicts": verdicts(case),
    }


def _statement_entry(case: Case) -> dict[str, Any]:
    return {**_entry(case), "verdicts": statement_verdicts(case)}


def _set_entry(case: Case) -> dict[str, Any]:
    records = [f"{case.name}/{name}" for name in case.files if name.endswith(".json")]
    single = {key: value for key, value in _entry(case).items() if key in {"name", "rule", "why", "trust", "at"}}
    return {**single, "folder": case.name, "records": records, "set": case.set_is}


def _clear(folder: Path) -> None:
    for old in folder.iterdir():
        if old.is_dir() and old.name != "__pycache__":
            shutil.rmtree(old)
        elif old.suffix in {".pem", ".json", ".vkey"} or old.name.startswith("checkpoint-"):
            old.unlink()


def _serials() -> Callable[[], int]:
    counter = itertools.count(1)
    return lambda: (1 << 120) + next(counter)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        write(Path(name))
        _clear(FOLDER)
        shutil.copytree(name, FOLDER, dirs_exist_ok=True)
