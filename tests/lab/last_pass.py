"""Whether a drive holds, in every block, what the last pass of a record wrote."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from agent.engine.stream import PatternStream, RandomStream, Stream
from tests.lab.disk import MIB


def holds_last_pass(drive: Path, keys: Path, record: dict[str, Any]) -> None:
    """Raise AssertionError at the first block that differs; `keys` is what `tests.lab.observed` left."""
    stream = _stream(record["passes"][-1], keys)
    offset = 0
    with drive.open("rb") as file:
        while block := file.read(MIB):
            expected = bytearray(len(block))
            stream.fill(memoryview(expected), offset)
            assert block == expected, f"the block at {offset} is not of the last pass"
            offset += len(block)
    assert offset == int(record["identity"]["capacity_bytes"])


def _stream(last: dict[str, Any], keys: Path) -> Stream:
    if last["spec"]["kind"] == "pattern":
        return PatternStream(bytes.fromhex(last["spec"]["pattern_hex"]))
    known = {entry["sha256"]: entry["key"] for entry in map(json.loads, keys.read_text().splitlines())}
    return RandomStream(bytes.fromhex(known[last["key_sha256"]]))
