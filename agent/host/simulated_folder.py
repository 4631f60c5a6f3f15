"""The folder of a simulated machine: every file is reached by descriptors from its top, links and device nodes are refused."""

import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from agent.durable import write_durably
from agent.errors import EnvironmentLacks, Refused
from agent.model.json_form import JsonFormError, from_json_form

T = TypeVar("T")

_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class CaptureFolder:
    """Files below one folder, and nothing else; a simulated run can't be led to a real drive by a link in it."""

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise EnvironmentLacks(
                f"{folder} is no folder of a recorded machine.", "Make the benches with `make machines`."
            )
        self.path = folder.resolve(strict=True)

    def exists(self, relative: str) -> bool:
        """Whether there is an entry of that name, whatever it is; raises Refused for a way out of the folder."""
        try:
            with self._parent(relative) as (parent, name):
                os.stat(name, dir_fd=parent, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return True

    def open(self, relative: str, flags: int) -> int:
        """Open a regular file; raises Refused for anything else, FileNotFoundError, OSError."""
        with self._parent(relative) as (parent, name):
            # A device node acts when it is opened, so its kind is asked first and again on the descriptor.
            self._check_regular(os.stat(name, dir_fd=parent, follow_symlinks=False), relative)
            descriptor = os.open(name, flags | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
        try:
            self._check_regular(os.fstat(descriptor), relative)
        except Refused:
            os.close(descriptor)
            raise
        return descriptor

    def status(self, relative: str) -> os.stat_result:
        """Size and identity of a regular file; raises Refused for anything else, FileNotFoundError."""
        with self._parent(relative) as (parent, name):
            found = os.stat(name, dir_fd=parent, follow_symlinks=False)
        self._check_regular(found, relative)
        return found

    def read_bytes(self, relative: str) -> bytes:
        """Content of a capture; raises EnvironmentLacks naming the file to record where there is none."""
        try:
            descriptor = self.open(relative, os.O_RDONLY)
        except FileNotFoundError as error:
            raise EnvironmentLacks(
                f"The capture {self.path / relative} is missing.",
                f"Record {relative} on such a machine with `ardoise capture DIR`.",
            ) from error
        with os.fdopen(descriptor, "rb") as file:
            return file.read()

    def read_json(self, relative: str) -> dict[str, Any]:
        """A capture that is a JSON object; raises EnvironmentLacks where it is missing or no such thing."""
        try:
            document = json.loads(self.read_bytes(relative))
        except ValueError as error:
            raise self._unusable(relative, "no JSON") from error
        if not isinstance(document, dict):
            raise self._unusable(relative, "no JSON object")
        return document

    def read_value(self, relative: str, cls: type[T]) -> T:
        """A capture in the JSON form of a frozen value; raises EnvironmentLacks where it is missing or malformed."""
        try:
            return from_json_form(self.read_json(relative), cls)
        except JsonFormError as error:
            raise self._unusable(relative, str(error)) from error

    def write_json(self, relative: str, document: dict[str, Any]) -> None:
        """Put a small state file in place, whole; raises Refused, OSError."""
        if self.exists(relative):
            self.status(relative)
        write_durably(self.path / relative, json.dumps(document, indent=1).encode())

    def _unusable(self, relative: str, why: str) -> EnvironmentLacks:
        return EnvironmentLacks(
            f"The capture {self.path / relative} is unusable: {why}.",
            f"Record {relative} again with `ardoise capture DIR`.",
        )

    @contextmanager
    def _parent(self, relative: str) -> Iterator[tuple[int, str]]:
        parts = PurePosixPath(relative).parts
        if not parts or relative.startswith("/") or ".." in parts:
            raise Refused(f"{relative!r} leads out of the recorded machine {self.path}.")
        descriptor = os.open(self.path, _FOLDER_FLAGS)
        try:
            for part in parts[:-1]:
                descriptor = self._step(descriptor, part, relative)
            yield descriptor, parts[-1]
        finally:
            os.close(descriptor)

    def _step(self, parent: int, part: str, relative: str) -> int:
        if stat.S_ISLNK(os.stat(part, dir_fd=parent, follow_symlinks=False).st_mode):
            raise Refused(f"{relative!r} in {self.path} goes through a symbolic link.")
        child = os.open(part, _FOLDER_FLAGS, dir_fd=parent)
        os.close(parent)
        return child

    def _check_regular(self, found: os.stat_result, relative: str) -> None:
        if not stat.S_ISREG(found.st_mode):
            raise Refused(
                f"{relative!r} in {self.path} is no regular file.",
                "A recorded machine holds plain files only, no links and no devices.",
            )
        if found.st_nlink > 1:
            raise Refused(
                f"{relative!r} in {self.path} has another name elsewhere.", "Copy the file instead of linking it."
            )
