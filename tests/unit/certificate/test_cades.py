"""One signing act has one envelope; other forms of the same signature are refused."""

import hashlib
from datetime import UTC, datetime

import pytest
from asn1crypto import cms, core
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding

from agent.certificate.cades import P256_ORDER, open_envelope, sign_detached, sign_digest
from agent.errors import SignatureInvalid
from tests.samples import AT
from tests.unit.certificate.conftest import Good


def _open(good: Good, der: bytes) -> None:
    open_envelope(der, hashlib.sha256(good.record).digest(), timed=True)


def _parsed(good: Good) -> cms.ContentInfo:
    return cms.ContentInfo.load(good.signature)


def test_signing_again_gives_the_same_bytes(good: Good) -> None:
    assert sign_detached(good.record, good.pki.station, AT) == good.signature
    assert sign_detached(good.record, good.pki.station, AT.replace(second=1)) != good.signature


def test_the_signing_time_comes_back_before_and_after_2050(good: Good) -> None:
    for time in (AT, datetime(2009, 1, 1, tzinfo=UTC), datetime(2051, 2, 3, 4, 5, 6, tzinfo=UTC)):
        der = sign_detached(b"x", good.pki.station, time)
        assert open_envelope(der, hashlib.sha256(b"x").digest(), timed=True).signing_time == time


def test_a_seal_is_no_signature_of_a_record(good: Good) -> None:
    digest = hashlib.sha256(good.record).digest()
    untimed = sign_digest(digest, good.pki.station, None)
    assert open_envelope(untimed, digest, timed=False).signing_time is None
    with pytest.raises(SignatureInvalid):
        open_envelope(untimed, digest, timed=True)
    with pytest.raises(SignatureInvalid):
        open_envelope(good.signature, digest, timed=False)


def test_the_other_s_is_refused(good: Good) -> None:
    parsed = _parsed(good)
    signer = parsed["content"]["signer_infos"][0]
    r, s = decode_dss_signature(signer["signature"].native)
    signer["signature"] = encode_dss_signature(r, P256_ORDER - s)
    with pytest.raises(SignatureInvalid, match="canonical"):
        _open(good, parsed.dump(force=True))


def test_an_unsigned_attribute_is_refused(good: Good) -> None:
    parsed = _parsed(good)
    signer = parsed["content"]["signer_infos"][0]
    signer["unsigned_attrs"] = [cms.CMSAttribute({"type": "content_type", "values": ["data"]})]
    with pytest.raises(SignatureInvalid, match="exact form"):
        _open(good, parsed.dump(force=True))


def test_a_second_signer_is_refused(good: Good) -> None:
    parsed = _parsed(good)
    infos = parsed["content"]["signer_infos"]
    infos.append(infos[0].copy())
    with pytest.raises(SignatureInvalid):
        _open(good, parsed.dump(force=True))


def test_null_parameters_are_refused(good: Good) -> None:
    parsed = _parsed(good)
    parsed["content"]["signer_infos"][0]["signature_algorithm"]["parameters"] = core.Null()
    with pytest.raises(SignatureInvalid, match="exact form"):
        _open(good, parsed.dump(force=True))


def test_a_certificate_more_or_less_is_refused(good: Good) -> None:
    for keep in (slice(0, 1), slice(0, 3)):
        parsed = _parsed(good)
        certificates = list(parsed["content"]["certificates"])
        certificates.append(cms.CertificateChoices.load(good.pki.root.certificate.public_bytes(Encoding.DER)))
        parsed["content"]["certificates"] = certificates[keep]
        with pytest.raises(SignatureInvalid):
            _open(good, parsed.dump(force=True))


def test_attached_content_is_refused(good: Good) -> None:
    parsed = _parsed(good)
    parsed["content"]["encap_content_info"]["content"] = good.record
    with pytest.raises(SignatureInvalid, match="exact form"):
        _open(good, parsed.dump(force=True))


@pytest.mark.parametrize(
    "der", [b"", b"\x30\x80\x00\x00", b"\x30" * 100, b"\x30\x84\xff\xff\xff\xff", b"x" * 20_000]
)
def test_other_bytes_are_refused(good: Good, der: bytes) -> None:
    with pytest.raises(SignatureInvalid):
        _open(good, der)
