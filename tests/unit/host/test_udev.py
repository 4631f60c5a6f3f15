"""udev only adds, and asking it starts no program (the guard of tests/conftest.py would say so)."""

from pathlib import Path

import pytest

from agent.host import udev
from agent.host.sysfs import Roots


def test_asking_udev_starts_no_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "control").touch()
    monkeypatch.setattr(udev, "_RUNNING", tmp_path / "control")
    assert all(isinstance(path, str) and path for path in udev.plugged_at(Roots()).values())


def test_without_libudev_nothing_is_added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> object:
        raise OSError("libudev.so.1: cannot open shared object file")

    (tmp_path / "control").touch()
    monkeypatch.setattr(udev, "_RUNNING", tmp_path / "control")
    monkeypatch.setattr(udev, "_context", missing)
    assert udev.plugged_at(Roots()) == {}


def test_a_tree_of_a_test_is_not_mixed_with_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(udev, "_context", lambda: pytest.fail("udev was asked"))
    monkeypatch.setattr(udev, "_RUNNING", tmp_path)
    assert udev.plugged_at(Roots(tmp_path)) == {}
