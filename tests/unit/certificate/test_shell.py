"""verify.sh with a PATH of its three packages only: the vectors' verdicts, hostile file names, and nothing left behind."""

import json
import os
import subprocess
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Allow
from tests.vectors.case import FOLDER

SCRIPT = Path("agent/certificate/shell/verify.sh").resolve()
_WHOLE: dict[str, Any] = json.loads((FOLDER / "index.json").read_text())
INDEX: list[dict[str, Any]] = [*_WHOLE["vectors"], *_WHOLE["statements"]]
GOOD = FOLDER / "good-certificate" / "certificate.pdf"
ROOT = FOLDER / "root-root.pem"
AT = "1797861600"
PACKAGES = ("openssl", "poppler-utils", "coreutils")


@cache
def _programs() -> list[Path]:
    listed = subprocess.run(["dpkg", "-L", *PACKAGES], capture_output=True, text=True, check=True).stdout
    return [Path(line) for line in listed.splitlines() if "/bin/" in line and Path(line).is_file()]


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the three packages' programs and nothing else."""
    folder = tmp_path_factory.mktemp("bin")
    for path in _programs():
        if not (folder / path.name).exists():
            (folder / path.name).symlink_to(path)
    return folder


class Shell:
    """Runs the script as an auditor's shell would."""

    def __init__(self, programs: Path, scratch: Path) -> None:
        self.programs, self.scratch = programs, scratch

    def __call__(self, *arguments: str, cwd: Path = FOLDER, path: str = "") -> subprocess.CompletedProcess[str]:
        environment = {"PATH": path or str(self.programs), "TMPDIR": str(self.scratch)}
        return subprocess.run(
            ["/bin/sh", str(SCRIPT), *arguments],
            check=False, cwd=cwd, env=environment, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL,
        )  # fmt: skip


@pytest.fixture
def shell(programs: Path, tmp_path: Path, allow_programs: Allow) -> Shell:
    allow_programs("sh")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    return Shell(programs, scratch)


def _failed_step(printed: str) -> str | None:
    failed = [line for line in printed.splitlines() if line[15:21] == "FAILED"]
    assert len(failed) <= 1
    return failed[0][2:14].strip() if failed else None


@pytest.mark.parametrize("entry", INDEX, ids=[entry["name"] for entry in INDEX])
def test_verdict(shell: Shell, entry: dict[str, Any]) -> None:
    given = ["-r", entry["trust"], "-t", str(int(datetime.fromisoformat(entry["at"]).timestamp()))]
    for option, name in (("-c", "crl"), ("-l", "log")):
        given += [] if entry[name] is None else [option, entry[name]]
    done = shell(*given, entry["file"])
    expected = entry["verdicts"]["sh"]
    assert _failed_step(done.stdout) == expected["step"], done.stdout
    assert done.returncode == (1 if expected["verdict"] == "invalid" else 0)
    assert ("NOT VALID." in done.stdout) == (expected["verdict"] == "invalid")
    # Outside of its scope it says so, and it calls nothing valid.
    assert "valid" not in done.stdout.lower().replace("not valid.", "").replace("validity", "")
    assert done.stderr == ""
    assert list(shell.scratch.iterdir()) == []


@pytest.mark.parametrize(
    "order", [("foreign", "revoked"), ("revoked", "foreign"), ("foreign", "empty"), ("empty", "foreign")]
)
def test_of_several_lists_in_one_file_that_of_the_ca_counts(
    shell: Shell, tmp_path: Path, order: tuple[str, str]
) -> None:
    lists = tmp_path / "crl.pem"
    lists.write_bytes(b"".join((FOLDER / f"crl-{name}.pem").read_bytes() for name in order))
    done = shell("-r", str(ROOT), "-t", AT, "-c", str(lists), str(GOOD))
    assert _failed_step(done.stdout) == ("revocation" if "revoked" in order else None), done.stdout


def test_what_it_does_not_read_it_calls_not_checked(shell: Shell) -> None:
    printed = shell("-r", str(ROOT), "-t", AT, str(GOOD)).stdout
    steps = {line[2:14].strip(): line[15:26].strip() for line in printed.splitlines() if line.startswith("  ")}
    unchecked = {name for name, status in steps.items() if status == "not checked"}
    assert unchecked == {"record form", "time stamp", "revocation", "issuer", "specimen", "evidence", "log", "page"}


@pytest.mark.parametrize(
    "name",
    [
        "-rf.pdf",
        "a b.pdf",
        "$(touch owned).pdf",
        "`touch owned`.pdf",
        "a\nb.pdf",
        "*.pdf",
        "';touch owned;'.pdf",
        "é.pdf",
    ],
)
def test_hostile_file_names(shell: Shell, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "named"
    folder.mkdir()
    (folder / name).write_bytes(GOOD.read_bytes())
    done = shell("-r", str(ROOT), "-t", AT, "--", name, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert [path.name for path in folder.iterdir()] == [name]


@pytest.mark.parametrize(
    "arguments",
    [
        (), ("-r", str(ROOT)), (str(GOOD),), ("-r", "missing.pem", str(GOOD)), ("-r", str(ROOT), "missing.pdf"),
        ("-x", str(GOOD)), ("-r", str(ROOT), "-t", "now", str(GOOD)), ("-r", str(ROOT), "-t", "08", "missing.pdf"),
        ("-r", str(ROOT), "-c", "missing.pem", str(GOOD)), ("-r", str(ROOT), "index.json"),
    ],
)  # fmt: skip
def test_what_is_missing_ends_with_2(shell: Shell, arguments: tuple[str, ...]) -> None:
    done = shell(*arguments)
    assert done.returncode == 2
    assert done.stderr
    assert list(shell.scratch.iterdir()) == []


def test_a_missing_program_is_never_a_pass(shell: Shell, programs: Path, tmp_path: Path) -> None:
    for missing in ("openssl", "pdfsig", "pdfdetach", "sha256sum", "basenc", "cat", "head", "tail", "wc", "tr"):
        folder = tmp_path / f"without-{missing}"
        folder.mkdir()
        for path in programs.iterdir():
            if path.name != missing:
                os.link(path, folder / path.name, follow_symlinks=False)
        assert shell("-r", str(ROOT), "-t", AT, str(GOOD), path=str(folder)).returncode == 2, missing


@pytest.mark.parametrize("part", ["record.json", "record.json.p7s"])
def test_flipped_bytes(shell: Shell, tmp_path: Path, part: str) -> None:
    source = FOLDER / "good-record"
    for at in range(0, (source / part).stat().st_size, 499):
        for name in ("record.json", "record.json.p7s"):
            data = bytearray((source / name).read_bytes())
            if name == part:
                data[at] ^= 1
            (tmp_path / name).write_bytes(data)
        assert shell("-r", str(ROOT), "-t", AT, str(tmp_path / "record.json")).returncode == 1, at


def test_the_script_is_short_and_posix() -> None:
    text = SCRIPT.read_text()
    assert text.startswith("#!/bin/sh\n")
    for word in ("grep", "sed ", "awk", "xxd", "[[", "function ", "local ", "eval", "bash"):
        assert word not in text
