"""Time stamps against `openssl ts`, and what is not believed."""

import hashlib
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from agent.certificate.timestamp import make_token, open_token, response_of, token_of
from agent.certificate.trust import LeafKind
from agent.errors import ProofInvalid
from tests.conftest import Allow
from tests.samples import AT, leaf_key, throwaway_pki

PKI = throwaway_pki()
TSA = leaf_key(PKI, LeafKind.TIME_STAMPING)
DATA = b"the station's signature"
DIGEST = hashlib.sha256(DATA).digest()
RESPONSE = response_of(make_token(DIGEST, TSA, 4711, AT))


@pytest.fixture(autouse=True)
def _openssl(allow_programs: Allow) -> None:
    allow_programs("openssl")


def files(folder: Path, response: bytes = RESPONSE) -> None:
    (folder / "record.json.p7s").write_bytes(DATA)
    (folder / "record.json.p7s.tsr").write_bytes(response)
    (folder / "root.pem").write_bytes(PKI.root.certificate.public_bytes(Encoding.PEM))


def openssl(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, text=True, check=False)


def ts_verify(folder: Path) -> subprocess.CompletedProcess[str]:
    # Without -untrusted: the issuing CA travels inside the token.
    at = str(int(AT.timestamp()) + 60)
    return openssl(
        folder, "ts", "-verify", "-data", "record.json.p7s", "-in", "record.json.p7s.tsr", "-CAfile", "root.pem", "-attime", at
    )  # fmt: skip


def test_openssl_verifies_and_reads_a_stamp(tmp_path: Path) -> None:
    files(tmp_path)
    verified = ts_verify(tmp_path)
    assert "Verification: OK" in verified.stdout, verified.stderr
    text = openssl(tmp_path, "ts", "-reply", "-in", "record.json.p7s.tsr", "-text").stdout
    for expected in (
        "Status: Granted.", "Hash Algorithm: sha256", "Serial number: 0x1267", "Time stamp: Nov 21 14:30:00 2026 GMT",
        "Accuracy: 0x01 seconds", "Ordering: no", "Nonce: unspecified",
    ):  # fmt: skip
        assert expected in text
    assert hashlib.sha256(DATA).hexdigest()[:16] in text.replace(" ", "").replace("-", "")


def test_openssl_refuses_a_stamp_over_other_data_and_of_another_kind_of_certificate(tmp_path: Path) -> None:
    files(tmp_path)
    (tmp_path / "record.json.p7s").write_bytes(DATA + b"!")
    assert "message imprint mismatch" in ts_verify(tmp_path).stderr
    files(tmp_path, response_of(make_token(DIGEST, leaf_key(PKI, LeafKind.REGISTRY), 1, AT)))
    assert ts_verify(tmp_path).returncode != 0


def test_a_stamp_states_serial_and_time_and_is_made_again_to_the_byte() -> None:
    stamp = open_token(token_of(RESPONSE), DIGEST)
    assert (stamp.serial, stamp.time, stamp.latest) == (4711, AT, AT + timedelta(seconds=1))
    assert (stamp.leaf, stamp.issuing_ca) == (TSA.leaf, TSA.issuing_ca)
    assert response_of(make_token(DIGEST, TSA, 4711, AT + timedelta(milliseconds=900))) == RESPONSE


def test_the_certificates_stand_in_the_order_that_der_asks_of_a_set() -> None:
    first, second = sorted((TSA.leaf, TSA.issuing_ca))
    assert RESPONSE.index(first) < RESPONSE.index(second)


def test_every_changed_byte_is_refused() -> None:
    for place in range(len(RESPONSE)):
        changed = bytearray(RESPONSE)
        changed[place] ^= 0x01
        with pytest.raises(ProofInvalid):
            open_token(token_of(bytes(changed)), DIGEST)


def test_a_stamp_over_something_else_is_refused() -> None:
    with pytest.raises(ProofInvalid, match="something else"):
        open_token(token_of(RESPONSE), hashlib.sha256(b"other").digest())


def test_what_is_no_response_at_all() -> None:
    for response in (b"", b"\x30\x00", RESPONSE[:-1], RESPONSE + b"\0", b"\0" * 20_000, token_of(RESPONSE)):
        with pytest.raises(ProofInvalid):
            token_of(response)


def test_openssls_own_token_is_not_of_the_one_form(tmp_path: Path) -> None:
    """A token of another authority, or of the same key by another program, is not taken for ours."""
    files(tmp_path)
    (tmp_path / "tsa.pem").write_bytes(TSA.chain.leaf.public_bytes(Encoding.PEM))
    (tmp_path / "ca.pem").write_bytes(TSA.chain.issuing_ca.public_bytes(Encoding.PEM))
    from cryptography.hazmat.primitives.serialization import NoEncryption, PrivateFormat  # noqa: PLC0415

    key = TSA.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "key.pem").write_bytes(key)
    (tmp_path / "ts.cnf").write_text(
        "[tsa]\ndefault_tsa = one\n[one]\nserial = serial\nsigner_digest = sha256\ndefault_policy = 1.2.3.4\ndigests = sha256\n"
        "ess_cert_id_alg = sha256\n"
    )
    (tmp_path / "serial").write_text("01\n")
    openssl(tmp_path, "ts", "-query", "-data", "record.json.p7s", "-sha256", "-cert", "-no_nonce", "-out", "q.tsq")
    made = openssl(
        tmp_path, "ts", "-reply", "-config", "ts.cnf", "-queryfile", "q.tsq", "-signer", "tsa.pem", "-inkey", "key.pem",
        "-chain", "ca.pem", "-out", "other.tsr",
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    with pytest.raises(ProofInvalid):
        open_token(token_of((tmp_path / "other.tsr").read_bytes()), DIGEST)
