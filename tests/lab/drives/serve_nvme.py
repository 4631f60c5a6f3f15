"""`python -m tests.lab.drives.serve_nvme --listen ADDRESS:PORT CONFIG.json`: NVMe drives by TCP until SIGTERM; SIGKILL is their power cut."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
from collections.abc import Sequence
from pathlib import Path

from tests.lab.drives.nvme_config import parse_drives
from tests.lab.drives.nvme_drive import Drive
from tests.lab.drives.nvme_tcp import Server


async def serve(host: str, port: int, drives: Sequence[Drive]) -> None:
    """Listen, say where and then "ready", end at SIGTERM or SIGINT with what is cached flushed."""
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    server = Server({drive.config.subnqn: drive for drive in drives})
    listening = await server.start(host, port)
    print(f"listening {host}:{listening}")
    print("ready", flush=True)
    await ended.wait()
    await server.stop()
    for drive in drives:
        drive.flush()


def main(argv: Sequence[str] | None = None) -> None:
    """Read the configuration and serve it."""
    parser = argparse.ArgumentParser(prog="serve_nvme")
    parser.add_argument("--listen", default="127.0.0.1:4420", metavar="ADDRESS:PORT")
    parser.add_argument("configuration", type=Path)
    arguments = parser.parse_args(argv)
    host, _, port = arguments.listen.rpartition(":")
    document = json.loads(arguments.configuration.read_text())
    drives = [Drive(config) for config in parse_drives(document, arguments.configuration.resolve().parent)]
    asyncio.run(serve(host, int(port), drives))


if __name__ == "__main__":
    main()
