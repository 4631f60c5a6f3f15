"""Notes, checkpoints and log proofs against the published examples of other programs."""

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.certificate.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint, sign_checkpoint
from agent.certificate.log_proof import LogProof, check_proof, decode_proof, encode_proof
from agent.certificate.note import open_note, parse_verifier_key, sign_note, split_note, verifier_key
from agent.certificate.tlog import inclusion_proof, leaf_hash, reader_of, tree_root
from agent.errors import ProofInvalid, UsageError

# The example of Go's documentation of golang.org/x/mod/sumdb/note, made by that program.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETERS_SEED = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
SIGNATURE = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
NOTE = f"{TEXT}\n\u2014 PeterNeumann {SIGNATURE}\n".encode()
# A key of the tests of transparency-dev/formats; its base64 holds a plus sign.
PLUS = "TEST+7997405c+AQcC+FTVKf0jlTdHDY3rbevmnKxxPjigCXlVtGe6RIr6"

LOG = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"log").digest())
OTHER = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"other").digest())
NAME = "log.example/ardoise"
KEY = verifier_key(NAME, LOG.public_key())


def test_the_published_note_verifies_and_is_made_again_to_the_byte() -> None:
    key = parse_verifier_key(PETER)
    assert open_note(NOTE, [key]) == (TEXT, (key,))
    assert sign_note(TEXT, "PeterNeumann", Ed25519PrivateKey.from_private_bytes(PETERS_SEED)) == NOTE


@pytest.mark.parametrize("text", [PETER, PLUS, KEY.text])
def test_keys_are_written_back_as_they_were(text: str) -> None:
    assert parse_verifier_key(f"{text}\n").text == text


@pytest.mark.parametrize(
    "text",
    [
        "", PETER[:-1], PETER.replace("c74f20a3", "c74f20a4"), PETER.replace("Peter", "Petra"), f"x {PETER}",
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
    ],
)  # fmt: skip
def test_keys_that_are_none(text: str) -> None:
    with pytest.raises(UsageError):
        parse_verifier_key(text)


def test_every_changed_byte_of_a_note_is_refused() -> None:
    key = parse_verifier_key(PETER)
    for place in range(len(NOTE)):
        changed = bytearray(NOTE)
        changed[place] ^= 0x01
        with pytest.raises(ProofInvalid):
            open_note(bytes(changed), [key])


def test_signatures_of_strangers_do_not_count_and_a_wrong_one_of_a_friend_spoils_the_note() -> None:
    stranger = sign_note(TEXT, "stranger", OTHER).split(b"\n\n", 1)[1]
    key = parse_verifier_key(PETER)
    assert open_note(NOTE + stranger, [key])[1] == (key,)
    with pytest.raises(ProofInvalid, match="known here"):
        open_note(TEXT.encode() + b"\n" + stranger, [key])
    wrong = sign_note("another\n", "PeterNeumann", Ed25519PrivateKey.from_private_bytes(PETERS_SEED))
    mixed = sign_note(TEXT, NAME, LOG) + wrong.split(b"\n\n", 1)[1]
    with pytest.raises(ProofInvalid, match="does not verify"):
        open_note(mixed, [key, KEY])


@pytest.mark.parametrize("note", [b"", b"a\n", b"a\n\n", NOTE[:-1], NOTE.replace(b"\n\n", b"\n"), b"\xff" + NOTE,
                                  NOTE.replace(b"If", b"I\t"), NOTE + b"\n", b"x" * 70_000])  # fmt: skip
def test_notes_that_are_none(note: bytes) -> None:
    with pytest.raises(ProofInvalid):
        open_note(note, [parse_verifier_key(PETER)])


def test_names_that_no_log_can_have() -> None:
    for name in ("", "a b", "a+b", "a\u00a0b", "a\nb", "a\u202eb"):
        with pytest.raises(UsageError):
            verifier_key(name, LOG.public_key())


def test_a_checkpoint_is_the_text_of_the_specification() -> None:
    """The example of C2SP tlog-checkpoint."""
    text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    checkpoint = parse_checkpoint(text)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20_852_163)
    assert checkpoint.text == text
    assert parse_checkpoint(f"{text}an extension line\n") == checkpoint


@pytest.mark.parametrize("text", ["a\n1\n", "a\n01\n" + "A" * 43 + "=\n", "a\n-1\n" + "A" * 43 + "=\n", "\n1\n" + "A" * 43 + "=\n",
                                  "a\n1\nAAAA\n", "a\n1\n" + "A" * 42 + "B=\n", "a\n1\n" + "A" * 43 + "=", "a\n٣\n" + "A" * 43 + "=\n"])  # fmt: skip
def test_checkpoints_that_are_none(text: str) -> None:
    with pytest.raises(ProofInvalid):
        parse_checkpoint(text)


def test_a_log_signs_for_its_own_origin_only() -> None:
    checkpoint = Checkpoint(NAME, 5, bytes(32))
    assert open_checkpoint(sign_checkpoint(checkpoint, LOG), [KEY]) == checkpoint
    foreign = sign_note(Checkpoint("another.example/log", 5, bytes(32)).text, NAME, LOG)
    with pytest.raises(ProofInvalid, match="another log"):
        open_checkpoint(foreign, [KEY])
    with pytest.raises(ProofInvalid, match="known here"):
        open_checkpoint(sign_checkpoint(checkpoint, OTHER), [KEY])


def proof_of(index: int, size: int) -> tuple[bytes, bytes]:
    digests = [hashlib.sha256(f"record {n}".encode()).digest() for n in range(size)]
    read = reader_of([leaf_hash(digest) for digest in digests])
    checkpoint = sign_checkpoint(Checkpoint(NAME, size, tree_root(size, read)), LOG)
    return digests[index], encode_proof(LogProof(index, inclusion_proof(index, size, read), checkpoint))


def test_a_proof_has_the_form_of_the_specification() -> None:
    """C2SP tlog-proof: header, index, hashes from the leaf's sibling up, an empty line, the checkpoint verbatim."""
    _, proof = proof_of(2, 5)
    lines = proof.decode().split("\n")
    assert lines[:2] == ["c2sp.org/tlog-proof@v1", "index 2"]
    sibling = leaf_hash(hashlib.sha256(b"record 3").digest())
    assert lines[2] == base64.b64encode(sibling).decode()
    assert lines[5:8] == ["", NAME, "5"]
    assert lines[10].startswith(f"\u2014 {NAME} ")


def test_a_proof_proves_its_own_record_only() -> None:
    digest, proof = proof_of(2, 5)
    logged = check_proof(proof, digest, [KEY])
    assert (logged.index, logged.checkpoint.size) == (2, 5)
    with pytest.raises(ProofInvalid, match="root hash"):
        check_proof(proof, hashlib.sha256(b"another").digest(), [KEY])
    with pytest.raises(ProofInvalid):
        check_proof(proof.replace(b"index 2", b"index 3"), digest, [KEY])
    with pytest.raises(ProofInvalid, match="known here"):
        check_proof(proof, digest, [verifier_key(NAME, OTHER.public_key())])
    with pytest.raises(ProofInvalid):
        check_proof(proof, digest, [])


def test_extra_data_is_passed_over_and_other_forms_are_refused() -> None:
    digest, proof = proof_of(0, 1)
    extra = proof.replace(b"@v1\n", b"@v1\nextra aGVsbG8=\n")
    assert check_proof(extra, digest, [KEY]) == check_proof(proof, digest, [KEY])
    for broken in (
        proof.replace(b"@v1", b"@v2"), proof.replace(b"index 0", b"index 00"), proof.replace(b"index 0", b"index -1"),
        proof.replace(b"index 0\n", b""), proof.replace(b"index 0\n", b"index 0\nAAAA\n"), proof.replace(b"\n\n", b"\n", 1),
        b"", b"x" * 200_000, extra.replace(b"aGVsbG8=", b"!"),
    ):  # fmt: skip
        with pytest.raises(ProofInvalid):
            check_proof(broken, digest, [KEY])


def test_every_changed_byte_of_a_proof_is_refused() -> None:
    digest, proof = proof_of(2, 5)
    for place in range(len(proof)):
        changed = bytearray(proof)
        changed[place] ^= 0x01
        with pytest.raises(ProofInvalid):
            check_proof(bytes(changed), digest, [KEY])


def test_parts_of_a_note() -> None:
    _, proof = proof_of(1, 2)
    text, ((name, signature),) = split_note(decode_proof(proof).checkpoint)
    assert name == NAME
    assert signature[:4] == KEY.key_id
    assert len(signature) == 68
    assert parse_checkpoint(text).size == 2
