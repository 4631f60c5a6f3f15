"""`ardoise` as it is, seen from outside: `python -m tests.lab.observed ...`.

Each key of a random pass is left in a file, so that the drive can be judged; the loop device says a serial of its own, as a drive does, or
nothing could go on after a power cut; and marks are as much closer to each other as this drive is smaller.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from dataclasses import replace
from pathlib import Path

from agent.__main__ import main
from agent.engine import job, pass_keys
from agent.host import identity
from agent.model.drive import SerialSource
from agent.model.sanitization import Plan

KEYS = Path("/lab/keys")
SERIAL = "LAB-0001"
MARK_SECONDS = 0.25

_new_keys = pass_keys.new_keys
_loop = identity._loop


def _make_and_tell(plan: Plan) -> dict[int, bytes]:
    keys = _new_keys(plan)
    with KEYS.open("a") as file:
        for key in keys.values():
            file.write(json.dumps({"key": key.hex(), "sha256": hashlib.sha256(key).hexdigest()}) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return keys


def _with_serial(folder: Path, geometry: identity.Geometry) -> identity.Reading:
    found = _loop(folder, geometry)
    known = replace(found.identity, serial=SERIAL, serial_source=SerialSource.DEVICE, wwn="")
    return replace(found, identity=known)


if __name__ == "__main__":
    pass_keys.new_keys = job.new_keys = _make_and_tell
    identity._loop = _with_serial
    job.MARK_SECONDS = MARK_SECONDS
    sys.exit(main())
