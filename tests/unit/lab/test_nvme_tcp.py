"""The NVMe/TCP target with a host of the test's own: NVMe TCP Transport 1.1, 3.6; NVMe Base 2.1, 6; loopback only."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import struct
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Allow
from tests.lab.disk import plant, planted
from tests.lab.drives.nvme_config import parse_drive
from tests.lab.drives.nvme_drive import Drive
from tests.lab.drives.nvme_tcp import Server
from tests.unit.lab.nvme_host import BLOCKS, NQN, SIZE
from tests.unit.lab.nvme_tcp_host import Queue, admin_queue, connect, entry, get, io_queue, opened, put


@contextlib.asynccontextmanager
async def serving(folder: Path, **config: Any) -> AsyncIterator[tuple[Server, int]]:
    plant(folder / "namespace-1", BLOCKS)
    document = {"subnqn": NQN, "folder": str(folder), "namespaces": [{"bytes": SIZE}], **config}
    server = Server({NQN: Drive(parse_drive(document))})
    port = await server.start("127.0.0.1", 0)
    try:
        yield server, port
    finally:
        await server.stop()


async def test_the_connection_is_initialized_as_the_standard_says(tmp_path: Path) -> None:
    async with serving(tmp_path) as (_, port):
        queue = Queue(*await asyncio.open_connection("127.0.0.1", port))
        answer = await queue.initialize()
    # PDU type, flags, HLEN, PDO, PLEN; PFV, CPDA, DGST: none, MAXH2CDATA: at least 4096.
    assert struct.unpack_from("<BBBBI", answer) == (1, 0, 128, 0, 128)
    version, alignment, digests, most = struct.unpack_from("<HBBI", answer, 8)
    assert (version, alignment, digests) == (0, 0, 0)
    assert most >= 4096
    assert most % 4 == 0


async def test_an_admin_queue_and_its_properties(tmp_path: Path) -> None:
    async with serving(tmp_path) as (_, port):
        queue = await opened(port)
        early = await queue.do(entry(0x06, 0, 1), wants=4096)
        assert early.status == 0x0C << 1 | 0x8000
        answer = await queue.do(*connect(0, 0xFFFF))
        assert answer.status == 0
        assert answer.queue == 0
        controller = answer.result & 0xFFFF
        capabilities = (await queue.do(get(0x00, wide=True))).result
        # MQES, CQR, the NVM command set (bit 37), a time-out.
        assert capabilities & 0xFFFF >= 31
        assert capabilities >> 16 & 1
        assert capabilities >> 37 & 1
        assert capabilities >> 24 & 0xFF
        assert (await queue.do(get(0x08))).result == 0x00010400
        # Nothing but Fabrics commands before CC.EN.
        assert (await queue.do(entry(0x06, 0, 1), wants=4096)).status == 0x0C << 1 | 0x8000
        assert (await queue.do(get(0x1C))).result == 0
        await queue.do(put(0x14, 0x00460001))
        assert (await queue.do(get(0x1C))).result == 1
        page = (await queue.do(entry(0x06, 0, 1), wants=4096)).data
        assert len(page) == 4096
        assert struct.unpack_from("<H", page, 78) == (controller,)
        # Shutdown: SHST says complete.
        await queue.do(put(0x14, 0x00464001))
        assert (await queue.do(get(0x1C))).result & 0xC == 0x8


async def test_blocks_travel_in_capsules_and_by_r2t(tmp_path: Path) -> None:
    async with serving(tmp_path) as (_, port):
        _, controller = await admin_queue(port)
        queue = await io_queue(port, controller)
        read = await queue.do(entry(0x02, 1, 4, 0, 1), wants=1024)
        assert (read.status, read.queue, read.data) == (0, 1, planted(4) + planted(5))
        small, large = b"s" * 4096, bytes(range(256)) * 256
        assert (await queue.do(entry(0x01, 1, 8, 0, 7), small)).status == 0
        assert (await queue.do(entry(0x01, 1, 100, 0, 127), large, in_capsule=False)).status == 0
        assert (await queue.do(entry(0x02, 1, 8, 0, 7), wants=4096)).data == small
        assert (await queue.do(entry(0x02, 1, 100, 0, 127), wants=65536)).data == large
        assert (await queue.do(entry(0x02, 1, BLOCKS, 0, 0), wants=512)).status == 0x80 << 1 | 0x8000
        # More than MDTS: 32 pages of 4 KiB.
        assert (await queue.do(entry(0x02, 1, 0, 0, 511), wants=262144)).status == 0x02 << 1 | 0x8000
        assert (await queue.do(entry(0x08, 1, 8, 0, 7))).status == 0
        assert (await queue.do(entry(0x02, 1, 8, 0, 7), wants=4096)).data == bytes(4096)


async def test_many_commands_are_under_way_at_once(tmp_path: Path) -> None:
    async with serving(tmp_path) as (_, port):
        _, controller = await admin_queue(port)
        queue = await io_queue(port, controller)
        writes = {
            queue.send(entry(0x01, 1, 16 * n, 0, 15), bytes([n]) * 8192, in_capsule=n % 2 == 0): n
            for n in range(24)
        }
        for identifier in writes:
            assert (await queue.answer(identifier)).status == 0
        for n in range(24):
            assert (await queue.do(entry(0x02, 1, 16 * n, 0, 15), wants=8192)).data == bytes([n]) * 8192


async def test_what_a_connect_can_get_wrong(tmp_path: Path) -> None:
    refused = 0x182 << 1 | 0x8000
    async with serving(tmp_path) as (_, port):
        queue = await opened(port)
        assert (await queue.do(*connect(0, 0xFFFF, "nqn.2026-11.org.example:other"))).status == refused
        assert (await queue.do(*connect(0, 7))).status == refused
        assert (await queue.do(*connect(1, 1))).status == refused
        _, controller = await admin_queue(port)
        assert (await (await opened(port)).do(*connect(99, controller))).status == refused


async def test_event_requests_are_held_and_a_fifth_is_refused(tmp_path: Path) -> None:
    async with serving(tmp_path) as (_, port):
        queue, _ = await admin_queue(port)
        held = [queue.send(entry(0x0C)) for _ in range(4)]
        assert (await queue.do(entry(0x0C))).status == 0x105 << 1 | 0x8000
        assert (await queue.do(entry(0x18))).status == 0
        assert not set(held) & set(queue.answers)


async def test_a_format_is_answered_late_and_others_meanwhile(tmp_path: Path) -> None:
    async with serving(tmp_path, timing={"format": 0.3}) as (_, port):
        queue, _ = await admin_queue(port)
        formatting = queue.send(entry(0x80, 1, 1 << 9))
        assert (await queue.do(entry(0x18))).status == 0
        assert formatting not in queue.answers
        assert (await queue.answer(formatting)).status == 0
        assert (tmp_path / "namespace-1").read_bytes() == bytes(SIZE)


async def test_a_sanitize_goes_on_by_itself(tmp_path: Path) -> None:
    async with serving(tmp_path, timing={"sanitize": 0.2}) as (_, port):
        queue, controller = await admin_queue(port)
        blocks = await io_queue(port, controller)
        assert (await queue.do(entry(0x84, 0, 2))).status == 0
        assert (await blocks.do(entry(0x02, 1), wants=512)).status == 0x1D << 1 | 0x8000
        status = 2
        while status == 2:
            await asyncio.sleep(0.02)
            page = (await queue.do(entry(0x02, 0xFFFFFFFF, 0x81 | 127 << 16), wants=512)).data
            status = struct.unpack_from("<H", page, 2)[0] & 7
        assert status == 1
        assert (await blocks.do(entry(0x02, 1), wants=512)).data == bytes(512)


async def test_a_silent_host_loses_its_controller(tmp_path: Path) -> None:
    async with serving(tmp_path) as (server, port):
        queue, controller = await admin_queue(port, keep_alive_ms=100)
        other = await io_queue(port, controller)
        assert len(server.controllers) == 1
        assert await asyncio.wait_for(queue.reader.read(), 5) == b""
        assert await asyncio.wait_for(other.reader.read(), 5) == b""
        assert not server.controllers


async def test_the_end_of_the_admin_queue_ends_the_others(tmp_path: Path) -> None:
    async with serving(tmp_path) as (server, port):
        queue, controller = await admin_queue(port)
        other = await io_queue(port, controller)
        queue.writer.close()
        assert await asyncio.wait_for(other.reader.read(), 5) == b""
        assert not server.controllers


@pytest.mark.parametrize(
    "broken",
    [
        struct.pack("<BBBBI", 0x0A, 0, 24, 0, 24) + bytes(16),
        struct.pack("<BBBBI", 0x04, 0, 72, 0, 0xFFFFFFFF) + bytes(64),
        struct.pack("<BBBBI", 0x04, 0, 8, 0, 72) + bytes(64),
        # H2CData that was not asked for.
        struct.pack("<BBBBIHHII4x", 0x06, 4, 24, 24, 28, 1, 77, 0, 4) + b"data",
    ],
)
async def test_a_host_that_breaks_the_protocol_is_told_so(tmp_path: Path, broken: bytes) -> None:
    async with serving(tmp_path) as (_, port):
        queue = await opened(port)
        queue.writer.write(broken)
        told = await asyncio.wait_for(queue.reader.read(), 5)
        # C2HTermReq: type 3, header of 24 bytes.
        assert told[0] == 3
        assert told[2] == 24
        assert (await opened(port)).writer


async def test_the_program_survives_being_killed_in_a_sanitize(tmp_path: Path, allow_programs: Allow) -> None:
    allow_programs(Path(sys.executable).name)
    drive = {
        "subnqn": NQN,
        "folder": "drive",
        "namespaces": [{"bytes": SIZE}],
        "timing": {"sanitize": 1.5},
        "capabilities": {"volatile_cache": True},
    }
    other = {**drive, "subnqn": NQN + "-2", "folder": "other"}
    (tmp_path / "config.json").write_text(json.dumps({"drives": [drive, other]}))
    (tmp_path / "drive").mkdir()
    plant(tmp_path / "drive" / "namespace-1", BLOCKS)
    process, port = await _started(tmp_path)
    queue, controller = await admin_queue(port)
    blocks = await io_queue(port, controller)
    assert (await blocks.do(entry(0x01, 1, 0, 0, 0), b"w" * 512)).status == 0
    assert (await blocks.do(entry(0x02, 1), wants=512)).data == b"w" * 512
    process.kill()
    await process.wait()
    # What was not flushed is gone with the power.
    assert (tmp_path / "drive" / "namespace-1").read_bytes()[:512] == planted(0)
    process, port = await _started(tmp_path)
    queue, _ = await admin_queue(port)
    assert (await queue.do(entry(0x84, 0, 2))).status == 0
    await asyncio.sleep(0.5)
    process.kill()
    await process.wait()
    half = (tmp_path / "drive" / "namespace-1").read_bytes()
    assert half[:512] == bytes(512)
    assert half[-512:] == planted(BLOCKS - 1)
    process, port = await _started(tmp_path)
    queue, _ = await admin_queue(port)
    page = (await queue.do(entry(0x02, 0xFFFFFFFF, 0x81 | 127 << 16), wants=512)).data
    assert struct.unpack_from("<H", page, 2)[0] & 7 == 2
    await asyncio.sleep(1.6)
    page = (await queue.do(entry(0x02, 0xFFFFFFFF, 0x81 | 127 << 16), wants=512)).data
    assert struct.unpack_from("<HHI", page) == (0xFFFF, 0x101, 2)
    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), 10) == 0
    assert (tmp_path / "drive" / "namespace-1").read_bytes() == bytes(SIZE)


async def _started(folder: Path) -> tuple[asyncio.subprocess.Process, int]:
    argv = ("-m", "tests.lab.drives.serve_nvme", "--listen", "127.0.0.1:0", str(folder / "config.json"))
    process = await asyncio.create_subprocess_exec(sys.executable, *argv, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    listening = (await process.stdout.readline()).decode()
    assert (await process.stdout.readline()) == b"ready\n"
    return process, int(listening.rpartition(":")[2])
