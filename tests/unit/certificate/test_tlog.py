"""RFC 6962 mathematics against pymerkle and the known answers of Certificate Transparency."""

import hashlib

import pymerkle
import pytest

from agent.certificate.tiles import Tile, index_path, is_in_tree, parse_place, reader_over, tile_root, tiles_of
from agent.certificate.tlog import (
    check_consistency,
    check_inclusion,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    reader_of,
    tree_root,
)
from agent.errors import ProofInvalid

# Certificate Transparency's reference data (certificate-transparency, merkle_tree_test): eight entries, the root at each size.
ENTRIES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
SIXTH_TO_EIGHTH = [
    "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
]
SECOND_TO_FIFTH = [
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
]


def leaves_of(size: int) -> list[bytes]:
    return [leaf_hash(hashlib.sha256(str(number).encode()).digest()) for number in range(size)]


def merkle_of(size: int) -> pymerkle.InmemoryTree:
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for number in range(size):
        tree.append_entry(hashlib.sha256(str(number).encode()).digest())
    return tree


def test_known_roots() -> None:
    read = reader_of([leaf_hash(entry) for entry in ENTRIES])
    assert [tree_root(size, read).hex() for size in range(1, 9)] == ROOTS
    assert tree_root(0, read).hex() == hashlib.sha256(b"").hexdigest()


@pytest.mark.parametrize(("old", "new", "expected"), [(6, 8, SIXTH_TO_EIGHTH), (2, 5, SECOND_TO_FIFTH), (1, 1, [])])
def test_known_consistency_proofs(old: int, new: int, expected: list[str]) -> None:
    read = reader_of([leaf_hash(entry) for entry in ENTRIES])
    proof = consistency_proof(old, new, read)
    assert [each.hex() for each in proof] == expected
    check_consistency(old, bytes.fromhex(ROOTS[old - 1]), new, bytes.fromhex(ROOTS[new - 1]), proof)


def test_rfc_6962_example_proofs() -> None:
    """RFC 6962 2.1.3: the tree of seven leaves d0..d6, its audit paths and consistency proofs, spelled out by hand."""
    a, b, c, d, e, f, j = leaves_of(7)
    g, h, i = node_hash(a, b), node_hash(c, d), node_hash(e, f)
    k, ell = node_hash(g, h), node_hash(i, j)
    read = reader_of([a, b, c, d, e, f, j])
    assert inclusion_proof(0, 7, read) == (b, h, ell)
    assert inclusion_proof(3, 7, read) == (c, g, ell)
    assert inclusion_proof(4, 7, read) == (f, j, k)
    assert inclusion_proof(6, 7, read) == (i, k)
    assert consistency_proof(3, 7, read) == (c, d, g, ell)
    assert consistency_proof(4, 7, read) == (ell,)
    assert consistency_proof(6, 7, read) == (i, j, k)


def test_roots_and_proofs_as_pymerkle_makes_them() -> None:
    tree, leaves = merkle_of(70), leaves_of(70)
    read = reader_of(leaves)
    for size in range(1, 71):
        root = tree_root(size, read)
        assert root == tree.get_root(size)
        for index in range(size):
            theirs = [bytes.fromhex(each) for each in tree.prove_inclusion(index + 1, size).serialize()["path"]]
            ours = inclusion_proof(index, size, read)
            theirs.remove(leaves[index])
            assert list(ours) == theirs
            check_inclusion(leaves[index], index, size, ours, root)


def test_consistency_of_all_small_trees() -> None:
    tree, read = merkle_of(70), reader_of(leaves_of(70))
    for new in range(1, 71):
        for old in range(1, new + 1):
            proof = consistency_proof(old, new, read)
            check_consistency(old, tree.get_root(old), new, tree.get_root(new), proof)
            if old < new:
                with pytest.raises(ProofInvalid):
                    check_consistency(old, tree.get_root(old)[::-1], new, tree.get_root(new), proof)
                with pytest.raises(ProofInvalid):
                    check_consistency(old, tree.get_root(old), new, tree.get_root(new)[::-1], proof)


def test_a_large_tree_from_tiles() -> None:
    size = 70_000
    tree, leaves = merkle_of(size), leaves_of(size)
    tiles: dict[tuple[int, int], bytes] = {}
    level, hashes = 0, leaves
    while hashes:
        for index in range(0, len(hashes), 256):
            tiles[level, index // 256] = b"".join(hashes[index : index + 256])
        hashes = [tile_root(tiles[level, n]) for n in range(len(hashes) // 256)]
        level += 1
    # The example of C2SP tlog-tiles: 273 full tiles and a partial one of 112; one full and one of 17; one of 1.
    listed = list(tiles_of(size))
    assert [sum(t.level == n for t in listed) for n in range(4)] == [274, 2, 1, 0]
    assert [t.width for t in listed if t.width != 256] == [112, 17, 1]
    assert all(is_in_tree(t, size) and len(tiles[t.level, t.index]) == 32 * t.width for t in listed)
    assert not is_in_tree(Tile(0, 273, 113), size)
    read = reader_over(lambda tile_level, index: tiles[tile_level, index])
    root = tree_root(size, read)
    assert root == tree.get_root(size)
    for index in (0, 255, 256, 65_535, 65_536, 69_999):
        check_inclusion(leaves[index], index, size, inclusion_proof(index, size, read), root)
    old = tree.get_root(65_537)
    check_consistency(65_537, old, size, root, consistency_proof(65_537, size, read))


def test_what_a_proof_does_not_show() -> None:
    leaves = leaves_of(11)
    read = reader_of(leaves)
    root, proof = tree_root(11, read), inclusion_proof(5, 11, read)
    wrong = [
        (leaves[4], 5, 11, proof, root),
        (leaves[5], 4, 11, proof, root),
        (leaves[5], 5, 10, proof, tree_root(10, read)),
        (leaves[5], 5, 11, proof[:-1], root),
        (leaves[5], 5, 11, (*proof, proof[0]), root),
        (leaves[5], 5, 11, proof[::-1], root),
        (leaves[5], 11, 11, proof, root),
        (leaves[5], -1, 11, proof, root),
        (leaves[5], 5, 11, (), root),
    ]
    for case in wrong:
        with pytest.raises(ProofInvalid):
            check_inclusion(*case)
    for old, new in ((0, 11), (12, 11), (11, 10)):
        with pytest.raises(ProofInvalid):
            check_consistency(old, root, new, root, ())
        with pytest.raises(ValueError, match="no proof leads"):
            consistency_proof(old, new, read)
    with pytest.raises(ValueError, match="not in a tree"):
        inclusion_proof(11, 11, read)


def test_paths_of_tiles() -> None:
    assert index_path(1_234_067) == "x001/x234/067"  # the example of C2SP tlog-tiles
    assert Tile(0, 0).path == "tile/0/000"
    assert Tile(3, 5, 17).path == "tile/3/005.p/17"
    for tile in (Tile(0, 0), Tile(1, 999, 1), Tile(63, 1000, 255), Tile(2, 1_234_067)):
        _, level, rest = tile.path.split("/", 2)
        assert parse_place(level, rest) == tile
    for level, rest in (
        ("00", "000"), ("64", "000"), ("0", "0"), ("0", "x000/001"), ("0", "000.p/0"), ("0", "000.p/256"), ("0", "000.p/01"),
        ("0", "../000"), ("0", "000/000"), ("-1", "000"), ("0", "000.p/"), ("\u0663", "000"), ("0", "\u0663\u0663\u0663"),
    ):  # fmt: skip
        assert parse_place(level, rest) is None, (level, rest)
