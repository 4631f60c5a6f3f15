"""Hidden areas and a PSID from the command line, to the record."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import Done, ardoise, record_folders, serials
from tests.unit.simulated.test_before_erase import PSID, hide, lock


def options(machine: Path, shop, evidence: Path, *more: str) -> list[str]:
    names = serials(machine)
    return [
        "sanitize",
        "--all",
        "--confirm",
        *names,
        *map(str, shop.desk(evidence)),
        "--machine",
        str(machine),
        *more,
    ]


def with_psids(lines: str, arguments: list[str]) -> Done:
    """`ardoise` with these lines on a descriptor of its own."""
    reader, writer = os.pipe()
    os.write(writer, lines.encode())
    os.close(writer)
    argv = [sys.executable, "-m", "agent", *arguments, "--psid-fd", str(reader)]
    done = subprocess.run(
        argv, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=240, pass_fds=(reader,)
    )
    os.close(reader)
    assert "Traceback" not in done.stderr, done.stderr
    return Done(done.returncode, done.stdout, done.stderr)


def disk_of(evidence: Path) -> dict:
    (folder,) = record_folders(evidence)
    record = json.loads((folder / "record.json").read_text())
    return next(d for d in record["drives"] if d["node"] == "/dev/sda")


def test_hidden_areas_are_given_back_only_where_asked_for(bench, shop, evidence) -> None:
    machine = bench("laptop", size_mib=16, pace=0)
    image = hide(machine) / "image"
    size = image.stat().st_size
    refused = ardoise(*options(machine, shop, evidence))
    assert refused.code == 3
    assert "hidden area" in refused.err
    assert image.stat().st_size == size
    unconfirmed = options(machine, shop, evidence, "--restore-hidden-areas")
    del unconfirmed[2:4]
    assert ardoise(*unconfirmed).code == 3
    assert image.stat().st_size == size
    done = ardoise(*options(machine, shop, evidence, "--restore-hidden-areas"))
    assert done.code == 0, done.err
    assert "100 hidden sectors were given back" in done.err
    entry = disk_of(evidence)
    assert entry["outcome"] == "sanitized"
    assert entry["preparations"][0]["outcome"] == "done"
    assert image.read_bytes()[-100 * 512 :] != bytes(100 * 512)


def test_a_power_cycle_is_asked_for(bench, shop, evidence) -> None:
    machine = bench("laptop", size_mib=16, pace=0)
    hide(machine, needs_power_cycle=True)
    arguments = options(machine, shop, evidence, "--restore-hidden-areas")
    first = ardoise(*arguments)
    assert first.code == 1
    assert "take the drive's power away" in first.err
    # The next start of the program stands for the next start of the drive.
    assert ardoise(*arguments).code == 0
    assert disk_of(evidence)["preparations"][0]["outcome"] == "not done"


def test_a_psid_opens_a_locked_drive_and_stands_nowhere(bench, shop, evidence) -> None:
    machine = bench("laptop", size_mib=16, pace=0)
    lock(machine)
    (name,) = serials(machine)
    done = with_psids(f"{PSID}\n", options(machine, shop, evidence, "--ask-psid", name))
    assert done.code == 0, done.err
    entry = disk_of(evidence)
    assert (entry["outcome"], entry["level_reached"]) == ("sanitized", "clear")
    assert entry["preparations"][0]["kind"] == "opal psid revert"
    written = b"".join(p.read_bytes() for p in evidence.rglob("*") if p.is_file())
    assert PSID not in done.out + done.err
    assert PSID.encode() not in written


def test_a_wrong_psid_is_refused_by_the_drive(bench, shop, evidence) -> None:
    machine = bench("laptop", size_mib=16, pace=0)
    image = lock(machine) / "image"
    before = image.read_bytes()
    (name,) = serials(machine)
    done = with_psids("B" * 32 + "\n", options(machine, shop, evidence, "--ask-psid", name))
    assert done.code == 1
    assert "refused by the drive" in done.err
    assert "may count attempts" in done.err
    assert "B" * 32 not in done.err
    assert image.read_bytes() == before


def test_the_revert_as_a_technique(bench, shop, evidence) -> None:
    machine = bench("laptop", size_mib=16, pace=0)
    lock(machine, locked=False)
    (name,) = serials(machine)
    asked = options(machine, shop, evidence, "--technique", "opal-psid-revert", "--ask-psid", name)
    done = with_psids(PSID, asked)
    assert done.code == 0, done.err
    entry = disk_of(evidence)
    assert (entry["technique"], entry["level_reached"]) == ("opal psid revert", "clear")


@pytest.mark.parametrize(
    ("named", "lines", "code"),
    [
        (PSID, PSID, 2),
        ("/dev/sdb", PSID, 2),
        ("/dev/sda", "", 2),
        ("/dev/sda", f"{PSID}\n{PSID}\n", 2),
        ("/dev/sda", PSID[1:], 3),
    ],
)
def test_what_is_misunderstood_touches_nothing_and_is_not_repeated(
    bench, shop, evidence, named: str, lines: str, code: int
) -> None:
    machine = bench("laptop", size_mib=16, pace=0)
    image = lock(machine) / "image"
    before = image.read_bytes()
    done = with_psids(lines, options(machine, shop, evidence, "--ask-psid", named))
    assert done.code == code, done.err
    assert PSID[1:] not in done.err
    assert image.read_bytes() == before
    assert record_folders(evidence) == []


def test_without_a_terminal_nobody_is_asked(bench, shop, evidence) -> None:
    machine = bench("laptop", size_mib=16, pace=0)
    lock(machine)
    done = ardoise(*options(machine, shop, evidence, "--ask-psid", "/dev/sda"))
    assert done.code == 2
    assert "--psid-fd" in done.err
