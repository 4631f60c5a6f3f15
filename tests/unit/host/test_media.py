"""Opening what is no disk; tests on real block devices are below tests/root."""

from pathlib import Path

import pytest

from agent.errors import MediaError, MediaVanished
from agent.host.media import open_exclusively
from agent.host.sysfs import Roots


def test_a_node_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(MediaVanished, match="not there any more"):
        open_exclusively(str(tmp_path / "sdz"), Roots())


def test_an_ordinary_file_is_no_block_device_and_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 4096)
    with pytest.raises(MediaError, match="no block device"):
        open_exclusively(str(path), Roots())
    assert path.read_bytes() == b"x" * 4096


def test_a_symbolic_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "file")
    (tmp_path / "file").write_bytes(bytes(512))
    with pytest.raises(MediaError, match="symbolic links"):
        open_exclusively(str(tmp_path / "link"), Roots())
