"""A station's key is checked before anything depends on it."""

from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from agent.certificate.pki import lock_key
from agent.certificate.station import StationKey, load_station_key
from agent.errors import KeyLocked, StationError
from tests.samples import AT, Pki, fixed_key, throwaway_pki

WORDS = b"correct horse"


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.PEM)


def _load(
    pki: Pki,
    *,
    key: bytes | None = None,
    passphrase: bytes | None = WORDS,
    at: datetime | None = AT,
    **parts: bytes,
) -> StationKey:
    key = key or lock_key(pki.station.private_key, WORDS, iterations=1000)
    chain = pki.station.chain
    files = {
        "cert_pem": _pem(chain.leaf),
        "chain_pem": _pem(chain.issuing_ca),
        "root_pem": _pem(chain.root),
        **parts,
    }
    return load_station_key(key, passphrase=passphrase, at=at, **files)


def test_a_good_station_says_who_it_is() -> None:
    key = _load(throwaway_pki())
    assert (key.issuer.organisation, key.issuer.station) == ("Ateliers du Léman", "stick-a")
    assert key.is_test
    assert key.not_before < AT < key.not_after


def test_the_private_key_never_shows() -> None:
    key = _load(throwaway_pki())
    secret = key.private_key.private_numbers().private_value
    assert "private" not in repr(key)
    assert str(secret) not in repr(key)


@pytest.mark.parametrize("passphrase", [b"wrong", b"", None])
def test_a_wrong_passphrase_opens_nothing(passphrase: bytes | None) -> None:
    with pytest.raises(KeyLocked):
        _load(throwaway_pki(), passphrase=passphrase)


def test_an_expired_certificate_is_refused_and_an_early_clock_is_not() -> None:
    pki = throwaway_pki(name="s", days=10)
    with pytest.raises(StationError, match="expired"):
        _load(pki, at=AT + timedelta(days=11))
    assert _load(pki, at=datetime(2009, 1, 1, tzinfo=AT.tzinfo))
    assert _load(pki, at=None)


def test_a_foreign_key_or_chain_is_refused() -> None:
    a, b = throwaway_pki(), throwaway_pki(name="b")
    with pytest.raises(StationError, match="does not belong"):
        _load(a, key=lock_key(b.station.private_key, WORDS, iterations=1000))
    with pytest.raises(StationError, match="trusted root"):
        _load(a, root_pem=_pem(b.root.certificate))
    with pytest.raises(StationError, match="not issued by"):
        _load(a, chain_pem=_pem(a.root.certificate), root_pem=_pem(a.root.certificate))
    with pytest.raises(StationError, match="not a root"):
        _load(a, root_pem=_pem(a.issuing_ca.certificate))
    with pytest.raises(StationError, match="PEM"):
        _load(a, cert_pem=b"nothing")


def test_another_curve_is_refused() -> None:
    other = ec.generate_private_key(ec.SECP384R1())
    pem = other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(StationError, match="P-256"):
        _load(throwaway_pki(), key=pem)


def test_a_ca_can_not_pass_as_a_station() -> None:
    pki = throwaway_pki()
    key = lock_key(fixed_key("issuing a"), WORDS, iterations=1000)
    with pytest.raises(StationError):
        _load(pki, key=key, cert_pem=_pem(pki.issuing_ca.certificate), chain_pem=_pem(pki.root.certificate))
