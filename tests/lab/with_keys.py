"""`ardoise` as it is, but the key of each random pass is left in a file, so that the drive can be judged from outside: `python -m tests.lab.with_keys ...`."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from agent.__main__ import main
from agent.engine import job
from agent.engine.stream import RandomStream, Stream, open_stream
from agent.model.sanitization import PassKind, PassSpec

KEYS = Path("/lab/keys")


def _open_and_tell(spec: PassSpec) -> Stream:
    if spec.kind is not PassKind.RANDOM:
        return open_stream(spec)
    key = os.urandom(32)
    stream = RandomStream(key)
    with KEYS.open("a") as file:
        file.write(json.dumps({"key": key.hex(), "sha256": stream.key_sha256}) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return stream


if __name__ == "__main__":
    job.open_stream = _open_and_tell
    sys.exit(main())
