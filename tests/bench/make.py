"""From the captures in tests/machines to machines whose drives can be erased: OUT/<machine>/ and its planted.json."""

import hashlib
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from tests.bench.files import PlantedFile, make_files
from tests.bench.filesystems import make_ext4, make_fat, mkfs_ext4
from tests.bench.tables import SECTOR, Partition, divide, gpt, mbr

MACHINES = Path(__file__).resolve().parents[1] / "machines"
MIB = 1024 * 1024
_BLOCK = 64 * 1024
_USUAL_LAYOUT: dict[str, Any] = {
    "size_mib": 64,
    "table": "gpt",
    "partitions": [
        {
            "file_system": "fat",
            "label": "DUPONT-PERSO",
            "files": {"jpeg": 3, "png": 2, "pdf": 2, "docx": 2, "text": 3},
        },
        {
            "file_system": "ext4",
            "label": "DUPONT-PERSO",
            "files": {"jpeg": 2, "png": 1, "pdf": 1, "docx": 1, "text": 2},
        },
    ],
}


class BenchError(Exception):
    """A bench that can't be made as asked; the message says why."""


def known_machines() -> list[str]:
    """Names of the recorded machines."""
    return sorted(folder.name for folder in MACHINES.iterdir() if (folder / "machine.json").is_file())


def make_bench(
    out: Path,
    machines: list[str] | None = None,
    size_mib: int | None = None,
    pace: int | None = None,
    seed: str = "ardoise",
) -> list[Path]:
    """Make (again) the benches asked for and return their folders; raises BenchError, OSError.

    A bench appears whole or not at all: it is built beside its place and renamed into it.
    """
    names = machines or known_machines()
    unknown = sorted(set(names) - set(known_machines()))
    if unknown:
        raise BenchError(f"no such machine: {', '.join(unknown)}; there are {', '.join(known_machines())}")
    out.mkdir(parents=True, exist_ok=True)
    return [_make_machine(out, name, size_mib, pace, f"{seed}/{name}") for name in names]


def _make_machine(out: Path, name: str, size_mib: int | None, pace: int | None, seed: str) -> Path:
    place = out / name
    if place.exists() and not (place / "machine.json").is_file():
        raise BenchError(f"{place} is there already and is no bench")
    work = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=out))
    try:
        shutil.copytree(MACHINES / name, work, dirs_exist_ok=True, copy_function=shutil.copyfile)
        about = json.loads((work / "machine.json").read_text())
        if pace is not None:
            about["pace_bytes_per_second"] = pace
            (work / "machine.json").write_text(json.dumps(about, indent=2) + "\n")
        drives = {d: _make_drive(work / "drives" / d, size_mib, f"{seed}/{d}") for d in about["drives"]}
        manifest = {"machine": name, "seed": seed, "drives": drives}
        (work / "planted.json").write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")
        work.chmod(0o755)
        if place.exists():
            shutil.rmtree(place)
        work.rename(place)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return place


def _make_drive(folder: Path, size_mib: int | None, seed: str) -> dict[str, Any]:
    """Write `image` and return what was planted in it."""
    own = folder / "layout.json"
    layout = json.loads(own.read_text()) if own.exists() else _USUAL_LAYOUT
    size = (size_mib or layout["size_mib"]) * MIB
    specs = [(_file_system(p["file_system"]), p["label"]) for p in layout["partitions"]]
    partitions = divide(specs, size // SECTOR)
    table = gpt(partitions, size // SECTOR, seed) if layout["table"] == "gpt" else mbr(partitions)
    loose = _loose_ends(seed, size // SECTOR, layout["table"])
    planted = []
    with (folder / "image").open("wb") as image:
        image.truncate(size)
        for lba, data in [*table.items(), *((lba, f"{token}\n".encode()) for lba, token in loose.items())]:
            image.seek(lba * SECTOR)
            image.write(data)
        for index, (partition, spec) in enumerate(zip(partitions, layout["partitions"], strict=True)):
            files = make_files(spec["files"], f"{seed}/{index}")
            _write_file_system(image, partition, files, f"{seed}/{index}")
            planted.append(_entry(partition, files))
    return {
        "size_bytes": size,
        "sha256": _digest(folder / "image"),
        "labels": sorted({p["label"] for p in layout["partitions"]}),
        "partitions": planted,
        "outside_files": [{"lba": lba, "token": token} for lba, token in loose.items()],
    }


def _file_system(wanted: str) -> str:
    return "fat" if wanted == "ext4" and not mkfs_ext4() else wanted


def _loose_ends(seed: str, sectors: int, table: str) -> dict[int, str]:
    """Secrets where no file is, by LBA: between table and first partition, and at the very end of the drive."""

    def secret(place: str) -> str:
        return f"Rest-DUPONT-PERSO-{hashlib.sha256(f'{seed}/{place}'.encode()).hexdigest()[:20]}"

    # The last sectors of a GPT disk belong to its backup table.
    last = sectors - 64 if table == "gpt" else sectors - 1
    return {1024: secret("gap"), last: secret("end")}


def _write_file_system(image: Any, partition: Partition, files: list[PlantedFile], seed: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder, "file-system")
        size = partition.count * SECTOR
        if partition.file_system == "ext4":
            make_ext4(made, size, partition.label, files, str(uuid5(NAMESPACE_URL, seed)))
        else:
            make_fat(made, size, partition.label, files)
        with made.open("rb") as source:
            for at in range(0, size, _BLOCK):
                block = source.read(_BLOCK)
                if block.count(0) != len(block):
                    image.seek(partition.first * SECTOR + at)
                    image.write(block)


def _entry(partition: Partition, files: list[PlantedFile]) -> dict[str, Any]:
    return {
        "file_system": partition.file_system,
        "first_lba": partition.first,
        "sectors": partition.count,
        "files": [
            {"name": f.name, "bytes": len(f.data), "sha256": f.sha256, "tokens": list(f.tokens), "carved": f.carved}
            for f in files
        ],
    }


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
