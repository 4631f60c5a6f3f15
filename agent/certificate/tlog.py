"""The mathematics of a transparency log: RFC 6962 2.1 hashes, inclusion and consistency proofs; pure.

A tree is asked for its hashes by `HashReader`, so that the same code works on a list in memory and on tiles on a disk.
Verification follows RFC 9162 2.1.3.2 and 2.1.4.2, which check the same proofs as RFC 6962 without recursion.
"""

import hashlib
import hmac
from collections.abc import Callable, Sequence

from agent.errors import ProofInvalid

HASH_BYTES = 32
MAXIMUM_PROOF_HASHES = 63
EMPTY_ROOT = hashlib.sha256(b"").digest()

HashReader = Callable[[int, int], bytes]
"""The hash of the complete subtree number `index` of height `level` (2^level leaves), both counted from 0."""


def leaf_hash(data: bytes) -> bytes:
    """The hash of one entry (RFC 6962 2.1)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node (RFC 6962 2.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def reader_of(leaves: Sequence[bytes]) -> HashReader:
    """Subtree hashes of a list of leaf hashes, computed when asked."""

    def read(level: int, index: int) -> bytes:
        if level == 0:
            return leaves[index]
        return node_hash(read(level - 1, 2 * index), read(level - 1, 2 * index + 1))

    return read


def tree_root(size: int, read: HashReader) -> bytes:
    """The root hash of the first `size` entries (RFC 6962 2.1)."""
    return EMPTY_ROOT if size == 0 else _range_root(0, size, read)


def inclusion_proof(index: int, size: int, read: HashReader) -> tuple[bytes, ...]:
    """The audit path of one entry, the leaf's sibling first (RFC 6962 2.1.1); raises ValueError outside of the tree."""
    if not 0 <= index < size:
        raise ValueError(f"entry {index} is not in a tree of {size}")
    begin, end, path = 0, size, []
    while end - begin > 1:
        split = begin + _largest_power_below(end - begin)
        if index < split:
            path.append(_range_root(split, end, read))
            end = split
        else:
            path.append(_range_root(begin, split, read))
            begin = split
    return tuple(reversed(path))


def consistency_proof(old: int, new: int, read: HashReader) -> tuple[bytes, ...]:
    """The proof that a tree of `old` entries is the beginning of one of `new` (RFC 6962 2.1.2); raises ValueError."""
    if not 0 < old <= new:
        raise ValueError(f"no proof leads from a tree of {old} to one of {new}")
    begin, end, path, whole = 0, new, [], True
    # `whole`: the subtree that is left is the old tree itself, whose root the verifier has.
    while old < end:
        split = begin + _largest_power_below(end - begin)
        if old <= split:
            path.append(_range_root(split, end, read))
            end = split
        else:
            path.append(_range_root(begin, split, read))
            begin, whole = split, False
    if not whole:
        path.append(_range_root(begin, end, read))
    return tuple(reversed(path))


def check_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """The entry with this leaf hash is number `index` below this root (RFC 9162 2.1.3.2); raises ProofInvalid."""
    if not 0 <= index < size:
        raise ProofInvalid(f"Entry {index} can't be in a log of {size} entries.")
    found = leaf
    for sibling, on_the_left in zip(proof, _sides(index, size - 1, len(proof)), strict=True):
        found = node_hash(sibling, found) if on_the_left else node_hash(found, sibling)
    if not hmac.compare_digest(found, root):
        raise ProofInvalid("The inclusion proof does not lead to the checkpoint's root hash.")


def check_consistency(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    """The tree of `old` entries is the beginning of the tree of `new` (RFC 9162 2.1.4.2); raises ProofInvalid."""
    if not 0 < old <= new:
        raise ProofInvalid(f"A log of {new} entries can't continue one of {old}.")
    if old == new:
        if proof or not hmac.compare_digest(old_root, new_root):
            raise ProofInvalid("Two checkpoints of the same size have different root hashes.")
        return
    hashes = list(proof)
    if old & (old - 1) == 0:
        hashes.insert(0, old_root)
    if not hashes:
        raise ProofInvalid("The consistency proof is empty.")
    node, last = old - 1, new - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    from_old = from_new = hashes[0]
    for sibling, on_the_left in zip(hashes[1:], _sides(node, last, len(hashes) - 1), strict=True):
        if on_the_left:
            from_old, from_new = node_hash(sibling, from_old), node_hash(sibling, from_new)
        else:
            from_new = node_hash(from_new, sibling)
    if not hmac.compare_digest(from_old, old_root) or not hmac.compare_digest(from_new, new_root):
        raise ProofInvalid("The newer log does not continue the older one.")


def _sides(node: int, last: int, count: int) -> list[bool]:
    """For each of `count` hashes on the way up from `node`, whether it stands on the left; `last` is the level's last node."""
    sides = []
    for _ in range(count):
        if last == 0:
            raise ProofInvalid("The proof is longer than the tree is high.")
        left = bool(node & 1) or node == last
        while left and not node & 1 and node:
            node, last = node >> 1, last >> 1
        sides.append(left)
        node, last = node >> 1, last >> 1
    if last:
        raise ProofInvalid("The proof is shorter than the tree is high.")
    return sides


def _range_root(begin: int, end: int, read: HashReader) -> bytes:
    """The root of entries begin..end, where every left subtree is complete and stands at a multiple of its size."""
    size = end - begin
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return read(level, begin >> level)
    split = begin + _largest_power_below(size)
    return node_hash(_range_root(begin, split, read), _range_root(split, end, read))


def _largest_power_below(size: int) -> int:
    return 1 << ((size - 1).bit_length() - 1)
