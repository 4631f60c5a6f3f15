"""The log as files that any web server can serve, and the memory of what was signed that no restored database can undo.

Tiles are written before the checkpoint that needs them. The checkpoint's file never goes back: a database that is older than
it, or of another history, is refused at the start.
"""

import contextlib
import fcntl
import hmac
import threading
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Engine

from agent.certificate.checkpoint import Checkpoint, open_checkpoint
from agent.certificate.tiles import HEIGHT, WIDTH, Tile, tiles_of
from agent.certificate.tlog import tree_root
from agent.durable import write_durably
from agent.errors import EnvironmentLacks, ProofInvalid
from server_stub.translog import LogSigner, read_head, reader, served_entries, served_tile

CHECKPOINT, VERIFIER_KEY = "checkpoint", "log.vkey"
_LOCK = ".lock"


class LogFiles:
    """One folder with checkpoint, tiles and entries; brought up to date after each new record, by one thread at a time."""

    def __init__(self, folder: Path, engine: Engine, signer: LogSigner) -> None:
        """Check what was published before against the database; raises EnvironmentLacks."""
        self._folder = folder
        self._engine = engine
        self._signer = signer
        self._working = threading.Lock()
        self._wanted = threading.Event()
        self._written = 0
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._check_not_rolled_back()
            write_durably(folder / VERIFIER_KEY, f"{signer.verifier.text}\n".encode())
        except OSError as error:
            raise _unwritable(folder, error) from error

    def update(self) -> None:
        """Write what is new; while another thread is at it, leave it to that one; raises EnvironmentLacks."""
        self._wanted.set()
        while self._wanted.is_set() and self._working.acquire(blocking=False):
            try:
                self._wanted.clear()
                with self._alone():
                    self._check_not_rolled_back()
                    self._write()
            except OSError as error:
                raise _unwritable(self._folder, error) from error
            finally:
                self._working.release()

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        # Other processes on the same database write here too, and the last one must not be the one with the older head.
        with (self._folder / _LOCK).open("wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _write(self) -> None:
        with self._engine.connect() as connection:
            head = read_head(connection)
            if not head.checkpoint or head.size < self._written:
                return
            for tile in tiles_of(head.size):
                if not _is_new(tile, self._written):
                    continue
                self._put(tile.path, served_tile(connection, tile))
                if tile.level == 0:
                    self._put(tile.path.replace("tile/0/", "tile/entries/"), served_entries(connection, tile))
        write_durably(self._folder / CHECKPOINT, head.checkpoint)
        self._written = head.size

    def _put(self, path: str, data: bytes | None) -> None:
        if data is None:
            raise AssertionError("a tile of the log's own size is missing")
        target = self._folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            write_durably(target, data)

    def _check_not_rolled_back(self) -> None:
        published = self._published()
        if published is None:
            return
        with self._engine.connect() as connection:
            head = read_head(connection)
            known = tree_root(published.size, reader(connection)) if published.size <= head.size else b""
        if not hmac.compare_digest(known, published.root):
            raise EnvironmentLacks(
                f"The database does not continue the log that was published: its checkpoint is of {published.size} entries, "
                f"the database holds {head.size} or others. Signing on would show two histories.",
                "Restore the newest copy of the database; never sign with this key from an older one.",
            )

    def _published(self) -> Checkpoint | None:
        try:
            note = (self._folder / CHECKPOINT).read_bytes()
        except FileNotFoundError:
            return None
        try:
            return open_checkpoint(note, [self._signer.verifier])
        except ProofInvalid as error:
            raise EnvironmentLacks(
                f"The published checkpoint {str(self._folder / CHECKPOINT)!r} is not of this log: {error.message}",
                "Give each log a folder of its own.",
            ) from error


def _is_new(tile: Tile, written: int) -> bool:
    return tile.index * WIDTH + tile.width > written >> (HEIGHT * tile.level)


def _unwritable(folder: Path, error: OSError) -> EnvironmentLacks:
    return EnvironmentLacks(
        f"The log's folder {str(folder)!r} can't be written: {error.strerror}.", "Check folder and space."
    )
