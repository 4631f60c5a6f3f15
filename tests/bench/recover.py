"""What others could find on a drive: `strings` for secrets in clear, PhotoRec for whole files."""

import hashlib
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# With all its families on, PhotoRec now and then takes compressed data for the start of some other file and cuts a
# picture in two; the second run looks for the planted families only, and what either run finds counts.
_FAMILIES = ("everything,enable", "everything,disable,jpg,enable,png,enable,pdf,enable,zip,enable")


@dataclass(frozen=True)
class Found:
    """What came back of what was planted; `missing` did not."""

    found: frozenset[str]
    missing: frozenset[str]


def planted_tokens(drive: dict[str, Any]) -> frozenset[str]:
    """Every secret planted in one drive, by its entry in planted.json: in files, and outside of them."""
    inside = {t for p in drive["partitions"] for f in p["files"] for t in f["tokens"]}
    return frozenset(inside | {rest["token"] for rest in drive["outside_files"]})


def planted_digests(drive: dict[str, Any]) -> frozenset[str]:
    """SHA-256 of every file that a recovery program gives back whole."""
    return frozenset(f["sha256"] for p in drive["partitions"] for f in p["files"] if f["carved"])


def strings_found(image: Path, tokens: frozenset[str]) -> Found:
    """Which secrets `strings` shows; raises FileNotFoundError, CalledProcessError."""
    shown = subprocess.run(
        ["strings", "-a", str(image)], check=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=300
    )
    text = shown.stdout.decode("ascii", "replace")
    found = frozenset(t for t in tokens if t in text)
    return Found(found, tokens - found)


def photorec_found(image: Path, drive: dict[str, Any]) -> Found:
    """Which planted files (by SHA-256) PhotoRec gives back whole; raises FileNotFoundError, CalledProcessError."""
    wanted = planted_digests(drive)
    carved = [data for families in _FAMILIES for data in carve(image, families)]
    found = frozenset(hashlib.sha256(data).hexdigest() for data in carved) & wanted
    return Found(found, wanted - found)


def carve(image: Path, families: str = _FAMILIES[0]) -> list[bytes]:
    """Content of every file of these families that PhotoRec finds."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "photorec.log")
        search = f"partition_none,fileopt,{families},wholespace,search"
        argv = [
            "photorec",
            "/log",
            "/logname",
            str(log),
            "/d",
            str(Path(folder, "found")),
            "/cmd",
            str(image.resolve()),
            search,
        ]
        # It draws a screen, and ends at once where it has no terminal type.
        environment = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "TERM": "linux",
            "LC_ALL": "C.UTF-8",
            "HOME": folder,
        }
        subprocess.run(
            argv,
            check=True,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=300,
            cwd=folder,
            env=environment,
        )
        if "PhotoRec exited normally." not in log.read_text(errors="replace"):
            raise RuntimeError("PhotoRec did not finish")
        return [p.read_bytes() for p in sorted(Path(folder).glob("found.*/*")) if p.name != "report.xml"]
