"""A terminal that is closed takes the screen with it, never the jobs; and nothing stays behind."""

import os
import pty
import subprocess
import sys
import time
from pathlib import Path

from tests.e2e.conftest import Shop


def test_a_closed_terminal_ends_the_screen(bench, shop: Shop, evidence: Path) -> None:
    machine = bench("laptop", size_mib=16, pace=0)
    master, slave = pty.openpty()
    argv = [sys.executable, "-m", "agent", *shop.desk(evidence), "--machine", machine]
    process = subprocess.Popen(
        list(map(str, argv)), stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
        env=os.environ | {"TERM": "xterm-256color"},
    )  # fmt: skip
    os.close(slave)
    drawn = b""
    deadline = time.monotonic() + 60
    while b"WDC" not in drawn:
        assert time.monotonic() < deadline, drawn[-400:]
        drawn += os.read(master, 65536)
    os.close(master)
    assert process.wait(30) is not None
