"""Everything planted in a drive is found before it is overwritten, by tools that are not ours, and nothing after."""

import json
import mmap
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.host.simulated import SimulatedMachine
from tests.bench.make import known_machines, make_bench
from tests.bench.recover import carve, photorec_found, planted_digests, planted_tokens, strings_found

CHUNK = 1024 * 1024


@pytest.fixture
def tools(allow_programs: Callable[..., None]) -> None:
    """The programs that judge, and those that make the drives."""
    allow_programs("strings", "photorec", "mkfs.ext4", "debugfs")


def _drives(bench: Path) -> list[tuple[Path, dict]]:
    planted = json.loads((bench / "planted.json").read_text())["drives"]
    return [(bench / "drives" / name / "image", entry) for name, entry in planted.items()]


def _overwrite(bench: Path) -> None:
    machine = SimulatedMachine(bench, pace=0)
    area = mmap.mmap(-1, CHUNK)
    for drive in machine.discover():
        if not drive.on_offer:
            continue
        medium = machine.open_medium(drive)
        for offset in range(0, medium.capacity_bytes, CHUNK):
            area[:] = os.urandom(CHUNK)
            length = min(CHUNK, medium.capacity_bytes - offset)
            assert medium.write_at(offset, memoryview(area)[:length]) == length
        medium.flush()
        medium.close()


@pytest.mark.usefixtures("tools")
@pytest.mark.parametrize("machine", [name for name in known_machines() if name != "no-drive"])
def test_everything_planted_is_found_before(tmp_path: Path, machine: str) -> None:
    for image, planted in _drives(make_bench(tmp_path, [machine])[0]):
        secrets, files = strings_found(image, planted_tokens(planted)), photorec_found(image, planted)
        assert (secrets.missing, files.missing) == (frozenset(), frozenset())
        assert secrets.found
        assert files.found == planted_digests(planted)


@pytest.mark.usefixtures("tools")
@pytest.mark.parametrize("machine", ["laptop", "surface-pro-7"])
def test_nothing_is_found_after_a_real_overwrite_and_the_stick_is_untouched(tmp_path: Path, machine: str) -> None:
    bench = make_bench(tmp_path, [machine])[0]
    _overwrite(bench)
    (image, planted), (stick, spared) = _drives(bench)
    assert strings_found(image, planted_tokens(planted)).found == frozenset()
    assert photorec_found(image, planted).found == frozenset()
    assert strings_found(stick, planted_tokens(spared)).missing == frozenset()


@pytest.mark.usefixtures("tools")
def test_one_file_left_behind_is_found(tmp_path: Path) -> None:
    bench = make_bench(tmp_path, ["laptop"])[0]
    image, planted = _drives(bench)[0]
    before = image.read_bytes()
    kept = next(data for data in carve(image) if data.startswith(b"\xff\xd8\xff"))
    at = before.index(kept)
    _overwrite(bench)
    with image.open("r+b") as file:
        file.seek(at)
        file.write(kept)
    assert len(photorec_found(image, planted).found) == 1
    assert len(strings_found(image, planted_tokens(planted)).found) == 1
