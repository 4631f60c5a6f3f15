"""Every folder below one, and whatever can't be looked into: nothing of a tree is passed over in silence."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Folder:
    """A folder with the names of its files, sorted."""

    path: Path
    names: tuple[str, ...]


@dataclass(frozen=True)
class Unseen:
    """What may hold something and was not looked into, and why."""

    path: Path
    why: str


def walk(root: Path) -> Iterator[Folder | Unseen]:
    """The folder and all below it, in the order of their names, of any depth; a link out of it is not followed."""
    top = os.path.realpath(root)
    waiting = [root]
    while waiting:
        path = waiting.pop()
        try:
            with os.scandir(path) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            yield Unseen(path, f"can't be read: {error.strerror}")
            continue
        names, inner = [], []
        for entry in found:
            if entry.is_dir(follow_symlinks=False):
                inner.append(path / entry.name)
            elif is_folder(path / entry.name):
                if not _is_within(os.path.realpath(entry.path), top):
                    yield Unseen(path / entry.name, "is a link to another folder, which is not followed")
            elif entry.is_symlink() or entry.is_file():
                # A link that leads nowhere stays a name: whoever wants that file will miss it.
                names.append(entry.name)
            else:
                yield Unseen(path / entry.name, "is neither a file nor a folder")
        yield Folder(path, tuple(names))
        waiting += reversed(inner)


def is_folder(path: Path) -> bool:
    """Whether this is a folder; no error where nobody can tell, reading it will say more."""
    try:
        return path.is_dir()
    except OSError:
        return False


def _is_within(path: str, top: str) -> bool:
    return path == top or path.startswith(top.rstrip(os.sep) + os.sep)
