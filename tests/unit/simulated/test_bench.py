"""Benches carry real file systems with real files, the same for the same seed."""

import hashlib
import json
import shutil
import struct
import subprocess
import sys
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.host.simulated import SimulatedMachine
from agent.model.drive import ExclusionReason
from tests.bench import make
from tests.bench.files import make_files
from tests.bench.make import BenchError, known_machines, make_bench
from tests.bench.recover import planted_digests, planted_tokens

MIB = 1024 * 1024
RECORDED = make.MACHINES
E2FS = ("mkfs.ext4", "debugfs")

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # pyfatfs reaches pkg_resources, which says that it is deprecated
    from pyfatfs.PyFatFS import PyFatFS


@pytest.fixture
def bench(tmp_path: Path, allow_programs: Callable[..., None]) -> Path:
    allow_programs(*E2FS)
    return make_bench(tmp_path / "bench", ["laptop"])[0]


def _planted(bench: Path, drive: str = "sda") -> dict:
    return json.loads((bench / "planted.json").read_text())["drives"][drive]


def test_every_planted_file_lies_in_one_piece_in_the_image(bench: Path) -> None:
    data = (bench / "drives/sda/image").read_bytes()
    planted = _planted(bench)
    assert [p["file_system"] for p in planted["partitions"]] == ["fat", "ext4"]
    assert len(planted_digests(planted)) == 14
    assert len(planted_tokens(planted)) == 21
    assert all(t.encode() in data for t in planted_tokens(planted))
    layout = json.loads((bench / "drives/sda/layout.json").read_text())
    for index, partition in enumerate(layout["partitions"]):
        for file in make_files(partition["files"], f"ardoise/laptop/sda/{index}"):
            assert data.count(file.data) == 1, file.name


def test_fat_reads_back_with_the_library(bench: Path) -> None:
    planted = _planted(bench)["partitions"][0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fat = PyFatFS(str(bench / "drives/sda/image"), offset=planted["first_lba"] * 512, read_only=True)
        found = {name: hashlib.sha256(fat.readbytes(f"/{name}")).hexdigest() for name in fat.listdir("/")}
        fat.close()
    assert found == {f["name"]: f["sha256"] for f in planted["files"]}


def test_ext4_reads_back_and_is_clean(bench: Path, tmp_path: Path, allow_programs: Callable[..., None]) -> None:
    allow_programs("e2fsck", "debugfs")
    planted = _planted(bench)["partitions"][1]
    data = (bench / "drives/sda/image").read_bytes()
    part = tmp_path / "part"
    part.write_bytes(data[planted["first_lba"] * 512 :][: planted["sectors"] * 512])
    subprocess.run(["/usr/sbin/e2fsck", "-fn", str(part)], check=True, capture_output=True)
    for file in planted["files"]:
        argv = ["/usr/sbin/debugfs", "-R", f"cat /{file['name']}", str(part)]
        content = subprocess.run(argv, check=True, capture_output=True).stdout
        assert hashlib.sha256(content).hexdigest() == file["sha256"]


def test_gpt_and_its_backup_check(bench: Path) -> None:
    data = (bench / "drives/sda/image").read_bytes()
    last = len(data) // 512 - 1
    for lba, other in ((1, last), (last, 1)):
        header = bytearray(data[lba * 512 : lba * 512 + 92])
        assert header[:8] == b"EFI PART"
        here, there = struct.unpack_from("<QQ", header, 24)
        assert (here, there) == (lba, other)
        (crc,) = struct.unpack_from("<I", header, 16)
        header[16:20] = bytes(4)
        assert crc == zlib.crc32(header)
        entries, count, size, array_crc = struct.unpack_from("<QIII", header, 72)
        assert array_crc == zlib.crc32(data[entries * 512 : entries * 512 + count * size])
    assert "DUPONT-PERSO".encode("utf-16-le") in data[1024 : 34 * 512]


def test_both_ends_of_every_drive_hold_something(bench: Path) -> None:
    for name in ("sda", "sdb"):
        data = (bench / "drives" / name / "image").read_bytes()
        assert any(data[:512])
        assert any(data[-512:])


def test_the_label_is_where_a_donor_would_have_put_it(bench: Path) -> None:
    data = (bench / "drives/sda/image").read_bytes()
    assert b"DUPONT-PERSO" in data
    assert _planted(bench)["labels"] == ["DUPONT-PERSO"]


def test_the_simulated_machine_takes_a_bench(bench: Path) -> None:
    disk, stick = SimulatedMachine(bench).discover()
    assert disk.identity.capacity_bytes == 64 * MIB
    assert disk.signatures == ("gpt", "vfat", "ext4")
    assert stick.exclusions[0].reason is ExclusionReason.BOOT_MEDIUM


def test_the_same_seed_gives_the_same_bytes(
    tmp_path: Path, allow_programs: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    allow_programs(*E2FS)
    first = make_bench(tmp_path / "a", ["laptop"], size_mib=16)[0]
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    monkeypatch.setattr("time.localtime", lambda *_: (2011, 1, 2, 3, 4, 5, 6, 2, 0))
    second = make_bench(tmp_path / "b", ["laptop"], size_mib=16)[0]
    other = make_bench(tmp_path / "c", ["laptop"], size_mib=16, seed="another")[0]
    assert (first / "planted.json").read_bytes() == (second / "planted.json").read_bytes()
    assert (first / "drives/sda/image").read_bytes() == (second / "drives/sda/image").read_bytes()
    assert not planted_tokens(_planted(first)) & planted_tokens(_planted(other))


def test_without_mkfs_ext4_the_second_file_system_is_fat_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(make, "mkfs_ext4", lambda: None)
    bench = make_bench(tmp_path, ["laptop"])[0]
    assert [p["file_system"] for p in _planted(bench)["partitions"]] == ["fat", "fat"]
    data = (bench / "drives/sda/image").read_bytes()
    assert all(t.encode() in data for t in planted_tokens(_planted(bench)))


def test_a_capture_without_a_layout_gets_the_usual_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(make, "mkfs_ext4", lambda: None)
    monkeypatch.setattr(make, "MACHINES", tmp_path / "captured")
    shutil.copytree(RECORDED / "laptop", tmp_path / "captured/mine")
    (tmp_path / "captured/mine/drives/sda/layout.json").unlink()
    planted = _planted(make_bench(tmp_path / "out", ["mine"])[0])
    assert planted["size_bytes"] == 64 * MIB
    assert len(planted_digests(planted)) == 14


def test_images_are_sparse(bench: Path) -> None:
    status = (bench / "drives/sda/image").stat()
    assert status.st_blocks * 512 < status.st_size / 4


def test_a_bench_that_is_made_again_is_as_new(bench: Path, allow_programs: Callable[..., None]) -> None:
    (bench / "drives/sda/state.json").write_text('{"died": true}')
    digest = _planted(bench)["sha256"]
    make_bench(bench.parent, ["laptop"])
    assert not (bench / "drives/sda/state.json").exists()
    assert hashlib.sha256((bench / "drives/sda/image").read_bytes()).hexdigest() == digest


def test_an_interrupted_make_leaves_no_half_bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(make, "_write_file_system", interrupted)
    with pytest.raises(KeyboardInterrupt):
        make_bench(tmp_path, ["hostile"])
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_no_bench_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "hostile").mkdir()
    (tmp_path / "hostile" / "thesis.doc").write_text("mine")
    with pytest.raises(BenchError, match="no bench"):
        make_bench(tmp_path, ["hostile"])
    assert (tmp_path / "hostile" / "thesis.doc").read_text() == "mine"


def test_the_command_says_what_it_made_and_what_it_does_not_know(
    tmp_path: Path, allow_programs: Callable[..., None]
) -> None:
    allow_programs(Path(sys.executable).name)
    command = [sys.executable, "-m", "tests.bench", "make", str(tmp_path), "no-drive", "--pace", "1000"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split()) == (0, [str(tmp_path / "no-drive")])
    assert json.loads((tmp_path / "no-drive/machine.json").read_text())["pace_bytes_per_second"] == 1000
    unknown = subprocess.run([*command[:5], "mainframe"], capture_output=True, text=True, check=False)
    assert unknown.returncode == 2
    assert "mainframe" in unknown.stderr
    assert all(name in unknown.stderr for name in known_machines())
