"""A stick with a key (Show 5): no secret in a log, the process list, a core file or a temporary file; a stolen key is useless."""

import base64
import contextlib
import os
import pty
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from asn1crypto import keys, pem
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.e2e.conftest import RegistryProcess, ardoise, make_shop, record_folders, serials
from tests.e2e.secrets import ProcessWatch, files_with

CANARY = "zwölf Kanarienvögel in 1 Grube"
SECRET = CANARY.encode()
START_SECONDS = 20


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """All that the commands could write to besides what they are told: temporary files, home, the working folder."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(Path.cwd()), os.environ.get("PYTHONPATH", "")]))
    for name in ("tmp", "home", "work"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path


@pytest.fixture
def words(places: Path) -> Path:
    """The one place where the passphrase may be."""
    file = places / "words"
    file.write_bytes(SECRET + b"\n")
    return file


def _private_value(key_file: Path, passphrase: bytes | None) -> list[bytes]:
    """A private key's bytes as files could hold them, plain or in PEM."""
    key = load_pem_private_key(key_file.read_bytes(), passphrase)
    if hasattr(key, "private_numbers"):
        value = key.private_numbers().private_value.to_bytes(32)
    else:
        value = key.private_bytes_raw()
    # 30 of the 32 bytes in each of the three ways in which base64 can be aligned.
    spelled = [base64.b64encode(value[start : start + 30 - start % 3])[:36] for start in range(3)]
    return [value, value.hex().encode(), *spelled]


def test_the_watch_sees_what_it_looks_for(places: Path, words: Path) -> None:
    with ProcessWatch([SECRET]) as watch:
        subprocess.run([sys.executable, "-c", "import time; time.sleep(1)", CANARY], check=True)
    assert watch.leaks
    with ProcessWatch([SECRET]) as watch:
        environment = {**os.environ, "WORDS": CANARY}
        subprocess.run([sys.executable, "-c", "import time; time.sleep(1)"], check=True, env=environment)
    assert watch.leaks
    assert files_with([SECRET], [places]) == [words]


@pytest.mark.timeout(200)
def test_pki_commands_leak_nothing(places: Path, words: Path) -> None:
    given = ["--passphrase-file", words]
    root, backups = ["--root-passphrase-file", words], ["--backup-passphrase-file", words]
    said = ""
    with ProcessWatch([SECRET]) as watch:
        for argv in (
            ["init", "office", "--organisation", "X", *given],
            ["backup", "office", "--to", "A", "--to", "B", "--take-offline", *root, *backups],
            ["request", "stick", "--name", "stick-1", *given],
            ["issue-station", "office", "--name", "stick-2", "--out", "other", *given],
            ["crl", "office", *given],
            ["root-crl", "office", "--root", "A", *root],
        ):
            done = ardoise("pki", *argv)
            assert done.code == 0, done.err
            said += done.out + done.err
    work = places / "work"
    assert any(b"issue-station" in line for line in watch.seen)
    assert watch.leaks == set()
    assert CANARY not in said
    private = [
        value
        for name in ("office/ca.key.pem", "A/root.key.pem", "B/root.key.pem", "stick/station.key.pem")
        for value in _private_value(work / name, SECRET)
    ]
    assert files_with([SECRET, *private], [places]) == [words]
    assert list((places / "tmp").iterdir()) == list((places / "home").iterdir()) == []


@pytest.mark.timeout(250)
def test_a_session_and_the_registry_leak_nothing(places: Path, bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.e2e.conftest.PASSPHRASE", CANARY)
    shop_folder = places / "shop"
    shop_folder.mkdir()
    shop = make_shop(shop_folder)
    evidence = places / "evidence"
    evidence.mkdir()
    machine = bench("laptop", size_mib=16, pace=0)
    key_file = shop.pki / "registry.key.pem"
    registry = RegistryProcess(places, shop.root, key_file)
    with contextlib.ExitStack() as stack:
        stack.callback(registry.stop, signal.SIGKILL)
        registry.start()
        watch = stack.enter_context(ProcessWatch([SECRET]))
        done = ardoise(
            "sanitize", "--all", "--confirm", *serials(machine), *shop.desk(evidence), "--machine", machine,
            "--registry", registry.url, "--json",
        )  # fmt: skip
        assert done.code == 0, done.err
        assert registry.process is not None
        _no_core_limit(registry.process.pid)
        registry.process.terminate()
        _, log = registry.process.communicate(timeout=30)
    assert any(b"sanitize" in line for line in watch.seen)
    assert watch.leaks == set()
    (folder,) = record_folders(evidence)
    assert (folder / "receipt.json").exists()
    private = _private_value(shop.station / "station.key.pem", SECRET) + _private_value(key_file, None)
    assert not [s for s in (SECRET, *private) if s in (done.out + done.err + log).encode()]
    assert files_with([SECRET, *private], [places]) == sorted([shop.passphrase, key_file])


def _no_core_limit(pid: int) -> None:
    limits = Path(f"/proc/{pid}/limits").read_text()
    (line,) = [line for line in limits.splitlines() if line.startswith("Max core file size")]
    assert line.split()[4:6] == ["0", "0"]


def _waiting(argv: list[str], folder: Path) -> tuple[int, int]:
    """A process at a terminal that may dump its core, as a person left it."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        _, hard = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
        os.execve(sys.executable, [sys.executable, *argv], dict(os.environ))
    return child, terminal


def _read_until(terminal: int, text: bytes) -> None:
    shown, begun = b"", time.monotonic()
    while text not in shown and time.monotonic() - begun < START_SECONDS:
        shown += os.read(terminal, 4096)
    assert text in shown


def test_a_crash_leaves_no_core(places: Path) -> None:
    child, terminal = _waiting(["-m", "agent", "pki", "request", "stick", "--name", "s"], places / "work")
    _read_until(terminal, b"New passphrase for the station: ")
    os.write(terminal, SECRET + b"\n")
    _read_until(terminal, b"Once more: ")
    _no_core_limit(child)
    os.kill(child, signal.SIGSEGV)
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    assert os.WTERMSIG(status) == signal.SIGSEGV
    assert not os.WCOREDUMP(status)
    assert list((places / "work").iterdir()) == []


def test_the_same_crash_without_the_policy_would_leave_one(places: Path) -> None:
    # What the kernel itself says of the crash, wherever its core pattern sends the file.
    code = "import os, signal; print('here', flush=True); signal.pause()"
    child, terminal = _waiting(["-c", code], places / "work")
    _read_until(terminal, b"here")
    limit = Path(f"/proc/{child}/limits").read_text().split("Max core file size")[1].split()[1]
    os.kill(child, signal.SIGSEGV)
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    assert limit == "0" or os.WCOREDUMP(status)


def test_memory_is_closed_to_debuggers(places: Path) -> None:
    code = (
        "import ctypes; from agent.core_policy import keep_memory_private; get = lambda: ctypes.CDLL(None).prctl(3);"
        "before = get(); keep_memory_private(); print(before, get())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "0"]


@pytest.mark.timeout(200)
def test_a_stolen_key_without_its_passphrase(shop, bench, evidence: Path, tmp_path: Path, allow_programs) -> None:
    allow_programs("openssl")
    key_file = shop.station / "station.key.pem"
    _, _, der = pem.unarmor(key_file.read_bytes())
    algorithm = keys.EncryptedPrivateKeyInfo.load(der, strict=True)["encryption_algorithm"]
    assert (algorithm.kdf, algorithm.kdf_hmac, algorithm.kdf_iterations) == ("pbkdf2", "sha256", 600_000)
    assert (algorithm.encryption_cipher, algorithm.key_length, len(algorithm.kdf_salt)) == ("aes", 32, 16)
    wrong = tmp_path / "guess"
    wrong.write_text("a slate is wiped clean!\n")
    argv = ["openssl", "pkey", "-in", str(key_file), "-passin", f"file:{wrong}", "-noout"]
    assert subprocess.run(argv, capture_output=True, check=False).returncode != 0
    machine = bench("laptop", size_mib=16, pace=0)
    image = next((machine / "drives").glob("*/image"))
    before = image.read_bytes()
    done = ardoise(
        "sanitize", "--all", "--confirm", *serials(machine), "--operator", "op-1", "--station", shop.station,
        "--passphrase-file", wrong, "--evidence", evidence, "--machine", machine,
    )  # fmt: skip
    assert (done.code, "The passphrase does not open the station's key. Try again." in done.err) == (3, True)
    assert image.read_bytes() == before
    assert record_folders(evidence) == []
