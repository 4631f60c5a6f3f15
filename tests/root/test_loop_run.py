"""The main job on a real block device: a loop device on a sparse file, and no other device is opened for writing."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench.make import make_bench
from tests.bench.recover import photorec_found, planted_tokens, strings_found
from tests.e2e.conftest import Shop, ardoise, make_shop, record_folders
from tests.e2e.test_laptop import pdfsig

pytestmark = pytest.mark.root

_PROGRAMS = (
    "losetup",
    "strings",
    "photorec",
    "openssl",
    "certutil",
    "pdfsig",
    "strace",
    "mkfs.ext4",
    "debugfs",
    Path(sys.executable).name,
)


@pytest.fixture
def loop(tmp_path: Path, allow_programs) -> Iterator[tuple[str, Path, dict]]:
    """A loop device with real file systems and real files on it: node, backing file, what was planted."""
    allow_programs(*_PROGRAMS)
    machine = make_bench(tmp_path / "bench", ["laptop"])[0]
    backing = tmp_path / "backing"
    shutil.copyfile(machine / "drives/sda/image", backing)
    node = subprocess.run(
        ["losetup", "--find", "--show", str(backing)], check=True, capture_output=True, text=True
    ).stdout.strip()
    try:
        yield node, backing, json.loads((machine / "planted.json").read_text())["drives"]["sda"]
    finally:
        subprocess.run(["losetup", "--detach", node], check=True)


@pytest.fixture
def shop(tmp_path: Path, loop) -> Shop:
    """A trust chain of its own, under a real root: this is no simulation."""
    return make_shop(tmp_path, test=False)


def test_the_main_job_on_a_loop_device(loop, shop: Shop, tmp_path: Path) -> None:
    node, backing, drive = loop
    evidence = tmp_path / "evidence"
    evidence.mkdir()
    assert strings_found(backing, planted_tokens(drive)).missing == frozenset()
    assert photorec_found(backing, drive).missing == frozenset()
    done = ardoise(
        "sanitize", "--drive", node, "--confirm", node, "--real-drives", *shop.desk(evidence), "--json",
    )  # fmt: skip
    assert done.code == 0, done.err
    medium = next(m for m in done.json["media"] if m["node"] == node)
    assert medium["outcome"] == "sanitized"
    assert strings_found(backing, planted_tokens(drive)).found == frozenset()
    assert photorec_found(backing, drive).found == frozenset()

    (folder,) = record_folders(evidence)
    record = json.loads((folder / "record.json").read_text())
    assert record["environment"] == "host"
    assert record["specimen"] is False
    check = subprocess.run(
        [
            "openssl", "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", folder / "record.json.p7s",
            "-content", folder / "record.json", "-CAfile", shop.root, "-purpose", "any", "-out", "/dev/null",
        ],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert check.returncode == 0, check.stderr
    said = pdfsig(Path(done.json["document"]), shop.root, tmp_path)
    assert "Total document signed" in said
    assert "Signature is Valid" in said


def _opened_for_writing(trace: Path) -> set[str]:
    found = re.findall(r'open(?:at)?\((?:AT_FDCWD, )?"(/dev/[^"]+)", ([A-Z_|]+)', trace.read_text(errors="replace"))
    harmless = {"/dev/null", "/dev/tty"}
    return {node for node, flags in found if re.search(r"O_RDWR|O_WRONLY", flags) and node not in harmless}


@pytest.mark.parametrize("command", ["list", "sanitize"])
def test_without_the_flag_no_device_is_opened_for_writing(loop, shop: Shop, tmp_path: Path, command: str) -> None:
    node, backing, _ = loop
    evidence = tmp_path / "evidence"
    evidence.mkdir()
    before = backing.read_bytes()
    options = {
        "list": ["--json"],
        "sanitize": ["--drive", node, "--confirm", node, *shop.desk(evidence)],
    }[command]
    trace = tmp_path / "trace"
    done = subprocess.run(
        [
            "strace", "-f", "-qq", "-e", "trace=open,openat", "-o", str(trace), sys.executable, "-m", "agent", command,
            *map(str, options),
        ],
        check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert trace.stat().st_size > 0
    assert _opened_for_writing(trace) == set()
    assert backing.read_bytes() == before
    if command == "sanitize":
        assert done.returncode == 3, done.stderr
        assert not [p for p in evidence.iterdir() if p.name != "journal"]
        assert "--real-drives" in done.stderr


def test_with_the_flag_only_the_named_device_is_opened_for_writing(loop, shop: Shop, tmp_path: Path) -> None:
    node, _, _ = loop
    evidence = tmp_path / "evidence"
    evidence.mkdir()
    trace = tmp_path / "trace"
    done = subprocess.run(
        [
            "strace", "-f", "-qq", "-e", "trace=open,openat", "-o", str(trace), sys.executable, "-m", "agent", "sanitize",
            *map(str, ["--drive", node, "--confirm", node, "--real-drives", *shop.desk(evidence)]),
        ],
        check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert _opened_for_writing(trace) == {node}
