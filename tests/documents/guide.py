"""Makes the auditor's guide as PDF, two pages for each language, from its Markdown text: `python -m tests.documents.guide docs`."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from agent.certificate.page import compile_page

LANGUAGES = ("en", "fr")
PAGE_WORDS = {"en": "Page {number} of {total}", "fr": "Page {number} sur {total}"}
_TEMPLATE = Path(__file__).with_suffix(".typ")
_MADE_AT = datetime(2026, 11, 29, tzinfo=UTC)
"""Of the text, not of the run: the same text gives the same bytes."""

Part = dict[str, Any]


def guide_pdf(markdown: str, language: str) -> bytes:
    """The guide as PDF/A-3a and PDF/UA-1; raises CertificateError, and ValueError for Markdown that it does not know."""
    tokens = MarkdownIt("commonmark").enable("table").parse(markdown)
    blocks = list(_blocks(iter(tokens)))
    title = "".join(part["text"] for part in blocks[0]["parts"])
    view = {
        "title": title,
        "author": "Ardoise",
        "language": language,
        "page-words": PAGE_WORDS[language],
        "blocks": blocks,
    }
    return compile_page(_TEMPLATE.read_bytes(), view, (), _MADE_AT)


def _blocks(tokens: Iterator[Token]) -> Iterator[Part]:
    for token in tokens:
        if token.type == "heading_open":
            yield {"kind": "heading", "level": int(token.tag[1]), "parts": _parts(next(tokens))}
            next(tokens)
        elif token.type == "paragraph_open":
            yield {"kind": "paragraph", "parts": _parts(next(tokens))}
            next(tokens)
        elif token.type == "fence":
            yield {"kind": "code", "lines": token.content.splitlines()}
        elif token.type == "bullet_list_open":
            yield {"kind": "list", "items": _until("bullet_list_close", tokens)}
        elif token.type == "table_open":
            yield _table(tokens)
        else:
            raise ValueError(f"not known: {token.type}")


def _until(end: str, tokens: Iterator[Token]) -> list[list[Part]]:
    found = []
    for token in tokens:
        if token.type == end:
            return found
        if token.type == "inline":
            found.append(_parts(token))
    raise ValueError(f"no {end}")


def _table(tokens: Iterator[Token]) -> Part:
    head = _until("thead_close", tokens)
    cells = _until("table_close", tokens)
    widest = [max(_length(row) for row in cells[n :: len(head)]) for n in range(len(head))]
    # A wide column gets more room, but not all of it.
    shares = [max(14, min(length, 60)) for length in widest]
    return {"kind": "table", "head": head, "columns": shares, "rows": [{"parts": cell} for cell in cells]}


def _length(parts: list[Part]) -> int:
    return sum(len(part["text"]) if "text" in part else _length(part["parts"]) for part in parts)


def _parts(inline: Token) -> list[Part]:
    found: list[Part] = []
    open_strong: list[Part] | None = None
    for token in inline.children or ():
        target = found if open_strong is None else open_strong
        if token.type == "text":
            target.append({"kind": "text", "text": token.content})
        elif token.type == "softbreak":
            target.append({"kind": "text", "text": " "})
        elif token.type == "code_inline":
            target.append({"kind": "code", "text": token.content})
        elif token.type == "strong_open":
            open_strong = []
            found.append({"kind": "strong", "parts": open_strong})
        elif token.type == "strong_close":
            open_strong = None
        elif token.type not in {"link_open", "link_close"}:
            # On paper a link is its words.
            raise ValueError(f"not known: {token.type}")
    return found


def main() -> None:
    """Write the PDFs beside their texts."""
    folder = Path(sys.argv[1])
    for language in LANGUAGES:
        text = (folder / f"auditors-guide.{language}.md").read_text()
        (folder / f"auditors-guide.{language}.pdf").write_bytes(guide_pdf(text, language))


if __name__ == "__main__":
    main()
