"""Readings and self-tests through smartctl, whose exit status is data."""

import hashlib
import json
import os
from pathlib import Path

import pytest

from agent.errors import ToolFailed, ToolMissing
from agent.host import smart, smart_scan
from agent.model.health import SelfTestKind
from tests.conftest import Allow
from tests.unit.host.programs import install

DOCUMENT = {"smartctl": {"version": [7, 3]}, "smart_status": {"passed": False}}


@pytest.fixture(autouse=True)
def _allowed(allow_programs: Allow) -> None:
    allow_programs("smartctl")


def test_every_exit_status_comes_with_its_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = json.dumps(DOCUMENT)
    log = install(tmp_path, monkeypatch, "smartctl", f"printf '%s' '{text}'; exit 216")
    read = smart.read_snapshot("/dev/sdx")
    assert (read.exit_status, read.document, read.tool_version) == (216, DOCUMENT, "smartctl 7.3")
    assert read.sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert log.read_text() == "--json=c -x /dev/sdx\n"


@pytest.mark.parametrize("output", ["", "not json", "[1]", '"text"', "{"])
def test_what_is_no_document_is_an_empty_one(output: str) -> None:
    assert smart.parse_document(output.encode()) == {}


SCANNING = """case "$*" in
*--scan-open*) echo "/dev/sdx -d sat # /dev/sdx [SAT], ATA device"; echo "/dev/bus/0 -d megaraid,8 # x, SCSI device";;
*"-d sat"*) printf '{"smart_status": {"passed": true}}';;
*) printf '{"smartctl": {"messages": [{"string": "Unknown USB bridge"}]}}'; exit 1;;
esac"""


def test_a_bridge_that_only_a_scan_recognises_is_read_with_that_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = install(tmp_path, monkeypatch, "smartctl", SCANNING)
    assert smart.read_snapshot("/dev/sdx").document == {"smart_status": {"passed": True}}
    assert log.read_text().splitlines()[1:] == ["--scan-open", "--json=c -x -d sat /dev/sdx"]
    assert smart_scan.scan() == (("/dev/sdx", "sat"), ("/dev/bus/0", "megaraid,8"))


def test_the_scan_leaves_the_language_of_the_process_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch, "smartctl", SCANNING)
    monkeypatch.setenv("LANG", "fr_FR.UTF-8")
    smart_scan._bounded_smartctl.cache_clear()
    smart_scan.scan()
    assert os.environ["LANG"] == "fr_FR.UTF-8"


def test_starting_and_aborting_a_self_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = install(tmp_path, monkeypatch, "smartctl", "echo '{}'; exit 64")
    smart.start_self_test("/dev/sdx", SelfTestKind.EXTENDED)
    smart.abort_self_test("/dev/sdx")
    lines = [line for line in log.read_text().splitlines() if "-i" not in line.split()]
    assert lines == ["--json=c -t long /dev/sdx", "--json=c -X /dev/sdx"]


def test_a_drive_that_refuses_a_self_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refusal = '{"smartctl": {"messages": [{"string": "Self-test already running"}]}}'
    install(tmp_path, monkeypatch, "smartctl", f"printf '%s' '{refusal}'; [ $2 = -i ] && exit 0; exit 4")
    with pytest.raises(ToolFailed, match="Self-test already running"):
        smart.start_self_test("/dev/sdx", SelfTestKind.SHORT)


def test_without_smartctl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("agent.host.run.SEARCH_PATH", str(tmp_path))
    with pytest.raises(ToolMissing, match="smartctl"):
        smart.read_snapshot("/dev/sdx")
    assert smart_scan.scan() == ()


def test_a_temperature_takes_few_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = install(tmp_path, monkeypatch, "smartctl", """printf '{"temperature": {"current": 41}}'; exit 4""")
    assert smart.read_temperature("/dev/sdx") == {"temperature": {"current": 41}}
    smart.read_temperature("/dev/sdx", "sat")
    smart.read_temperature("/dev/sdx", "--scan")
    smart.read_temperature("/dev/sdx", "sat", bridged=True)
    assert log.read_text().splitlines() == [
        "--json=c -A -c -l scttemp /dev/sdx",
        "--json=c -A -c -l scttemp -d sat /dev/sdx",
        "--json=c -A -c -l scttemp /dev/sdx",
        "--json=c -A -d sat /dev/sdx",
    ]
