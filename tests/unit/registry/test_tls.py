"""TLS is checked, and a dead clock is told as such."""

import http.server
import ssl
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from agent.certificate.receipt import make_receipt
from agent.errors import RegistryUnavailable
from agent.registry.client import Archived, RegistryClient, Timing
from tests.samples import AT, fixed_key
from tests.unit.server_stub.samples import KEY, evidence_of

_DEAD_CLOCK = datetime(2009, 1, 1, 0, 3, tzinfo=UTC)


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_PUT(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        body = make_receipt(evidence_of(1), AT, 1, KEY)
        self.send_response(201)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        return


class _Server(http.server.HTTPServer):
    def handle_error(self, request, client_address):
        return


@contextmanager
def _tls_registry(folder, begins: timedelta):
    key = fixed_key("tls")
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    begin = datetime.now(UTC) + begins
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, begin, begin + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    assert isinstance(key.curve, ec.SECP256R1)
    pem = folder / "tls.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    pem.write_bytes(private + certificate.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{server.server_port}", pem
        server.shutdown()
        thread.join(10)


def _client(url, trusted=None) -> RegistryClient:
    session = requests.Session()
    if trusted is not None:
        session.verify = str(trusted)
    return RegistryClient(
        url,
        KEY.public_key(),
        session=session,
        timing=Timing(sleep=lambda _: None, now=lambda: _DEAD_CLOCK),
        attempts=2,
    )


def test_trusted_certificate_is_accepted(tmp_path):
    with _tls_registry(tmp_path, timedelta(days=-1)) as (url, pem):
        assert isinstance(_client(url, pem).upload(evidence_of(1)), Archived)


def test_untrusted_certificate_is_refused(tmp_path):
    with (
        _tls_registry(tmp_path, timedelta(days=-1)) as (url, _),
        pytest.raises(RegistryUnavailable, match="No trusted TLS"),
    ):
        _client(url).upload(evidence_of(1))


@pytest.mark.parametrize("begins", [timedelta(days=2), timedelta(days=-60)], ids=["not yet valid", "expired"])
def test_certificate_outside_its_time_is_told_as_a_clock_that_may_be_wrong(tmp_path, begins):
    with (
        _tls_registry(tmp_path, begins) as (url, pem),
        pytest.raises(RegistryUnavailable, match="clock may be wrong") as caught,
    ):
        _client(url, pem).upload(evidence_of(1))
    assert "2009-01-01 00:03" in caught.value.remedy
