"""The outside authority on loopback, which is `openssl ts`; when it is away or lies, receipts do not wait for it."""

import contextlib
import hashlib
import http.server
import subprocess
import threading
import time
from pathlib import Path

import pytest
import requests
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from agent.certificate.trust import LeafKind
from server_stub.outside_tsa import answers
from tests.conftest import Allow
from tests.samples import leaf_key, throwaway_pki
from tests.unit.server_stub.proven import proven_registry
from tests.unit.server_stub.samples import evidence_of
from tests.unit.server_stub.test_log import digest_of, get, put

OUTSIDE = throwaway_pki(name="outside", organisation="Somebody else")
TSA = leaf_key(OUTSIDE, LeafKind.TIME_STAMPING)


class Authority:
    """Answers with openssl; `mode` says how."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.mode, self.asked = folder, "good", 0
        folder.mkdir()
        key = TSA.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (folder / "key.pem").write_bytes(key)
        (folder / "tsa.pem").write_bytes(TSA.chain.leaf.public_bytes(Encoding.PEM))
        (folder / "root.pem").write_bytes(OUTSIDE.root.certificate.public_bytes(Encoding.PEM))
        (folder / "ca.pem").write_bytes(OUTSIDE.issuing_ca.certificate.public_bytes(Encoding.PEM))
        (folder / "ts.cnf").write_text(
            "[tsa]\ndefault_tsa = one\n[one]\nserial = serial\nsigner_digest = sha256\ndefault_policy = 1.2.3.4\n"
            "digests = sha256\ness_cert_id_alg = sha256\n"
        )
        (folder / "serial").write_text("01\n")

    def reply(self, query: bytes) -> bytes:
        self.asked += 1
        (self.folder / "q.tsq").write_bytes(query)
        command = [
            "openssl", "ts", "-reply", "-config", "ts.cnf", "-queryfile", "q.tsq", "-signer", "tsa.pem", "-inkey", "key.pem",
            "-out", "answer.tsr",
        ]  # fmt: skip
        if self.mode != "another's" or not (self.folder / "answer.tsr").exists():
            subprocess.run(command, cwd=self.folder, check=True, capture_output=True)
        answer = (self.folder / "answer.tsr").read_bytes()
        return {"good": answer, "another's": answer, "nothing": b"", "html": b"<html>", "endless": bytes(10**6)}[
            self.mode
        ]


@contextlib.contextmanager
def answering(authority: Authority):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.headers["Content-Type"] == "application/timestamp-query"
            answer = authority.reply(query)
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def authority(tmp_path: Path, allow_programs: Allow) -> Authority:
    allow_programs("openssl")
    return Authority(tmp_path / "outside")


def outside_stamp(url: str, number: int, seconds: float = 10.0) -> bytes | None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = get(url, f"v1/certificates/{digest_of(number).hex()}/outside-stamp")
        if answer.status_code == 200:
            return answer.content
        time.sleep(0.05)
    return None


def test_its_token_is_stored_beside_and_verifies_with_its_own_root(tmp_path: Path, authority: Authority) -> None:
    with answering(authority) as tsa, proven_registry(tmp_path, outside_tsa=tsa) as url:
        assert put(url, 1).status_code == 201
        stamp = outside_stamp(url, 1)
    assert stamp is not None
    folder = authority.folder
    (folder / "stamp.tsr").write_bytes(stamp)
    (folder / "signature").write_bytes(evidence_of(1).signature)
    verified = subprocess.run(
        ["openssl", "ts", "-verify", "-data", "signature", "-in", "stamp.tsr", "-CAfile", "root.pem", "-untrusted", "ca.pem"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Verification: OK" in verified.stdout, verified.stderr


@pytest.mark.parametrize("mode", ["nothing", "html", "endless", "another's"])
def test_what_does_not_answer_the_question_is_not_kept(tmp_path: Path, authority: Authority, mode: str) -> None:
    with answering(authority) as tsa, proven_registry(tmp_path, outside_tsa=tsa) as url:
        put(url, 1)
        assert outside_stamp(url, 1) is not None
        authority.mode = mode
        assert put(url, 2).status_code == 201
        assert outside_stamp(url, 2, seconds=1.0) is None
        authority.mode = "good"
        put(url, 3)  # wakes it
        assert outside_stamp(url, 2) is not None


def test_receipts_do_not_wait_for_an_authority_that_is_away(tmp_path: Path) -> None:
    with proven_registry(tmp_path, outside_tsa="http://127.0.0.1:9/") as url:
        began = time.monotonic()
        assert put(url, 1).status_code == 201
        assert time.monotonic() - began < 5
        assert get(url, f"v1/certificates/{digest_of(1).hex()}/outside-stamp").status_code == 404


def test_what_was_missed_is_asked_for_at_the_next_start(tmp_path: Path, authority: Authority) -> None:
    with proven_registry(tmp_path) as url:
        put(url, 1)
    with answering(authority) as tsa, proven_registry(tmp_path, outside_tsa=tsa) as url:
        assert outside_stamp(url, 1) is not None
        assert requests.get(f"{url}/healthz", timeout=5).status_code == 200


def test_forms_that_are_no_answer() -> None:
    digest = hashlib.sha256(b"x").digest()
    for response in (b"", b"\x30\x00", b"<html>", bytes.fromhex("30053003020102")):
        assert not answers(response, digest, 1)
