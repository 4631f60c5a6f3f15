"""A simulated run never reaches anything outside its folder, whatever lies in it."""

import os
import socket
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from agent.errors import Refused
from agent.host.simulated import SimulatedMachine
from tests.unit.simulated.conftest import drive_named


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    path = tmp_path / "precious"
    path.write_bytes(b"\x11" * 4096)
    return path


def _attempts(folder: Path) -> None:
    with pytest.raises(Refused):
        SimulatedMachine(folder).discover()


def test_an_image_that_is_a_link_is_refused(laptop: Path, outside: Path) -> None:
    machine = SimulatedMachine(laptop)
    disk = drive_named(machine, "sda")
    (laptop / "drives/sda/image").unlink()
    (laptop / "drives/sda/image").symlink_to(outside)
    _attempts(laptop)
    with pytest.raises(Refused):
        machine.open_medium(disk)
    assert outside.read_bytes() == b"\x11" * 4096


def test_a_folder_that_is_a_link_is_refused(laptop: Path, tmp_path: Path) -> None:
    (laptop / "drives/sda").rename(tmp_path / "moved")
    (laptop / "drives/sda").symlink_to(tmp_path / "moved")
    _attempts(laptop)


def test_a_capture_that_is_a_link_is_refused(laptop: Path, outside: Path) -> None:
    (laptop / "dmi.json").unlink()
    (laptop / "dmi.json").symlink_to(outside)
    with pytest.raises(Refused):
        SimulatedMachine(laptop).inventory()


def test_a_state_file_that_is_a_link_is_refused(laptop: Path, outside: Path) -> None:
    (laptop / "drives/sda/state.json").symlink_to(outside)
    _attempts(laptop)
    assert outside.read_bytes() == b"\x11" * 4096


def test_a_hard_link_is_refused(laptop: Path, outside: Path) -> None:
    (laptop / "drives/sda/image").unlink()
    (laptop / "drives/sda/image").hardlink_to(outside)
    _attempts(laptop)


def test_a_device_node_is_refused_before_it_is_opened(laptop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = SimulatedMachine(laptop)
    disk = drive_named(machine, "sda")
    real, opened = os.stat, []

    def as_block_device(path, **options):  # type: ignore[no-untyped-def]
        found = real(path, **options)
        if path != "image":
            return found
        return os.stat_result((stat.S_IFBLK | 0o600, *tuple(found)[1:]))

    opener = os.open
    monkeypatch.setattr(os, "stat", as_block_device)
    monkeypatch.setattr(os, "open", lambda path, *a, **k: opened.append(path) or opener(path, *a, **k))
    with pytest.raises(Refused):
        machine.open_medium(disk)
    assert "image" not in opened


def test_a_socket_and_a_fifo_are_refused(laptop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image = laptop / "drives/sda/image"
    image.unlink()
    os.mkfifo(image)
    _attempts(laptop)
    image.unlink()
    monkeypatch.chdir(image.parent)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("image")
        _attempts(laptop)


@pytest.mark.parametrize("node", ["/dev/vda", "/dev/../sda", "sda", "/tmp/sda", "/dev/disk/sda"])
def test_a_node_that_is_not_of_this_machine_is_refused(laptop: Path, node: str) -> None:
    machine = SimulatedMachine(laptop)
    with pytest.raises(Refused):
        machine.open_medium(replace(drive_named(machine, "sda"), node=node))


@pytest.mark.parametrize("way", ["../outside", "drives/../../outside", "/etc/hostname", ""])
def test_a_path_that_leads_out_is_refused(laptop: Path, way: str) -> None:
    with pytest.raises(Refused):
        SimulatedMachine(laptop)._folder.read_bytes(way)


def test_the_boot_stick_is_never_opened(laptop: Path) -> None:
    machine = SimulatedMachine(laptop)
    with pytest.raises(Refused, match="boot medium"):
        machine.open_medium(drive_named(machine, "sdb"))
