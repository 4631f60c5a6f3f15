"""The registry's receipt: who archived which evidence, when and in which place; pure, used by both sides.

A record counts as archived only after `check_receipt` has accepted the receipt for exactly this evidence.
"""

import base64
import binascii
import hashlib
import json
import re
from dataclasses import dataclass
from datetime import datetime

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from agent.certificate.evidence import Evidence, evidence_sha256
from agent.errors import EnvironmentLacks, ReceiptInvalid
from agent.model.json_form import JsonFormError, from_json_form, to_json_form

SCHEMA = "ardoise-receipt/1"
MAX_RECEIPT_BYTES = 16 * 1024

_SHA256 = re.compile(r"[0-9a-f]{64}")
_REMEDY = "The record stays in the outbox; tell who runs the registry."


@dataclass(frozen=True)
class Receipt:
    """What the registry states; `registry` is the SHA-256 of its public key (SubjectPublicKeyInfo DER), in hex."""

    schema: str
    record_sha256: str
    evidence_sha256: str
    received_at: datetime
    registry: str
    sequence: int
    signature: str


def registry_id(key: Ed25519PublicKey) -> str:
    """The name of a registry in its receipts: SHA-256 in hex over its SubjectPublicKeyInfo."""
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def load_registry_key(pem: bytes) -> Ed25519PublicKey:
    """The registry's public key from PEM; raises EnvironmentLacks when it is none or no Ed25519 key."""
    remedy = "Ask who runs the registry for its .pub file (made by `ardoise-registry keygen`)."
    try:
        key = load_pem_public_key(pem)
    except ValueError as error:
        raise EnvironmentLacks("The registry's key is no public key in PEM form.", remedy) from error
    if not isinstance(key, Ed25519PublicKey):
        raise EnvironmentLacks("The registry's key is no Ed25519 key.", remedy)
    return key


def make_receipt(evidence: Evidence, received_at: datetime, sequence: int, key: Ed25519PrivateKey) -> bytes:
    """The signed receipt as canonical JSON; `received_at` is cut to whole milliseconds."""
    unsigned = Receipt(
        schema=SCHEMA,
        record_sha256=evidence.record_sha256,
        evidence_sha256=evidence_sha256(evidence),
        received_at=received_at,
        registry=registry_id(key.public_key()),
        sequence=sequence,
        signature="",
    )
    signature = base64.b64encode(key.sign(_signed_bytes(unsigned))).decode()
    return rfc8785.dumps(to_json_form(unsigned) | {"signature": signature})


def read_receipt(data: bytes) -> Receipt:
    """A receipt's fields, *not* verified; raises ReceiptInvalid unless it is the canonical form of a known schema."""
    if len(data) > MAX_RECEIPT_BYTES:
        raise ReceiptInvalid("The receipt is far too large.", _REMEDY)
    try:
        form = json.loads(data)
        receipt = from_json_form(form, Receipt)
        canonical = rfc8785.dumps(to_json_form(receipt))
    except (ValueError, RecursionError, JsonFormError) as error:
        raise ReceiptInvalid("The answer holds no receipt.", _REMEDY) from error
    if canonical != data:
        raise ReceiptInvalid("The receipt is not in its canonical form (RFC 8785).", _REMEDY)
    if receipt.schema != SCHEMA:
        raise ReceiptInvalid("The receipt is of an unknown kind.", "This program may be too old for the registry.")
    digests = (receipt.record_sha256, receipt.evidence_sha256, receipt.registry)
    if receipt.sequence < 1 or not all(_SHA256.fullmatch(d) for d in digests):
        raise ReceiptInvalid("The receipt's numbers or digests have a wrong form.", _REMEDY)
    return receipt


def check_receipt(data: bytes, evidence: Evidence, key: Ed25519PublicKey) -> Receipt:
    """The receipt, after proof that this registry signed it for exactly this evidence; raises ReceiptInvalid.

    Steps: 1 canonical form, 2 the registry's key is the one named, 3 its signature, 4 the record, 5 signature and document.
    """
    receipt = read_receipt(data)  # 1
    if receipt.registry != registry_id(key):  # 2
        raise ReceiptInvalid(
            "The receipt is of another registry than the one whose key is installed.",
            "Check the registry's address and its key (registry.pub.pem, or --registry-key).",
        )
    try:  # 3
        key.verify(base64.b64decode(receipt.signature, validate=True), _signed_bytes(receipt))
    except (InvalidSignature, binascii.Error, ValueError) as error:
        raise ReceiptInvalid("The receipt's signature is wrong.", _REMEDY) from error
    if base64.b64encode(base64.b64decode(receipt.signature)).decode() != receipt.signature:
        raise ReceiptInvalid("The receipt's signature is not written canonically.", _REMEDY)
    if receipt.record_sha256 != evidence.record_sha256:  # 4
        raise ReceiptInvalid("The receipt is for another record.", _REMEDY)
    if receipt.evidence_sha256 != evidence_sha256(evidence):  # 5
        raise ReceiptInvalid("The receipt is for another signature or document of this record.", _REMEDY)
    return receipt


def _signed_bytes(receipt: Receipt) -> bytes:
    form = to_json_form(receipt)
    del form["signature"]
    return rfc8785.dumps(form)
