"""Builds verify.html from its sources: one file, no network, and a policy that lets nothing else run.

    python -m agent.certificate.web.build [--root root.pem] [--log log.vkey] [--crl crl.pem] [--out verify.html]

An organisation pins what it gives out: then whoever opens the page needs no file but the certificate. The table of a
record's fields comes from the record's own definition, and the words of its pages from the tables that they are made with, so
that both sides read the same bytes alike.
"""

import argparse
import base64
import hashlib
import json
import string
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

from agent.certificate.statement import KINDS
from agent.certificate.web.statement_tables import statement_tables
from agent.certificate.web.word_tables import compact, constant, page_words
from agent.model.json_form import LEFT_OUT, MAXIMUM_LIST, to_json_form
from agent.model.record import Record

FOLDER = Path(__file__).parent
PAGE = FOLDER / "verify.html"

_PLAIN: dict[object, str] = {str: "text", bool: "flag", int: "integer", datetime: "time"}


def build_page(root_pem: str = "", log_vkey: str = "", crl_pem: str = "") -> str:
    """The whole page; what is pinned stands in it as data, never as markup or script."""
    source = script()
    style = (FOLDER / "page.css").read_text(encoding="utf-8")
    pinned = json.dumps({"root": root_pem, "log": log_vkey, "crl": crl_pem}, ensure_ascii=True)
    template = string.Template((FOLDER / "page.html").read_text(encoding="utf-8"))
    return template.substitute(
        policy=_policy(source, style), script=source, style=style, pinned=pinned.replace("<", "\\u003c")
    )


def script(*, screen: bool = True, more: str = "") -> str:
    """All sources as one script; for tests without those of the screen, and with more behind them."""
    return f'"use strict";\n(() => {{\n{_types_source()}\n{_sources(screen)}{more}}})();\n'


def record_types() -> dict[str, list[list[Any]]]:
    """Every object of a record or statement by name: its fields with their types, and the default of those that came later."""
    types: dict[str, list[list[Any]]] = {}
    _add_object(Record, types)
    for kind in KINDS:
        _add_object(kind.type, types)
    return dict(sorted(types.items()))


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description="Build verify.html, with an organisation's trust pinned inside.")
    for name in ("root", "log", "crl"):
        parser.add_argument(f"--{name}", type=Path)
    parser.add_argument("--out", type=Path, default=PAGE)
    args = parser.parse_args()
    pins = [path.read_text(encoding="ascii") if path else "" for path in (args.root, args.log, args.crl)]
    args.out.write_text(build_page(*pins), encoding="utf-8")


def _sources(screen: bool) -> str:
    order = (FOLDER / "src" / "order.txt").read_text(encoding="utf-8").split()
    names = [name for name in order if screen or not name.startswith("ui")]
    return "".join((FOLDER / "src" / name).read_text(encoding="utf-8") for name in names)


def _types_source() -> str:
    table = ",\n".join(f"  {name}: {compact(rows)}" for name, rows in record_types().items())
    return (
        f"// Generated from the record's definition, and from the words of its pages.\nconst RECORD_TYPES = {{\n{table},\n}};\n"
        f"{constant('PAGE_WORDS', page_words())}\n{constant('STATEMENTS', statement_tables())}"
    )


def _policy(script: str, style: str) -> str:
    return " ".join(
        (
            "default-src 'none';",
            f"script-src '{_hash(script)}';",
            f"style-src '{_hash(style)}';",
            "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
        )
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def _add_object(cls: type[Any], types: dict[str, list[list[Any]]]) -> None:
    if cls.__name__ in types:
        return
    hints = get_type_hints(cls)
    rows = types[cls.__name__] = []
    for each in fields(cls):
        row = [each.name, _type_of(hints[each.name], types)]
        rows.append([*row, to_json_form(_default(each))] if each.metadata == LEFT_OUT else row)


def _default(each: Field[Any]) -> object:
    if each.default is MISSING:
        raise TypeError(f"{each.name} is left out where it is the default, and has none")
    return each.default


def _type_of(hint: Any, types: dict[str, list[list[Any]]]) -> Any:  # noqa: ANN401 - what typing calls a type has no type
    if hint in _PLAIN:
        return _PLAIN[hint]
    arguments = get_args(hint)
    if NoneType in arguments and len(arguments) == 2:
        return {"optional": _type_of(next(each for each in arguments if each is not NoneType), types)}
    if get_origin(hint) is tuple and arguments[1:] == (Ellipsis,):
        most = getattr(arguments[0], "MAXIMUM_LISTED", MAXIMUM_LIST)
        listed = {"list": _type_of(arguments[0], types)}
        return listed if most == MAXIMUM_LIST else {**listed, "most": most}
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return {"words": [each.value for each in hint]}
    if isinstance(hint, type) and is_dataclass(hint):
        _add_object(hint, types)
        return {"object": hint.__name__}
    raise TypeError(f"{hint} is no type of a record")


if __name__ == "__main__":
    main()
