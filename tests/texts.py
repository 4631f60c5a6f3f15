"""Brings the catalogues up to date with the screen's texts: `python -m tests.texts`."""

import ast
import io
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

import agent
from agent.text import DOMAIN, LANGUAGES, LOCALE

_SOURCES = Path(agent.__file__).parent / "tui"
_KEYWORDS = {"_": 1, "N_": 1, "ngettext": 2}


def extract() -> Catalog:
    """Every text that the screen's source marks; by its syntax tree, because babel does not look into f-strings."""
    catalog = Catalog(project="ardoise", copyright_holder="Ardoise", domain=DOMAIN)
    for path in sorted(_SOURCES.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _KEYWORDS:
                texts = [a.value for a in node.args[: _KEYWORDS[node.func.id]] if isinstance(a, ast.Constant)]
                if texts:
                    catalog.add(texts[0] if len(texts) == 1 else tuple(texts))
    return catalog


def read(code: str) -> Catalog:
    """The catalogue of one language."""
    with (LOCALE / code / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        return read_po(file, locale=code, domain=DOMAIN)


def compiled(catalog: Catalog) -> bytes:
    """The catalogue as gettext reads it."""
    out = io.BytesIO()
    write_mo(out, catalog)
    return out.getvalue()


def main() -> None:
    """Write the template, then update and compile each language; what is new is left empty for a translator."""
    template = extract()
    with (LOCALE / f"{DOMAIN}.pot").open("wb") as file:
        write_po(file, template, sort_output=True, no_location=True, omit_header=True, width=116)
    for code in LANGUAGES:
        catalog = read(code)
        catalog.update(template, no_fuzzy_matching=True, update_creation_date=False)
        folder = LOCALE / code / "LC_MESSAGES"
        with (folder / f"{DOMAIN}.po").open("wb") as file:
            write_po(file, catalog, sort_output=True, no_location=True, ignore_obsolete=True, width=116)
        (folder / f"{DOMAIN}.mo").write_bytes(compiled(catalog))


if __name__ == "__main__":
    main()
