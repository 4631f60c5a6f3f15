"""Enrols a stick with a throw-away chain of trust, and reads its data partition back; all from outside of the machine."""

from __future__ import annotations

import contextlib
import io
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from agent.__main__ import main as ardoise
from tests.boot.machine import IN_TOOLS, PLACE, inside

# Letters that every keyboard layout has at the same place.
PASSPHRASE = "brixon lopic trok"
_PARTITION_TABLE = 0x1BE


@dataclass(frozen=True)
class Trust:
    """A throw-away chain of trust and one station of it."""

    pki: Path
    station: Path


def make_trust(name: str) -> Trust:
    """A new TEST root, issuing CA and station."""
    folder = PLACE / f"{name}.trust"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    passphrase = folder / "passphrase"
    passphrase.write_text(PASSPHRASE + "\n")
    _quiet(
        "pki",
        "init",
        folder / "pki",
        "--organisation",
        "Atelier d'essai",
        "--test",
        "--passphrase-file",
        passphrase,
    )
    _quiet(
        "pki",
        "issue-station",
        folder / "pki",
        "--name",
        "stick-1",
        "--out",
        folder / "station",
        "--passphrase-file",
        passphrase,
    )
    return Trust(folder / "pki", folder / "station")


def _quiet(*arguments: object) -> None:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()) as words:
        code = ardoise([str(a) for a in arguments])
    assert code == 0, words.getvalue()


def partition(stick: Path, number: int) -> tuple[int, int]:
    """First byte and length of a primary partition (MBR: little-endian sectors at bytes 8 and 12 of its entry)."""
    with stick.open("rb") as file:
        file.seek(_PARTITION_TABLE + (number - 1) * 16)
        entry = file.read(16)
    assert entry[4], f"partition {number} exists"
    return int.from_bytes(entry[8:12], "little") * 512, int.from_bytes(entry[12:16], "little") * 512


def enrol(stick: Path, trust: Trust, **settings: str) -> None:
    """Copy the station's folder and settings to the stick, as at the office."""
    configuration = PLACE / "ardoise.conf"
    configuration.write_text("".join(f"{name} = {value}\n" for name, value in settings.items()))
    volume = f"{inside(stick)}@@{partition(stick, 3)[0]}"
    subprocess.run([IN_TOOLS, "mcopy", "-s", "-o", "-i", volume, inside(trust.station), "::/"], check=True)
    put(stick, configuration, "ardoise.conf")


def put(stick: Path, file: Path, name: str) -> None:
    """Copy one file to the data partition."""
    volume = f"{inside(stick)}@@{partition(stick, 3)[0]}"
    subprocess.run([IN_TOOLS, "mcopy", "-o", "-i", volume, inside(file), f"::/{name}"], check=True)


def read_evidence(stick: Path, name: str) -> Path:
    """The evidence folder as another machine would read it."""
    target = PLACE / f"{name}.evidence"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    volume = f"{inside(stick)}@@{partition(stick, 3)[0]}"
    subprocess.run([IN_TOOLS, "mcopy", "-s", "-n", "-m", "-i", volume, "::/evidence", inside(target)], check=True)
    return target / "evidence"
