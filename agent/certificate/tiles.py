"""Tiles of a transparency log: their paths and their arithmetic (C2SP tlog-tiles); pure.

A tile holds up to 256 hashes of one level. Hashes between the levels that tiles store are computed from them.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from agent.certificate.tlog import HASH_BYTES, HashReader, node_hash

HEIGHT = 8
WIDTH = 1 << HEIGHT
MAXIMUM_LEVEL = 63

_LEVEL = re.compile(r"0|[1-9][0-9]?")
_PATH = re.compile(r"(?P<n>(?:x[0-9]{3}/)*[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?")


@dataclass(frozen=True)
class Tile:
    """One tile's place; a `width` below 256 makes it a partial one."""

    level: int
    index: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """Where it lies below the log's address, for example `tile/0/x001/234.p/17`."""
        partial = "" if self.width == WIDTH else f".p/{self.width}"
        return f"tile/{self.level}/{index_path(self.index)}{partial}"


def index_path(index: int) -> str:
    """The number of a tile as path elements of three digits, all but the last begun with an x."""
    groups = [f"{index % 1000:03d}"]
    while index >= 1000:
        index //= 1000
        groups.append(f"x{index % 1000:03d}")
    return "/".join(reversed(groups))


def parse_place(level: str, rest: str) -> Tile | None:
    """The tile of what stands behind `tile/` in an address; None for every spelling but the one."""
    match = _PATH.fullmatch(rest)
    if not match or not _LEVEL.fullmatch(level) or int(level) > MAXIMUM_LEVEL:
        return None
    index = int(match["n"].replace("x", "").replace("/", ""))
    width = int(match["width"] or WIDTH)
    if index_path(index) != match["n"] or width > WIDTH or (match["width"] and width == WIDTH):
        return None
    return Tile(int(level), index, width)


def tiles_of(size: int) -> Iterator[Tile]:
    """All tiles of a tree, the partial ones of this size included."""
    level, hashes = 0, size
    while hashes:
        full, rest = divmod(hashes, WIDTH)
        yield from (Tile(level, index) for index in range(full))
        if rest:
            yield Tile(level, full, rest)
        level, hashes = level + 1, full


def is_in_tree(tile: Tile, size: int) -> bool:
    """Whether a tree of this size has all the hashes of the tile."""
    return tile.index * WIDTH + tile.width <= size >> (HEIGHT * tile.level)


def tile_root(hashes: bytes) -> bytes:
    """The hash of a full tile, as it stands in the tile one level above."""
    return _subtree(hashes, HEIGHT, 0)


def reader_over(tile: Callable[[int, int], bytes]) -> HashReader:
    """Subtree hashes from tiles; `tile(level, index)` gives the hashes that it has so far."""

    def read(level: int, index: int) -> bytes:
        tile_level, height = divmod(level, HEIGHT)
        first = index << height
        return _subtree(tile(tile_level, first >> HEIGHT), height, (first & (WIDTH - 1)) >> height)

    return read


def _subtree(hashes: bytes, height: int, index: int) -> bytes:
    if height == 0:
        found = hashes[index * HASH_BYTES : (index + 1) * HASH_BYTES]
        if len(found) != HASH_BYTES:
            raise ValueError("the tile does not hold this hash")
        return found
    return node_hash(_subtree(hashes, height - 1, 2 * index), _subtree(hashes, height - 1, 2 * index + 1))
