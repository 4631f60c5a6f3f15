"""The registry on the host's loopback, which QEMU shows the guest as 10.0.2.2, behind TLS."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

from server_stub.app import create_app
from server_stub.judge import Judge, TrustFiles
from server_stub.keys import load_key
from server_stub.settings import Settings
from tests.boot import enrol
from tests.boot.machine import PLACE
from tests.boot.tls import make_certificate, serve_over_tls


@contextlib.contextmanager
def registry_over_tls(trust: enrol.Trust, name: str) -> Iterator[str]:
    """Serve until the block ends; gives the address for the guest. NAME.tls/tls.pem is its authority."""
    folder = PLACE / f"{name}.tls"
    folder.mkdir(parents=True, exist_ok=True)
    database = folder / "registry.sqlite"
    database.unlink(missing_ok=True)
    settings = Settings(
        key=load_key(trust.pki / "registry.key.pem"),
        verifier=Judge(TrustFiles(trust.pki / "root.pem", None)),
        database=f"sqlite:///{database}",
    )
    certificate, key = make_certificate(folder, "10.0.2.2")
    with serve_over_tls(create_app(settings), certificate, key) as port:
        yield f"https://10.0.2.2:{port}"


def archived(stick: Path) -> bool:
    """Whether the registry's receipt stands on the data partition, looked at through a copy."""
    try:
        return any(enrol.read_evidence(stick, "looking").glob("*/receipt.json"))
    except subprocess.CalledProcessError:
        return False
