"""Writes the JSON Schemas of everything that is signed: `python -m tests.schemas docs/schema`."""

import json
import sys
from pathlib import Path

from agent.certificate.json_schema import schema_of
from agent.certificate.statement import KINDS
from agent.model.record import SCHEMA, Record

SCHEMAS: dict[str, type] = {SCHEMA: Record, **{kind.schema: kind.type for kind in KINDS}}


def file_name(schema: str) -> str:
    """Where a schema is published."""
    return f"{schema.replace('/', '-')}.schema.json"


def schema_bytes(schema: str) -> bytes:
    """The file of a schema."""
    return json.dumps(schema_of(SCHEMAS[schema], schema), indent=1, ensure_ascii=False).encode() + b"\n"


def write(folder: Path) -> None:
    """All of them."""
    folder.mkdir(parents=True, exist_ok=True)
    for schema in SCHEMAS:
        (folder / file_name(schema)).write_bytes(schema_bytes(schema))


if __name__ == "__main__":
    write(Path(sys.argv[1]))
