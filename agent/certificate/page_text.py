"""What a page must say for a record, and whether it does: every string that is printed is computed again and compared.

A page's text holds every string of page_view, in its order, white space, soft hyphens and zero-width spaces left out. It
holds no headline word more often than these strings do. docs/certificate.md tells the rule to whoever writes a verifier.
"""

from collections.abc import Iterator
from typing import Any

from agent.certificate.page_view import caution_words, hidden_areas_words, page_view
from agent.certificate.shown import missing_in_order, missing_words, shown, squeezed
from agent.certificate.words import Words
from agent.model.language import Language
from agent.model.record import SANITIZED, Headline, Record, document_kind

__all__ = ["SANITIZED", "missing_words", "page_faults", "page_strings", "shown", "verified_words"]


def page_strings(view: Any) -> Iterator[str]:  # noqa: ANN401 - JSON has no narrower type
    """The strings of a view that stand on the page, in the order of drawing; what hangs on a key with "_" does not."""
    if isinstance(view, str):
        if view:
            yield view
    elif isinstance(view, dict):
        for key, value in view.items():
            if not key.startswith("_"):
                yield from page_strings(value)
    elif isinstance(view, list | tuple):
        for value in view:
            yield from page_strings(value)


def verified_words(
    record: Record, record_bytes: bytes, language: Language | None = None, *, provisional: bool = False
) -> list[str]:
    """Every string that the page of this record shows; they change only with the record's schema."""
    return list(page_strings(page_view(record, record_bytes, language, provisional=provisional)))


def page_faults(
    page_text: str,
    record: Record,
    record_bytes: bytes,
    language: Language | None = None,
    *,
    provisional: bool = False,
) -> list[str]:
    """What a page's extracted text lacks, or says too much; empty where it says what the record says."""
    words = verified_words(record, record_bytes, language, provisional=provisional)
    return missing_in_order(page_text, words) or _foreign_headlines(page_text, words, language or record.language)


def title(record: Record) -> str:
    """What the document is called in its own language."""
    return Words(record.language).term(document_kind(record))


def caution(record: Record) -> str:
    """What must stand on a page that is no certificate for the whole machine; empty on one that is."""
    return caution_words(record, Words(record.language))


def hidden_areas_caution(record: Record, language: Language = Language.ENGLISH) -> str:
    """What must stand beside the headline where nobody asked sanitized media for hidden areas; empty where all were asked."""
    return hidden_areas_words(record, Words(language))


def _foreign_headlines(page_text: str, words: list[str], language: Language) -> list[str]:
    # A template that adds SANITIZED in large letters would leave INCOMPLETE in its place, and yet say something else.
    text, said = squeezed(page_text), squeezed("\n".join(words))
    heads = [squeezed(Words(language).term(headline)) for headline in Headline]
    return [head for head in heads if text.count(head) > said.count(head)]
