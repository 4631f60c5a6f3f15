"""Keys that others may read are refused, and a FAT stick is not mistaken for one."""

import os
from pathlib import Path

import pytest

from agent.errors import EnvironmentLacks, StationError
from agent.key_mode import is_shared, keeps_modes
from agent.workflow import station
from server_stub.keys import check_private, load_key, make_key


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """A registry's key as `keygen` makes it."""
    path = tmp_path / "registry.key"
    make_key(path)
    return path


@pytest.mark.parametrize(("mode", "shared"), [(0o600, False), (0o400, False), (0o700, False), (0o640, True),
                                              (0o604, True), (0o620, True), (0o602, True), (0o644, True)])  # fmt: skip
def test_the_mode(key: Path, mode: int, shared: bool) -> None:
    key.chmod(mode)
    assert is_shared(key) is shared
    if shared:
        with pytest.raises(EnvironmentLacks, match="Group or others") as refused:
            load_key(key)
        assert f"chmod 600 {key}" in str(refused.value)
    else:
        load_key(key)


def _mounts(tmp_path: Path, kind: str) -> Path:
    device = tmp_path.stat().st_dev
    number = f"{os.major(device)}:{os.minor(device)}"
    path = tmp_path / "mountinfo"
    path.write_text(
        f"21 1 0:99 / / rw - overlay overlay rw\n36 21 {number} / {tmp_path} rw,sync shared:1 - {kind} /dev/sda1 rw\n"
    )
    return path


@pytest.mark.parametrize(("kind", "own"), [("vfat", False), ("exfat", False), ("ext4", True), ("tmpfs", True)])
def test_on_fat_a_mode_is_the_mounts(
    key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, own: bool
) -> None:
    key.chmod(0o644)
    mounts = _mounts(tmp_path, kind)
    assert keeps_modes(key, mounts) is own
    monkeypatch.setattr(station, "keeps_modes", lambda path: keeps_modes(path, mounts))
    if own:
        with pytest.raises(StationError, match="Group or others"):
            station.open_private_key(tmp_path, b"", key.name)
    else:
        # The refusal is of the key's kind, and no longer of its mode.
        with pytest.raises(StationError, match="P-256"):
            station.open_private_key(tmp_path, b"", key.name)
    with pytest.raises(EnvironmentLacks):
        check_private(key)
