"""Giving back what HPA, AMA and DCO hide: hdparm's arguments and their order, the kernel's second look, the second reading."""

from pathlib import Path

import pytest

from agent.errors import AgentError, Refused, ToolFailed, ToolMissing
from agent.host import hidden_area_restore, run
from agent.host.hidden_area_restore import POWER_CYCLE, Restoration, restore_hidden_areas
from agent.model.drive import HiddenAreas, HiddenAreaState
from agent.model.firmware import ToolRun
from tests.conftest import Allow
from tests.unit.host.programs import install
from tests.unit.host.scsi_answers import Answers, ata_words
from tests.unit.host.trees import Tree, sata

NODE = "/dev/sda"
HPA, DCO = 1 << 10, 0x4000 | 1 << 11
FULL, SET, SHOWN = 131072, 120000, 100000
# hdparm and the kernel in one: `native`, `real` and the sysfs `size` are files that a command changes. The kernel's size
# follows at once here; what a rescan has to do is tested apart.
SCRIPT = """
cd {state}
case "$*" in
"-N {node}")
  n=$(cat native); s=$(cat {size}); if [ $n -gt $s ]; then w=enabled; else w=disabled; fi
  printf '\\n/dev/sda:\\n max sectors   = %s/%s, HPA is %s\\n' $s $n $w;;
*"-N p"*) {set_max};;
*--dco-identify*) printf 'DCO Checksum verified.\\n\\tReal max sectors: %s\\n' $(cat real);;
*--dco-restore*) {restore};;
esac
"""
SETS = "echo $3 | tr -d p > {size}"
RESTORES = "cat real > native"


@pytest.fixture(autouse=True)
def _hdparm(allow_programs: Allow) -> None:
    allow_programs("hdparm")


class Disk:
    """One drive with its sysfs folder, and hdparm for it."""

    def __init__(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, drive: Answers) -> None:
        self.tree = Tree(tmp_path / "root")
        self.folder = sata(self.tree, size=f"{SHOWN}\n")
        self.rescan = self.folder / "device/rescan"
        self.rescan.write_text("")
        self._state = tmp_path
        self._monkeypatch = monkeypatch
        self.drive = drive

    def hdparm(self, *, native: int, real: int, set_max: str = SETS, restore: str = RESTORES) -> Path:
        size = self.folder / "size"
        (self._state / "native").write_text(f"{native}\n")
        (self._state / "real").write_text(f"{real}\n")
        script = SCRIPT.format(
            state=self._state,
            node=NODE,
            size=size,
            set_max=set_max.format(size=size),
            restore=restore.format(size=size),
        )
        return install(self._state / "bin", self._monkeypatch, "hdparm", script)

    def restore_areas(self) -> Restoration:
        return restore_hidden_areas(NODE, self.tree.roots, patience=0.0)


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, drive: Answers) -> Disk:
    drive.identify(ata_words(w82=HPA, w83=DCO))
    return Disk(tmp_path, monkeypatch, drive)


def changes(log: Path) -> list[str]:
    return [line for line in log.read_text().splitlines() if line.startswith("--yes")]


def test_nothing_hidden_runs_nothing(disk: Disk) -> None:
    log = disk.hdparm(native=SHOWN, real=SHOWN)
    assert disk.restore_areas() == Restoration(HiddenAreas(HiddenAreaState.NONE_FOUND, SHOWN, SHOWN))
    assert changes(log) == []


def test_a_drive_that_is_not_believed_is_left_alone(disk: Disk) -> None:
    log = disk.hdparm(native=SHOWN - 1, real=SHOWN)
    assert disk.restore_areas().areas.state is HiddenAreaState.NOT_EXAMINED
    assert changes(log) == []


def test_an_hpa(disk: Disk) -> None:
    log = disk.hdparm(native=FULL, real=FULL)
    done = disk.restore_areas()
    assert changes(log) == [f"--yes-i-know-what-i-am-doing -N p{FULL} {NODE}"]
    assert done.areas == HiddenAreas(HiddenAreaState.NONE_FOUND, FULL, FULL)
    assert done.words == f"{FULL - SHOWN} hidden sectors were given back."
    assert len(done.tools) == 1
    assert disk.rescan.read_text() == "1"


def test_the_hpa_before_the_dco_and_what_shows_then(disk: Disk) -> None:
    log = disk.hdparm(native=SET, real=FULL)
    done = disk.restore_areas()
    assert changes(log) == [
        f"--yes-i-know-what-i-am-doing -N p{SET} {NODE}",
        f"--yes-i-know-what-i-am-doing --dco-restore {NODE}",
        f"--yes-i-know-what-i-am-doing -N p{FULL} {NODE}",
    ]
    assert done.areas == HiddenAreas(HiddenAreaState.NONE_FOUND, FULL, FULL)


def test_a_second_lasting_change_that_is_refused(disk: Disk) -> None:
    refused = f"case $3 in p{FULL}) exit 5;; esac; {SETS}"
    disk.hdparm(native=SET, real=FULL, set_max=refused)
    done = disk.restore_areas()
    assert done.areas == HiddenAreas(HiddenAreaState.PRESENT, SET, FULL)
    assert done.words == POWER_CYCLE
    assert [t.code for t in done.tools] == [0, 0, 5]


@pytest.mark.parametrize("answer", ["true", "printf 'SG_IO: bad/missing sense data, sb[]:  f0 00 0b\\n' >&2"])
def test_an_end_with_0_is_no_success(disk: Disk, answer: str) -> None:
    disk.hdparm(native=FULL, real=FULL, set_max=answer, restore=answer)
    done = disk.restore_areas()
    assert done.areas == HiddenAreas(HiddenAreaState.PRESENT, SHOWN, FULL)
    assert done.words == POWER_CYCLE


def test_a_dco_alone(disk: Disk) -> None:
    log = disk.hdparm(native=SHOWN, real=FULL, restore=f"{RESTORES}; cat real > {{size}}")
    assert disk.restore_areas().areas.state is HiddenAreaState.NONE_FOUND
    assert changes(log) == [f"--yes-i-know-what-i-am-doing --dco-restore {NODE}"]


def test_libata_looks_at_its_port_again_where_a_rescan_changed_nothing(disk: Disk) -> None:
    hosts = disk.tree.roots.sys / "class/scsi_host"
    for name in ("host0", "host1"):
        (hosts / name).mkdir(parents=True)
        (hosts / name / "scan").write_text("")
    disk.hdparm(native=FULL, real=FULL, set_max="true")
    disk.restore_areas()
    assert (hosts / "host0/scan").read_text() == "- - -"
    # another drive's port
    assert (hosts / "host1/scan").read_text() == ""


def test_without_identify_data_nothing_is_asked(disk: Disk) -> None:
    disk.drive.identify(bytes(512))
    with pytest.raises(ToolFailed, match="checksum"):
        disk.restore_areas()


@pytest.mark.parametrize("error", [ToolMissing("gone"), ToolFailed(("hdparm",), None, "died"), Refused("used")])
def test_what_fails_after_the_first_change_hides_nothing_of_it(
    disk: Disk, monkeypatch: pytest.MonkeyPatch, error: AgentError
) -> None:
    disk.hdparm(native=SET, real=FULL)
    original = hidden_area_restore.run_tool

    def once(argv: tuple[str, ...], timeout: float) -> ToolRun:
        if "--dco-restore" in argv:
            raise error
        return original(argv, timeout)

    monkeypatch.setattr(hidden_area_restore, "run_tool", once)
    done = disk.restore_areas()
    assert [t.argv[2:4] for t in done.tools] == [("-N", f"p{SET}")]
    assert done.areas == HiddenAreas(HiddenAreaState.PRESENT, SET, FULL)
    assert done.words == POWER_CYCLE


def test_without_hdparm_nothing_was_changed_and_that_is_said(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    log = disk.hdparm(native=FULL, real=FULL)
    original = hidden_area_restore.native_sectors
    program = log.parent / "hdparm"

    def goes(node: str, sectors: int) -> int | None:
        told = original(node, sectors)
        program.unlink()
        return told

    monkeypatch.setattr(hidden_area_restore, "native_sectors", goes)
    monkeypatch.setattr(run, "SEARCH_PATH", "/usr/bin:/bin")
    with pytest.raises(ToolMissing):
        disk.restore_areas()
