"""A registry's final document and the proofs in it, made in memory with the tests' fixed keys."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.serialization import Encoding

from agent.certificate.cades import sign_detached
from agent.certificate.checkpoint import Checkpoint, sign_checkpoint
from agent.certificate.log_proof import LogProof, encode_proof
from agent.certificate.page import render_page
from agent.certificate.pki import make_crl
from agent.certificate.record import encode_record
from agent.certificate.seal import seal_final
from agent.certificate.timestamp import make_token, response_of
from agent.certificate.tlog import inclusion_proof, leaf_hash, reader_of, tree_root
from agent.certificate.trust import LeafKind
from agent.model.record import Record
from tests.samples import AT, ORIGIN, Pki, leaf_key, log_key, sample_record, throwaway_pki

STAMPED = AT + timedelta(minutes=5)
SEALED = AT + timedelta(minutes=6)
SIZE, INDEX = 11, 5


@dataclass(frozen=True)
class Final:
    """Everything that a registry leaves of one record."""

    pki: Pki
    record: bytes
    signature: bytes
    proofs: dict[str, bytes]
    pdf: bytes
    log_vkey: bytes

    @property
    def root_pem(self) -> bytes:
        """The root that is trusted."""
        return self.pki.root.certificate.public_bytes(Encoding.PEM)


def make_final(record: Record | None = None, pki: Pki | None = None, stamped: datetime = STAMPED) -> Final:
    """A final document of a record, number INDEX of a log of SIZE."""
    pki = pki or throwaway_pki(test=False, name="f")
    record = record or sample_record("laptop", issuer=pki.station.issuer)
    data = encode_record(record)
    signature = sign_detached(data, pki.station, AT)
    authority, registry = leaf_key(pki, LeafKind.TIME_STAMPING), leaf_key(pki, LeafKind.REGISTRY)
    proofs = {
        "record.json.p7s.tsr": response_of(make_token(hashlib.sha256(signature).digest(), authority, 7, stamped)),
        "record.json.tlog-proof": log_proof(data),
        "crl.pem": make_crl(pki.issuing_ca, (), 1, AT).public_bytes(Encoding.PEM),
    }
    page = render_page(record, data, signature, proofs=proofs)
    later = stamped + timedelta(minutes=1)
    pdf = seal_final(page, registry, later, lambda digest: make_token(digest, authority, 8, later))
    _, vkey = log_key()
    return Final(pki, data, signature, proofs, pdf, f"{vkey.text}\n".encode())


def log_proof(record: bytes, *, seed: str = "log", index: int = INDEX, size: int = SIZE) -> bytes:
    """The proof that a record is entry `index` of a log whose other entries are fixed."""
    leaves = [leaf_hash(hashlib.sha256(f"entry {n}".encode()).digest()) for n in range(size)]
    leaves[index] = leaf_hash(hashlib.sha256(record).digest())
    read = reader_of(leaves)
    key, _ = log_key(seed)
    note = sign_checkpoint(Checkpoint(ORIGIN, size, tree_root(size, read)), key)
    return encode_proof(LogProof(index, inclusion_proof(index, size, read), note))
