"""The transparency log inside the store's own transactions: what is receipted is logged, or neither has happened.

Tiles are kept in the database, the rightmost of each level growing in place; files for the web are made of them afterwards.
The log signs only a tree that continues the one it signed before: the stored root is computed again before each new entry.
"""

import hmac
from collections.abc import Iterator
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, insert, select, update

from agent.certificate.checkpoint import Checkpoint, sign_checkpoint
from agent.certificate.log_proof import LogProof, encode_proof
from agent.certificate.note import VerifierKey, verifier_key
from agent.certificate.tiles import WIDTH, Tile, is_in_tree, reader_over, tile_root
from agent.certificate.tlog import EMPTY_ROOT, HASH_BYTES, HashReader, inclusion_proof, leaf_hash, tree_root
from agent.errors import EnvironmentLacks
from server_stub.tables import log_entries, log_head, log_tiles


@dataclass(frozen=True)
class LogSigner:
    """The log's name and key."""

    origin: str
    key: Ed25519PrivateKey

    @property
    def verifier(self) -> VerifierKey:
        """What others verify its checkpoints with."""
        return verifier_key(self.origin, self.key.public_key())


@dataclass(frozen=True)
class Head:
    """The log as it stands: its size and root, and the checkpoint signed last (empty before the first)."""

    size: int
    root: bytes
    origin: str
    checkpoint: bytes


def prepare_log(connection: Connection) -> None:
    """Make the log's head where there is none, and log whatever is archived and not yet in it."""
    if connection.execute(select(log_head.c.id)).first() is None:
        connection.execute(
            insert(log_head).values(id=1, size=0, root=EMPTY_ROOT, origin="", checkpoint=b"", last_stamp=0)
        )


def read_head(connection: Connection) -> Head:
    """The log's head."""
    row = connection.execute(
        select(log_head.c.size, log_head.c.root, log_head.c.origin, log_head.c.checkpoint)
    ).one()
    return Head(row.size, row.root, row.origin, row.checkpoint)


def append_entry(connection: Connection, entry: bytes) -> int:
    """Put one entry at the end and return its number; raises EnvironmentLacks where the tiles are not the log's own."""
    head = read_head(connection)
    check_head(connection, head)
    connection.execute(insert(log_entries).values(number=head.size, entry=entry))
    _add_hash(connection, 0, head.size, leaf_hash(entry))
    size = head.size + 1
    connection.execute(update(log_head).values(size=size, root=tree_root(size, reader(connection))))
    return head.size


def check_head(connection: Connection, head: Head) -> None:
    """The tiles give the root that was stored; raises EnvironmentLacks."""
    try:
        root = tree_root(head.size, reader(connection))
    except ValueError:
        root = b""
    if not hmac.compare_digest(root, head.root):
        raise EnvironmentLacks(
            "The log in the database is damaged: its tiles do not give its root hash. Nothing more is signed.",
            "Restore the database from a copy that is not older than the newest checkpoint.",
        )


def sign_head(connection: Connection, signer: LogSigner) -> bytes:
    """The signed checkpoint of the log as it stands, stored as its newest."""
    head = read_head(connection)
    checkpoint = sign_checkpoint(Checkpoint(signer.origin, head.size, head.root), signer.key)
    if checkpoint != head.checkpoint:
        connection.execute(update(log_head).values(checkpoint=checkpoint, origin=signer.origin))
    return checkpoint


def prove(connection: Connection, number: int, checkpoint: bytes, size: int) -> bytes:
    """The log proof of an entry under a signed checkpoint of this size."""
    return encode_proof(LogProof(number, inclusion_proof(number, size, reader(connection)), checkpoint))


def next_stamp(connection: Connection) -> int:
    """A serial number for a time stamp, never given twice once the transaction is through (RFC 3161 2.4.2)."""
    serial: int = connection.execute(
        update(log_head).values(last_stamp=log_head.c.last_stamp + 1).returning(log_head.c.last_stamp)
    ).scalar_one()
    return serial


def reader(connection: Connection) -> HashReader:
    """Subtree hashes from the stored tiles; each tile is fetched once."""
    known: dict[tuple[int, int], bytes] = {}

    def tile(level: int, number: int) -> bytes:
        if (level, number) not in known:
            known[level, number] = read_tile(connection, level, number)
        return known[level, number]

    return reader_over(tile)


def read_tile(connection: Connection, level: int, number: int) -> bytes:
    """The hashes that a tile has so far; empty where it does not exist."""
    found: bytes | None = connection.execute(
        select(log_tiles.c.hashes).where(log_tiles.c.level == level, log_tiles.c.number == number)
    ).scalar_one_or_none()
    return found or b""


def served_tile(connection: Connection, tile: Tile) -> bytes | None:
    """What is served for a tile of this width; None where the log has not grown so far."""
    if not is_in_tree(tile, read_head(connection).size):
        return None
    return read_tile(connection, tile.level, tile.index)[: tile.width * HASH_BYTES]


def served_entries(connection: Connection, bundle: Tile) -> bytes | None:
    """The entries below a tile of level 0, each after its length in two bytes; None where there are not so many."""
    if bundle.level != 0 or not is_in_tree(bundle, read_head(connection).size):
        return None
    first = bundle.index * WIDTH
    wanted = (
        select(log_entries.c.entry)
        .where(log_entries.c.number >= first, log_entries.c.number < first + bundle.width)
        .order_by(log_entries.c.number)
    )
    return b"".join(len(entry).to_bytes(2) + entry for entry in connection.execute(wanted).scalars())


def _add_hash(connection: Connection, level: int, place: int, value: bytes) -> None:
    for at, number, hashes in _grown(connection, level, place, value):
        if len(hashes) == HASH_BYTES:
            connection.execute(insert(log_tiles).values(level=at, number=number, hashes=hashes))
        else:
            connection.execute(
                update(log_tiles).where(log_tiles.c.level == at, log_tiles.c.number == number).values(hashes=hashes)
            )


def _grown(connection: Connection, level: int, place: int, value: bytes) -> Iterator[tuple[int, int, bytes]]:
    """The tiles that one hash makes grow: its own, and the one above each that becomes full."""
    while True:
        number, width = divmod(place, WIDTH)
        hashes = read_tile(connection, level, number)
        if len(hashes) != width * HASH_BYTES:
            raise EnvironmentLacks("The log in the database is damaged: a tile has another width than its place.")
        hashes += value
        yield level, number, hashes
        if len(hashes) < WIDTH * HASH_BYTES:
            return
        level, place, value = level + 1, number, tile_root(hashes)
