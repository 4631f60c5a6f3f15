"""`ardoise-registry` as a program: keys, start, errors in words, and a kill that loses nothing."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from agent.certificate.receipt import load_registry_key
from agent.errors import EnvironmentLacks, UsageError
from agent.registry.client import RegistryClient
from agent.registry.outbox import Outbox
from agent.registry.uploader import upload_pending
from server_stub.__main__ import main
from server_stub.serving import bind, parse_listen, serve_in_thread
from tests.samples import fixed_key
from tests.unit.registry.helpers import files_of, record_id
from tests.unit.server_stub.test_judge import pki_of, sealed

_PROJECT = Path(__file__).parents[3]


@pytest.fixture
def files(tmp_path):
    """A folder with a key and a trusted root; the arguments that serve with them."""
    assert main(["keygen", str(tmp_path / "registry.key")]) == 0
    (tmp_path / "root.pem").write_bytes(pki_of("a").root.certificate.public_bytes(Encoding.PEM))
    return [
        "serve", "--trust", str(tmp_path / "root.pem"), "--key", str(tmp_path / "registry.key"),
        "--database", f"sqlite:///{tmp_path / 'registry.sqlite'}",
    ]  # fmt: skip


@contextmanager
def _process(arguments: list[str], folder: Path):
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "PYTHONPATH": str(_PROJECT)}
    command = [sys.executable, "-m", "server_stub", *arguments, "--listen", "127.0.0.1:0"]
    with (
        (folder / "stderr").open("wb") as log,
        subprocess.Popen(command, cwd=folder, env=environment, stderr=log, stdin=subprocess.DEVNULL) as process,
    ):
        try:
            yield process, _address(folder / "stderr", process)
        finally:
            process.kill()


def _address(log: Path, process: subprocess.Popen) -> str:
    deadline = time.monotonic() + 60
    while "listens on " not in log.read_text():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.02)
    return log.read_text().split("listens on ")[1].split()[0]


def test_kill_between_uploads_loses_and_doubles_nothing(tmp_path, files, allow_programs):
    allow_programs(Path(sys.executable).name)
    key = load_registry_key((tmp_path / "registry.key.pub").read_bytes())
    outbox = Outbox(tmp_path / "evidence")
    outbox.evidence.mkdir()
    receipts = []
    for number in (1, 2):
        outbox.publish(record_id(number), files_of(number, sealed("a", number)))
        with _process(files, tmp_path) as (process, url):
            report = upload_pending(outbox, RegistryClient(url, key))
            process.send_signal(signal.SIGKILL)
            process.wait(30)
        assert report.complete, report
        receipts.append((outbox.evidence / record_id(number) / "receipt.json").read_bytes())
    with _process(files, tmp_path) as (process, url):
        client = RegistryClient(url, key)
        assert [client.upload(sealed("a", n)).receipt for n in (1, 2)] == receipts
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    assert outbox.scan().pending == ()
    log = (tmp_path / "stderr").read_text()
    assert "Traceback" not in log
    assert "certificates" not in log


def test_key_is_private_and_never_overwritten(tmp_path, capsys):
    path = tmp_path / "registry.key"
    assert main(["keygen", str(path)]) == 0
    made = path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    load_registry_key((tmp_path / "registry.key.pub").read_bytes())
    assert main(["keygen", str(path)]) == 3
    assert path.read_bytes() == made
    captured = capsys.readouterr()
    assert "there already" in captured.err
    assert captured.out == ""
    assert "PRIVATE" not in captured.err


def _without(arguments: list[str], option: str) -> list[str]:
    at = arguments.index(option)
    return arguments[:at] + arguments[at + 2 :]


@pytest.mark.parametrize("option", ["--trust", "--key"])
def test_missing_option_is_a_usage_error(files, option, capsys):
    with pytest.raises(SystemExit) as caught:
        main(_without(files, option))
    assert caught.value.code == 2
    assert option in capsys.readouterr().err


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        (["--key", "missing.key"], 3, "keygen"),
        (["--key", "{folder}/root.pem"], 3, "keygen"),
        (["--key", "{folder}/curve.key"], 3, "no Ed25519 key"),
        (["--trust", "missing.pem"], 3, "--trust"),
        (["--trust", "{folder}/registry.key"], 2, "root"),
        (["--crl", "{folder}/missing.crl"], 3, "--crl"),
        (["--crl", "{folder}/root.pem"], 2, "CRL"),
        (["--database", "sqlite:////nowhere/x.sqlite"], 3, "--database"),
        (["--database", "sqlite://"], 2, "in memory"),
        (["--database", "postgresql+nodriver://u:topsecret@h/d"], 2, "URL"),
        (["--listen", "8799"], 2, "HOST:PORT"),
        (["--listen", "192.0.2.77:8799"], 3, "--listen"),
    ],
)
def test_error_at_the_start_is_told_in_one_line_with_remedy(tmp_path, files, capsys, changes, code, words):
    curve = fixed_key("x").private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "curve.key").write_bytes(curve)
    capsys.readouterr()
    assert main([*files, *(part.format(folder=tmp_path) for part in changes)]) == code
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1
    assert "topsecret" not in said
    assert "Traceback" not in said
    assert isinstance(fixed_key("x"), ec.EllipticCurvePrivateKey)


def test_port_in_use_is_told_with_remedy(files, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        code = main([*files, "--listen", f"127.0.0.1:{taken.getsockname()[1]}"])
    said = capsys.readouterr().err
    assert (code, "Another program may use it" in said) == (3, True)


@pytest.mark.parametrize("text", ["", "x", ":80", "h:", "h:x", "h:65536", "h:-1", "h:²"])
def test_listen_must_be_host_and_port(text):
    with pytest.raises(UsageError):
        parse_listen(text)


def test_listen_takes_ipv4_ipv6_and_names():
    assert parse_listen("127.0.0.1:8799") == ("127.0.0.1", 8799)
    assert parse_listen("[::1]:80") == ("::1", 80)
    assert parse_listen("localhost:0") == ("localhost", 0)


def test_embedded_registry_stays_on_this_machine():
    with pytest.raises(UsageError, match="this machine only"), serve_in_thread(None, host="0.0.0.0"):
        pass
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(EnvironmentLacks):
        bind("127.0.0.1", taken.getsockname()[1])
