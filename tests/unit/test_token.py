"""A station whose key is in a PKCS#11 token, against SoftHSM: made there, signs there, accepted by openssl and our verifier."""

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding

from agent.certificate.cades import sign_detached
from agent.certificate.cms_form import P256_ORDER
from agent.certificate.pki import STATION_LIFE, issue_for, make_request
from agent.certificate.record import encode_record
from agent.certificate.trust import load_trust
from agent.certificate.verify import verify_record
from agent.durable import write_synced
from agent.errors import KeyLocked, StationError, UsageError
from agent.host.token import TokenKey, TokenPlace, make_token_key, open_token_key
from agent.workflow.station import Station, open_station
from tests.samples import sample_record, throwaway_pki

MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
PIN = b"739184"


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """SoftHSM with one token; its library reads its configuration once in a process, so one for the module."""
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    configuration = folder / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\n")
    patch = pytest.MonkeyPatch()
    patch.setenv("SOFTHSM2_CONF", str(configuration))
    argv = [
        "softhsm2-util",
        "--init-token",
        "--free",
        "--label",
        "stick",
        "--so-pin",
        "55555555",
        "--pin",
        PIN.decode(),
    ]
    subprocess.run(argv, check=True, capture_output=True)
    yield folder
    patch.undo()


@pytest.fixture(autouse=True)
def _programs(allow_programs) -> None:
    allow_programs("openssl")


@pytest.fixture(scope="module")
def enrolled(token: Path) -> Path:
    """The folder of a station below a throw-away root, its key in the token."""
    now = datetime.now(UTC).replace(microsecond=0)
    pki = throwaway_pki(at=now, name="token")
    place, key = make_token_key(MODULE, "stick", PIN)
    certificate = issue_for(pki.issuing_ca, "stick-t", now, STATION_LIFE, key.public_key())
    assert make_request("stick-t", key).is_signature_valid
    key.close()
    folder = token / "station"
    folder.mkdir()
    write_synced(folder / "station.token.json", place.to_json())
    chain = {"station.cert": certificate, "chain": pki.issuing_ca.certificate, "root": pki.root.certificate}
    for name, one in chain.items():
        write_synced(folder / f"{name}.pem", one.public_bytes(Encoding.PEM))
    return folder


@pytest.fixture
def station(enrolled: Path) -> Iterator[Station]:
    """That station, opened."""
    opened = open_station(enrolled, PIN, datetime.now(UTC))
    yield opened
    _key(opened).close()


def _key(station: Station) -> TokenKey:
    assert isinstance(station.key.private_key, TokenKey)
    return station.key.private_key


def test_a_token_signs_records_that_verify(station: Station, tmp_path: Path) -> None:
    record = sample_record(issuer=station.key.issuer)
    data, now = encode_record(record), datetime.now(UTC)
    envelope = sign_detached(data, station.key, now)
    assert verify_record(data, envelope, load_trust(station.root_pem), now).valid
    (tmp_path / "record.json").write_bytes(data)
    (tmp_path / "record.json.p7s").write_bytes(envelope)
    (tmp_path / "root.pem").write_bytes(station.root_pem)
    argv = ["openssl", "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", "record.json.p7s", "-content",
            "record.json", "-CAfile", "root.pem", "-purpose", "any", "-out", "/dev/null"]  # fmt: skip
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_signature_has_the_lower_s(station: Station) -> None:
    signatures = {station.key.sign(b"the same bytes") for _ in range(24)}
    assert len(signatures) == 24  # a token's ECDSA is random: half of them had the upper S
    assert all(decode_dss_signature(one)[1] <= P256_ORDER // 2 for one in signatures)


def test_nothing_of_the_key_comes_out(station: Station) -> None:
    key = _key(station)
    for read in (key.private_numbers, key.private_bytes):
        with pytest.raises(UnsupportedAlgorithm):
            read()
    place = TokenPlace.from_json((station.folder / "station.token.json").read_bytes())
    assert PIN.decode() not in f"{key!r}{place!r}{station!r}"


def test_a_wrong_pin_opens_nothing(enrolled: Path) -> None:
    with pytest.raises(KeyLocked, match="PIN does not open"):
        open_station(enrolled, b"000000", datetime.now(UTC))


def test_an_absent_token_is_named(enrolled: Path) -> None:
    place = TokenPlace.from_json((enrolled / "station.token.json").read_bytes())
    with pytest.raises(StationError, match="not there"):
        open_token_key(replace(place, label="another"), PIN)
    with pytest.raises(StationError, match="does not hold"):
        open_token_key(replace(place, key_id="00"), PIN)
    with pytest.raises(StationError, match="does not say"):
        TokenPlace.from_json(b"{}")


def test_no_library_is_loaded_from_the_stick(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="one of the system"):
        open_token_key(TokenPlace(str(tmp_path / "evil.so"), "stick", "", "00"), PIN)
    with pytest.raises(UsageError, match="one of the system"):
        open_token_key(TokenPlace(f"/usr/lib/../..{tmp_path}/evil.so", "stick", "", "00"), PIN)
