"""Brings the catalogues up to date with the screen's texts: `python -m tests.texts`."""

import io
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

import agent
from agent.text import DOMAIN, LANGUAGES, LOCALE

_SOURCES = Path(agent.__file__).parent / "tui"
_KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2)}


def extract() -> Catalog:
    """Every text that the screen's source marks."""
    catalog = Catalog(project="ardoise", copyright_holder="Ardoise", domain=DOMAIN)
    for _file, _line, message, _comments, _context in extract_from_dir(_SOURCES, keywords=_KEYWORDS):
        catalog.add(message)
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
