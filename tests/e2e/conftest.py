"""One trust chain and helpers for runs of the real commands, as a technician and a script would start them."""

import contextlib
import json
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from agent.host.simulated import SimulatedMachine
from agent.model.drive import confirmable_name
from tests.bench.make import make_bench

PASSPHRASE = "a slate is wiped clean"
START_SECONDS = 60


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict:
        """Its answer."""
        return json.loads(self.out)


def ardoise(*arguments: object, timeout: float = 240) -> Done:
    """Run `ardoise` to its end."""
    argv = [sys.executable, "-m", "agent", *map(str, arguments)]
    done = subprocess.run(
        argv, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=timeout
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Done(done.returncode, done.stdout, done.stderr)


@dataclass(frozen=True)
class Shop:
    """A trust chain with one station, as `ardoise pki` makes it."""

    pki: Path
    station: Path
    passphrase: Path

    @property
    def root(self) -> Path:
        """What auditors trust."""
        return self.pki / "root.pem"

    def desk(self, evidence: Path) -> list[object]:
        """The options of every run of this station."""
        return [
            "--operator", "op-17", "--station", self.station, "--passphrase-file", self.passphrase, "--evidence", evidence,
        ]  # fmt: skip


def make_shop(folder: Path, *, test: bool = True) -> Shop:
    """A shop of its own in `folder`."""
    passphrase = folder / "passphrase"
    passphrase.write_text(PASSPHRASE + "\n")
    pki, station = folder / "pki", folder / "station"
    kind = ["--test"] if test else []
    done = ardoise("pki", "init", pki, "--organisation", "Recycl'Ordi", *kind, "--passphrase-file", passphrase)
    assert done.code == 0, done.err
    done = ardoise(
        "pki", "issue-station", pki, "--name", "stick-07", "--out", station, "--passphrase-file", passphrase
    )
    assert done.code == 0, done.err
    return Shop(pki, station, passphrase)


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A test root with one station."""
    return make_shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture
def evidence(tmp_path: Path) -> Path:
    """An empty evidence folder."""
    folder = tmp_path / "evidence"
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def _made(tmp_path_factory: pytest.TempPathFactory):
    """Machines that were made once, to be copied."""
    folder = tmp_path_factory.mktemp("made")
    made: dict[str, Path] = {}

    def get(name: str, **options: int) -> Path:
        key = f"{name}{sorted(options.items())}"
        if key not in made:
            made[key] = make_bench(folder / str(len(made)), [name], **options)[0]
        return made[key]

    return get


@pytest.fixture
def bench(tmp_path: Path, _made):
    """Make one simulated machine: `bench("laptop", size_mib=16)`."""

    def make(name: str, **options: int) -> Path:
        return Path(shutil.copytree(_made(name, **options), tmp_path / "bench" / name))

    return make


def serials(machine: Path) -> list[str]:
    """The words that confirm each drive on offer."""
    drives = SimulatedMachine(machine).discover()
    return [confirmable_name(d, drives) for d in drives if d.on_offer]


def record_folders(evidence: Path) -> list[Path]:
    """Every record in an evidence folder."""
    return sorted(p for p in evidence.iterdir() if re.fullmatch(r"[0-9a-f]{8}-[0-9a-f-]{27}", p.name))


class RegistryProcess:
    """A registry of its own on loopback, which can be stopped and started again on the same database and port."""

    def __init__(self, folder: Path, root: Path, key: Path) -> None:
        self.database = folder / "registry.sqlite"
        self.root, self.key = root, key
        self.folder = self.database.with_suffix(".folder")
        self.crl: Path | None = None
        self.program = [sys.executable, "-m", "server_stub"]
        self.port = 0
        self.process: subprocess.Popen | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start and wait until it answers."""
        argv = [
            *self.program, "serve", "--trust", self.root, "--key", self.key,
            "--database", f"sqlite:///{self.database}", "--listen", f"127.0.0.1:{self.port}",
            "--folder", self.folder, *(["--crl", self.crl] if self.crl else []),
        ]  # fmt: skip
        self.process = subprocess.Popen(
            list(map(str, argv)),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        assert self.process.stderr is not None
        begun = time.monotonic()
        while time.monotonic() - begun < START_SECONDS:
            line = self.process.stderr.readline()
            found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
            if found:
                self.port = int(found[1])
                return
            if not line and self.process.poll() is not None:
                break
        raise AssertionError("the registry did not start")

    def stop(self, how: int = signal.SIGTERM) -> None:
        """Stop it."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(how)
            self.process.wait(30)
            if self.process.stderr is not None:
                self.process.stderr.close()
            self.process = None


@pytest.fixture
def registry(tmp_path: Path, shop: Shop, allow_programs) -> Iterator[RegistryProcess]:
    """The shop's registry, not started yet."""
    allow_programs(Path(sys.executable).name)
    process = RegistryProcess(tmp_path, shop.root, shop.pki / "registry.key.pem")
    yield process
    process.stop(signal.SIGKILL)


@pytest.fixture(autouse=True)
def _python(allow_programs) -> None:
    allow_programs(Path(sys.executable).name, "mkfs.ext4", "debugfs")
