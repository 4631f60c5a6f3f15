"""What `ardoise verify` was asked about: single files, evidence folders, whole trees and ZIP archives; nothing is ever extracted.

An archive is foreign: names are only shown, never used as paths; every member is read with a limit, counted in the bytes
that really come out; an archive in an archive is not opened.
"""

import io
import os
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from agent.certificate.verify_statement import is_statement
from agent.errors import UsageError
from agent.tree import Folder, Unseen, is_folder, walk

MAXIMUM_FILE_BYTES = 64 * 1024 * 1024
MAXIMUM_MEMBER_BYTES = 16 * 1024 * 1024
MAXIMUM_MEMBERS = 200_000
MAXIMUM_ARCHIVE_BYTES = 8 * 1024**3
"""Bytes of all members together; 10,000 certificates with their evidence take one."""
_DIRECTORY_BYTES = 64 * 1024 * 1024
_ENTRY = b"PK\x01\x02"

RECORD, SIGNATURE = "record.json", ".p7s"
DOCUMENTS = ("certificate.pdf", "record.pdf")
_STATEMENTS = frozenset({"lot", "intake", "destruction", "acceptance"})
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_ENCRYPTED = 0x1
_ARCHIVE_ERRORS = (OSError, zipfile.BadZipFile, EOFError, ValueError, NotImplementedError, zlib.error, struct.error)


@dataclass(frozen=True)
class Source:
    """A folder, or an archive with a folder inside it, whose files are read by name."""

    place: Path
    inside: str | None = None

    def label(self, name: str) -> str:
        """What a file of it is called in the report."""
        return str(self.place / name) if self.inside is None else f"{self.place}:{self.inside}{name}"

    def read(self, name: str) -> bytes:
        """One file; raises UsageError."""
        if self.inside is None:
            return read_file(self.place / name)
        return _read_member(self.place, self.inside + name)


@dataclass(frozen=True)
class Unit:
    """What is verified together: one document, one record with what lies beside it, or an evidence folder with both.

    `among_others` says that it was found in a tree or an archive; `problem` is why something there could not be looked at.
    """

    source: Source
    names: tuple[str, ...]
    record: str | None
    documents: tuple[str, ...]
    is_folder: bool = False
    among_others: bool = True
    problem: str = ""


def find_units(path: Path) -> list[Unit]:
    """Everything to verify at a path; raises UsageError where there is nothing."""
    if is_folder(path):
        units = [unit for found in walk(path) for unit in _seen(found)]
    elif path.suffix.lower() == ".zip" or _begins(path, b"PK\x03\x04"):
        units = [unit for inside, names in _archive(path) for unit in _units(Source(path, inside), names)]
    else:
        return [_single(path)]
    if not units:
        raise UsageError(
            f"{path} holds no certificate or record.", "Give a certificate, a record or an evidence folder."
        )
    return units


def read_file(path: Path) -> bytes:
    """A file that is not larger than any certificate; raises UsageError."""
    try:
        with path.open("rb") as file:
            data = file.read(MAXIMUM_FILE_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror}.") from error
    if len(data) > MAXIMUM_FILE_BYTES:
        raise UsageError(f"{path} is larger than any certificate.")
    return data


def _single(path: Path) -> Unit:
    source = Source(path.parent)
    if is_statement(read_file(path)):
        raise UsageError(
            f"{path} is no certificate or record, but a lot or another statement.", "Use `ardoise lot verify`."
        )
    if _begins(path, b"%PDF-"):
        return Unit(source, (path.name,), None, (path.name,), among_others=False)
    try:
        beside = tuple(sorted(each.name for each in path.parent.iterdir() if each.is_file()))
    except OSError as error:
        raise UsageError(f"{path.parent} can't be read: {error.strerror}.") from error
    return Unit(source, beside, path.name, (), among_others=False)


def _begins(path: Path, magic: bytes) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(magic)) == magic
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror}.") from error


def _seen(found: Folder | Unseen) -> Iterator[Unit]:
    if isinstance(found, Folder):
        return _units(Source(found.path), found.names)
    where = Source(found.path.parent)
    return iter([Unit(where, (found.path.name,), None, (), problem=f"It {found.why}: what it holds is not known.")])


def _units(source: Source, names: tuple[str, ...]) -> Iterator[Unit]:
    """An evidence folder where there is a record.json, else each document and each signed record on its own."""
    if RECORD in names:
        yield Unit(source, names, RECORD, tuple(name for name in DOCUMENTS if name in names), is_folder=True)
        return
    known = set(names)
    for name in names:
        stem, _, ending = name.rpartition(".")
        if stem in _STATEMENTS or name.startswith("."):
            continue
        if ending.lower() == "pdf":
            yield Unit(source, (name,), None, (name,))
        elif ending == "json" and name + SIGNATURE in known:
            yield Unit(source, tuple(n for n in names if n.startswith(name)), name, ())


def _archive(path: Path) -> Iterable[tuple[str, tuple[str, ...]]]:
    folders: dict[str, list[str]] = {}
    total = 0
    for name, info in _members(str(path)).items():
        total += info.file_size
        folder, slash, base = name.rpartition("/")
        if base:
            folders.setdefault(folder + slash, []).append(base)
    if total > MAXIMUM_ARCHIVE_BYTES:
        raise UsageError(
            f"{path} holds more than {MAXIMUM_ARCHIVE_BYTES} bytes.", "Unpack it and verify the folder."
        )
    return [(folder, tuple(sorted(names))) for folder, names in sorted(folders.items())]


class _ArchiveFile(io.RawIOBase):
    """An archive's bytes with a place of its own: processes that were forked share a descriptor's place."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._file = Path(path).open("rb", buffering=0)  # noqa: SIM115 - closed with this one
        self._size = os.fstat(self._file.fileno()).st_size
        self._place = 0
        self.is_directory_read = False

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise ValueError("before the file's first byte")
        self._place = start + offset
        return self._place

    def tell(self) -> int:
        return self._place

    def read(self, size: int = -1) -> bytes:
        wanted = max(0, self._size - self._place) if size < 0 else size
        # One read asks for the whole directory, as long as somebody wrote that it is.
        if wanted > _DIRECTORY_BYTES:
            raise _TooMany
        data = os.pread(self._file.fileno(), wanted, self._place)
        # Before an object is made of each: they take twenty times the memory.
        if not self.is_directory_read and data.count(_ENTRY) > MAXIMUM_MEMBERS:
            raise _TooMany
        self._place += len(data)
        return data

    def close(self) -> None:
        self._file.close()
        super().close()


class _TooMany(Exception):
    """More entries than an archive may have."""


@lru_cache(maxsize=1)
def _opened(path: str) -> zipfile.ZipFile:
    try:
        file = _ArchiveFile(path)
        archive = zipfile.ZipFile(file)
    except _TooMany as error:
        raise UsageError(f"{path} has more than {MAXIMUM_MEMBERS} members.") from error
    except _ARCHIVE_ERRORS as error:
        raise UsageError(f"{path} can't be read as a ZIP archive.") from error
    file.is_directory_read = True
    return archive


@lru_cache(maxsize=1)
def _members(path: str) -> dict[str, zipfile.ZipInfo]:
    found: dict[str, zipfile.ZipInfo] = {}
    infos = _opened(path).infolist()
    if len(infos) > MAXIMUM_MEMBERS:
        raise UsageError(f"{path} has more than {MAXIMUM_MEMBERS} members.")
    for info in infos:
        if info.flag_bits & _ENCRYPTED or info.compress_type not in _METHODS:
            raise UsageError(
                f"{path} has members that are encrypted or packed in an unusual way.", "Unpack it first."
            )
        if info.filename in found:
            raise UsageError(f"{path} has two members of one name: which of them counts is not known.")
        found[info.filename] = info
    return found


def _read_member(path: Path, name: str) -> bytes:
    info = _members(str(path)).get(name)
    if info is None:
        raise UsageError(f"{path} holds no {name}.")
    if info.file_size > MAXIMUM_MEMBER_BYTES:
        raise UsageError(f"{path}:{name} is larger than any certificate.")
    try:
        with _opened(str(path)).open(info) as member:
            # What comes out is counted too: the size in the directory is only what somebody wrote there.
            data = member.read(MAXIMUM_MEMBER_BYTES + 1)
    except _ARCHIVE_ERRORS as error:
        raise UsageError(f"{path}:{name} can't be read: the archive is damaged.") from error
    if len(data) > MAXIMUM_MEMBER_BYTES:
        raise UsageError(f"{path}:{name} is larger than any certificate.")
    return data
