"""Record this machine as a folder that a simulated machine can be made of, without anything that identifies it.

Serial numbers, world wide names, asset tags and UUIDs become pseudonyms that are stable within one capture, wherever their
text occurs, in the readings of every drive; the captured file systems are never read.
"""

import hashlib
import json
import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from agent.durable import write_synced
from agent.errors import Refused, ToolFailed, ToolMissing
from agent.host.machine import Machine
from agent.host.run import run
from agent.host.smart import parse_document
from agent.host.sysfs import block_name
from agent.model.drive import Bus, Drive, is_placeholder
from agent.model.health import SmartSnapshot
from agent.model.json_form import to_json_form
from agent.model.machine import MachineInventory

# Keys of smartctl's and nvme-cli's JSON whose values identify a unit or a file system, or say when it was here.
_SECRET_KEYS = frozenset(
    {
        "serial_number", "sn", "subnqn", "eui64", "nguid", "nvme_ieee_oui_identifier", "logical_unit_id", "wwn", "cid",
        "bridge_serial_number", "uuid", "fguid", "asset_tag", "sas_address", "attached_sas_address", "vs",
    }
)  # fmt: skip
_DROPPED_KEYS = frozenset({"local_time", "platform_info", "build_info"})
_SHORTEST_SEARCHED = 4

Json = Any


class Pseudonyms:
    """Replacements of the same length and the same kinds of characters, equal for equal text within one capture."""

    def __init__(self, salt: bytes) -> None:
        self._salt = salt
        self._known: dict[str, str] = {}
        self._made: set[str] = set()

    def of(self, text: str) -> str:
        """The pseudonym of a value; white space around it, punctuation and placeholders stay."""
        core = text.strip()
        if is_placeholder(core) or core in self._made:
            return text
        if core not in self._known:
            self._known[core] = self._made_for(core)
            self._made.add(self._known[core])
        return text.replace(core, self._known[core])

    def everywhere(self, text: str) -> str:
        """A text with each known value replaced, in any case, also byte-swapped or in hexadecimal."""
        for value, pseudonym in sorted(self._known.items(), key=lambda pair: -len(pair[0])):
            if len(value) < _SHORTEST_SEARCHED:
                continue
            for spelling in _spellings:
                pattern = re.compile(re.escape(spelling(value)), re.IGNORECASE)
                text = pattern.sub(spelling(pseudonym).replace("\\", "\\\\"), text)
        return text

    def _made_for(self, core: str) -> str:
        digest = b""
        while len(digest) < len(core):
            digest += hashlib.sha256(self._salt + core.encode() + digest[-1:]).digest()
        made = "".join(_like(character, byte) for character, byte in zip(core, digest, strict=False))
        return made if made != core else made[::-1]


def _like(character: str, byte: int) -> str:
    if character in "0123456789":
        return str(byte % 10)
    if character in "abcdef":
        return "abcdef"[byte % 6]
    if character in "ABCDEF":
        return "ABCDEF"[byte % 6]
    if character.isalpha():
        letter = chr(ord("G") + byte % 20)
        return letter.lower() if character.islower() else letter
    return character


def _swapped(text: str) -> str:
    """Pairs of characters exchanged, as raw IDENTIFY words print them."""
    return "".join(text[i : i + 2][::-1] for i in range(0, len(text), 2))


_spellings: tuple[Callable[[str], str], ...] = (str, _swapped, lambda text: text.encode().hex())


def capture_machine(machine: Machine, out: Path) -> tuple[str, ...]:
    """Write the capture, return the names of its drives; raises Refused where `out` has content, ToolMissing, OSError."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise Refused(f"{out} is not an empty folder.", "Name a folder that does not exist yet.")
    pseudonyms = Pseudonyms(secrets.token_bytes(16))
    inventory = _without_identity(machine.inventory(), pseudonyms)
    read = [(drive, _read(machine, drive)) for drive in machine.discover() if not drive.is_boot_medium]
    drives = [(_pseudonymous(drive, pseudonyms), snapshot) for drive, snapshot in read]
    controllers = [_id_controller(drive) if drive.bus is Bus.NVME else None for drive, _ in drives]
    for document in (*(s.document for _, s in drives if s), *(c for c in controllers if c)):
        _collect(document, pseudonyms)
    for relative, content in _files(inventory, drives, controllers):
        cleaned = _cleaned(content, pseudonyms)
        text = cleaned if isinstance(cleaned, str) else json.dumps(cleaned, indent=1, ensure_ascii=False) + "\n"
        path = out / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        write_synced(path, text.encode("utf-8", "replace"))
    return tuple(block_name(drive.node) for drive, _ in drives)


def _read(machine: Machine, drive: Drive) -> SmartSnapshot | None:
    """A drive that can't be read is captured all the same: its folder then has no reading."""
    try:
        return machine.read_smart(drive)
    except ToolFailed:
        return None


def _without_identity(inventory: MachineInventory, pseudonyms: Pseudonyms) -> MachineInventory:
    return replace(inventory, serial=pseudonyms.of(inventory.serial), asset_tag=pseudonyms.of(inventory.asset_tag))


def _pseudonymous(drive: Drive, pseudonyms: Pseudonyms) -> Drive:
    identity = drive.identity
    prefix, dot, name = identity.wwn.partition(".")
    wwn = prefix + dot + pseudonyms.of(name) if dot else pseudonyms.of(identity.wwn)
    # A mount point can be a person's name: the reason says enough.
    exclusions = tuple(replace(e, detail="") for e in drive.exclusions)
    serial = pseudonyms.of(identity.serial)
    return replace(drive, identity=replace(identity, serial=serial, wwn=wwn), exclusions=exclusions)


def _id_controller(drive: Drive) -> dict[str, Json] | None:
    try:
        done = run(("nvme", "id-ctrl", "--output-format=json", drive.node), timeout=30.0)
    except (ToolMissing, ToolFailed):
        return None
    return parse_document(done.stdout) or None


def _collect(document: Json, pseudonyms: Pseudonyms) -> None:
    """Make every value under a secret key known, so that it is replaced wherever else it stands."""
    for text in _secrets_in(document):
        pseudonyms.of(text)


def _secrets_in(document: Json) -> Iterator[str]:
    for key, value in _items(document):
        if key in _SECRET_KEYS and isinstance(value, str):
            yield value
        else:
            yield from _secrets_in(value)


def _items(value: Json) -> Iterable[tuple[str, Json]]:
    if isinstance(value, dict):
        return value.items()
    return (("", row) for row in value) if isinstance(value, list) else ()


def _cleaned(value: Json, pseudonyms: Pseudonyms, *, secret: bool = False) -> Json:
    """A value without what tells of place and time: secret text replaced, secret numbers zeroed, known values gone everywhere."""
    if isinstance(value, dict):
        kept = ((key, row) for key, row in value.items() if key not in _DROPPED_KEYS)
        return {key: _cleaned(row, pseudonyms, secret=secret or key in _SECRET_KEYS) for key, row in kept}
    if isinstance(value, list):
        return [_cleaned(row, pseudonyms, secret=secret) for row in value]
    if isinstance(value, str):
        return pseudonyms.of(value) if secret else pseudonyms.everywhere(value)
    # wwn and eui64 are objects of numbers: {"naa": 5, "oui": 3152, "id": 548...}.
    return 0 if secret and isinstance(value, int) and not isinstance(value, bool) else value


def _files(
    inventory: MachineInventory,
    drives: list[tuple[Drive, SmartSnapshot | None]],
    controllers: list[dict[str, Json] | None],
) -> Iterator[tuple[str, Json]]:
    names = [block_name(drive.node) for drive, _ in drives]
    yield "README.md", _readme(inventory)
    title = f"{inventory.manufacturer} {inventory.model}".strip() or "A machine that does not say what it is"
    yield (
        "machine.json",
        {"title": title, "provenance": "captured; see README.md", "pace_bytes_per_second": 0, "drives": names},
    )
    yield "dmi.json", to_json_form(inventory)
    for name, (drive, snapshot), controller in zip(names, drives, controllers, strict=True):
        yield f"drives/{name}/identity.json", to_json_form(drive)
        if snapshot is not None:
            yield (
                f"drives/{name}/smartctl.json",
                {"exit_status": snapshot.exit_status, "document": snapshot.document},
            )
        if controller is not None:
            yield f"drives/{name}/nvme-id-ctrl.json", controller


def _readme(inventory: MachineInventory) -> str:
    return (
        f"# {inventory.manufacturer} {inventory.model}\n\n"
        "Recorded with `ardoise capture` on real hardware. Serial numbers, world wide names, asset tags and UUIDs are replaced\n"
        "by pseudonyms of the same form; times, mount points and the kernel's build are left out. Nothing was constructed.\n"
    )
