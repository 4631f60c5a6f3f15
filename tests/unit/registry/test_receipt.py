"""A receipt is for one registry, one record, one signature and one document, in one form of bytes."""

import base64
import json

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from agent.certificate.evidence import Evidence, decode_evidence, encode_evidence, evidence_sha256
from agent.certificate.receipt import check_receipt, load_registry_key, make_receipt, registry_id
from agent.errors import EnvironmentLacks, MalformedRecord, ReceiptInvalid
from tests.samples import AT
from tests.unit.server_stub.samples import KEY, OTHER_KEY

EVIDENCE = Evidence(b"record", b"signature", b"document")
RECEIPT = make_receipt(EVIDENCE, AT, 7, KEY)


def _resigned(key=KEY, **changes) -> bytes:
    form = json.loads(RECEIPT) | changes
    form = {name: value for name, value in form.items() if value is not None}
    signed = rfc8785.dumps({name: value for name, value in form.items() if name != "signature"})
    return rfc8785.dumps(form | {"signature": base64.b64encode(key.sign(signed)).decode()})


def test_receipt_says_what_was_archived():
    receipt = check_receipt(RECEIPT, EVIDENCE, KEY.public_key())
    assert (receipt.sequence, receipt.received_at) == (7, AT)
    assert json.loads(RECEIPT)["sequence"] == "7"
    # `sha256sum` of coreutils over the record, and over the body of test_body_is_canonical_and_comes_back.
    assert receipt.record_sha256 == "70ce871f8a3d3fb449bc3c3ace6547cef02dfc74ffe48d912532a724bfdbe5b9"
    assert receipt.evidence_sha256 == "4897bf6eebc64899f95c975718b6543c73985d6927be4e348c942917ccf315d7"


def test_signature_is_ed25519_over_the_other_fields():
    form = json.loads(RECEIPT)
    signature = base64.b64decode(form.pop("signature"))
    KEY.public_key().verify(signature, rfc8785.dumps(form))


@pytest.mark.parametrize("position", range(len(RECEIPT)))
def test_any_flipped_byte_is_refused(position):
    damaged = bytearray(RECEIPT)
    damaged[position] ^= 0x01
    with pytest.raises(ReceiptInvalid):
        check_receipt(bytes(damaged), EVIDENCE, KEY.public_key())


def test_other_base64_of_the_same_signature_is_refused():
    form = json.loads(RECEIPT)
    spelled, letters = form["signature"], "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    other = f"{spelled[:85]}{letters[letters.index(spelled[85]) | 1]}=="
    assert base64.b64decode(other) == base64.b64decode(spelled)
    with pytest.raises(ReceiptInvalid, match="written canonically"):
        check_receipt(rfc8785.dumps(form | {"signature": other}), EVIDENCE, KEY.public_key())


@pytest.mark.parametrize(
    "other",
    [
        Evidence(b"record!", b"signature", b"document"),
        Evidence(b"record", b"signature!", b"document"),
        Evidence(b"record", b"signature", b"document!"),
    ],
)
def test_receipt_of_other_evidence_is_refused(other):
    with pytest.raises(ReceiptInvalid, match="is for another"):
        check_receipt(make_receipt(other, AT, 7, KEY), EVIDENCE, KEY.public_key())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"schema": "ardoise-receipt/2"}, "unknown kind"),
        ({"sequence": "0"}, "wrong form"),
        ({"sequence": 7}, "no receipt|canonical form"),
        ({"evidence_sha256": "AB" * 32}, "wrong form"),
        ({"received_at": "2026-11-21 14:30:00"}, "no receipt"),
        ({"received_at": None}, "no receipt"),
        ({"extra": "field"}, "canonical form"),
    ],
)
def test_wrong_form_is_refused_though_signed(changes, words):
    with pytest.raises(ReceiptInvalid, match=words):
        check_receipt(_resigned(**changes), EVIDENCE, KEY.public_key())


def test_other_spelling_of_the_same_json_is_refused():
    with pytest.raises(ReceiptInvalid, match="canonical form"):
        check_receipt(json.dumps(json.loads(RECEIPT)).encode(), EVIDENCE, KEY.public_key())


def test_key_of_another_registry_is_named_as_the_cause():
    with pytest.raises(ReceiptInvalid, match="another registry") as caught:
        check_receipt(RECEIPT, EVIDENCE, OTHER_KEY.public_key())
    assert "registry.pub.pem" in caught.value.remedy


def test_signature_by_another_key_under_our_name_is_refused():
    with pytest.raises(ReceiptInvalid, match="signature is wrong"):
        check_receipt(_resigned(OTHER_KEY), EVIDENCE, KEY.public_key())


@pytest.mark.parametrize(
    "junk", [b"", b"null", b"[]", b"<html>", b"[" * 20_000, b'{"schema":NaN}', b"9" * 9_000, b"\xff"], ids=repr
)
def test_junk_is_no_receipt(junk):
    with pytest.raises(ReceiptInvalid):
        check_receipt(junk, EVIDENCE, KEY.public_key())


def test_body_is_canonical_and_comes_back():
    body = encode_evidence(EVIDENCE)
    assert body == b'{"document":"ZG9jdW1lbnQ=","record":"cmVjb3Jk","signature":"c2lnbmF0dXJl"}'
    assert decode_evidence(body) == EVIDENCE


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"document":"ZG9jdW1lbnQ=","record":"cmVjb3Jk"}',
        b'{"document":"ZG9jdW1lbnQ=","record":"cmVjb3Jk","signature":"c2lnbmF0dXJl","x":"eA=="}',
        b'{"document":"ZG9jdW1lbnQ=","record":"cmVjb3Jk","signature":""}',
        b'{"document":"ZG9jdW1lbnQ=","record":"cmVjb3Jk","signature":7}',
        b'{"document":"ZG9jdW1lbnQ=","record":"cmVjb3Jk","signature":"c2lnbmF0dXJm"} ',
        b'{"document":"ZG9jdW1lbnQ=","record":"cmVjb3Jk","record":"cmVjb3Jk","signature":"c2lnbmF0dXJl"}',
        b'{"document":"ZG9jdW1lbnR=","record":"cmVjb3Jk","signature":"c2lnbmF0dXJl"}',
        b'{"document":"\\ud800","record":"cmVjb3Jk","signature":"c2lnbmF0dXJl"}',
        b"{" * 50_000,
    ],
)
def test_any_other_body_is_malformed(body):
    with pytest.raises(MalformedRecord):
        decode_evidence(body)


def test_evidence_digest_covers_signature_and_document():
    digests = {
        evidence_sha256(e)
        for e in (
            EVIDENCE,
            Evidence(b"record", b"signature.", b"document"),
            Evidence(b"record", b"signature", b"document."),
        )
    }
    assert len(digests) == 3


def test_registry_key_must_be_ed25519():
    curve = ec.derive_private_key(5, ec.SECP256R1()).public_key()
    pem = curve.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for wrong in (pem, b"no key", KEY.private_bytes_raw()):
        with pytest.raises(EnvironmentLacks):
            load_registry_key(wrong)
    ours = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    assert registry_id(load_registry_key(ours)) == registry_id(KEY.public_key())
